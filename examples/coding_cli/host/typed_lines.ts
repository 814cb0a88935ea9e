/** What was typed in earlier runs, kept for Up and Down. */

import { join } from "node:path";
import type { Folders } from "./folders.ts";

/** Lines that are read back; the file is cut to them when it has twice as many. */
const MAX_LINES = 1_000;
/** Characters of a line that is kept: nobody recalls a pasted log. */
const MAX_LINE = 10_000;

/** The lines typed in this workspace, oldest first. */
export async function readTypedLines(folders: Folders): Promise<readonly string[]> {
  try {
    const file = fileOf(folders);
    const all = (await Deno.readTextFile(file)).trimEnd().split("\n");
    const lines = all.slice(-MAX_LINES);
    if (all.length >= 2 * MAX_LINES) await replace(file, `${lines.join("\n")}\n`);
    return lines.flatMap((line) => {
      try {
        const typed: unknown = JSON.parse(line);
        return typeof typed === "string" ? [typed] : [];
      } catch {
        return [];
      }
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Keeps one more line; a disk that is full must not end a conversation. */
export async function keepTypedLine(folders: Folders, line: string): Promise<void> {
  if (line.length > MAX_LINE) return;
  await Deno.writeTextFile(fileOf(folders), `${JSON.stringify(line)}\n`, { append: true, mode: 0o600 }).catch(() => {});
}

/** A program that is killed in the middle leaves the old file. */
async function replace(file: string, text: string): Promise<void> {
  const made = `${file}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(made, text, { mode: 0o600 });
  await Deno.rename(made, file);
}

function fileOf({ projectDir }: Folders): string {
  return join(projectDir, "typed.jsonl");
}
