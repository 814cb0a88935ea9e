/** What a workspace on disk can do with a file: every path is canonical, and one change of it runs at a time. */

import { FileStoreError } from "../../src/errors.ts";
import type { FileEncoding, InitialFile } from "../../src/records/initial_file.ts";
import type { FileStat, StoredFile } from "../../src/ports/file_store.ts";
import type { GrepFile } from "../../src/kit/grep.ts";
import { nameOf, parentOf } from "../../src/kit/paths.ts";
import { contentOf, encodeContent, isExpected } from "../files/content.ts";
import { deleteAtomically } from "./atomic_delete.ts";
import { writeAtomically } from "./atomic_write.ts";
import { errnoOf } from "./host_errors.ts";
import { assertOneName, readWhole, type WholeFile } from "./read_whole.ts";
import { RememberedFiles } from "./remembered_files.ts";
import { isHidden, isSameFile, lstat, type WorkspaceFolder } from "./workspace_folder.ts";

/** What one operation may look at. */
export interface WorkspaceDiskLimits {
  /** Bytes of a file. */
  readonly fileBytes: number;
  /** Entries of directories. */
  readonly entries: number;
}

/** The files of a workspace on disk. */
export class WorkspaceDisk {
  readonly #folder: WorkspaceFolder;
  readonly #limits: WorkspaceDiskLimits;
  readonly #remembered = new RememberedFiles();

