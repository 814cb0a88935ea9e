/** Where memory is kept: a file of the session, or wherever a host says. */

import { FileStoreError, ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { SessionFiles } from "../../ports/file_store.ts";
import { formatMemory, type MemoryText, parseMemory } from "./memory_file.ts";

/** One text that is read and replaced whole. */
export interface MemoryStore {
  /** The text, or undefined when there is none yet. */
  read(): Promise<string | undefined>;
  /**
   * Replaces the text if it is still what was read; compare and write must be one act.
   *
   * @returns false when it is not
   */
  write(text: string, expected: string | undefined): Promise<boolean>;
}

/** Tries when others write at the same time. */
const MAX_TRIES = 8;
/** Characters of the whole text. */
const MAX_TEXT = 1_048_576;

/** Memory in a file of the session. */
export function fileMemory(files: SessionFiles, path: string): MemoryStore {
  return {
    read: async () => {
      try {
        const { content, encoding } = await files.readFile(path);
        if (encoding === "text") return content;
      } catch (error) {
        if (error instanceof FileStoreError && error.code === "file_not_found") return undefined;
        throw error;
      }
      throw new ToolError(`Memory is kept in ${path}, which is not a text file`);
    },
    write: async (text, expected) => {
      if (expected !== undefined) return await files.writeFileIfContentMatches(path, expected, text);
      await files.writeFile(path, text);
      return true;
    },
  };
}

/** What is remembered. */
export async function readMemory(store: MemoryStore): Promise<MemoryText> {
  return await parseMemory(await store.read() ?? "");
}

/**
 * Changes what is remembered; when somebody else wrote meanwhile, the change is made anew to what they wrote.
 *
 * @throws {ToolError} when it grows too large, or others never leave off
 */
export async function changeMemory(
  store: MemoryStore,
  change: (memory: MemoryText) => { readonly memory: MemoryText; readonly answer: JsonObject },
): Promise<JsonObject> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const before = await store.read();
    const { memory, answer } = change(await parseMemory(before ?? ""));
    const text = formatMemory(memory);
    if (text.length > MAX_TEXT) throw new ToolError(`Memory is full (${MAX_TEXT} characters): forget something first`);
    if (text === before || await store.write(text, before)) return answer;
  }
  throw new ToolError("Memory could not be written: others kept changing it; try again");
}
