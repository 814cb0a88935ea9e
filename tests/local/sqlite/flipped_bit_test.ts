/** Wherever one bit of a store flips, nobody is served something that was never stored. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { RuntimeError } from "../../../src/errors.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { JournalDriver } from "../../../src/testing/conformance/journal_driver.ts";
import { sessionFixture } from "../../../src/testing/conformance/record_fixtures.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { IdSource, systemRandom } from "../../../src/kit/ids.ts";
import { LocalFileStore } from "../../../local/files/file_store.ts";
import { LocalJournal } from "../../../local/journal/local_journal.ts";
import { Owners } from "../../../local/owners.ts";
import { LocalSessionStorageStore } from "../../../local/records/session_storage_store.ts";
import { LocalSessionStore } from "../../../local/records/session_store.ts";
import type { Connection } from "../../../local/sqlite/connection.ts";
import { openStore } from "../../../local/sqlite/prepare_store.ts";
import { tempFolder } from "../_support/temp_folder.ts";

const SESSIONS = [1, 2, 3].map((seed) => idFromSeed("session", seed));
const FLIPS = 250;

/** What each read of a store answers; a refusal is "refused". */
type Answers = ReadonlyMap<string, string>;

Deno.test("a flipped bit anywhere is served as what was stored or refused by a typed error, one session at a time", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "local.db");
  await fill(path, folder.path);
  const expected = await readAll(path, folder.path);
  assert.ok(![...expected.values()].includes("refused"));
  const whole = Deno.readFileSync(path);
  let [refusals, alone] = [0, 0];
  for (const [place, bit] of bitsOf(whole.length)) {
    const bytes = whole.slice();
    bytes[place]! ^= 1 << bit;
    const name = `bit ${bit} of byte ${place}`;
    const target = join(folder.path, "flipped.db");
    Deno.writeFileSync(target, bytes, { mode: 0o600 });
    const answers = await readAll(target, folder.path);
    for (const [read, answer] of answers) {
      if (answer !== "refused") assert.equal(answer, expected.get(read), `${read} with ${name} flipped`);
    }
    const refused = [...answers.values()].filter((answer) => answer === "refused").length;
    if (refused > 0) refusals++;
    if (refused === 1) alone++;
    for (const end of ["-wal", "-shm"]) remove(`${target}${end}`);
  }
  // The test would say nothing if no flip was noticed, or if each took the whole store with it.
  assert.ok(refusals > FLIPS / 10 && alone > FLIPS / 20, `${refusals} noticed, ${alone} of them by one read alone`);
});

/** Three sessions with turns, files and values. */
async function fill(path: string, folder: string): Promise<void> {
  using db = await openStore(path, { durability: "process-crash" });
  using owners = new Owners(join(folder, "owners"));
  const stores = storesOf(db, owners);
  for (const [at, sessionId] of SESSIONS.entries()) {
    await stores.sessions.addSession(sessionFixture(at + 1, { systemPrompt: `prompt ${at} `.repeat(200) }));
    for (let number = 1; number <= 12; number++) {
      const turn = await JournalDriver.acquire(stores.journal, sessionId, `owner_${at}`);
      await turn.accept(number);
      await turn.end(number);
    }
    await stores.files.writeFile(sessionId, "/a.txt", `file ${at} `.repeat(500), "text");
    await stores.storage.setValue(sessionId, "key", `value ${at} `.repeat(500));
  }
}

/** Opens a store and reads everything. */
async function readAll(path: string, folder: string): Promise<Answers> {
  const answers = new Map<string, string>();
  using owners = new Owners(join(folder, "owners"));
  const db = await openStore(path, { durability: "process-crash" }).catch(refusedOnly);
  if (db === undefined) return new Map([["opening", "refused"]]);
  using _db = db;
  const { sessions, journal, files, storage } = storesOf(db, owners);
  for (const id of SESSIONS) {
    const reads: Record<string, () => Promise<unknown>> = {
      session: () => sessions.getSession(id),
      events: () => journal.events(id),
      history: () => journal.messages(id),
      newest: () => journal.messages(id, { limit: 3 }),
      file: async () => (await files.readFile(id, "/a.txt")).content,
      value: () => storage.getValue(id, "key"),
    };
    for (const [what, read] of Object.entries(reads)) {
      // What an index has lost is not found: that is no wrong answer, but none.
      const answer = await read().then((value) => value === undefined ? "refused" : JSON.stringify(value), refusedOnly);
      answers.set(`${what} of ${id}`, answer ?? "refused");
    }
  }
  return answers;
}

/** Lets typed errors pass as a refusal, and nothing else. */
function refusedOnly(error: unknown): undefined {
  assert.ok(error instanceof RuntimeError, String(error instanceof Error ? error.stack : error));
  return undefined;
}

function storesOf(connection: Connection, owners: Owners): {
  sessions: LocalSessionStore;
  journal: LocalJournal;
  files: LocalFileStore;
  storage: LocalSessionStorageStore;
} {
  const clock = new FakeClock();
  return {
    sessions: new LocalSessionStore(connection),
    journal: new LocalJournal({ connection, owners, clock, ids: new IdSource(clock, systemRandom()) }),
    files: new LocalFileStore(connection, { clock }),
    storage: new LocalSessionStorageStore(connection),
  };
}

/** Places all over a file of so many bytes, the same in each run. */
function bitsOf(length: number): [place: number, bit: number][] {
  const words = new Uint8Array(FLIPS * 4);
  seededRandom(3).fill(words);
  const view = new DataView(words.buffer);
  return Array.from({ length: FLIPS }, (_, at) => {
    const word = view.getUint32(at * 4);
    return [(word >>> 3) % length, word & 7];
  });
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
