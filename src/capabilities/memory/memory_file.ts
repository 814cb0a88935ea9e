/** `MEMORY.md`: a file people can read and mend, made of sections. */

import { sha256Hex } from "../../kit/sha256.ts";

/** One thing that is remembered. */
export interface MemoryEntry {
  /** `m-` and eight hex digits, or what a person wrote there. */
  readonly id: string;
  /** Its title, in one line. */
  readonly title: string;
  /** What is remembered. */
  readonly body: string;
  /** When it was first written, as ISO 8601; absent in a section a person wrote. */
  readonly created?: string;
  /** When it was last written. */
  readonly updated?: string;
}

/** What a file holds. */
export interface MemoryText {
  /** What stands before the first section; kept as it is. */
  readonly preamble: string;
  /** The sections, newest first. */
  readonly entries: readonly MemoryEntry[];
}

const TITLE = /^## +(.*\S)[ \t]*$/;
const MARK = /^<!-- id: (m-[\w-]{1,64})(?: created: (\S+))?(?: updated: (\S+))? -->$/;
const DEFAULT_PREAMBLE = "# Memory\n";

/** Reads a file; a section without a mark gets an id made of its title. */
export async function parseMemory(text: string): Promise<MemoryText> {
  const all = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const preamble: string[] = [];
  const sections: { title: string; lines: string[] }[] = [];
  for (const line of all) {
    const title = TITLE.exec(line)?.[1];
    if (title !== undefined) sections.push({ title, lines: [] });
    else (sections.at(-1)?.lines ?? preamble).push(line);
  }
  const entries: MemoryEntry[] = [];
  const taken = new Set<string>();
  const copies = new Map<string, number>();
  for (const { title, lines } of sections) {
    const mark = MARK.exec(lines[0] ?? "");
    const body = (mark === null ? lines : lines.slice(1)).map(unescapeLine).join("\n").trim();
    const own = mark?.[1] ?? await memoryId(title.toLowerCase());
    let id = own;
    // Two sections a person made of one copy; how many there were is known, or the work would be that number squared.
    for (let copy = copies.get(own) ?? 2; taken.has(id); copy++) {
      id = `${own}-${copy}`;
      copies.set(own, copy + 1);
    }
    taken.add(id);
    const [, , created, updated] = mark ?? [];
    entries.push({
      id,
      title,
      body,
      ...(created === undefined ? {} : { created }),
      ...(updated === undefined ? {} : { updated }),
    });
  }
  return { preamble: preamble.join("\n").trim(), entries };
}

/** Writes a file. */
export function formatMemory({ preamble, entries }: MemoryText): string {
  const sections = entries.map(({ id, title, body, created, updated }) => {
    const times = `${created === undefined ? "" : ` created: ${created}`}${
      updated === undefined ? "" : ` updated: ${updated}`
    }`;
    const lines = body.split("\n").map(escapeLine).join("\n");
    return `## ${title}\n<!-- id: ${id}${times} -->\n${lines === "" ? "" : `\n${lines}\n`}`;
  });
  return [preamble === "" ? DEFAULT_PREAMBLE : `${preamble}\n`, ...sections].join("\n");
}

/** An id made of a seed: the same seed gives the same id. */
export async function memoryId(seed: string): Promise<string> {
  return `m-${(await sha256Hex(seed)).slice(0, 8)}`;
}

/** A line of a body must not be taken for the title of a section. */
function escapeLine(line: string): string {
  return /^\\*## /.test(line) ? `\\${line}` : line;
}

function unescapeLine(line: string): string {
  return /^\\+## /.test(line) ? line.slice(1) : line;
}
