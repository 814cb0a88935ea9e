/** Starting the child process: the one place that spawns. */

import { messageOf, RuntimeError } from "../errors.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import { EXIT_CODES } from "./child/messages.ts";
import { supervise } from "./child/supervisor.ts";

/** A child process, as much of it as is used; a `Deno.ChildProcess` is one. */
export interface SandboxProcess {
  /** Its standard input. */
  readonly stdin: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Its standard output. */
  readonly stdout: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Its standard error. */
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Resolves when it is dead. */
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  /** Sends it a signal. */
  kill(signal: "SIGKILL"): void;
}

/** Starts a program in an environment of its own; replace it to watch or refuse. */
export type SpawnSandbox = (program: string, args: readonly string[]) => SandboxProcess;

/** A folder nobody can make: a device is none. */
const NO_FOLDER = Deno.build.os === "windows" ? "NUL\\none" : "/dev/null/none";

/** Starts the program with `Deno.Command`, which needs `--allow-run=<program>`. */
export function spawnSandbox(program: string, args: readonly string[]): Deno.ChildProcess {
  const command = new Deno.Command(program, {
    args: [...args],
    // Its only variables. The second keeps Deno from writing anywhere: the Cache API asks for no permission, and would
    // fill a folder of the host's disk past all limits.
    env: { NO_COLOR: "1", DENO_DIR: NO_FOLDER },
    clearEnv: true,
    // A folder that exists everywhere and says nothing about the host.
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // In a process group of its own no signal of the terminal reaches it, nor one of its own the host.
    detached: true,
  });
  return command.spawn();
}

/** What the child process is started with. */
export interface ChildOptions {
  /** Permissions of the process; the worker gets no more. */
  readonly permissions: PermissionNeeds;
  /** Folder the supervisor may read to load a module; the worker may not. */
  readonly moduleFolder?: string;
  /** Most MiB of JavaScript objects. */
  readonly memoryMb: number;
}

/** The arguments of `deno` for a child; everything that is not granted is refused without a question. */
export function childArguments(options: ChildOptions): string[] {
  const { permissions, moduleFolder, memoryMb } = options;
  const read = permissions.read === true ? true : [
    ...permissions.read ?? [],
    ...(moduleFolder === undefined ? [] : [moduleFolder]),
  ];
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-config",
    "--no-lock",
    "--no-npm",
    "--no-remote",
    "--no-code-cache",
    "--cached-only",
    "--deny-import",
    "--unstable-worker-options",
    `--v8-flags=--max-old-space-size=${memoryMb}`,
    ...grant("read", read),
    ...grant("write", permissions.write),
    ...grant("net", permissions.net),
    supervisorUrl(),
  ];
}

function grant(kind: string, values: readonly string[] | true | undefined): string[] {
  if (values === true) return [`--allow-${kind}`];
  return values === undefined || values.length === 0 ? [] : [`--allow-${kind}=${values.join(",")}`];
}

let url: string | undefined;

/**
 * The supervisor as a `data:` URL.
 *
 * A main module given as a URL needs no file of ours on the host's disk and no grant to read one, so it works from a
 * registry's cache as well; the standard input stays free for the job.
 */
function supervisorUrl(): string {
  url ??= `data:application/javascript,${encodeURIComponent(`(${supervise})(${JSON.stringify(EXIT_CODES)})`)}`;
  return url;
}

/** A sandbox could not be started (code `sandbox_unavailable`); nothing ran, and nothing runs without it. */
export class SandboxUnavailableError extends RuntimeError {
  /** Creates the error for the program that could not be started. */
  constructor(program: string, cause: unknown) {
    const why = cause instanceof Deno.errors.NotCapable
      ? `run access to "${program}" is not granted (run with --allow-run=${program})`
      : cause instanceof Deno.errors.NotFound
      ? `"${program}" was not found; install it or name its path`
      : messageOf(cause);
    super("sandbox_unavailable", `Cannot start a sandbox: ${why}`, { cause });
  }
}
