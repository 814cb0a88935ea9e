/**
 * A program in a real pseudo terminal, which `script` of util-linux makes, and what its screen shows.
 *
 * @module
 */

import { VirtualScreen } from "./virtual_screen.ts";

export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** How long a test waits for something to show; milliseconds. */
const PATIENCE = 20_000;

export class Pty implements AsyncDisposable {
  readonly screen: VirtualScreen;
  /** All that was written, escape sequences included. */
  raw = "";
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #waiting: Set<() => void> = new Set();
  #failure: unknown;
  #tty = "";

  private constructor(child: Deno.ChildProcess, screen: VirtualScreen) {
    this.#child = child;
    this.screen = screen;
    this.#writer = child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Runs `deno ARGS`. Needs to run `script`. */
  static start(args: readonly string[], { columns = 80, rows = 24, env = {} }: PtyOptions = {}): Pty {
    const program = ["deno", ...args].map(quoted).join(" ");
    // The name of the terminal comes first, then what its settings are when the program has ended.
    const shell =
      `stty cols ${columns} rows ${rows}; echo TTY=$(tty); ${program}; echo "[exit $?]"; stty -a | tr '\\n' ' '`;
    const child = new Deno.Command("script", {
      args: ["-qfec", shell, "/dev/null"],
      env: { TERM: "xterm-256color", NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", SHELL: "/bin/sh", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    return new Pty(child, new VirtualScreen(columns, rows));
  }

  /** Types text, escape sequences included. */
  async type(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  /** Waits until the screen is as it should be; fails with what it shows instead. */
  async until(what: string | RegExp | (() => boolean)): Promise<void> {
    const isThere = (): boolean =>
      typeof what === "function"
        ? what()
        : typeof what === "string"
        ? this.screen.text.includes(what)
        : what.test(this.screen.text);
    const deadline = AbortSignal.timeout(PATIENCE);
    while (this.screen.isUpdating || !isThere()) {
      if (this.#failure !== undefined) throw this.#failure;
      if (deadline.aborted) throw new Error(`Waited in vain for ${what}; the screen shows\n${this.screen.text}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      const timer = setTimeout(resolve, 100);
      await promise;
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    }
  }

  /** Changes the size of the terminal, which tells the program. */
  async resize(columns: number, rows: number): Promise<void> {
    this.screen.resize(columns, rows);
    const command = `stty -F ${this.#tty} cols ${columns} rows ${rows}`;
    const { success } = await new Deno.Command("script", { args: ["-qfec", command, "/dev/null"], stdin: "null" })
      .output();
    if (!success) throw new Error(`stty could not resize ${this.#tty}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#reading.catch(() => {});
    await this.#writer.close().catch(() => {});
    await this.#child.status;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let head: string | undefined = "";
    for await (const bytes of this.#child.stdout) {
      let text = decoder.decode(bytes, { stream: true });
      this.raw += text;
      if (head !== undefined) {
        head += text;
        const match = /TTY=(\S+)\r\n/.exec(head);
        if (match === null) continue;
        this.#tty = match[1] ?? "";
        text = head.slice(match.index + match[0].length);
        head = undefined;
      }
      try {
        this.screen.write(text);
      } catch (error) {
        this.#failure ??= error;
      }
      for (const wake of this.#waiting) wake();
    }
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
