/** The host's end of the lines between it and a child process. */

import { messageOf } from "../errors.ts";
import type { JsonValue } from "../records/json.ts";
import { copyForeign } from "../kit/parse_arguments.ts";
import { type CallAnswer, type ChildMessage, EXIT_CODES, type SupervisorJob } from "./child/messages.ts";
import { LineCapError, type LineCaps, readLines } from "./line_reader.ts";
import type { SandboxFailureReason, SandboxOutcome } from "./outcome.ts";
import type { SandboxProcess } from "./process.ts";
import { Slots } from "./slots.ts";

/** Answers a call of the code; what it throws is told to the code. */
export type AnswerCall = (name: string, args: JsonValue, signal: AbortSignal) => Promise<JsonValue>;

/** What the host says and accepts. */
export interface ConversationOptions {
  /** The first line. */
  readonly job: SupervisorJob;
  /** Answers calls. */
  readonly answer: AnswerCall;
  /** Most calls. */
  readonly maxCalls: number;
  /** Characters of console output that are kept. */
  readonly maxLogCharacters: number;
  /** Told about console output as it comes. */
  readonly onLog: ((text: string, stream: "stdout" | "stderr") => void) | undefined;
  /** What the child may write. */
  readonly caps: LineCaps;
  /** Aborted when the process is to be killed. */
  readonly signal: AbortSignal;
  /** Words for each limit. */
  readonly limits: Readonly<Record<"time" | "memory" | "output", string>>;
}

/** Calls that are answered at once. */
const CALLS_AT_ONCE = 32;
/** Most characters of one answer. */
const MAX_ANSWER = 4 * 1024 * 1024;
/** What the child's note that output was dropped may take. */
const ROOM_FOR_NOTE = 64;
/** Characters of the standard error that are looked at. */
const MAX_STDERR = 16_384;

/**
 * Talks to a child until it has said what became of the code, or is dead; then it is dead in any case.
 *
 * Nothing the child writes is trusted: the code can write to the same pipe. So a forged line may say no more than an
 * honest one, and what is no message is skipped, within the caps.
 */
export async function converse(child: SandboxProcess, options: ConversationOptions): Promise<SandboxOutcome> {
  const writer = child.stdin.getWriter();
  const stderr = readHead(child.stderr);
  const over = new AbortController();
  const kill = (): void => killQuietly(child);
  options.signal.addEventListener("abort", kill, { once: true });
  if (options.signal.aborted) kill();
  try {
    send(writer, options.job);
    const found = await listen(child, writer, over.signal, options);
    kill();
    const { code } = await child.status;
    return found.end ?? ending(code, await stderr, found.output, options);
  } finally {
    options.signal.removeEventListener("abort", kill);
    over.abort(new DOMException("The code is over", "AbortError"));
    kill();
    await Promise.allSettled([writer.close(), child.status, stderr]);
  }
}

interface Heard {
  /** What became of the code, when the child said so or said too much. */
  readonly end?: SandboxOutcome;
  /** The console output. */
  readonly output: string;
}

async function listen(
  child: SandboxProcess,
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
  options: ConversationOptions,
): Promise<Heard> {
  const slots = new Slots(CALLS_AT_ONCE);
  let output = "";
  let calls = 0;
  try {
    for await (const line of readLines(child.stdout, options.caps)) {
      const message = parseMessage(line);
      switch (message?.type) {
        case "log": {
          const text = message.text.slice(0, Math.max(0, options.maxLogCharacters + ROOM_FOR_NOTE - output.length));
          if (text === "") break;
          output += `${text}\n`;
          options.onLog?.(`${text}\n`, message.stream);
          break;
        }
        case "call":
          calls++;
          answer(message, calls <= options.maxCalls ? slots : undefined).catch(() => {});
          break;
        case "done":
          return { end: { type: "done", value: message.value, output }, output };
        case "failed":
          return { end: failed("threw", message.message, output), output };
      }
    }
  } catch (error) {
    if (!(error instanceof LineCapError)) throw error;
    return { end: failed("output", options.limits.output, output), output };
  }
  return { output };

  async function answer(call: ChildMessage & { readonly type: "call" }, free: Slots | undefined): Promise<void> {
    const { id, name, args } = call;
    let said: CallAnswer;
    try {
      if (free === undefined) throw new RangeError(`at most ${options.maxCalls} calls are answered in one run`);
      using _slot = await free.take(signal);
      said = { id, ok: true, value: await options.answer(name, args, signal) };
    } catch (error) {
      said = { id, ok: false, error: messageOf(error).slice(0, 8_000) };
    }
    if (!signal.aborted) send(writer, said);
  }
}

/** Writes a line; a child that is dead does not read it. */
function send(writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>, message: SupervisorJob | CallAnswer): void {
  let text = JSON.stringify(message);
  if ("id" in message && text.length > MAX_ANSWER) {
    const error = `The result is ${text.length} characters long and at most ${MAX_ANSWER} are accepted`;
    text = JSON.stringify({ id: message.id, ok: false, error });
  }
  writer.write(new TextEncoder().encode(`${text}\n`)).catch(() => {});
}

/** A line as a message; undefined for anything else. */
function parseMessage(line: string): ChildMessage | undefined {
  // Other text would cost an error each.
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    const { type, stream, text, id, name, args, message } = value as Readonly<Record<string, unknown>>;
    switch (type) {
      case "log":
        return typeof text === "string" ? { type, stream: stream === "stderr" ? "stderr" : "stdout", text } : undefined;
      case "call":
        return typeof id === "number" && typeof name === "string"
          ? { type, id, name, args: copyForeign((args ?? {}) as JsonValue) }
          : undefined;
      case "done":
        return { type, value: copyForeign((value as { value?: JsonValue }).value ?? null) };
      case "failed":
        return typeof message === "string" ? { type, message: message.slice(0, 8_000) } : undefined;
    }
  } catch {
    // Neither JSON nor of bounded depth.
  }
  return undefined;
}

/** What the end of a child means that did not say what became of the code. */
function ending(code: number, stderr: string, output: string, { limits }: ConversationOptions): SandboxOutcome {
  if (code === EXIT_CODES.time) return failed("time", limits.time, output);
  if (code === EXIT_CODES.output) return failed("output", limits.output, output);
  // V8 ends the whole process when the heap is full.
  if (code === EXIT_CODES.memory || /out of memory|allocation failed/i.test(stderr)) {
    return failed("memory", limits.memory, output);
  }
  const said = stderr.trim().slice(0, 500);
  const message = `The code was stopped: its process ended with code ${code} and without a result`;
  return failed("crashed", said === "" ? message : `${message}: ${said}`, output);
}

function failed(reason: SandboxFailureReason, message: string, output: string): SandboxOutcome {
  return { type: "failed", reason, message, output };
}

/** The beginning of a stream; the rest is read too, since a full pipe would stop the writer. */
async function readHead(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of stream) {
      if (text.length < MAX_STDERR) text += decoder.decode(chunk.subarray(0, MAX_STDERR), { stream: true });
    }
  } catch {
    // What was read is enough.
  }
  return text;
}

function killQuietly(child: SandboxProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It is dead already.
  }
}
