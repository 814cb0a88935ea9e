/** Opening the file of a store with the settings its connections have. */

import { DatabaseSync } from "node:sqlite";

/** How long SQLite itself waits for a lock: it blocks the whole event loop (Deno 2.9.6). */
export const BUSY_TIMEOUT_MS = 20;

/**
 * What a commit survives: a power loss (`synchronous=FULL`), or only the end of the process (`NORMAL`).
 *
 * With `process-crash` the newest commits may be gone after a power loss; the store is never damaged by one.
 */
export type Durability = "power-loss" | "process-crash";

/** Opens the file with the settings every connection has. */
export function openDatabase(path: string, durability: Durability = "power-loss"): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, allowExtension: false });
  try {
    db.prepare("PRAGMA journal_mode=WAL").get();
    db.prepare(`PRAGMA synchronous=${durability === "process-crash" ? "NORMAL" : "FULL"}`).get();
    // SQLite would write temporary files to /var/tmp without asking for a grant.
    db.prepare("PRAGMA temp_store=MEMORY").get();
    db.prepare("PRAGMA trusted_schema=OFF").get();
    db.prepare("PRAGMA cell_size_check=ON").get();
    // A log of 16 MB, not 4: pages that every step changes are moved into the file four times less often.
    db.prepare("PRAGMA wal_autocheckpoint=4000").get();
    db.prepare("PRAGMA journal_size_limit=16777216").get();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens the file to look into it: what a connection for writing would do when it is closed is not done. */
export function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true });
  // The option for it is ignored here, and 5 s is what such a connection blocks the event loop for (Deno 2.9.6).
  db.prepare(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`).get();
  return db;
}
