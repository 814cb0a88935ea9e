/** What was typed in earlier runs, kept for Up and Down. */

import { join } from "node:path";
import type { Folders } from "./folders.ts";

/** Lines that are read back. */
const MAX_LINES = 1_000;

/** The lines typed in this workspace, oldest first. */
export async function readTypedLines(folders: Folders): Promise<readonly string[]> {
  try {
    const text = await Deno.readTextFile(fileOf(folders));
    return text.split("\n").slice(-MAX_LINES).flatMap((line) => {
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
export function keepTypedLine(folders: Folders, line: string): void {
  Deno.writeTextFile(fileOf(folders), `${JSON.stringify(line)}\n`, { append: true, mode: 0o600 }).catch(() => {});
}

function fileOf({ projectDir }: Folders): string {
  return join(projectDir, "typed.jsonl");
}
