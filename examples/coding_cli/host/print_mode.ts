/** One prompt, one answer: what scripts call. */

import type { JsonObject, TurnResult } from "@everruns/runtime";
import { membersOf } from "../screen/tool_summary.ts";
import { CodingHost, type HostSettings } from "./coding_host.ts";
import { UsageError } from "./options.ts";

/** Where output goes; one call is one line or one answer. */
export interface PrintOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** What a run ends with. */
const EXIT = { ok: 0, failed: 1, cancelled: 130 } as const;

/** Why a run is interrupted: the reason of its signal. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** What the program exits with. */
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("the run was interrupted");
    this.exitCode = exitCode;
  }
}

/** What is printed, and what cancels it. */
export interface PrintOptions {
  readonly prompt: string;
  /** Whether all of it is from the command line: what is piped in may be anybody's text, and is never a command. */
  readonly isTyped: boolean;
  /** Every event as a line of JSON, then the result. */
  readonly json: boolean;
  readonly output: PrintOutput;
  /** Aborted when the run is to end, by an {@linkcode Interruption}. */
  readonly signal: AbortSignal;
}

/** Runs one prompt; nobody is asked, so what would need asking is refused. */
export async function printMode(settings: HostSettings, options: PrintOptions): Promise<number> {
  const { json, output, signal } = options;
  await using host = await CodingHost.open(settings);
  const told = new Set<string>();
  const warn = (warning: string): void => {
    if (!told.has(warning)) output.err(`coding_cli: ${warning}`);
    told.add(warning);
  };
  host.warnings.forEach(warn);
  const background = new Map<string, string>();
  const stop = host.listen((event) => {
    if (event.sessionId !== host.sessionId) return;
    if (event.type === "task.created" || event.type === "task.updated") noteTask(background, event.data.task);
    if (json) output.out(JSON.stringify(event));
    else if (event.type === "runtime.warning") warn(event.data.message);
  });
  const onAbort = (): void => void host.cancel();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await host.takeUp();
    signal.throwIfAborted();
    const outcome = await answer(host, options);
    const exitCode = exitCodeOf(outcome, signal);
    for (const refused of host.desk.refused) {
      output.err(`coding_cli: refused (approval level "${host.desk.level}"): ${refused}`);
    }
    if (background.size > 0) {
      output.err(`coding_cli: ended with the prompt, before it was done: ${[...background.values()].join("; ")}`);
    }
    if (json) output.out(JSON.stringify({ type: "result", exitCode, sessionId: host.sessionId, ...outcome }));
    else if (outcome.success) output.out(outcome.response);
    else output.err(`coding_cli: ${whyNot(outcome)}`);
    return signal.aborted ? interruptedCode(signal) : exitCode;
  } catch (error) {
    if (signal.aborted) return interruptedCode(signal);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Events are delivered after the turn; none may be left out of the stream.
    stop();
  }
}

/** Keeps what works in the background, in words for people: it ends with the program. */
function noteTask(background: Map<string, string>, { id, state, displayName, spec }: JsonObject): void {
  if (typeof id !== "string") return;
  const { command = displayName } = membersOf(membersOf(spec)["arguments"]);
  if (state === "queued" || state === "running" || state === "awaiting_input") background.set(id, String(command));
  else background.delete(id);
}

/** What a prompt came to, as the last line of `--json` tells it. */
type Outcome =
  & Pick<TurnResult, "status" | "success" | "response">
  & Partial<Pick<TurnResult, "turnId" | "error" | "sealed" | "usage" | "iterations" | "toolCallsCount" | "stopReason">>;

/** Scripts have a shell of their own; a prompt they put together must not reach it by how it begins. */
const SHELL = /^\s*(!|\/shell(\s|$))/;

async function answer(host: CodingHost, { prompt, isTyped, signal }: PrintOptions): Promise<Outcome> {
  const isPlain = !isTyped || SHELL.test(prompt);
  const line = isPlain ? { type: "prompt", text: prompt } as const : await host.interpret(prompt, signal);
  if (line.type === "prompt") {
    const { waitingFor: _, sessionId: __, ...result } = await host.runTurn(line.text);
    return result;
  }
  if ("isUnknown" in line) throw new UsageError(line.text);
  return { status: "completed", success: true, response: line.type === "output" ? line.text : "" };
}

function whyNot({ status, error, sealed }: Outcome): string {
  return error?.message ?? `the turn was ${status}${sealed === undefined ? "" : `: ${sealed.detail ?? sealed.reason}`}`;
}

function exitCodeOf({ status, success }: Outcome, signal: AbortSignal): number {
  if (signal.aborted) return interruptedCode(signal);
  if (status === "cancelled") return EXIT.cancelled;
  return success && status !== "sealed" ? EXIT.ok : EXIT.failed;
}

function interruptedCode({ reason }: AbortSignal): number {
  return reason instanceof Interruption ? reason.exitCode : EXIT.cancelled;
}
