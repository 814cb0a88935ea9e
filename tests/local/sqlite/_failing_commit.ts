/**
 * Commits that fail in a way that leaves open whether they are stored, as when a disk reports an error late.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** What a failing disk does. */
export interface FailingCommit extends Disposable {
  /** How many databases were opened meanwhile. */
  opened(): number;
}

/** Options of {@linkcode failCommits}. */
export interface FailCommitsOptions {
  /** Whether the commits are stored although they fail. */
  readonly stored: boolean;
  /** Whether no database can be opened meanwhile. @default {false} */
  readonly locked?: boolean;
  /** The statement that fails. @default {"COMMIT"} */
  readonly statement?: "COMMIT" | "ROLLBACK";
}

/** While it is in scope, every COMMIT that is prepared ends with an I/O error. */
export function failCommits(
  { stored, locked = false, statement: failing = "COMMIT" }: FailCommitsOptions,
): FailingCommit {
  const { prepare } = DatabaseSync.prototype;
  const seen = new Set<DatabaseSync>();
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql) {
    if (sql.startsWith("PRAGMA journal_mode")) {
      if (locked) throw failure("unable to open database file");
      seen.add(this);
    }
    const statement = prepare.call(this, sql);
    if (sql !== failing) return statement;
    const run = statement.run.bind(statement);
    statement.run = () => {
      if (stored) run();
      throw failure("disk I/O error");
    };
    return statement;
  };
  return {
    opened: () => seen.size,
    [Symbol.dispose]: () => {
      DatabaseSync.prototype.prepare = prepare;
    },
  };
}

/** SQLITE_IOERR_FSYNC (sqlite.org/rescode.html). */
function failure(message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode: 1034 });
}
