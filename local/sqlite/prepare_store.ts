/** Making and checking the file of a store before it is opened for writing. */

import { basename, dirname, join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { RuntimeError } from "../../src/errors.ts";
import { CorruptStoreError, ReadOnlyStorageError, StorageFullError, StoreBusyError } from "../errors.ts";
import { UnsafeStoreError } from "../errors.ts";
import { behindLink } from "../grants.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { checkVersion, type Migration, MIGRATIONS, readVersion } from "./migrations.ts";
import { openForReading } from "./open_database.ts";
import { isBusy, storeErrorOf } from "./sqlite_errors.ts";

/** Older ones can damage a store that two connections checkpoint at once (sqlite.org/releaselog/3_51_3.html). */
const OLDEST_SQLITE: readonly number[] = [3, 51, 3];
/** A store has at least its header (sqlite.org/fileformat.html, 1.3). */
const HEADER_BYTES = 100;
/** Larger files are not read through after an unclean end: 0.6 ms for each MB. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024;
/** Begins the name of a file that is made only to see that one can be. */
const TRIAL = ".trial-";
/** Begins the name of a store that is not complete. */
const DRAFT = ".local.db-";
/** How long opening waits for another process that makes, updates or repairs the store. */
const OPEN_DEADLINE_MS = 5000;

/**
 * Opens the store of a data folder: makes it when there is none, refuses a file that is not safe to use.
 *
 * A refused file is left as it is.
 *
 * @throws {StoreTooNewError} when a newer version wrote it
 * @throws {CorruptStoreError} when it is damaged, cut, empty, or another program's
 * @throws {UnsafeStoreError} when it is a link, no file, another user's, or others may reach it
 * @throws {ReadOnlyStorageError} when the folder cannot be written
 */
export async function openStore(path: string, options: ConnectionOptions = {}): Promise<Connection> {
  const migrations = options.migrations ?? MIGRATIONS;
  assertSqlite();
  const folder = dirname(path);
  const uid = makeFolder(folder);
  const deadline = performance.now() + OPEN_DEADLINE_MS;
  for (;;) {
    try {
      if (!checkFile(path, uid)) makeStore(path, options);
      const version = probe(path, migrations);
      if (version > 0 && version < (migrations.at(-1)?.version ?? 0)) await keepBackup(path, version);
      return Connection.open(path, options);
    } catch (error) {
      const busy = error instanceof StoreBusyError || isBusy(error);
      if (!busy) throw storeErrorOf(error, path, `open store "${path}"`);
      if (performance.now() > deadline) throw new StoreBusyError(path, OPEN_DEADLINE_MS, error);
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
    }
  }
}

/** Makes the folder and finds out who owns what is made in it. */
function makeFolder(folder: string): number | null {
  const trial = join(folder, `${TRIAL}${crypto.randomUUID()}`);
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    // `Deno.uid()` needs a grant of its own; whoever owns a new file is us.
    using file = Deno.openSync(trial, { write: true, createNew: true, mode: 0o600 });
    // The name serves nobody: those of dead processes go too, and another one may be sweeping right now.
    removeFiles(folder, TRIAL);
    return file.statSync().uid;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw behindLink("data folder", folder);
    throw storeErrorOf(error, folder, `use data folder "${folder}"`);
  }
}

/** Checks the files without opening them; false when there is no store. */
function checkFile(path: string, uid: number | null): boolean {
  const info = lstat(path);
  for (const log of [`${path}-wal`, `${path}-shm`, `${path}-journal`]) {
    const found = lstat(log);
    if (found === undefined) continue;
    assertOwnFile(log, found, uid);
    if (found.size > 0 && info === undefined && log.endsWith("-wal")) {
      throw new CorruptStoreError(path, "it is missing, but its write-ahead log is there");
    }
  }
  if (info === undefined) return false;
  assertOwnFile(path, info, uid);
  if (info.mode !== null && (info.mode & 0o200) === 0) throw new ReadOnlyStorageError(path);
  if (info.size < HEADER_BYTES) throw new CorruptStoreError(path, info.size === 0 ? "it is empty" : "it is cut short");
  return true;
}

/** Checks that a file is one that only its owner, and that is us, can reach. */
function assertOwnFile(path: string, info: Deno.FileInfo, uid: number | null): void {
  if (info.isSymlink) throw new UnsafeStoreError(path, "it is a symbolic link; put the file itself there");
  if (!info.isFile) throw new UnsafeStoreError(path, "it is not a regular file");
  if (uid !== null && info.uid !== uid) throw new UnsafeStoreError(path, "it belongs to another user");
  if (info.mode !== null && (info.mode & 0o077) !== 0) {
    throw new UnsafeStoreError(path, `others may reach it; run: chmod 600 "${path}"`);
  }
}

