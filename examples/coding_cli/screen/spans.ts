/** Styled text: what every renderer makes and only {@linkcode ./ansi.ts} turns into escape sequences. */

export type Colour = "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "gray";

export interface Style {
  readonly colour?: Colour;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly inverse?: true;
}

/** A piece of text of one style; sanitised, without line ends and tabs. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** One row of the terminal, or one line that is still to be wrapped. */
export type Line = readonly Span[];

export const EMPTY_LINE: Line = [];

export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}

/** The text of a line without its styles. */
export function plainText(line: Line): string {
  return line.map(({ text }) => text).join("");
}

/** Adds a style under the one every span has. */
export function withStyle(line: Line, style: Style): Line {
  return line.map((it) => ({ text: it.text, style: { ...style, ...it.style } }));
}
