/** What SQLite's result codes mean here (sqlite.org/rescode.html). */

import { RuntimeError, StoreError } from "../../src/errors.ts";
import { CorruptStoreError, ReadOnlyStorageError, StorageFullError, StoreBusyError } from "../errors.ts";

const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
/** The shared memory beside the log could not be made larger: the disk is full. */
const IOERR_SHMSIZE = IOERR | 19 << 8;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** The primary result code of an error of a prepared statement; `exec()` and the constructor give none. */
export function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

/** Whether another connection holds a lock: the same call may succeed later. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === BUSY || code === LOCKED;
}

/** The typed error for what SQLite or the file system threw; errors of our own pass unchanged. */
export function storeErrorOf(error: unknown, path: string, action: string): unknown {
  if (error instanceof RuntimeError || error instanceof TypeError || error instanceof RangeError) return error;
  switch (resultCodeOf(error)) {
    case IOERR:
      return isFull(error) ? new StorageFullError(path, error) : new StoreError(action, error);
    case undefined:
      return isSqliteError(error) ? new StoreError(action, error) : fileErrorOf(error, path, action);
    case BUSY:
    case LOCKED:
      return new StoreBusyError(path, 0, error);
    case READONLY:
    case CANTOPEN:
      return new ReadOnlyStorageError(path, error);
    case FULL:
      return new StorageFullError(path, error);
    case CORRUPT:
      return new CorruptStoreError(path, "its pages are damaged", error);
    case NOTADB:
      return new CorruptStoreError(path, "it is not an SQLite database", error);
    default:
      return new StoreError(action, error);
  }
}

/** The typed error for what the file system refused; anything else passes unchanged. */
function fileErrorOf(error: unknown, path: string, action: string): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new StorageFullError(path, error);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new ReadOnlyStorageError(path, error);
    default:
      return /^E[A-Z]+$/.test(error.code) ? new StoreError(action, error) : error;
  }
}

/** An I/O error whose reason is that there is no space. */
function isFull(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === IOERR_SHMSIZE;
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
