/** A process that does what a test says. */

import type { BashProcess, BashSpawn, BashStart } from "../../../../src/capabilities/bash/start_bash.ts";

/** What a {@linkcode ScriptedProcess} does with a signal: `"ends"`, or nothing. */
export type OnSignal = Readonly<Partial<Record<"SIGTERM" | "SIGKILL", "ends">>>;

/** A process without a process. */
export class ScriptedProcess implements BashProcess {
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<{ readonly code: number; readonly signal: string | null }>;
  /** What it was started with. */
  readonly starts: BashStart[] = [];
  /** The signals it got. */
  readonly signals: string[] = [];
  readonly #onSignal: OnSignal;
  readonly #end: (status: { readonly code: number; readonly signal: string | null }) => void;
  readonly #outputs: ReadableStreamDefaultController<Uint8Array>[] = [];
  #isOver = false;

  /** Runs until it is told to end. */
  constructor(onSignal: OnSignal = { SIGKILL: "ends" }) {
    this.#onSignal = onSignal;
    const { promise, resolve } = Promise.withResolvers<{ readonly code: number; readonly signal: string | null }>();
    this.status = promise;
    this.#end = resolve;
    this.stdout = this.#stream();
    this.stderr = this.#stream();
  }

  /** Gives this process for every start. */
  readonly spawn: BashSpawn = (start) => {
    this.starts.push(start);
    return this;
  };

  /** Prints bytes or text. */
  print(output: string | readonly number[], stream: "stdout" | "stderr" = "stdout"): void {
    const bytes = typeof output === "string" ? new TextEncoder().encode(output) : new Uint8Array(output);
    this.#outputs[stream === "stdout" ? 0 : 1]?.enqueue(bytes);
  }

  /** Ends it, and closes what it prints to. */
  exit(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const output of this.#outputs) {
      try {
        output.close();
      } catch {
        // Nobody listens any more.
      }
    }
    this.#end({ code, signal: null });
  }

  signal(name: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.signals.push(name);
    if (this.#onSignal[name] === "ends") this.exit(name === "SIGTERM" ? 143 : 137);
    return Promise.resolve();
  }

  #stream(): ReadableStream<Uint8Array> {
    return new ReadableStream({ start: (controller) => void this.#outputs.push(controller) });
  }
}
