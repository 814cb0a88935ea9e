/** The terminal this program runs in. Needs no permission. */

import { type EndingSignal, onSignals } from "../host/signals.ts";

/** What an interactive program needs of a terminal; tests bring their own. */
export interface Terminal extends Disposable {
  /** What the user types; ends when the terminal is gone or {@linkcode Disposable} was used. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Aborts when the terminal hangs up or the process is asked to end. */
  readonly closed: AbortSignal;
  /** The signal that asked the process to end; undefined when none did. */
  readonly endedBy: EndingSignal | undefined;
  write(text: string): void;
  size(): { readonly columns: number; readonly rows: number };
  /** Told when the size changed. */
  onResize(changed: () => void): void;
}

// Bracketed paste; kitty's "disambiguate escape codes" and xterm's modifyOtherKeys, which tell Shift+Enter from Enter.
const ENTER = "\x1b[?2004h\x1b[>1u\x1b[>4;1m";
const LEAVE = "\x1b[>4;0m\x1b[<u\x1b[?2004l\x1b[?2026l\x1b[0m\x1b[?25h";
const FALLBACK = { columns: 80, rows: 24 } as const;

/**
 * Takes over the terminal: raw input, bracketed paste, keys with their modifiers.
 *
 * Everything is given back on dispose and, since a terminal left raw is of no use to anybody, also when the program
 * calls `Deno.exit()` or ends by an error that nothing catches.
 *
 * @throws {Error} when standard input or output is no terminal
 */
export function openTerminal(): Terminal {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) {
    throw new Error("Cannot open the terminal: standard input and output are not both a terminal");
  }
  const closing = new AbortController();
  const encoder = new TextEncoder();
  const reader = Deno.stdin.readable.getReader();
  let resized: () => void = () => {};
  let isOpen = true;
  const write = (text: string): void => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  };
  const onResize = (): void => resized();
  let endedBy: EndingSignal | undefined;
  const restore = (): void => {
    if (!isOpen) return;
    isOpen = false;
    signals[Symbol.dispose]();
    if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGWINCH", onResize);
    globalThis.removeEventListener("unload", restore);
    reader.cancel().catch(() => {});
    try {
      write(LEAVE);
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone, and with it what there was to restore.
    }
  };
  Deno.stdin.setRaw(true);
  globalThis.addEventListener("unload", restore);
  const signals = onSignals((signal) => {
    endedBy ??= signal;
    closing.abort();
  });
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGWINCH", onResize);
  write(ENTER);
  return {
    input: readAll(reader, closing),
    closed: closing.signal,
    get endedBy() {
      return endedBy;
    },
    write,
    size: readSize,
    onResize: (changed) => {
      resized = changed;
    },
    [Symbol.dispose]: restore,
  };
}

async function* readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  closing: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } catch {
    // A terminal that hung up fails to be read.
  }
  closing.abort();
}

function readSize(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : FALLBACK;
  } catch {
    return FALLBACK;
  }
}
