/** Owners: random ids whose lock file proves that the process behind them lives. */

import { join } from "node:path";
import { StoreError } from "../src/errors.ts";

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
   * @throws {StoreError} when its file cannot be made
   */
  connect(id: string): void {
    if (this.#files.has(id)) return;
    if (!OWNER_ID.test(id)) throw new TypeError(`Cannot use "${id}" as an owner: expected letters, digits, _ and -`);
    try {
      Deno.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const file = this.#lockNew(id);
        if (file === undefined) continue;
        const about = { pid: Deno.pid, startedAt: Date.now() };
        file.writeSync(new TextEncoder().encode(JSON.stringify(about)));
        this.#files.set(id, file);
        return;
      }
    } catch (cause) {
      throw new StoreError(`make the lock file of owner "${id}"`, cause);
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
    using file = openIfThere(join(this.#folder, id));
    return file !== undefined && !file.tryLockSync(false);
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

  /** Removes the files of dead owners; tells how many. */
  sweep(): number {
    let removed = 0;
    for (const name of namesIn(this.#folder)) {
      if (this.#files.has(name) || !OWNER_ID.test(name)) continue;
      using file = openIfThere(join(this.#folder, name));
      // Shared, as whoever asks whether it lives: an exclusive lock would make a dead owner look alive meanwhile.
      if (file === undefined || !file.tryLockSync(false)) continue;
      removeIfThere(join(this.#folder, name));
      removed++;
    }
    return removed;
  }

  /** Declares all owners of ours dead. */
  [Symbol.dispose](): void {
    for (const id of [...this.#files.keys()]) this.disconnect(id);
  }

  /** A new locked file, or undefined when another process got in between. */
  #lockNew(id: string): Deno.FsFile | undefined {
    const path = join(this.#folder, id);
    const file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
    try {
      // A sweep may have removed the file between the two calls: then the lock is on a file without a name.
      if (file.tryLockSync(true) && file.statSync().ino === inodeOf(path)) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    return undefined;
  }
}

function inodeOf(path: string): number | null | undefined {
  try {
    return Deno.lstatSync(path).ino;
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

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
