/** What is known of the files of a workspace that its disk does not keep. */

import type { FileEncoding } from "../../src/records/initial_file.ts";

/** Files that are remembered; the one written longest ago is forgotten first. */
const MAX_REMEMBERED = 10_000;

interface Remembered {
  readonly inode: number | null;
  readonly modified: number;
  readonly size: number;
  readonly createdAt: number;
  readonly encoding: FileEncoding;
}

/** The times of a file, in milliseconds since the epoch. */
export interface FileTimes {
  /** When it was made; never after `updatedAt`. */
  readonly createdAt: number;
  /** When it was last changed. */
  readonly updatedAt: number;
}

/**
 * Remembers read-only marks, the encoding a file was written in, and when a file was made that was replaced since.
 *
 * Only while the process lives. Marks are kept until they are taken off; the rest is limited, and holds only while
 * the file is the one that was written.
 */
export class RememberedFiles {
  readonly #readOnly = new Set<string>();
  readonly #written = new Map<string, Remembered>();

  /** Whether a path is marked read-only. */
  isReadOnly(path: string): boolean {
    return this.#readOnly.has(path);
  }

  /** Marks a path read-only. */
  markReadOnly(path: string): void {
    this.#readOnly.add(path);
  }

  /** The marked paths in a directory, at any depth. */
  readOnlyIn(directory: string): string[] {
    return [...this.#readOnly].filter((path) => path.startsWith(`${directory}/`));
  }

  /** Remembers how a file was written that is now as described. */
  remember(path: string, info: Deno.FileInfo, encoding: FileEncoding, createdAt: number): void {
    this.#written.delete(path);
    const oldest = this.#written.size >= MAX_REMEMBERED ? this.#written.keys().next().value : undefined;
    if (oldest !== undefined) this.#written.delete(oldest);
    this.#written.set(path, { inode: info.ino, modified: modifiedAt(info), size: info.size, createdAt, encoding });
  }

  /** Forgets a file, or a directory and what was in it. */
  forget(path: string): void {
    for (const known of [this.#written, this.#readOnly]) {
      known.delete(path);
      for (const each of known.keys()) if (each.startsWith(`${path}/`)) known.delete(each);
    }
  }

  /** The encoding a file was written in, when it is still as it was written. */
  encodingOf(path: string, info: Deno.FileInfo): FileEncoding | undefined {
    const known = this.#written.get(path);
    const isSame = known !== undefined && known.inode === info.ino && known.modified === modifiedAt(info) &&
      known.size === info.size;
    return isSame ? known.encoding : undefined;
  }

  /** The times of a file; the disk begins anew with each write, since a write is a new file that replaces the old. */
  timesOf(path: string, info: Deno.FileInfo): FileTimes {
    const known = this.#written.get(path);
    const updatedAt = modifiedAt(info);
    const made = known !== undefined && known.inode === info.ino ? known.createdAt : info.birthtime?.getTime();
    return { createdAt: Math.min(made ?? updatedAt, updatedAt), updatedAt };
  }
}

function modifiedAt(info: Deno.FileInfo): number {
  return info.mtime?.getTime() ?? 0;
}
