/** Markdown that is still being written. */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/** Roughly the last `characters` of a text, from a paragraph's start on; a fence that was open before is opened again. */
export function tailOf(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const from = text.indexOf("\n", text.length - characters) + 1;
  if (from === 0) return text.slice(-characters).toWellFormed();
  const fence = openFence(text.slice(0, from));
  if (fence !== undefined) return `${fence}\n${text.slice(from)}`;
  const paragraph = text.indexOf("\n\n", from);
  return paragraph === -1 || paragraph > text.length - characters / 2 ? text.slice(from) : text.slice(paragraph + 2);
}

/** The text with what its last paragraph leaves open closed, and without an end that may still become anything. */
export function openEnds(text: string): string {
  if (openFence(text) !== undefined) return text;
  // A row of = or - makes a heading of the line before, but as the beginning of a list or table it does not.
  const settled = text.replace(/\n[ ]{0,3}(?:-{1,2}|=+|[*+]|\d{1,9}[.)]?|#{1,6}|`{1,2}|~{1,2})[ ]*$/, "\n");
  const start = settled.lastIndexOf("\n\n") + 1;
  return settled.slice(0, start) + closed(settled.slice(start));
}

/** The line that opened the fence the text ends in. */
function openFence(text: string): string | undefined {
  let open: { readonly line: string; readonly marker: string } | undefined;
  for (const line of text.split("\n")) {
    const marker = FENCE.exec(line)?.[1];
    if (marker === undefined) continue;
    if (open === undefined) open = { line, marker };
    else if (marker.startsWith(open.marker) && line.trim() === marker) open = undefined;
  }
  return open?.line;
}

function closed(paragraph: string): string {
  const code = (paragraph.match(/`/g)?.length ?? 0) % 2 === 1;
  if (code) return paragraph.endsWith("`") ? paragraph.slice(0, -1) : `${paragraph}\``;
  const outside = paragraph.replace(/`[^`]*`/g, "");
  const strong = (outside.match(/\*\*/g)?.length ?? 0) % 2 === 1;
  const whole = strong ? (paragraph.endsWith("**") ? paragraph.slice(0, -2) : `${paragraph.trimEnd()}**`) : paragraph;
  // Of a link that is being written only the text counts.
  return whole.replace(/\[([^\[\]\n]*)\]\([^()\s]*$/, "$1");
}
