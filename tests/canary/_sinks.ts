/** Everything a runtime lets out, to be searched. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { InProcessRuntime } from "../../src/runtime/in_process_runtime.ts";
import { findCanaries, type Place } from "./_canaries.ts";

/** Collects what comes out while it lives; the console and the standard streams included. */
export class Sinks implements Disposable {
  readonly #texts: (readonly [sink: string, text: string])[] = [];
  readonly #restore: (() => void)[] = [];

  /** Starts to listen to the console and the standard streams. */
  constructor() {
    for (const name of ["debug", "error", "info", "log", "trace", "warn", "dir", "table"] as const) {
      this.#replace(console, name, (...values: unknown[]) => {
        this.add(
          `console.${name}`,
          values.map((value) => typeof value === "string" ? value : Deno.inspect(value)).join(" "),
        );
      });
    }
    for (const stream of ["stdout", "stderr"] as const) {
      this.#replace(Deno[stream], "writeSync", (bytes: Uint8Array) => {
        this.add(stream, new TextDecoder().decode(bytes));
        return bytes.length;
      });
      this.#replace(Deno[stream], "write", (bytes: Uint8Array) => {
        this.add(stream, new TextDecoder().decode(bytes));
        return Promise.resolve(bytes.length);
      });
    }
  }

  /** Adds what a sink got. */
  add(sink: string, text: string): void {
    this.#texts.push([sink, text]);
  }

  /** Adds a value in every form in which a host may print it. */
  addValue(sink: string, value: unknown): void {
    this.add(sink, Deno.inspect(value, { depth: 20, strAbbreviateSize: 1e6, iterableLimit: 1e5 }));
    this.add(sink, JSON.stringify(value) ?? "");
    this.add(sink, String(value));
  }

  /** Adds something that was thrown: message, stack, members and every cause. */
  addError(sink: string, thrown: unknown): void {
    for (let error = thrown, depth = 0; error !== undefined && depth < 10; depth++) {
      this.addValue(sink, error);
      if (!(error instanceof Error)) return;
      this.add(sink, `${error.name} ${error.message} ${error.stack}`);
      this.addValue(sink, Object.fromEntries(Object.entries(error)));
      error = error.cause;
    }
  }

  /** Adds all that a runtime shows: events, durable and live, messages, contexts and the next request. */
  async addRuntime(runtime: InProcessRuntime): Promise<void> {
    this.addValue("events", runtime.events());
    for (const { id } of await runtime.listSessions()) {
      this.addValue("messages", await runtime.messages(id));
      this.addValue(
        "context",
        await runtime.loadContext(id).catch((error: unknown) => this.addError("context", error)),
      );
      this.addValue(
        "preview",
        await runtime.previewRequest(id, "next").catch((error: unknown) => this.addError("preview", error)),
      );
    }
    this.addValue(
      "permissions",
      await runtime.requiredPermissions().catch((error: unknown) => this.addError("permissions", error)),
    );
    this.addValue("runtime", runtime);
  }

  /** Adds every byte of every file of a folder, and their names. */
  addFolder(folder: string): void {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      this.add("file name", name);
      if (isDirectory) this.addFolder(path);
      else this.add(`file ${name}`, new TextDecoder("latin1").decode(Deno.readFileSync(path)));
    }
  }

  /** How many texts there are. */
  get size(): number {
    return this.#texts.length;
  }

  /** Whether some text of a sink has a part. */
  has(sink: string, part: string): boolean {
    return this.#texts.some(([name, text]) => name === sink && text.includes(part));
  }

  /** What was found where, once each. */
  findings(): readonly string[] {
    const found = new Set<string>();
    for (const [sink, text] of this.#texts) {
      for (const { place, spelling } of findCanaries(text)) found.add(`${place} (${spelling}) in ${sink}`);
    }
    return [...found];
  }

  /** Asserts that no canary came out, but for those whose place may show them. */
  assertClean(): void {
    assert.deepEqual(this.findings(), []);
  }

  /** Gives the console and the streams back. */
  [Symbol.dispose](): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #replace<T extends object, K extends keyof T>(target: T, key: K, value: T[K]): void {
    const before = target[key];
    target[key] = value;
    this.#restore.push(() => target[key] = before);
  }
}

/** Where a canary was found, without its spelling. */
export function placesOf(findings: readonly string[]): ReadonlySet<Place> {
  return new Set(findings.map((finding) => finding.split(" ")[0] as Place));
}
