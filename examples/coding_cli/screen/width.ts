/**
 * How many columns text takes in a terminal.
 *
 * A grapheme is as wide as its widest character; East Asian wide and emoji characters take two columns, marks none.
 * The ranges are those of Unicode 16's EastAsianWidth.txt with value W or F, joined where what lies between is unassigned.
 */

const ASCII = /^[\x20-\x7e]*$/;
const EMOJI = /\p{Emoji_Presentation}/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff\ud7b0-\ud7ff]$/u;

const WIDE: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x23f0, 0x23f0],
  [0x23f3, 0x23f3],
  [0x2630, 0x2637],
  [0x268a, 0x268f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4dc0, 0x4dff],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18d08],
  [0x1aff0, 0x1b2fb],
  [0x1d300, 0x1d376],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/** What a reader takes for one character. */
export function* graphemes(text: string): IterableIterator<string> {
  if (ASCII.test(text)) yield* text;
  else for (const { segment } of segmenter.segment(text)) yield segment;
}

/** What a tab is shown as: a terminal's own would jump. */
export const TAB = "    ";

/** Columns of one grapheme: 0, 1 or 2, and those of a tab. */
export function graphemeWidth(grapheme: string): number {
  if (grapheme === "\t") return TAB.length;
  if (grapheme.length === 1 && grapheme >= " " && grapheme <= "~") return 1;
  // A variation selector or a joiner makes an emoji of what may be narrow by itself, and a flag has two letters.
  if (grapheme.includes("\ufe0f") || EMOJI.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) {
    if (ZERO.test(character)) continue;
    if (isWide(character.codePointAt(0) ?? 0)) return 2;
    width = 1;
  }
  return width;
}

/** Columns of a text without line ends. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemes(text)) width += graphemeWidth(grapheme);
  return width;
}

function isWide(code: number): boolean {
  if (code < 0x1100) return false;
  let low = 0;
  let high = WIDE.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, to] = WIDE[middle] ?? [0, 0];
    if (code < from) high = middle - 1;
    else if (code > to) low = middle + 1;
    else return true;
  }
  return false;
}
