/** Where skills are kept: folders of the session's files, of a host's files, or texts the program brings. */

import { FileStoreError } from "../../errors.ts";
import type { SessionFiles } from "../../ports/file_store.ts";

/** A place that has skills: one folder each, with a `SKILL.md` and maybe more files. */
export interface SkillStore {
  /** The path of the folders' folder as the model knows it. */
  readonly location: string;
  /** The names of the folders. */
  names(): Promise<readonly string[]>;
  /** The files in a folder by their paths in it, sorted; at most 64 are looked for. */
  files(name: string): Promise<readonly string[]>;
  /** A text file of a folder, or undefined. */
  read(name: string, file: string): Promise<string | undefined>;
  /** Writes a text file of a folder; absent where skills cannot be written. */
  write?(name: string, file: string, content: string): Promise<void>;
}

/** Files that may hold skills, such as the session's. */
export type SkillFiles = Pick<SessionFiles, "displayRoot" | "readFile" | "writeFile" | "listDirectory">;

/** A directory of skills. */
export interface SkillFolder {
  /** The files it is among. */
  readonly files: SkillFiles;
  /** Its canonical path there, such as `/` or `/skills`. */
  readonly root: string;
}

/** Most files of a skill. */
export const MAX_SKILL_FILES = 64;
const MAX_DEPTH = 4;

/**
 * Skills in a directory of a file store.
 *
 * @param root canonical path of the directory, such as `/.agents/skills`
 */
export function fileSkills(files: SkillFiles, root: string): SkillStore {
  const base = root === "/" ? "" : root;
  return {
    location: `${files.displayRoot === "/" ? "" : files.displayRoot}${base}`,
    names: async () =>
      (await files.listDirectory(root)).filter(({ isDirectory }) => isDirectory).map(({ name }) => name),
    files: async (name) => {
      const found: string[] = [];
      await collect(files, `${base}/${name}`, "", 0, found);
      return found;
    },
    read: async (name, file) => {
      try {
        const { content, encoding } = await files.readFile(`${base}/${name}/${file}`);
        return encoding === "text" ? content : undefined;
      } catch (error) {
        if (error instanceof FileStoreError) return undefined;
        throw error;
      }
    },
    write: async (name, file, content) => void await files.writeFile(`${base}/${name}/${file}`, content),
  };
}

/**
 * Texts of skills: file contents by their paths, by the names of the skills.
 *
 * @example
 * ```ts ignore
 * const texts = { review: { "SKILL.md": "---\nname: review\ndescription: Reviews code.\n---\nRead every line." } };
 * ```
 */
export type SkillTexts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Skills the program brings along; they cannot be written. */
export function bundledSkills(texts: SkillTexts): SkillStore {
  const skills = new Map(Object.entries(texts).map(([name, files]) => [name, new Map(Object.entries(files))]));
  return {
    location: "skill:",
    names: () => Promise.resolve([...skills.keys()].sort()),
    files: (name) => Promise.resolve([...skills.get(name)?.keys() ?? []].sort().slice(0, MAX_SKILL_FILES)),
    read: (name, file) => Promise.resolve(skills.get(name)?.get(file)),
  };
}

async function collect(files: SkillFiles, root: string, inside: string, depth: number, found: string[]): Promise<void> {
  for (const { name, isDirectory } of await files.listDirectory(`${root}${inside}`)) {
    if (found.length >= MAX_SKILL_FILES) return;
    const path = `${inside}/${name}`;
    if (!isDirectory) found.push(path.slice(1));
    else if (depth < MAX_DEPTH) await collect(files, root, path, depth + 1, found);
  }
}