/** Builds a store under another name and gives it its own when it is complete: an empty file is never a fresh one. */
function makeStore(path: string, options: ConnectionOptions): void {
  const folder = dirname(path);
  using _lock = lockFolder(path);
  if (lstat(path) !== undefined) return;
  // Whoever makes one holds the lock: these are of dead processes.
  removeFiles(folder, DRAFT);
  const draft = join(folder, `${DRAFT}${crypto.randomUUID()}`);
  try {
    Deno.openSync(draft, { write: true, createNew: true, mode: 0o600 }).close();
    makeTables(draft, options);
    Deno.renameSync(draft, path);
    syncFolder(folder);
  } finally {
    removeFiles(folder, DRAFT);
  }
}

/** Fills a draft; all of it is in the file then, since its log does not move with it. */
function makeTables(draft: string, options: ConnectionOptions): void {
  {
    using db = Connection.open(draft, options);
    // Closing does the same, but keeps to itself that the disk is full.
    db.checkpoint();
  }
  if ((lstat(`${draft}-wal`)?.size ?? 0) > 0) throw new StorageFullError(draft);
}

/**
 * One process at a time makes or copies the store of a folder.
 *
 * @throws {StoreBusyError} when another one does: a call that waits would wait without end for a stopped process
 */
function lockFolder(path: string): Disposable {
  const file = Deno.openSync(join(dirname(path), ".create.lock"), { create: true, write: true, mode: 0o600 });
  if (file.tryLockSync(true)) return file;
  file.close();
  throw new StoreBusyError(path, OPEN_DEADLINE_MS);
}

/** Removes the files of a folder whose names begin so; another process may do the same. */
function removeFiles(folder: string, prefix: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    try {
      Deno.removeSync(join(folder, name));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/**
 * Looks into the store without changing it, and returns the version of its schema.
 *
 * A connection for writing would move the write-ahead log into the file when it is closed.
 */
function probe(path: string, migrations: readonly Migration[]): number {
  const hasLog = (lstat(`${path}-wal`)?.size ?? 0) > 0;
  const db = openForReading(path);
  try {
    const found = readVersion(db);
    checkVersion(found, path, migrations);
    // A store gets its name when it is complete, so one without a version was never ours.
    if (found.version === 0) throw new CorruptStoreError(path, "another program wrote it");
    const pages = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
    const pageSize = Number(db.prepare("PRAGMA page_size").get()?.["page_size"]);
    const size = lstat(path)?.size ?? 0;
    if (!hasLog && size < pages * pageSize) throw new CorruptStoreError(path, "it is cut short");
    if (hasLog && size <= MAX_CHECKED_BYTES) {
      const verdict = db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
      if (verdict !== "ok") throw new CorruptStoreError(path, `its pages are damaged (${String(verdict)})`);
    }
    return found.version;
  } finally {
    db.close();
  }
}

/** Keeps a copy of the store as the older version left it, in place of one of an update that failed. */
async function keepBackup(path: string, version: number): Promise<void> {
  const copy = `${path}.v${version}.bak`;
  using _lock = lockFolder(path);
  // Whoever copies holds the lock: these are of dead processes.
  removeFiles(dirname(path), `${basename(copy)}-`);
  const draft = `${copy}-${crypto.randomUUID()}`;
  const db = openForReading(path);
  try {
    Deno.openSync(draft, { write: true, createNew: true, mode: 0o600 }).close();
    await backup(db, draft);
    // Another process may have updated the store meanwhile, and has made its copy before.
    if (versionOf(draft) === version) Deno.renameSync(draft, copy);
  } finally {
    db.close();
    removeFiles(dirname(path), `${basename(copy)}-`);
  }
}

function versionOf(path: string): number {
  // Not read-only: such a connection would leave a log behind.
  using db = new DatabaseSync(path);
  return readVersion(db).version;
}

function assertSqlite(): void {
  using db = new DatabaseSync(":memory:");
  const version = String(db.prepare("SELECT sqlite_version() AS version").get()?.["version"]);
  const parts = version.split(".").map(Number);
  for (const [at, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[at] ?? 0;
    if (part > oldest) return;
    if (part < oldest) {
      throw new RuntimeError(
        "sqlite_too_old",
        `Cannot open a store with SQLite ${version}: update Deno to 2.9 or later`,
      );
    }
  }
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Makes a rename last through a power loss, where folders can be opened at all. */
function syncFolder(folder: string): void {
  try {
    using handle = Deno.openSync(folder, { read: true });
    handle.syncSync();
  } catch {
    // Windows, and some file systems: the rename is as durable as they make it.
  }
}
