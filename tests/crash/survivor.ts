/** A process that outlives its cases: it opens what a killed one left, recovers, plays to the end and tells. */

import { type Job, type Line, readLines } from "./protocol.ts";

/** What a survivor said to one job. */
export interface Settled {
  /** Its lines. */
  readonly lines: readonly Line[];
  /** Why it did not get to the end. */
  readonly failure?: string;
}

/**
 * One child that plays jobs one after the other, each over stores it opens anew.
 *
 * A process costs more than a case: only those that are to die are started for one case alone.
 */
export class Survivor implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #jobs: WritableStreamDefaultWriter<Uint8Array>;
  readonly #said: ReadableStreamDefaultReader<Uint8Array>;
  readonly #errors: Promise<string>;

  /** Starts `deno ARGS`, which reads a job a line. Needs `--allow-run=deno`. */
  constructor(args: readonly string[], options: { readonly cwd: string }) {
    this.#child = new Deno.Command("deno", {
      args: [...args],
      cwd: options.cwd,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#jobs = this.#child.stdin.getWriter();
    this.#said = this.#child.stdout.getReader();
    this.#errors = this.#child.stderr.text();
  }

  /** Plays a job; one that fails or takes too long ends the process. */
  async play(job: Job, options: { readonly timeoutMs: number }): Promise<Settled> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#kill();
    }, options.timeoutMs);
    try {
      const begun = this.#jobs.write(new TextEncoder().encode(`${JSON.stringify(job)}\n`)).catch(() => {});
      const decoder = new TextDecoder();
      let text = "";
      while (!text.endsWith('{"type":"closed"}\n')) {
        const { value, done } = await this.#said.read();
        if (done) {
          const { code } = await this.#child.status;
          const why = late ? `it took longer than ${options.timeoutMs} ms` : `it ended with ${code}`;
          return { lines: readLines(text), failure: `${why}: ${await this.#errors}` };
        }
        text += decoder.decode(value, { stream: true });
      }
      await begun;
      return { lines: readLines(text) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tells it that there is nothing more to do, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#jobs.close().catch(() => {});
    while (!(await this.#said.read()).done) { /* Nobody asked. */ }
    await Promise.all([this.#child.status, this.#errors]);
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It ended by itself in this very moment.
    }
  }
}