  /** The files in a folder. */
  constructor(folder: WorkspaceFolder, limits: WorkspaceDiskLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Reads a file. */
  async read(path: string): Promise<StoredFile> {
    const { bytes, info } = await readWhole(this.#folder, path, this.#limits.fileBytes);
    return {
      path,
      ...contentOf(bytes, this.#remembered.encodingOf(path, info)),
      sizeBytes: bytes.length,
      isReadonly: this.#remembered.isReadOnly(path),
      ...this.#remembered.timesOf(path, info),
    };
  }

  /** What a path names, or undefined. */
  stat(path: string): FileStat | undefined {
    const place = this.#folder.look(path, "look at");
    if (place.type !== "found") return undefined;
    const { isDirectory, size } = place.info;
    return {
      path,
      name: nameOf(path),
      isDirectory,
      isReadonly: !isDirectory && this.#remembered.isReadOnly(path),
      sizeBytes: isDirectory ? 0 : size,
      ...this.#remembered.timesOf(path, place.info),
    };
  }

  /** Entries of a directory, sorted by path. */
  async list(path: string): Promise<FileStat[]> {
    const place = this.#folder.look(path, "list");
    if (place.type !== "found" || !place.info.isDirectory) return [];
    const entries = await this.#folder.entries(path, place.hostPath, { left: this.#limits.entries }, "list");
    const stats: FileStat[] = [];
    for (const entry of entries) {
      const stat = this.#statEntry(entry.path);
      if (stat !== undefined) stats.push(stat);
    }
    return stats.sort((a, b) => a.path < b.path ? -1 : 1);
  }

  /** The files a search looks at, sorted by path. */
  async *searched(signal?: AbortSignal): AsyncGenerator<GrepFile> {
    // Most sessions never search: the machinery is loaded by the first that does.
    const { searchedFiles } = await import("./workspace_search.ts");
    yield* searchedFiles(this.#folder, {
      remembered: this.#remembered,
      budget: { left: this.#limits.entries },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Writes a file; tells whether it was created. */
  async write(path: string, content: string, encoding: FileEncoding): Promise<boolean> {
    const bytes = encodeContent(path, content, encoding, this.#limits.fileBytes);
    const old = this.#lookToWrite(path);
    await this.#replace(path, bytes, encoding, old);
    return old === undefined;
  }

  /** Writes a file if its content is the expected one; tells whether it did. */
  async writeIf(path: string, expected: string, content: string, encoding: FileEncoding): Promise<boolean> {
    const place = this.#folder.look(path, "write");
    if (place.type === "missing" || (place.type === "found" && place.info.isDirectory)) return false;
    const { bytes, info } = await readWhole(this.#folder, path, this.#limits.fileBytes, "write");
    const found = contentOf(bytes, this.#remembered.encodingOf(path, info));
    if (!isExpected(found.content, found.encoding, expected)) return false;
    const old = this.#lookToWrite(path);
    if (old === undefined) return false;
    const replacement = encodeContent(path, content, encoding, this.#limits.fileBytes);
    return await this.#replace(path, replacement, encoding, old, () => isUnchanged(this.#folder.hostPath(path), info));
  }

  /** Deletes a file or directory; tells whether it did. */
  async delete(path: string, recursive: boolean): Promise<boolean> {
    const place = path === "/" ? undefined : this.#folder.look(path, "delete");
    if (place?.type === "hidden") throw isHidden("delete", path);
    if (place?.type !== "found") return false;
    const { hostPath, info } = place;
    if (info.isDirectory) {
      // A temporary file that a crash left must not keep the directory.
      const entries = await this.#folder.entries(path, hostPath, { left: this.#limits.entries }, "delete");
      if (!recursive && entries.length > 0) return false;
      const budget = { left: this.#limits.entries };
      if (recursive && await this.#folder.holdsHidden(path, hostPath, budget, "delete")) throw isHidden("delete", path);
    }
    const kept = [path, ...this.#remembered.readOnlyIn(path)].find((each) => this.#isKept(each));
    if (kept !== undefined) throw isReadOnly("delete", kept);

    this.#folder.assertReal(hostPath, path, "delete");
    try {
      if (info.isDirectory && !recursive) Deno.removeSync(hostPath);
      else await deleteAtomically(hostPath, info, path);
    } catch (error) {
      const errno = errnoOf(error);
      // Gone meanwhile, or it holds what is not shown, such as a link.
      if (errno === "ENOENT" || errno === "ENOTEMPTY") return false;
      throw error;
    }
    this.#remembered.forget(path);
    return true;
  }

  /** Makes a directory and its parents. */
  makeDirectory(path: string): void {
    this.#folder.makeDirectories(path, path);
  }

  /** Writes a file that is not there; marks it, also when it is there as it was seeded before our time. */
  async seed(path: string, { content, encoding = "text", isReadonly = false }: InitialFile): Promise<void> {
    const place = this.#folder.look(path, "write");
    if (place.type !== "found" || place.info.isDirectory) await this.write(path, content, encoding);
    else if (!isReadonly || !await this.#isSeedOfOld(path, place.info, content, encoding)) return;
    if (isReadonly) this.#remembered.markReadOnly(path);
  }

  /** Whether a file that we did not write is byte for byte the one to be seeded. */
  async #isSeedOfOld(path: string, info: Deno.FileInfo, content: string, encoding: FileEncoding): Promise<boolean> {
    if (this.#remembered.encodingOf(path, info) !== undefined) return false;
    const bytes = encodeContent(path, content, encoding, this.#limits.fileBytes);
    if (info.size !== bytes.length || (info.nlink ?? 1) > 1) return false;
    const found: WholeFile = await readWhole(this.#folder, path, this.#limits.fileBytes, "write");
    return found.bytes.length === bytes.length && found.bytes.every((byte, index) => byte === bytes[index]);
  }

  /** What an entry of a listing is; undefined when it became something else since. */
  #statEntry(path: string): FileStat | undefined {
    try {
      return this.stat(path);
    } catch (error) {
      if (error instanceof FileStoreError) return undefined;
      throw error;
    }
  }

  /** The file a write replaces, if there is one. */
  #lookToWrite(path: string): Deno.FileInfo | undefined {
    const place = this.#folder.look(path, "write");
    if (place.type === "hidden") throw isHidden("write", path);
    if (place.type === "missing") return undefined;
    if (place.info.isDirectory) {
      throw new FileStoreError("file_is_directory", path, `Cannot write "${path}": it is a directory`);
    }
    if (this.#remembered.isReadOnly(path)) throw isReadOnly("write", path);
    assertOneName(place.info, path, "write");
    return place.info;
  }

  /** Whether a path is marked read-only and there. */
  #isKept(path: string): boolean {
    return this.#remembered.isReadOnly(path) && lstat(this.#folder.hostPath(path)) !== undefined;
  }

  async #replace(
    path: string,
    bytes: Uint8Array,
    encoding: FileEncoding,
    old: Deno.FileInfo | undefined,
    isUnchanged: () => boolean = () => true,
  ): Promise<boolean> {
    const parent = parentOf(path);
    const directory = this.#folder.makeDirectories(parent, path);
    const createdAt = old === undefined ? Infinity : this.#remembered.timesOf(path, old).createdAt;
    const written = await writeAtomically(this.#folder.hostPath(path), bytes, {
      path,
      old,
      isStillWanted: () => {
        this.#folder.assertReal(directory, path, "write");
        return isUnchanged();
      },
    });
    if (written === undefined) return false;
    const made = written.birthtime?.getTime() ?? written.mtime?.getTime() ?? 0;
    if (old === undefined) this.#remembered.forget(path);
    this.#remembered.remember(path, written, encoding, Math.min(createdAt, made));
    return true;
  }
}

/** Whether a file is still as it was looked at. */
function isUnchanged(hostPath: string, info: Deno.FileInfo): boolean {
  const now = lstat(hostPath);
  return now !== undefined && isSameFile(now, info) && now.size === info.size &&
    now.mtime?.getTime() === info.mtime?.getTime();
}

function isReadOnly(action: string, path: string): FileStoreError {
  return new FileStoreError("file_read_only", path, `Cannot ${action} "${path}": it is read-only`);
}
