/** Bringing a store's schema up to date: forward only, in one transaction. */

import type { DatabaseSync } from "node:sqlite";
import { CorruptStoreError, StoreTooNewError } from "../errors.ts";
import { SCHEMA } from "./schema.ts";

/** Marks a file as a store of this runtime (`application_id`): the letters `EvRt`. */
export const APPLICATION_ID = 0x45_76_52_74;

/** One version of the schema: the statements that lead to it from the one before. */
export interface Migration {
  /** The version, from 1. */
  readonly version: number;
  /** One statement each. */
  readonly statements: readonly string[];
}

/** Every version of the schema, oldest first. */
export const MIGRATIONS: readonly Migration[] = [{ version: 1, statements: SCHEMA }];

/** What a store says it is. */
export interface StoreVersion {
  /** Whose file it is; 0 for a new one. */
  readonly applicationId: number;
  /** The version of its schema; 0 for a new one. */
  readonly version: number;
}

/** Reads what a store says it is. */
export function readVersion(db: DatabaseSync): StoreVersion {
  return {
    applicationId: Number(db.prepare("PRAGMA application_id").get()?.["application_id"]),
    version: Number(db.prepare("PRAGMA user_version").get()?.["user_version"]),
  };
}

/**
 * Checks that a store is one of ours and not newer than this runtime.
 *
 * @throws {StoreTooNewError} when a newer version wrote it
 * @throws {CorruptStoreError} when another program wrote it
 */
export function checkVersion(found: StoreVersion, path: string, migrations: readonly Migration[]): void {
  const supported = migrations.at(-1)?.version ?? 0;
  if (found.applicationId !== APPLICATION_ID && (found.applicationId !== 0 || found.version !== 0)) {
    throw new CorruptStoreError(path, "another program wrote it");
  }
  if (found.version > supported) throw new StoreTooNewError(path, found.version, supported);
}

/** Runs the migrations a store has not seen, all or none. */
export function migrate(db: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const before = readVersion(db);
  checkVersion(before, path, migrations);
  if (before.version === migrations.at(-1)?.version) return;
  db.prepare("BEGIN IMMEDIATE").run();
  try {
    // Another process may have been faster.
    const found = readVersion(db);
    checkVersion(found, path, migrations);
    for (const { version, statements } of migrations) {
      if (version <= found.version) continue;
      for (const statement of statements) db.prepare(statement).run();
      db.prepare(`PRAGMA user_version=${version}`).run();
    }
    db.prepare(`PRAGMA application_id=${APPLICATION_ID}`).run();
    db.prepare("COMMIT").run();
  } catch (error) {
    if (db.isTransaction) db.prepare("ROLLBACK").run();
    throw error;
  }
}
