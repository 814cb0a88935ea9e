/** Starting bash: the one place of the capability that spawns. */

import { messageOf, RuntimeError } from "../../errors.ts";
import { ASK_TO_END, END_OF_INPUT, supervised } from "./supervisor.ts";

/** What is started. */
export interface BashStart {
  /** The program: `bash`, or its full path. */
  readonly shell: string;
  /** The command. */
  readonly command: string;
  /** The folder it runs in. */
  readonly cwd: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether the profile of the user is read first. */
  readonly login: boolean;
  /** Goes to its standard input, without NUL characters; undefined means an empty one. */
  readonly stdin: string | undefined;
}

/** A running command, as much of it as is used. */
export interface BashProcess {
  /** What it prints. */
  readonly stdout: ReadableStream<Uint8Array>;
  /** What it prints as errors. */
  readonly stderr: ReadableStream<Uint8Array>;
  /** Resolves when it is dead. */
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  /**
   * Sends a signal to the command and to all it started, as far as they can be reached; never throws.
   *
   * SIGKILL also comes once when the command has ended by itself, for what it left behind, and once more when the first
   * did not end it.
   */
  signal(name: "SIGTERM" | "SIGKILL"): void | Promise<void>;
}

/** Starts a command; replace it to watch or refuse, or to run commands in a container. */
export type BashSpawn = (start: BashStart) => BashProcess | Promise<BashProcess>;

/**
 * Starts a command with `Deno.Command`, which needs `--allow-run=<shell>`, under its supervisor.
 *
 * @throws {RuntimeError} `permission_missing`, or `bash_unavailable` when it cannot be started
 */
export function startBash(start: BashStart): BashProcess {
  const { shell, command, cwd, login, stdin } = start;
  checkGranted(shell);
  const { PATH: path, ...env } = start.env;
  const args = [...(login ? ["--login"] : ["--noprofile", "--norc"]), "-c", "--", command];
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(shell, {
      args: supervised(args, { path, hasInput: stdin !== undefined }),
      clearEnv: true,
      env,
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      // No signal of the terminal reaches the supervisor: it has to outlive its host to end the command.
      detached: true,
    }).spawn();
  } catch (error) {
    throw startError(start, error);
  }
  const line = new HostLine(child.stdin);
  line.write(`${stdin ?? ""}${END_OF_INPUT}`);
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    status: child.status,
    signal(name): void {
      if (name === "SIGTERM") return line.write(ASK_TO_END);
      // A command may have stopped its supervisor, which then cannot end by itself.
      if (line.isClosed) killQuietly(child);
      line.close();
    },
  };
}

/** The line to the supervisor; once that has ended nothing can go wrong any more. */
class HostLine {
  /** Whether nothing can be said any more. */
  isClosed = false;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  constructor(stream: WritableStream<Uint8Array<ArrayBuffer>>) {
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(() => {});
  }

  write(text: string): void {
    this.#writer.write(new TextEncoder().encode(text)).catch(() => {});
  }

  /** What is not written yet is dropped: a supervisor that does not read must notice too. */
  close(): void {
    this.isClosed = true;
    this.#writer.abort().catch(() => {});
  }
}

function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It is dead already.
  }
}

/** Says what to grant instead of letting Deno ask. */
function checkGranted(shell: string): void {
  if (Deno.build.os === "windows") {
    throw new RuntimeError(
      "bash_unavailable",
      "Cannot run a command: Windows has no process groups, so commands could not be ended with all they started;" +
        " use WSL, or pass a `spawn` of your own",
    );
  }
  if (Deno.permissions.querySync({ name: "run", command: shell }).state === "granted") return;
  throw missing(shell);
}

function missing(shell: string, cause?: unknown): RuntimeError {
  return new RuntimeError(
    "permission_missing",
    `Cannot run a command: running "${shell}" is not granted (run with --allow-run=${shell})`,
    { cause },
  );
}

function startError({ shell, cwd }: BashStart, cause: unknown): RuntimeError {
  // Variables such as LD_PRELOAD may be set only by who may run anything; Deno's own words say so.
  if (cause instanceof Deno.errors.NotCapable && !messageOf(cause).includes("environment variable")) {
    return missing(shell, cause);
  }
  const why = cause instanceof Deno.errors.NotFound
    ? `"${shell}" or the folder "${cwd}" was not found; install bash, or correct \`shell\` or \`cwd\``
    : messageOf(cause);
  return new RuntimeError("bash_unavailable", `Cannot run a command: ${why}`, { cause });
}
