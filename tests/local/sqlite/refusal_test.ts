/** Files that are not safe to use are refused by a typed error, and left as they are. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CorruptStoreError, StoreTooNewError, UnsafeStoreError } from "../../../local/errors.ts";
import { openStore } from "../../../local/sqlite/prepare_store.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { makeKilledStore, makeStore, stateOf } from "./_made_stores.ts";

interface Refusal {
  readonly name: string;
  readonly code: string;
  /** What SQLite is asked to do; a killed store has it in its log only. */
  readonly sql?: string;
  damage?(path: string): void;
}

const CUTS: readonly [name: string, keep: (size: number) => number][] = [
  ["to 0 bytes", () => 0],
  ["to 99 bytes", () => 99],
  ["to 100 bytes", () => 100],
  ["in half", (size) => Math.floor(size / 2)],
  ["by its last page", (size) => size - 4096],
];

const REFUSALS: readonly Refusal[] = [
  ...CUTS.map(([name, keep]): Refusal => ({
    name: `cut ${name}`,
    code: "corrupt_store",
    damage: (path) => Deno.truncateSync(path, keep(Deno.lstatSync(path).size)),
  })),
  { name: "of random bytes", code: "corrupt_store", damage: (path) => Deno.writeFileSync(path, noise(20_000)) },
  { name: "whose first page is noise after the header", code: "corrupt_store", damage: overwrite(100, noise(3996)) },
  { name: "of an unknown format", code: "corrupt_store", damage: overwrite(18, new Uint8Array([9, 9])) },
  { name: "whose page size is none", code: "corrupt_store", damage: overwrite(16, new Uint8Array([0, 7])) },
  { name: "of zeros", code: "corrupt_store", damage: (path) => Deno.writeFileSync(path, new Uint8Array(40_960)) },
  { name: "of another program", code: "corrupt_store", sql: "PRAGMA application_id=7" },
  { name: "of a newer version", code: "store_too_new", sql: "PRAGMA user_version=99" },
  { name: "whose owner may not write it", code: "storage_read_only", damage: (path) => Deno.chmodSync(path, 0o400) },
  ...[0o640, 0o620, 0o610, 0o604, 0o602, 0o601].map((mode): Refusal => ({
    name: `of mode ${mode.toString(8)}`,
    code: "store_unsafe",
    damage: (path) => Deno.chmodSync(path, mode),
  })),
];

for (const { name, code, sql, damage } of REFUSALS) {
  Deno.test(`a store ${name} is refused as ${code} and left as it is`, async () => {
    using folder = tempFolder();
    const path = await makeStore(folder.path);
    if (sql !== undefined) execute(path, sql);
    damage?.(path);
    await assertRefused(path, code);
  });

  Deno.test(`a killed store ${name} is refused as ${code} and left as it is, its log too`, async () => {
    using folder = tempFolder();
    const path = await makeKilledStore(folder.path, sql);
    damage?.(path);
    await assertRefused(path, code);
  });
}

// With a log the end may be torn by a checkpoint that a power loss ended: the log has it whole.
Deno.test("a store cut by its last byte is refused and left as it is", async () => {
  using folder = tempFolder();
  const path = await makeStore(folder.path);
  Deno.truncateSync(path, Deno.lstatSync(path).size - 1);
  await assertRefused(path, "corrupt_store");
});

Deno.test("a store of a newer version says which it is and which this release knows", async () => {
  using folder = tempFolder();
  const path = await makeKilledStore(folder.path, "PRAGMA user_version=99");
  await assert.rejects(openStore(path), (error) => {
    assert.ok(error instanceof StoreTooNewError);
    assert.deepEqual([error.found, error.supported], [99, 1]);
    return true;
  });
});

Deno.test("a database of another program without any mark is refused: its tables are not ours to change", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "local.db");
  execute(path, "CREATE TABLE theirs (x)");
  Deno.chmodSync(path, 0o600);
  await assertRefused(path, "corrupt_store");
});

Deno.test("a log without its store is refused: a fresh store would hide the loss", async () => {
  using folder = tempFolder();
  const path = await makeKilledStore(folder.path);
  Deno.removeSync(path);
  await assert.rejects(openStore(path), CorruptStoreError);
  assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
});

for (const end of ["-wal", "-shm"]) {
  Deno.test(`a killed store whose ${end} file others may read is refused: it holds the newest rows`, async () => {
    using folder = tempFolder();
    const path = await makeKilledStore(folder.path);
    Deno.writeFileSync(`${path}${end}`, new Uint8Array(), { append: true });
    Deno.chmodSync(`${path}${end}`, 0o644);
    await assertRefused(path, "store_unsafe");
  });
}

for (const name of ["local.db", "local.db-wal"]) {
  Deno.test(`a folder in the place of ${name} is refused`, async () => {
    using folder = tempFolder();
    if (name !== "local.db") await makeStore(folder.path);
    Deno.mkdirSync(join(folder.path, name));
    await assert.rejects(openStore(join(folder.path, "local.db")), UnsafeStoreError);
  });
}

Deno.test({
  name: "a store of another user is refused and left as it is",
  ignore: !works((path) => Deno.chownSync(path, 12_345, 12_345)),
  fn: async () => {
    using folder = tempFolder();
    const path = await makeStore(folder.path);
    Deno.chownSync(path, 12_345, 12_345);
    await assertRefused(path, "store_unsafe");
  },
});

Deno.test({
  name: "a store in a folder of mode 500 is refused before it is opened",
  // The superuser writes everywhere: tests/host has a disk that is read-only for everybody.
  ignore: works((path) => Deno.writeFileSync(join(path, "new"), new Uint8Array()), 0o500),
  fn: async () => {
    using folder = tempFolder();
    const path = await makeStore(folder.path);
    Deno.chmodSync(folder.path, 0o500);
    try {
      await assertRefused(path, "storage_read_only");
    } finally {
      Deno.chmodSync(folder.path, 0o700);
    }
  },
});

/** Whether an act is allowed in a folder of its own. */
function works(act: (path: string) => void, mode = 0o700): boolean {
  using folder = tempFolder();
  Deno.chmodSync(folder.path, mode);
  try {
    act(folder.path);
    return true;
  } catch {
    return false;
  } finally {
    Deno.chmodSync(folder.path, 0o700);
  }
}

async function assertRefused(path: string, code: string): Promise<void> {
  const before = stateOf(path);
  await assert.rejects(openStore(path), { code });
  assert.deepEqual(stateOf(path), before);
  // A second look finds the same: the first one mended nothing and broke nothing.
  await assert.rejects(openStore(path), { code });
}

function execute(path: string, sql: string): void {
  using db = new DatabaseSync(path);
  db.exec(sql);
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

function overwrite(at: number, bytes: Uint8Array<ArrayBuffer>): (path: string) => void {
  return (path) => {
    using file = Deno.openSync(path, { write: true });
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(bytes);
  };
}
