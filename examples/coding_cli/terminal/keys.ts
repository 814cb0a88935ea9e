/** Bytes of a terminal as keys: an incremental parser, since a read may end in the middle of anything. */

import { readSequence } from "./key_sequences.ts";

export type KeyName =
  | "enter"
  | "tab"
  | "escape"
  | "backspace"
  | "delete"
  | "up"
  | "down"
  | "left"
  | "right"
  | "home"
  | "end"
  | "pageup"
  | "pagedown";

/** A key that was pressed; `char` has the letter of a combination such as Ctrl+C. */
export type Key =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "paste"; readonly text: string }
  | {
    readonly type: "key";
    readonly name: KeyName | "char";
    readonly char?: string;
    readonly ctrl?: true;
    readonly alt?: true;
    readonly shift?: true;
  };

const ESC = "\x1b";
const PASTE_START = "\x1b[200~";
const PASTE_END = "\x1b[201~";
/** Most characters of one paste; what is more is dropped. */
const MAX_PASTE = 1_000_000;
/** Longest escape sequence that is waited for. */
const MAX_SEQUENCE = 64;

/** Reads keys from chunks of bytes; holds what is not complete yet. */
export class KeyParser {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #paste: string | undefined;

  /** Whether an escape is held that may be a key of its own or the beginning of a sequence. */
  get isPending(): boolean {
    return this.#rest !== "" && this.#paste === undefined;
  }

  /** The keys that are complete with these bytes. */
  push(bytes: Uint8Array): Key[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    return this.#read(false);
  }

  /** What is held, as it is: nothing more came for a while. */
  flush(): Key[] {
    return this.#paste === undefined ? this.#read(true) : [];
  }

  #read(isOver: boolean): Key[] {
    const keys: Key[] = [];
    while (this.#rest !== "") {
      if (this.#paste !== undefined) {
        if (!this.#readPaste(keys)) break;
        continue;
      }
      if (this.#rest.startsWith(PASTE_START)) {
        this.#rest = this.#rest.slice(PASTE_START.length);
        this.#paste = "";
        continue;
      }
      const taken = readKey(this.#rest, isOver);
      if (taken === undefined) break;
      this.#rest = this.#rest.slice(taken.length);
      keys.push(...taken.keys);
    }
    return joinText(keys);
  }

  /** Takes what is there of a paste; false when its end is still to come. */
  #readPaste(keys: Key[]): boolean {
    const end = this.#rest.indexOf(PASTE_END);
    // The end mark itself may come in two reads.
    const safe = end === -1 ? Math.max(0, this.#rest.length - PASTE_END.length + 1) : end;
    const paste = (this.#paste ?? "") + this.#rest.slice(0, safe);
    this.#paste = paste.slice(0, MAX_PASTE);
    this.#rest = this.#rest.slice(safe);
    if (end === -1) return false;
    keys.push({ type: "paste", text: this.#paste.replace(/\r\n?/g, "\n") });
    this.#paste = undefined;
    this.#rest = this.#rest.slice(PASTE_END.length);
    return true;
  }
}

interface Taken {
  readonly keys: readonly Key[];
  readonly length: number;
}

/** The first key of a text; undefined when more is needed to tell. */
function readKey(text: string, isOver: boolean): Taken | undefined {
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
  if (first !== ESC) return { keys: plainKeys(first), length: first.length };
  if (text.length === 1) return isOver ? { keys: [{ type: "key", name: "escape" }], length: 1 } : undefined;
  const second = text.charAt(1);
  if (second === "[" || second === "O") {
    const sequence = readSequence(text);
    if (sequence !== undefined) return sequence;
    if (!isOver && text.length < MAX_SEQUENCE) return undefined;
    // Alt with a bracket, or a sequence that never ended.
    return text.length === 2 ? { keys: [withAlt(second)], length: 2 } : { keys: [], length: text.length };
  }
  if (second === ESC) return { keys: [{ type: "key", name: "escape" }], length: 1 };
  const [key] = plainKeys(String.fromCodePoint(text.codePointAt(1) ?? 0));
  const length = 1 + String.fromCodePoint(text.codePointAt(1) ?? 0).length;
  if (key === undefined) return { keys: [], length };
  if (key.type === "key") return { keys: [{ ...key, alt: true }], length };
  return { keys: [withAlt(key.text)], length };
}

function withAlt(char: string): Key {
  return { type: "key", name: "char", char, alt: true };
}

/** A character that is no escape. */
function plainKeys(character: string): Key[] {
  switch (character) {
    case "\r":
      return [{ type: "key", name: "enter" }];
    case "\n": // Ctrl+J, which many terminals send for Shift+Enter or Ctrl+Enter
      return [{ type: "key", name: "enter", ctrl: true }];
    case "\t":
      return [{ type: "key", name: "tab" }];
    case "\x7f":
    case "\b":
      return [{ type: "key", name: "backspace" }];
    case "\0":
      return [];
  }
  const code = character.charCodeAt(0);
  if (code >= 0x20) return code >= 0x80 && code < 0xa0 ? [] : [{ type: "text", text: character }];
  return [{ type: "key", name: "char", char: String.fromCharCode(code + 0x60), ctrl: true }];
}

/** Neighbouring characters are one text: a paste without brackets costs one repaint. */
function joinText(keys: readonly Key[]): Key[] {
  const joined: Key[] = [];
  for (const key of keys) {
    const last = joined.at(-1);
    if (key.type === "text" && last?.type === "text") {
      joined[joined.length - 1] = { type: "text", text: last.text + key.text };
    } else joined.push(key);
  }
  return joined;
}
