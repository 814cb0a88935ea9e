/** A child that is killed from outside, wherever it is. */

/** How to run and kill it. */
export interface SpawnKilledOptions {
  /** Working folder. */
  readonly cwd: string;
  /** How long it lives after its first word. */
  readonly milliseconds: number;
}

/** What it left behind. */
export interface KilledResult {
  /** 137 when it was killed in time. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `deno ARGS` and sends SIGKILL a time after it began to write. Needs `--allow-run=deno`. */
export async function spawnKilled(args: readonly string[], options: SpawnKilledOptions): Promise<KilledResult> {
  await using child = new Deno.Command("deno", {
    args: [...args],
    cwd: options.cwd,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = (): void => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It ended by itself in this very moment.
    }
  };
  const errors = child.stderr.text();
  const decoder = new TextDecoder();
  let stdout = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  for await (const bytes of child.stdout) {
    timer ??= setTimeout(kill, options.milliseconds);
    stdout += decoder.decode(bytes, { stream: true });
  }
  const [stderr, { code }] = await Promise.all([errors, child.status]);
  clearTimeout(timer);
  return { code, stdout, stderr };
}
