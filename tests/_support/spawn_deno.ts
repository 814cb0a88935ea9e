/**
 * Runs `deno` as a child process and collects what it printed.
 *
 * @module
 */

/** How to run the child. */
export interface SpawnOptions {
  /** Working folder. */
  readonly cwd: string;
  /** Environment variables to add, or with `clearEnv` the whole environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the child starts from an empty environment. @default {false} */
  readonly clearEnv?: boolean;
  /** Milliseconds after which the child is killed. @default {120_000} */
  readonly timeoutMs?: number;
}

/** What a child left behind. */
export interface SpawnResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `deno ARGS` to its end, without colours and without a standard input.
 *
 * `deno` is found by name: `Deno.execPath()` would need a read grant of its own. Needs
 * `--allow-run=deno`.
 */
export async function spawnDeno(
  args: readonly string[],
  options: SpawnOptions,
): Promise<SpawnResult> {
  const output = await new Deno.Command("deno", {
    args: [...args],
    cwd: options.cwd,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...options.env },
    clearEnv: options.clearEnv ?? false,
    stdin: "null",
    signal: AbortSignal.timeout(options.timeoutMs ?? 120_000),
  }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

/** Like {@linkcode spawnDeno}, but throws with everything the child printed unless it exits 0. */
export async function spawnDenoOk(
  args: readonly string[],
  options: SpawnOptions,
): Promise<SpawnResult> {
  const result = await spawnDeno(args, options);
  if (result.code !== 0) {
    throw new Error(
      `deno ${args.join(" ")} exited ${result.code}\n${result.stdout}\n${result.stderr}`,
    );
  }
  return result;
}
