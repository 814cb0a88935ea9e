/** The transport over a local process: JSON-RPC lines on its standard input and output. */

import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";
import { messageOf } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import { within } from "../../kit/within.ts";
import { loadSdk } from "../connection.ts";
import { LineSplitter } from "./line_splitter.ts";
import { StderrTail } from "./stderr_tail.ts";

/** A process as the transport needs it; `Deno.ChildProcess` is one. */
export interface McpProcess {
  /** Its id. */
  readonly pid: number;
  /** What it reads. */
  readonly stdin: WritableStream<Uint8Array<ArrayBuffer>>;
  /** What it writes. */
  readonly stdout: ReadableStream<Uint8Array>;
  /** What it says besides. */
  readonly stderr: ReadableStream<Uint8Array>;
  /** How it ended. */
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  /** Sends it a signal; throws when it has ended. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/** Options of {@linkcode ProcessTransport}. */
export interface ProcessTransportOptions {
  /** Starts the process. */
  readonly spawn: () => McpProcess;
  /** Time. */
  readonly clock: Clock;
  /** How long each step of ending the process may take, in milliseconds. */
  readonly graceMs: number;
  /** Takes secrets out of what it says besides. */
  readonly redact: (text: string) => string;
}

/** Longest line of a server, in bytes. */
const MAX_LINE = 4 * 1024 * 1024;
/** Longest end of its standard error that is shown, in characters. */
const MAX_SHOWN = 600;

/** Speaks with one process; when it ends for any reason, the connection does. */
export class ProcessTransport implements Transport {
  // With the process id and this member the official client takes a transport for a local one: silence during its
  // first question then means an older server, not an outage (2.4.0, `detectProbeTransportKind`).
  readonly stderr = null;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport["onmessage"];
  /** Why it ended, once it has and nobody closed it. */
  endReason: string | undefined;
  readonly #options: ProcessTransportOptions;
  #process: McpProcess | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;
  #tail: StderrTail | undefined;
  #over: Promise<void> | undefined;
  #closing = false;
  #stop: () => void = () => {};
  #badLines = 0;
  #fatal: string | undefined;

  /** Starts nothing yet. */
  constructor(options: ProcessTransportOptions) {
    this.#options = options;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  async start(): Promise<void> {
    const { parseJSONRPCMessage } = await loadSdk();
    const process = this.#options.spawn();
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#writer.closed.catch(() => {});
    this.#tail = new StderrTail(process.stderr);
    const reading = this.#read(process.stdout, parseJSONRPCMessage);
    this.#over = this.#watch(process, reading);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#writer === undefined || this.endReason !== undefined) throw new Error("the process has ended");
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  /** Closes its input, asks it to end, makes it end; each with a grace. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#end();
  }

  /** Resolves when the process is gone. */
  async #end(): Promise<void> {
    const { clock, graceMs } = this.#options;
    const process = this.#process;
    const over = this.#over;
    if (process === undefined || over === undefined) return;
    // A process that does not read may hold up the closing; it is killed then.
    this.#writer?.close().catch(() => {});
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if (await within(clock, graceMs, over)) return;
      try {
        process.kill(signal);
      } catch {
        // It has ended meanwhile.
      }
    }
    await within(clock, 10 * graceMs, over);
  }

  async #watch(process: McpProcess, reading: Promise<void>): Promise<void> {
    const { clock, graceMs } = this.#options;
    // What closes its output without ending is of no use any more; grandchildren may keep the output open.
    const first = await Promise.race([process.status, reading]);
    if (first === undefined) {
      if (!this.#closing && !await within(clock, graceMs, process.status)) this.#kill();
    }
    const { code, signal } = await process.status;
    await within(clock, graceMs, Promise.all([reading, this.#tail?.done]));
    // Whatever the process started may hold its output open for ever.
    this.#stop();
    this.#tail?.stop();
    this.endReason = this.#describe(code, signal);
    this.#writer?.abort().catch(() => {});
    this.onclose?.();
  }

  #describe(code: number, signal: string | null): string {
    const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const said = this.#tail?.text(MAX_SHOWN, this.#options.redact) ?? "";
    const noise = this.#badLines === 0 ? "" : `; ${this.#badLines} of its lines were no messages`;
    return `${this.#fatal === undefined ? how : `${this.#fatal} and ${how}`}${noise}${
      said === "" ? "" : `; stderr: ${said}`
    }`;
  }

  async #read(stream: ReadableStream<Uint8Array>, parse: (value: unknown) => JSONRPCMessage): Promise<void> {
    const lines = new LineSplitter(MAX_LINE);
    const reader = stream.getReader();
    this.#stop = () => void reader.cancel().catch(() => {});
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        for (const line of lines.push(read.value)) this.#line(line, parse);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) return;
      this.#fatal = `wrote too much (${messageOf(error)})`;
      this.#kill();
    }
  }

  #line(line: string, parse: (value: unknown) => JSONRPCMessage): void {
    if (line.trim() === "") return;
    let message: JSONRPCMessage;
    try {
      message = parse(JSON.parse(line));
    } catch {
      // A banner, a log line, half a message of another program: counted, and told when the process ends.
      this.#badLines++;
      return;
    }
    this.onmessage?.(message);
  }

  #kill(): void {
    try {
      this.#process?.kill("SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}
