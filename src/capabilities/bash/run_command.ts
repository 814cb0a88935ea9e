/** Running one command to its end, whatever it does. */

import { RuntimeError } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import { within } from "../../kit/within.ts";
import { CapturedStream } from "./captured_stream.ts";
import type { BashProcess, BashSpawn, BashStart } from "./start_bash.ts";

/** A command and its limits. */
export interface CommandRequest extends BashStart {
  /** Longest run, in milliseconds. */
  readonly timeoutMs: number;
  /** Most bytes of each of its two outputs; it is ended when it prints more. */
  readonly maxOutputBytes: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Gets what it prints as it comes. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
}

/** What a command runs with. */
export interface CommandHost {
  /** Starts it. */
  readonly spawn: BashSpawn;
  /** Measures its deadlines. */
  readonly clock: Clock;
}

/** What a command came to. */
export interface CommandRun {
  /** What it printed. */
  readonly stdout: string;
  /** What it printed as errors. */
  readonly stderr: string;
  /** Its exit code; 128 and the number of the signal when one ended it. */
  readonly code: number;
  /** Why it was ended, unless it ended by itself. */
  readonly endedBy?: "timeout" | "output_limit";
}

/** What all the steps of ending a command take at most, in milliseconds. */
export const ENDING_MS = 5_000;
/** How long a command that was asked to end may take. */
const GRACE_MS = 1_000;
/** How long the kernel may take to end what was killed, and to give what is left in the pipes. */
const DRAIN_MS = 1_500;
/** Most bytes of a command: Linux takes 128 KiB in one argument. */
const MAX_COMMAND = 120_000;
const KILLED = { code: 137, signal: "SIGKILL" };

/**
 * Runs a command and ends all it started: when it is over, late, prints too much, or the signal is aborted.
 *
 * What is late or prints too much is asked to end first (SIGTERM), then killed.
 *
 * @throws {RuntimeError} when it cannot be started
 * @throws the signal's reason when it is aborted, after the command is dead
 */
export async function runCommand(host: CommandHost, request: CommandRequest): Promise<CommandRun> {
  const { clock } = host;
  const { signal, maxOutputBytes, onOutput } = request;
  checkCommand(request.command);
  signal.throwIfAborted();
  const process = await host.spawn(request);
  const ended = Promise.withResolvers<"timeout" | "output_limit" | "aborted">();
  const timer = clock.setTimer(() => ended.resolve("timeout"), request.timeoutMs);
  const onAbort = (): void => ended.resolve("aborted");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const capture = (stream: "stdout" | "stderr"): CapturedStream =>
    new CapturedStream(process[stream], {
      maxBytes: maxOutputBytes,
      onFull: () => ended.resolve("output_limit"),
      ...(onOutput === undefined ? {} : { onText: (text) => onOutput(text, stream) }),
    });
  const stdout = capture("stdout");
  const stderr = capture("stderr");
  try {
    const outputs = Promise.all([stdout.done, stderr.done]);
    const first = await Promise.race([process.status, ended.promise]);
    const { code } = await end(process, typeof first === "string", clock);
    // What left the group and holds the output open is out of reach: it is no longer listened to.
    await within(clock, DRAIN_MS, outputs);
    signal.throwIfAborted();
    const endedBy = stdout.isFull || stderr.isFull ? "output_limit" : first === "timeout" ? first : undefined;
    return { stdout: stdout.text, stderr: stderr.text, code, ...(endedBy === undefined ? {} : { endedBy }) };
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
    stdout.stop();
    stderr.stop();
  }
}

/** Ends a command, or what is left of one that ended by itself. */
async function end(process: BashProcess, isRunning: boolean, clock: Clock): Promise<{ readonly code: number }> {
  if (isRunning) {
    await process.signal("SIGTERM");
    await within(clock, GRACE_MS, process.status);
  }
  await process.signal("SIGKILL");
  if (await within(clock, DRAIN_MS, process.status)) return await process.status;
  await process.signal("SIGKILL");
  return KILLED;
}

function checkCommand(command: string): void {
  const problem = command.trim() === ""
    ? "it is empty"
    : command.includes("\0")
    ? "it has a NUL character"
    : new TextEncoder().encode(command).length > MAX_COMMAND
    ? `it is longer than ${MAX_COMMAND} bytes; write it to a file and run that`
    : undefined;
  if (problem !== undefined) throw new RuntimeError("command_unusable", `Cannot run the command: ${problem}`);
}
