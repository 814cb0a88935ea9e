/**
 * The command in the first line of an example: `// deno run --no-prompt FLAGS examples/NAME.ts`.
 *
 * @module
 */

/** A parsed first line. */
export interface ExampleCommand {
  /** Flags of `deno run`, in order. */
  readonly flags: readonly string[];
  /** Arguments of the program itself. */
  readonly args: readonly string[];
}

/**
 * Reads the command of an example.
 *
 * @throws {Error} when the line is no such command, names another file, may prompt, or grants
 * more than named things.
 */
export function parseExampleCommand(file: string, code: string): ExampleCommand {
  const line = code.split("\n", 1)[0] ?? "";
  const words = line.split(" ");
  const at = words.indexOf(file);
  if (!line.startsWith("// deno run ") || at < 0) {
    throw new Error(`The first line of ${file} is not "// deno run FLAGS ${file}": ${line}`);
  }
  const flags = words.slice(3, at);
  if (!flags.includes("--no-prompt")) throw new Error(`${file} may prompt: add --no-prompt`);
  const loose = flags.find((flag) => !flag.startsWith("--") || /^--allow-[a-z]+$/.test(flag));
  if (loose !== undefined) throw new Error(`${file} grants more than named things: ${loose}`);
  return { flags, args: words.slice(at + 1) };
}

/**
 * Points the net grant at a server on loopback; every other flag stays as it is.
 *
 * @returns the flags, and whether one of them named a host elsewhere.
 */
export function redirectNet(
  flags: readonly string[],
  host: string,
): { readonly flags: readonly string[]; readonly redirected: boolean } {
  const redirect = (flag: string) =>
    /^--allow-net=(?!127\.0\.0\.1|localhost)/.test(flag) ? `--allow-net=${host}` : flag;
  const result = flags.map(redirect);
  return { flags: result, redirected: result.some((flag, index) => flag !== flags[index]) };
}
