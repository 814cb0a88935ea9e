/** A text of several lines that is being edited: pure, so that every key is a function of what was there. */

import { layOutInput, offsetAt, positionOf } from "../screen/input_layout.ts";
import { graphemes } from "../screen/width.ts";
import type { Key } from "./keys.ts";

export interface Editor {
  readonly text: string;
  /** In UTF-16 units, between two graphemes. */
  readonly cursor: number;
  /** What was cut last, for Ctrl+Y. */
  readonly killed: string;
  /** The column that Up and Down keep to. */
  readonly column?: number;
}

/** Most characters of an input. */
const MAX_TEXT = 1_000_000;

export function editorOf(text: string, killed = ""): Editor {
  return { text, cursor: text.length, killed };
}

/** Puts text at the cursor; control characters do not get in, but for the tabs and line ends that code is made of. */
export function insertText(editor: Editor, text: string): Editor {
  const { text: before, cursor, killed } = editor;
  // deno-lint-ignore no-control-regex
  const clean = text.replace(/\r\n?/g, "\n").replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
  const inserted = clean.toWellFormed().slice(0, Math.max(0, MAX_TEXT - before.length));
  return { text: before.slice(0, cursor) + inserted + before.slice(cursor), cursor: cursor + inserted.length, killed };
}

/** The text after a key that edits or moves; undefined for a key that does neither. */
export function editKey(editor: Editor, key: Key, width: number): Editor | undefined {
  if (key.type !== "key") return insertText(editor, key.text);
  const { text, cursor } = editor;
  const word = key.ctrl === true || key.alt === true;
  switch (key.name) {
    case "left":
      return moved(editor, word ? wordStart(text, cursor) : previous(text, cursor));
    case "right":
      return moved(editor, word ? wordEnd(text, cursor) : next(text, cursor));
    case "home":
      return moved(editor, key.ctrl ? 0 : lineStart(text, cursor));
    case "end":
      return moved(editor, key.ctrl ? text.length : lineEnd(text, cursor));
    case "backspace":
      return word ? cut(editor, wordStart(text, cursor), cursor) : removed(editor, previous(text, cursor), cursor);
    case "delete":
      return word ? cut(editor, cursor, wordEnd(text, cursor)) : removed(editor, cursor, next(text, cursor));
    case "up":
      return movedRows(editor, -1, width);
    case "down":
      return movedRows(editor, 1, width);
    case "char":
      return key.ctrl ? controlKey(editor, key.char) : key.alt ? altKey(editor, key.char) : undefined;
    default:
      return undefined;
  }
}

/** The keys of Emacs and readline. */
function controlKey(editor: Editor, char: string | undefined): Editor | undefined {
  const { text, cursor } = editor;
  switch (char) {
    case "a":
      return moved(editor, lineStart(text, cursor));
    case "e":
      return moved(editor, lineEnd(text, cursor));
    case "b":
      return moved(editor, previous(text, cursor));
    case "f":
      return moved(editor, next(text, cursor));
    case "d":
      return removed(editor, cursor, next(text, cursor));
    case "h":
      return removed(editor, previous(text, cursor), cursor);
    case "k": {
      const end = lineEnd(text, cursor);
      return cut(editor, cursor, end === cursor ? next(text, cursor) : end);
    }
    case "u": {
      const start = lineStart(text, cursor);
      return cut(editor, start === cursor ? previous(text, cursor) : start, cursor);
    }
    case "w":
      return cut(editor, spaceStart(text, cursor), cursor);
    case "y":
      return insertText(editor, editor.killed);
    default:
      return undefined;
  }
}

function altKey(editor: Editor, char: string | undefined): Editor | undefined {
  const { text, cursor } = editor;
  switch (char) {
    case "b":
      return moved(editor, wordStart(text, cursor));
    case "f":
      return moved(editor, wordEnd(text, cursor));
    case "d":
      return cut(editor, cursor, wordEnd(text, cursor));
    default:
      return undefined;
  }
}

function moved({ text, killed }: Editor, cursor: number): Editor {
  return { text, cursor, killed };
}

/** A row up or down; undefined at the first and the last one, where history begins. */
function movedRows(editor: Editor, by: number, width: number): Editor | undefined {
  const { text, cursor, killed } = editor;
  const rows = layOutInput(text, width);
  const position = positionOf(text, cursor, rows);
  const row = position.row + by;
  if (row < 0 || row >= rows.length) return undefined;
  const column = editor.column ?? position.column;
  return { text, cursor: offsetAt(text, { row, column }, rows), killed, column };
}

function removed({ text, killed }: Editor, from: number, to: number): Editor {
  return { text: text.slice(0, from) + text.slice(to), cursor: from, killed };
}

function cut(editor: Editor, from: number, to: number): Editor {
  return { ...removed(editor, from, to), killed: from === to ? editor.killed : editor.text.slice(from, to) };
}

function previous(text: string, cursor: number): number {
  // A grapheme never crosses a line end, so that the line is enough to look at.
  const start = lineStart(text, cursor);
  if (cursor === start) return Math.max(0, cursor - 1);
  let last = 0;
  for (const grapheme of graphemes(text.slice(start, cursor))) last = grapheme.length;
  return cursor - last;
}

function next(text: string, cursor: number): number {
  const end = lineEnd(text, cursor);
  if (cursor === end) return Math.min(text.length, cursor + 1);
  const [first = ""] = graphemes(text.slice(cursor, end));
  return cursor + first.length;
}

function lineStart(text: string, cursor: number): number {
  return cursor === 0 ? 0 : text.lastIndexOf("\n", cursor - 1) + 1;
}

function lineEnd(text: string, cursor: number): number {
  const end = text.indexOf("\n", cursor);
  return end === -1 ? text.length : end;
}

function wordStart(text: string, cursor: number): number {
  return cursor -
    (/[\p{L}\p{M}\p{N}_]*[^\p{L}\p{M}\p{N}_]*$/u.exec(text.slice(Math.max(0, cursor - 1000), cursor))?.[0].length ?? 0);
}

function wordEnd(text: string, cursor: number): number {
  return cursor +
    (/^[^\p{L}\p{M}\p{N}_]*[\p{L}\p{M}\p{N}_]*/u.exec(text.slice(cursor, cursor + 1000))?.[0].length ?? 0);
}

function spaceStart(text: string, cursor: number): number {
  return cursor - (/\S*\s*$/.exec(text.slice(Math.max(0, cursor - 1000), cursor))?.[0].length ?? 0);
}
