/** What is kept in the data folder and not in the workspace: memory, skills, and what the runtime stores aside. */

import { FileStoreError, type MemoryStore, type RuntimeFileStore, type SkillFolder } from "@everruns/runtime";
import { RealDiskFileStore } from "@everruns/runtime/local";
import { join } from "node:path";

/** Key of the files in their stores; there is only one of each. */
const KEY = "user";

/** Memory of a workspace, as a Markdown file of a folder. */
export async function memoryIn(folder: string): Promise<MemoryStore> {
  const files = await openFolder(folder);
  const path = "/MEMORY.md";
  return {
    read: async () => {
      try {
        return (await files.readFile(KEY, path)).content;
      } catch (error) {
        if (error instanceof FileStoreError && error.code === "file_not_found") return undefined;
        throw error;
      }
    },
    write: async (text, expected) => {
      if (expected !== undefined) return await files.writeFileIfContentMatches(KEY, path, expected, text, "text");
      await files.writeFile(KEY, path, text, "text");
      return true;
    },
  };
}

/** Skills of the user, whatever the workspace. */
export async function skillsIn(dataDir: string): Promise<SkillFolder> {
  const folder = join(dataDir, "skills");
  const files = await openFolder(folder, folder);
  return {
    root: "/",
    files: {
      displayRoot: folder,
      readFile: (path) => files.readFile(KEY, path),
      writeFile: (path, content, encoding = "text") => files.writeFile(KEY, path, content, encoding),
      listDirectory: (path = "/") => files.listDirectory(KEY, path),
    },
  };
}

/** A folder of the data folder as a file store; it is made when it is not there. */
export async function openFolder(folder: string, displayRoot?: string): Promise<RuntimeFileStore> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  return await RealDiskFileStore.open(folder, displayRoot === undefined ? {} : { displayRoot });
}
