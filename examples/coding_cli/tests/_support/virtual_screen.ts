/**
 * A terminal small enough to be read: applies what the program writes and yields rows of text.
 *
 * It knows the sequences the program may send and throws at any other, so that nothing of a model or a tool can drive
 * a terminal unnoticed.
 *
 * @module
 */

import { graphemeWidth } from "../../screen/width.ts";

interface Cell {
  readonly text: string;
  readonly style: string;
}

// deno-lint-ignore no-control-regex
const CSI = /^\x1b\[([0-?]*)([@-~])/;
const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

export class VirtualScreen {
  columns: number;
  rows: number;
  /** Modes that are set, as `?2004`. */
  readonly modes: Set<string> = new Set();
  /** Depth of the kitty keyboard stack. */
  keyboard = 0;
  isCursorVisible = true;
  /** Whether a synchronized update has begun and not ended: what is there is not meant to be seen. */
  isUpdating = false;
  #lines: Cell[][] = [[]];
  /** First line of the visible part. */
  #top = 0;
  #row = 0;
  #column = 0;
  #style = "";
  #rest = "";
  readonly #decoder = new TextDecoder();

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  /** Applies bytes; a sequence may be cut between two calls. */
  write(data: string | Uint8Array): void {
    let text = this.#rest + (typeof data === "string" ? data : this.#decoder.decode(data, { stream: true }));
    this.#rest = "";
    while (text !== "") {
      if (text.startsWith("\x1b")) {
        const match = CSI.exec(text);
        if (match === null) {
          // deno-lint-ignore no-control-regex
          if (text.length < 40 && /^\x1b(?:\[[0-?]*)?$/.test(text)) {
            this.#rest = text;
            return;
          }
          throw new Error(`The program sent ${JSON.stringify(text.slice(0, 20))}`);
        }
        this.#control(match[1] ?? "", match[2] ?? "");
        text = text.slice(match[0].length);
        continue;
      }
      // deno-lint-ignore no-control-regex
      const run = /^[^\x00-\x1f\x7f-\x9f]+/.exec(text)?.[0];
      if (run !== undefined) {
        for (const { segment } of segmenter.segment(run)) this.#put(segment);
        text = text.slice(run.length);
        continue;
      }
      this.#plainControl(text.charAt(0));
      text = text.slice(1);
    }
  }

  /** Changes the size; longer rows are broken as most terminals do. */
  resize(columns: number, rows: number): void {
    const reflowed: Cell[][] = [];
    let cursor = 0;
    let column = this.#column;
    for (const [index, line] of this.#lines.entries()) {
      const chunks = Math.max(1, Math.ceil(line.length / columns));
      if (index === this.#row) {
        cursor = reflowed.length + Math.floor(this.#column / columns);
        column = this.#column % columns;
      }
      for (let chunk = 0; chunk < chunks; chunk++) reflowed.push(line.slice(chunk * columns, (chunk + 1) * columns));
    }
    this.columns = columns;
    this.rows = rows;
    this.#lines = reflowed;
    this.#row = cursor;
    this.#column = column;
    this.#top = Math.max(0, Math.min(reflowed.length - rows, cursor), cursor - rows + 1);
  }

  /** Every row, scrollback included, without what is empty at the end. */
  get text(): string {
    return this.#lines.map(textOf).join("\n").trimEnd();
  }

  /** The visible rows. */
  get visible(): string {
    return this.#lines.slice(this.#top, this.#top + this.rows).map(textOf).join("\n").trimEnd();
  }

  /** The row the cursor is in, up to the cursor. */
  get beforeCursor(): string {
    return (this.#lines[this.#row] ?? []).slice(0, this.#column).map(({ text }) => text).join("");
  }

  /** The SGR parameters of the first place where a text stands; undefined when it is nowhere. */
  styleOf(text: string): string | undefined {
    for (const line of this.#lines) {
      const at = line.map((cell) => cell.text || " ").join("").indexOf(text);
      if (at !== -1) return line[at]?.style;
    }
    return undefined;
  }

  #put(grapheme: string): void {
    const width = graphemeWidth(grapheme);
    if (this.#column + width > this.columns) {
      this.#column = 0;
      this.#newLine();
    }
    const line = this.#line();
    while (line.length < this.#column) line.push({ text: " ", style: "" });
    line[this.#column] = { text: grapheme, style: this.#style };
    if (width === 2) line[this.#column + 1] = { text: "", style: this.#style };
    this.#column += width;
  }

  #plainControl(control: string): void {
    if (control === "\r") this.#column = 0;
    else if (control === "\n") this.#newLine();
    else throw new Error(`The program sent the control character ${JSON.stringify(control)}`);
  }

  #newLine(): void {
    this.#row++;
    if (this.#row >= this.#top + this.rows) this.#top++;
    this.#line();
  }

  #line(): Cell[] {
    while (this.#lines.length <= this.#row) this.#lines.push([]);
    return this.#lines[this.#row] ?? [];
  }

  #control(parameters: string, final: string): void {
    const count = Number(parameters) || 1;
    switch (final) {
      case "A":
        this.#row = Math.max(this.#top, this.#row - count);
        return;
      case "B":
        this.#row = Math.min(this.#top + this.rows - 1, this.#row + count);
        this.#line();
        return;
      case "C":
        this.#column = Math.min(this.columns - 1, this.#column + count);
        return;
      case "H":
        this.#row = this.#top;
        this.#column = 0;
        return;
      case "J":
        if (parameters === "2") this.#lines.length = this.#top;
        else {
          this.#line().length = Math.min(this.#line().length, this.#column);
          this.#lines.length = this.#row + 1;
        }
        this.#line();
        return;
      case "K":
        // A full row leaves the cursor on its last column, which goes too.
        this.#line().length = Math.min(this.#line().length, this.#column, this.columns - 1);
        return;
      case "m":
        this.#style = parameters === "0" ? "" : parameters;
        if (parameters.startsWith(">")) this.#style = "";
        return;
      case "h":
      case "l":
        this.#mode(parameters, final === "h");
        return;
      case "u":
        this.keyboard += parameters.startsWith(">") ? 1 : -1;
        return;
    }
    throw new Error(`The program sent CSI ${parameters} ${final}`);
  }

  #mode(mode: string, isSet: boolean): void {
    if (mode === "?25") this.isCursorVisible = isSet;
    else if (mode === "?2026") this.isUpdating = isSet;
    else if (isSet) this.modes.add(mode);
    else this.modes.delete(mode);
  }
}

function textOf(line: readonly Cell[]): string {
  return line.map(({ text }) => text).join("").trimEnd();
}
