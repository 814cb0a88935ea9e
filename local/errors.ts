/** Errors of the local backends that a host may branch on. */

import { RuntimeError } from "../src/errors.ts";

/** Folders may not be read or written (code `permission_missing`); nothing was opened. */
export class PermissionMissingError extends RuntimeError {
  /** The flags that grant what is missing. */
  readonly flags: readonly string[];

  /** Creates the error for what is to be opened and the grants it lacks. */
  constructor(what: string, path: string, flags: readonly string[]) {
    const kinds = [...new Set(flags.map((flag) => flag.startsWith("--allow-read") ? "read" : "write"))].join(" and ");
    super(
      "permission_missing",
      `Cannot open ${what} "${path}": ${kinds} access is not granted (run with ${flags.join(" ")})`,
    );
    this.flags = flags;
  }
}

/** The store's file is damaged as a whole (code `corrupt_store`); it is left as it is. */
export class CorruptStoreError extends RuntimeError {
  /** Creates the error. */
  constructor(path: string, reason: string, cause?: unknown) {
    super(
      "corrupt_store",
      `Cannot open store "${path}": ${reason}; restore it from a backup or choose another data folder`,
      { cause },
    );
  }
}

/** One stored record is damaged (code `corrupt_record`); others are served as before. */
export class CorruptRecordError extends RuntimeError {
  /** Creates the error for a record, named in a few words such as `session "session_1"`. */
  constructor(what: string, reason: string, cause?: unknown) {
    super("corrupt_record", `Cannot read ${what}: ${reason}; restore the store from a backup`, { cause });
  }
}

/** A newer version of the runtime wrote the store (code `store_too_new`); nothing was written. */
export class StoreTooNewError extends RuntimeError {
  /** The version of the store. */
  readonly found: number;
  /** The newest version this runtime knows. */
  readonly supported: number;

  /** Creates the error. */
  constructor(path: string, found: number, supported: number) {
    super(
      "store_too_new",
      `Cannot open store "${path}": its schema is version ${found} and this runtime knows ${supported}; update the runtime`,
      { fields: { found, supported } },
    );
    this.found = found;
    this.supported = supported;
  }
}

/** A file or folder of the store is not one only its owner can reach (code `store_unsafe`); it is left as it is. */
export class UnsafeStoreError extends RuntimeError {
  /** Creates the error. */
  constructor(path: string, reason: string) {
    super("store_unsafe", `Cannot open store "${path}": ${reason}`);
  }
}

/** Other processes kept the store locked for too long (code `store_busy`); nothing was written. */
export class StoreBusyError extends RuntimeError {
  /** Creates the error. */
  constructor(path: string, milliseconds: number, cause?: unknown) {
    super(
      "store_busy",
      `Cannot write to store "${path}": other processes kept it locked for ${milliseconds} ms; try again`,
      { cause },
    );
  }
}

/** The disk is full (code `storage_full`); what was to be written is not stored, the rest is readable. */
export class StorageFullError extends RuntimeError {
  /** Creates the error. */
  constructor(path: string, cause?: unknown) {
    super("storage_full", `Cannot write to store "${path}": the disk is full; free some space and try again`, {
      cause,
    });
  }
}

/** The folder or disk can be read only (code `storage_read_only`). */
export class ReadOnlyStorageError extends RuntimeError {
  /** Creates the error. */
  constructor(path: string, cause?: unknown) {
    super(
      "storage_read_only",
      `Cannot write to store "${path}": the folder or its disk is read-only; make it writable or choose another data folder`,
      { cause },
    );
  }
}
