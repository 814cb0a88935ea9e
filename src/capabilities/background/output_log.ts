/** What a background run prints, kept in a file of its session. */

import type { SessionFiles } from "../../ports/file_store.ts";
import { beginningOf, endOf } from "./cut_text.ts";

/** Most UTF-16 units of output that are kept. */
const MAX_LOG = 256 * 1024;
/** UTF-16 units of the newest output that are remembered beside it. */
const MAX_TAIL = 2_048;

/** Options of {@linkcode OutputLog}. */
export interface OutputLogOptions {
  /** Most UTF-16 units of output that are kept. @default {262144} */
  readonly limit?: number;
}

/**
 * Collects output and writes it when it is told to, whole, since a session's files cannot be appended to.
 *
 * Only the first 256 Ki characters are kept, then a line says so: what it costs to write has a bound.
 */
export class OutputLog {
  /** Where it is. */
  readonly path: string;
  readonly #files: Promise<SessionFiles>;
  readonly #limit: number;
  #text = "";
  #output = 0;
  #tail = "";
  #isWritten = false;
  /** Whether there is something the file does not have; a new log has no file yet. */
  #isDirty = true;
  #writing: Promise<void> = Promise.resolve();

  /** Begins empty; writes nothing yet. */
  constructor(files: Promise<SessionFiles>, path: string, options: OutputLogOptions = {}) {
    this.#files = files;
    this.path = path;
    this.#limit = options.limit ?? MAX_LOG;
  }

  /** The newest output, also of what is not kept. */
  get tail(): string {
    return this.#tail;
  }

  /** Whether the file has everything that is kept. */
  get isWritten(): boolean {
    return this.#isWritten && !this.#isDirty;
  }

  /** Adds output. */
  append(delta: string): void {
    this.#tail = endOf(this.#tail + endOf(delta, MAX_TAIL), MAX_TAIL);
    if (this.#output > this.#limit) return;
    const kept = beginningOf(delta, this.#limit - this.#output);
    this.#output += delta.length;
    this.#add(kept);
    if (this.#output > this.#limit) this.note(`[output cut: only the first ${this.#limit} characters are kept]`);
  }

  /** Adds a line of our own, which counts as no output. */
  note(line: string): void {
    this.#add(`${this.#text === "" || this.#text.endsWith("\n") ? "" : "\n"}${line}\n`);
  }

  /** Writes what is new; never rejects, and tries again next time what could not be written. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #add(text: string): void {
    if (text === "") return;
    this.#text += text;
    this.#isDirty = true;
  }

  async #write(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    try {
      await (await this.#files).writeFile(this.path, this.#text.toWellFormed());
      this.#isWritten = true;
    } catch {
      // The file may be read-only or the workspace full; the run is worth more than its log.
      this.#isDirty = true;
    }
  }
}
