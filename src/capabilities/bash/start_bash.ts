/** Starting bash: the one place of the capability that spawns. */

import { messageOf, RuntimeError } from "../../errors.ts";

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
  /** Goes to its standard input, which is closed after it; undefined closes it at once. */
  readonly stdin: string | undefined;
}

/** A running command, as much of it as is used. */
export interface BashProcess {
  /** What it prints. */
  readonly stdout: ReadableStream<Uint8Array>;
  /** What it prints as errors. */
  readonly stderr: ReadableStream<Uint8Array>;
  /** Resolves when bash itself is dead. */
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  /**
   * Sends a signal to bash and to all it started, as far as they can be reached.
   *
   * Also called once after bash has ended, for what it left behind; nobody may be there any more.
   */
  signal(name: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Starts a command; replace it to watch or refuse, or to run commands in a container. */
export type BashSpawn = (start: BashStart) => BashProcess | Promise<BashProcess>;

/** Neither the user's nor the machine's startup files are read. */
const QUIET = ["--noprofile", "--norc"];
/**
 * Sets the search path and becomes the shell that runs the command.
 *
 * Deno looks the program up in the PATH it gives to the child: another one than its own finds another file than the
 * one that is granted, or none (Deno 2.9.6). So the first shell gets none.
 */
const WITH_PATH = 'export PATH="$0"; exec "$BASH" "$@"';
/** bash can signal a group; Deno alone cannot without the right to run anything (Deno 2.9.6). */
const SIGNAL_GROUP = 'kill -s "$0" -- "-$1"';

/**
 * Starts a command with `Deno.Command`, which needs `--allow-run=<shell>`, in a process group of its own.
 *
 * @throws {RuntimeError} `permission_missing`, or `bash_unavailable` when it cannot be started
 */
export function startBash(start: BashStart): BashProcess {
  const { shell, command, cwd, login, stdin } = start;
  checkGranted(shell);
  const { PATH, ...env } = start.env;
  const args = [...(login ? ["--login"] : QUIET), "-c", "--", command];
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(shell, {
      args: PATH === undefined ? args : [...QUIET, "-c", WITH_PATH, PATH, ...args],
      clearEnv: true,
      env,
      cwd,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    throw startError(start, error);
  }
  if (stdin !== undefined) void feed(child.stdin, stdin);
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    status: child.status,
    signal: (name) => signalGroup(shell, child, name),
  };
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

async function feed(stream: WritableStream<Uint8Array<ArrayBuffer>>, text: string): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It ended, or closed its input, without reading everything.
  }
}

async function signalGroup(shell: string, child: Deno.ChildProcess, name: "SIGTERM" | "SIGKILL"): Promise<void> {
  try {
    if (Deno.permissions.querySync({ name: "run" }).state === "granted") {
      Deno.kill(-child.pid, name);
      return;
    }
    const args = [...QUIET, "-c", SIGNAL_GROUP, name.slice("SIG".length), String(child.pid)];
    const helper = { args, clearEnv: true, stdin: "null", stdout: "null", stderr: "null" } as const;
    await new Deno.Command(shell, helper).spawn().status;
  } catch {
    // Nobody is left, or no further process can be started: then at least bash itself has to go.
    killOnly(child, name);
  }
}

function killOnly(child: Deno.ChildProcess, name: "SIGTERM" | "SIGKILL"): void {
  try {
    child.kill(name);
  } catch {
    // It has ended meanwhile.
  }
}
