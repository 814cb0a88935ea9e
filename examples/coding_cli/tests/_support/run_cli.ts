/**
 * Runs the program as a user would: a real process with exactly the flags `--permissions` prints.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Pty, type PtyOptions } from "./pty.ts";
import type { ScriptedProvider } from "./scripted_provider.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../../../deno.json", import.meta.url));

/** A folder of its own for a test: a workspace and a data folder. */
export interface Playground extends Disposable {
  readonly root: string;
  readonly workspace: string;
  readonly dataDir: string;
  write(path: string, content: string): void;
  read(path: string): string;
  exists(path: string): boolean;
}

/** Makes one. Needs to read and write the temporary folder. */
export function playground(): Playground {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ dir: "/tmp", prefix: "coding_cli_" }));
  const workspace = `${root}/project`;
  Deno.mkdirSync(workspace);
  return {
    root,
    workspace,
    dataDir: `${root}/data`,
    write: (path, content) => {
      const file = `${workspace}/${path}`;
      Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(file, content);
    },
    read: (path) => Deno.readTextFileSync(`${workspace}/${path}`),
    exists: (path) => {
      try {
        Deno.statSync(`${workspace}/${path}`);
        return true;
      } catch {
        return false;
      }
    },
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}

/** How the program is run. */
export interface RunOptions {
  /** Text for standard input. @default nothing */
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs. @default {"/tmp"} */
  readonly cwd?: string;
  /** The `deno run` flags. @default those the program asks for */
  readonly flags?: readonly string[];
}

/** What a run left behind. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Arguments that point the program to a playground, and to a scripted provider when there is one. */
export function argsFor(at: Playground, provider?: ScriptedProvider): readonly string[] {
  const model = provider === undefined
    ? ["--provider", "llmsim"]
    : ["--provider", "openai", "--base-url", provider.baseUrl, "--model", "scripted"];
  return ["-C", at.workspace, "--data-dir", at.dataDir, ...model, "--no-bash", "--no-web"];
}

/** The flags the program asks for with some arguments. */
export async function flagsFor(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const names = ["OPENAI_API_KEY", "OPENAI_BASE_URL", ...Object.keys(env)];
  const flags = ["--no-prompt", `--allow-env=${names.join(",")}`, "--allow-read=/tmp"];
  const { code, stdout, stderr } = await spawn([...flags, MAIN, ...args, "--permissions"], { env });
  if (code !== 0) throw new Error(`--permissions ended with ${code}: ${stderr}`);
  return stdout.trim().split(" ");
}

/** Runs the program to its end. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const flags = options.flags ?? await flagsFor(args.filter((arg) => arg !== "--list-sessions"), options.env);
  return await spawn([...flags, MAIN, ...args], options);
}

/** Starts the program with pipes, for those who talk to it. */
export function startCli(
  flags: readonly string[],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Deno.ChildProcess {
  return command([...flags, MAIN, ...args], env, "piped").spawn();
}

/** Starts the program in a pseudo terminal. */
export function startCliInPty(
  flags: readonly string[],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: Omit<PtyOptions, "env"> = {},
): Pty {
  return Pty.start(["run", "--quiet", "--config", CONFIG, ...flags, MAIN, ...args], { ...options, env });
}

async function spawn(args: readonly string[], { stdin, env = {}, cwd }: RunOptions): Promise<RunResult> {
  const child = command(args, env, stdin === undefined ? "null" : "piped", cwd).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function command(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin: "piped" | "null",
  cwd = "/tmp",
): Deno.Command {
  const inherited: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) inherited[name] = value;
  }
  return new Deno.Command("deno", {
    args: ["run", "--config", CONFIG, ...args],
    env: { ...inherited, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
    clearEnv: true,
    cwd,
    stdin,
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(60_000),
  });
}
