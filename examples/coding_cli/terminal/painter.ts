/**
 * Writes to a terminal: finished lines once, into its scrollback, and below them a region that is repainted.
 *
 * Only rows that changed are written, all of a repaint in one write, between the marks of a synchronized update
 * (https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036), so that nothing flickers.
 *
 * @module
 */

/** One repaint. */
export interface Paint {
  /** Lines to print above the region, for good. */
  readonly finished: readonly string[];
  /** The region; every row narrower than the terminal, since erasing after a full one takes its last character. */
  readonly live: readonly string[];
  /** Columns each row of the region takes. */
  readonly widths: readonly number[];
  readonly cursor: { readonly row: number; readonly column: number };
  readonly columns: number;
}

const BEGIN = "\x1b[?2026h\x1b[?25l";
const END = "\x1b[?25h\x1b[?2026l";
const ERASE_BELOW = "\x1b[J";
const ERASE_RIGHT = "\x1b[K";

export class Painter {
  readonly #write: (text: string) => void;
  /** What the region shows now. */
  #rows: readonly string[] = [];
  #widths: readonly number[] = [];
  #cursor = { row: 0, column: 0 };
  #columns = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Brings the terminal to what is asked for; writes nothing when it is there already. */
  paint(paint: Paint): void {
    const moves: string[] = [];
    if (paint.finished.length > 0 || this.#isReflowed(paint.columns)) {
      moves.push(this.#toTop(paint.columns), ERASE_BELOW, ...paint.finished.map((line) => `${line}\r\n`));
      moves.push(paint.live.join("\r\n"), move(paint.live.length - 1, paint.cursor));
    } else {
      const changes = this.#changes(paint.live);
      const isStill = paint.cursor.row === this.#cursor.row && paint.cursor.column === this.#cursor.column;
      if (changes === undefined && isStill) return;
      moves.push(changes?.text ?? "", move(changes?.row ?? this.#cursor.row, paint.cursor));
    }
    this.#write(BEGIN + moves.join("") + END);
    this.#rows = paint.live;
    this.#widths = paint.widths;
    this.#cursor = paint.cursor;
    this.#columns = paint.columns;
  }

  /** Prints the last lines in place of the region, which is gone: what is written next stands below them. */
  close(finished: readonly string[]): void {
    this.#write(this.#toTop(this.#columns) + ERASE_BELOW + finished.map((line) => `${line}\r\n`).join(""));
    this.#forget();
  }

  /** Erases the whole screen, but not the scrollback. */
  clearScreen(): void {
    this.#write("\x1b[H\x1b[2J");
    this.#forget();
  }

  #forget(): void {
    this.#rows = [];
    this.#widths = [];
    this.#cursor = { row: 0, column: 0 };
  }

  /** What rewrites the rows that differ, and the row the cursor is left in; undefined when none does. */
  #changes(live: readonly string[]): { readonly text: string; readonly row: number } | undefined {
    let text = "";
    let row = this.#cursor.row;
    let height = Math.max(1, this.#rows.length);
    for (const [index, line] of live.entries()) {
      if (index < this.#rows.length && line === this.#rows[index]) continue;
      // Rows that are not there yet are made by line ends, which scroll where a movement would stop.
      const target = Math.min(index, height - 1);
      text += `${vertical(target - row)}${"\r\n".repeat(index - target)}\r${line}${ERASE_RIGHT}`;
      row = index;
      height = Math.max(height, index + 1);
    }
    if (live.length < this.#rows.length) {
      text += `${vertical(live.length - row)}\r${ERASE_BELOW}`;
      row = live.length;
    }
    return text === "" ? undefined : { text, row };
  }

  #isReflowed(columns: number): boolean {
    return this.#columns !== columns;
  }

  /**
   * Moves to the start of the region.
   *
   * A terminal that was made narrower has broken rows that do not fit any more, so that there are more above the cursor
   * than were written.
   */
  #toTop(columns: number): string {
    const rowsOf = (width: number): number => Math.max(1, Math.ceil(width / Math.max(1, columns)));
    let above = Math.floor(this.#cursor.column / Math.max(1, columns));
    for (let row = 0; row < this.#cursor.row; row++) above += rowsOf(this.#widths[row] ?? 0);
    return `${vertical(-above)}\r`;
  }
}

/** From the end of a row to the cursor's place. */
function move(fromRow: number, to: { readonly row: number; readonly column: number }): string {
  return `${vertical(to.row - fromRow)}\r${to.column === 0 ? "" : `\x1b[${to.column}C`}`;
}

function vertical(by: number): string {
  return by === 0 ? "" : by < 0 ? `\x1b[${-by}A` : `\x1b[${by}B`;
}
