/** Owners: random ids whose lock file proves that the process behind them lives. */

import { join } from "node:path";
import { StoreError } from "../src/errors.ts";
import { UnsafeStoreError } from "./errors.ts";
import { storeErrorOf } from "./sqlite/sqlite_errors.ts";

/** What an owner id may look like: it is a file name. */
const OWNER_ID = /^[A-Za-z0-9_-]{1,128}$/;

/** Tries to lock a new file: another process may look at it, or sweep it away, in between. */
const ATTEMPTS = 20;

/**
 * The owners of a data folder.
 *
 * An owner has a file that its process keeps exclusively locked (flock): the system frees the lock when the process
 * dies, however it dies, and keeps it while the process is only stopped. The file is locked before the id is written
 * anywhere, and an id never comes back; so a missing or unlocked file means a dead owner.
 */
export class Owners implements Disposable {
  readonly #folder: string;
  readonly #files = new Map<string, Deno.FsFile>();

  /** Keeps owners in a folder, which is made when it is first needed. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether this instance keeps the owner's lock. */
  isOurs(id: string): boolean {
    return this.#files.has(id);
  }

  /**
   * Declares an owner alive; harmless when it is.
   *
   * @throws {TypeError} when the id is no file name
   * @throws {UnsafeStoreError} when the folder is a link or no folder
   * @throws {StorageFullError} when the disk is full
   * @throws {StoreError} when its file cannot be made for another reason
   */
  connect(id: string): void {
    if (this.#files.has(id)) return;
    if (!OWNER_ID.test(id)) throw new TypeError(`Cannot use "${id}" as an owner: expected letters, digits, _ and -`);
    try {
      if (!this.#hasFolder()) Deno.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const file = this.#lockNew(id);
        if (file === undefined) continue;
        this.#files.set(id, file);
        const about = { pid: Deno.pid, startedAt: Date.now() };
        file.writeSync(new TextEncoder().encode(JSON.stringify(about)));
        return;
      }
    } catch (error) {
      // A lock nobody knows of would make the owner look alive to everybody else.
      this.disconnect(id);
      throw storeErrorOf(error, this.#folder, `make the lock file of owner "${id}"`);
    }
    throw new StoreError(`make the lock file of owner "${id}"`, new Error("other processes kept it locked"));
  }

  /** Declares an owner of ours dead; final. */
  disconnect(id: string): void {
    const file = this.#files.get(id);
    if (file === undefined) return;
    this.#files.delete(id);
    // Removed while it is locked: nobody can find it free and take it for a dead owner's.
    removeIfThere(join(this.#folder, id));
    file.close();
  }

  /** Whether an owner lives, in this process or another. */
  isAlive(id: string): boolean {
    if (this.#files.has(id)) return true;
    if (!OWNER_ID.test(id)) return false;
    try {
      using file = openIfThere(join(this.#folder, id));
      return file !== undefined && !file.tryLockSync(false);
    } catch (error) {
      throw storeErrorOf(error, this.#folder, `look at the lock file of owner "${id}"`);
    }
  }

  /** The process of an owner, as its file tells; undefined when it does not. */
  pidOf(id: string): number | undefined {
    if (!OWNER_ID.test(id)) return undefined;
    try {
      const about: unknown = JSON.parse(Deno.readTextFileSync(join(this.#folder, id)));
      const pid = typeof about === "object" && about !== null && "pid" in about ? about.pid : undefined;
      return typeof pid === "number" ? pid : undefined;
    } catch {
      // Gone, or not written yet: it only helps people to find the process.
      return undefined;
    }
  }

  /**
   * Removes the files of dead owners; tells how many.
   *
   * @throws {UnsafeStoreError} when the folder is a link or no folder
   * @throws {StoreError} when a file cannot be looked at or removed
   */
  sweep(): number {
    try {
      return this.#hasFolder() ? this.#sweep() : 0;
    } catch (error) {
      throw storeErrorOf(error, this.#folder, `remove the lock files of dead owners from "${this.#folder}"`);
    }
  }

  /** Declares all owners of ours dead. */
  [Symbol.dispose](): void {
    for (const id of [...this.#files.keys()]) this.disconnect(id);
  }

  #sweep(): number {
    let removed = 0;
    for (const { name, isFile } of Deno.readDirSync(this.#folder)) {
      if (!isFile || this.#files.has(name) || !OWNER_ID.test(name)) continue;
      using file = openIfThere(join(this.#folder, name));
      // Shared, as whoever asks whether it lives: an exclusive lock would make a dead owner look alive meanwhile.
      if (file === undefined || !file.tryLockSync(false)) continue;
      removeIfThere(join(this.#folder, name));
      removed++;
    }
    return removed;
  }

  /** Whether the folder is there; what is behind a link is not ours to lock or remove. */
  #hasFolder(): boolean {
    const info = lstatIfThere(this.#folder);
    if (info === undefined) return false;
    if (info.isSymlink) throw new UnsafeStoreError(this.#folder, "it is a symbolic link; put the folder itself there");
    if (!info.isDirectory) throw new UnsafeStoreError(this.#folder, "it is not a folder; move it away");
    return true;
  }

  /** A new locked file, or undefined when another process got in between. */
  #lockNew(id: string): Deno.FsFile | undefined {
    const path = join(this.#folder, id);
    const file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
    try {
      // A sweep may have removed the file between the two calls: then the lock is on a file without a name.
      if (file.tryLockSync(true) && file.statSync().ino === lstatIfThere(path)?.ino) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    return undefined;
  }
}

function lstatIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function openIfThere(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
