/** What the disk cannot tell about the files a workspace wrote. */

import type { FileEncoding } from "../../src/records/initial_file.ts";

/** What is remembered of a file. */
interface FileNote {
  /** The file it is about: another program may have put another one there. */
  readonly file: string;
  /** Milliseconds since the epoch: a replaced file is a new one to the disk. */
  readonly createdAt: number;
  /** How it was written. */
  readonly encoding: FileEncoding;
}

const MAX_NOTES = 10_000;
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The times and encodings of files, by canonical path; the oldest are forgotten first. */
export class FileNotes {
  readonly #notes = new Map<string, FileNote>();

  /** Remembers a file that was just written over an older one, or anew. */
  remember(path: string, old: Deno.FileInfo | undefined, written: Deno.FileInfo, encoding: FileEncoding): void {
    const createdAt = old === undefined ? createdAtOf(written) : this.createdAt(path, old);
    this.#notes.delete(path);
    this.#notes.set(path, { file: identityOf(written), createdAt, encoding });
    for (const oldest of this.#notes.keys()) {
      if (this.#notes.size <= MAX_NOTES) break;
      this.#notes.delete(oldest);
    }
  }

  /** When a file was first made, in milliseconds since the epoch. */
  createdAt(path: string, info: Deno.FileInfo): number {
    return this.#find(path, info)?.createdAt ?? createdAtOf(info);
  }

  /** The content of a file as it was written; else text when the bytes are UTF-8 without NUL, and base64 if not. */
  decode(path: string, info: Deno.FileInfo, bytes: Uint8Array): { content: string; encoding: FileEncoding } {
    const noted = this.#find(path, info)?.encoding;
    if (noted !== "base64" && (noted === "text" || !bytes.includes(0))) {
      try {
        return { content: strictDecoder.decode(bytes), encoding: "text" };
      } catch {
        // Not UTF-8.
      }
    }
    return { content: bytes.toBase64(), encoding: "base64" };
  }

  #find(path: string, info: Deno.FileInfo): FileNote | undefined {
    const note = this.#notes.get(path);
    return note?.file === identityOf(info) ? note : undefined;
  }
}

/** When a file was last changed, in milliseconds since the epoch. */
export function updatedAtOf(info: Deno.FileInfo): number {
  return info.mtime?.getTime() ?? 0;
}

/** Tells a file, and its content as far as can be seen from outside. */
export function identityOf({ dev, ino, size, mtime }: Deno.FileInfo): string {
  return `${dev}:${ino}:${size}:${mtime?.getTime() ?? 0}`;
}

function createdAtOf(info: Deno.FileInfo): number {
  return Math.min(info.birthtime?.getTime() ?? Infinity, updatedAtOf(info));
}
