/** The lines of the finished blocks that were not printed yet. */

import { blockLines } from "./block_lines.ts";
import { plural } from "./quantities.ts";
import type { Block, Screen } from "./screen.ts";
import { EMPTY_LINE, type Line, span } from "./spans.ts";
import { wrapText } from "./wrap.ts";

/** What is printed of a conversation that goes on: blocks, and lines of them. */
const MAX_REPLAYED = { blocks: 50, lines: 200 } as const;
/** What the terminal shows already stands before the first block. */
const FIRST: Block = { type: "event", text: "" };

/** What to print of a screen. */
export interface UnprintedOptions {
  /** Blocks that were printed or passed over, counted from the beginning of the conversation. */
  readonly printed: number;
  readonly columns: number;
  /** Whether they are from an earlier run: then the newest are enough. @default {false} */
  readonly replayed?: boolean;
}

/** The lines to print now; afterwards all blocks of the screen count as printed. */
export function unprintedLines(screen: Screen, { printed, columns, replayed = false }: UnprintedOptions): Line[] {
  const { blocks, trimmed } = screen;
  const from = Math.max(0, printed - trimmed);
  const parts: Line[][] = [];
  let height = 0;
  let at = blocks.length;
  while (at > from) {
    const block = blocks[at - 1] ?? FIRST;
    const lines = blockLines(block, blocks[at - 2] ?? FIRST, columns);
    const isOver = parts.length >= MAX_REPLAYED.blocks || height + lines.length > MAX_REPLAYED.lines;
    // The last one is printed, however long it is: it is what the user was told last.
    if (replayed && isOver && parts.length > 0) break;
    parts.push(lines);
    height += lines.length;
    at--;
  }
  const passedOver = trimmed + at - printed;
  return [...(passedOver > 0 ? aboveLines(passedOver, columns) : []), ...parts.reverse().flat()];
}

function aboveLines(parts: number, columns: number): Line[] {
  const text = `${plural(parts, "earlier part")} of this conversation not shown · /history 100 lists messages, ` +
    "/export gives all of them";
  return [EMPTY_LINE, ...wrapText(text, columns, { first: [span("⋮ ", { dim: true })], style: { dim: true } })];
}
