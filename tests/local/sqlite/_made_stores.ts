/**
 * Stores in the states a process may find them in, and what must not change when one is refused.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../../local/sqlite/prepare_store.ts";

/** A store with 500 rows, closed. */
export async function makeStore(folder: string): Promise<string> {
  const path = join(folder, "local.db");
  using db = await openStore(path);
  await db.write(() => {
    for (let at = 0; at < 500; at++) {
      db.run(
        "INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES ('s', ?, ?, 1)",
        `k${at}`,
        "x".repeat(200),
      );
    }
  });
  return path;
}

/** The store as a process leaves it that is killed after some changes: they are in the write-ahead log only. */
export async function makeKilledStore(
  folder: string,
  change = "DELETE FROM input_key WHERE key = 'k1'",
): Promise<string> {
  const path = await makeStore(folder);
  using db = new DatabaseSync(path);
  db.prepare(change).run();
  return copyStore(path, join(folder, "killed"));
}

/** Copies a store that is open, as it is at this moment, into a new folder. */
export function copyStore(path: string, folder: string): string {
  Deno.mkdirSync(folder);
  const copy = join(folder, "local.db");
  for (const end of ["", "-wal"]) {
    Deno.copyFileSync(`${path}${end}`, `${copy}${end}`);
    Deno.chmodSync(`${copy}${end}`, 0o600);
  }
  return copy;
}

/** What must not change when a store is refused: the file and what its log holds. */
export function stateOf(path: string): unknown {
  return [fileState(path), fileState(`${path}-wal`)];
}

function fileState(path: string): unknown {
  try {
    const { mtime, size, mode, uid, isSymlink, isFile } = Deno.lstatSync(path);
    // SQLite makes an empty log for whoever looks into a store.
    if (path.endsWith("-wal") && size === 0) return undefined;
    return { mtime, size, mode, uid, isSymlink, isFile, bytes: isFile ? Deno.readFileSync(path).toHex() : "" };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
