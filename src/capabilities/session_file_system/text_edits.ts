/** Replacing passages of a text: each must be found exactly once in the text as it was before all of them. */

import { ToolError } from "../../errors.ts";

/** One replacement as the model asks for it. */
export interface TextEdit {
  /** The passage; it must occur exactly once. */
  readonly oldText: string;
  /** What stands there afterwards. */
  readonly newText: string;
}

/** One replacement in the original text. */
export interface Replacement {
  /** First UTF-16 unit that goes. */
  readonly start: number;
  /** The unit after the last one that goes. */
  readonly end: number;
  /** What comes. */
  readonly text: string;
}

const BOM = "\ufeff";
const MAX_LINES_NAMED = 5;

/**
 * Finds where the edits go, sorted by place.
 *
 * A line end matches a line end of either kind, since the model writes `\n` whatever the file has; what is put in has
 * the kind of the passage it replaces, or else the kind most lines of the file have. A byte order mark is never matched.
 *
 * @throws {ToolError} when a passage is empty, missing or there more than once, or when two of them overlap
 */
export function locateEdits(original: string, edits: readonly TextEdit[]): Replacement[] {
  const text = new LineEndText(original);
  const found = edits.map(({ oldText, newText }, index) => {
    const { start, end } = text.find(oldText, index);
    return { index, start, end, text: text.withLineEnds(newText, start, end) };
  });
  found.sort((a, b) => a.start - b.start);
  for (const [place, edit] of found.entries()) {
    const next = found[place + 1];
    if (next !== undefined && next.start < edit.end) {
      const [first, second] = [edit.index, next.index].sort((a, b) => a - b);
      throw new ToolError(
        `edits[${first}] and edits[${second}] overlap: each is matched against the file as it is now; make them one`,
      );
    }
  }
  return found.map(({ start, end, text: newText }) => ({ start, end, text: newText }));
}

/** The text with the replacements made. */
export function applyReplacements(original: string, replacements: readonly Replacement[]): string {
  let text = "";
  let at = 0;
  for (const { start, end, text: newText } of replacements) {
    text += original.slice(at, start) + newText;
    at = end;
  }
  return text + original.slice(at);
}

/** A text that is searched as if every line ended in `\n`. */
class LineEndText {
  readonly #original: string;
  readonly #plain: string;
  /** Where in the plain text a `\r` is left out in front of its `\n`. */
  readonly #dropped: readonly number[];
  readonly #bom: number;

  constructor(original: string) {
    this.#original = original;
    this.#bom = original.startsWith(BOM) ? BOM.length : 0;
    const body = original.slice(this.#bom);
    const dropped: number[] = [];
    this.#plain = body.replace(/\r\n/g, (_, at: number) => {
      dropped.push(at - dropped.length);
      return "\n";
    });
    this.#dropped = dropped;
  }

  /** Where a passage is in the original. */
  find(passage: string, index: number): { readonly start: number; readonly end: number } {
    const wanted = toPlain(passage);
    if (wanted === "") throw new ToolError(`edits[${index}].old_text is empty; quote the passage to replace`);
    const places: number[] = [];
    for (let at = this.#plain.indexOf(wanted); at >= 0; at = this.#plain.indexOf(wanted, at + 1)) {
      places.push(at);
      if (places.length > MAX_LINES_NAMED) break;
    }
    const [start] = places;
    if (start === undefined) {
      throw new ToolError(
        `edits[${index}].old_text is not in the file; nothing was changed. Quote it exactly, with its white space`,
      );
    }
    if (places.length > 1) throw new ToolError(this.#ambiguous(places, index));
    return { start: this.#place(start), end: this.#place(start + wanted.length) };
  }

  /** A new text with the line ends of the passage it replaces. */
  withLineEnds(text: string, start: number, end: number): string {
    const plain = toPlain(text);
    const passage = this.#original.slice(start, end);
    const model = passage.includes("\n") ? passage : this.#original;
    const all = model.split("\n").length - 1;
    const long = model.split("\r\n").length - 1;
    return long * 2 > all ? plain.replaceAll("\n", "\r\n") : plain;
  }

  /** From a place in the plain text to the one in the original: past every `\r` left out before it. */
  #place(plain: number): number {
    let low = 0;
    let high = this.#dropped.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#dropped[middle] ?? 0) < plain) low = middle + 1;
      else high = middle;
    }
    return this.#bom + plain + low;
  }

  #ambiguous(places: readonly number[], index: number): string {
    const shown = places.slice(0, MAX_LINES_NAMED);
    const lines = shown.map((place) => this.#plain.slice(0, place).split("\n").length);
    const more = places.length > shown.length ? " and more" : "";
    return `edits[${index}].old_text is there more than once (lines ${lines.join(", ")}${more}); nothing was changed.` +
      " Quote more of what is around it";
  }
}

function toPlain(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
