/** What the journal in SQLite promises beyond the conformance suite: takeover, damage, and any text. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { SessionBusyError } from "../../../src/errors.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { EventDraft } from "../../../src/records/event.ts";
import { JournalDriver } from "../../../src/testing/conformance/journal_driver.ts";
import { CorruptRecordError } from "../../../local/errors.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { openJournal } from "./_journal.ts";

const SESSION = idFromSeed("session", 1);
const OTHER = idFromSeed("session", 2);

function inputDraft(text: string): EventDraft {
  return {
    type: "input.message",
    context: {},
    data: {
      message: {
        id: idFromSeed("message", 1),
        role: "user",
        content: [{ type: "text", text }],
        metadata: { [text.slice(0, 20)]: text },
        createdAt: 1,
      },
    },
  };
}

Deno.test("acquire() names the holder while another process runs a turn, and reading works", async () => {
  using folder = tempFolder();
  using first = openJournal(folder.path);
  using second = openJournal(folder.path);
  const turn = await JournalDriver.acquire(first.journal, SESSION);
  await turn.accept(1);
  await assert.rejects(second.journal.acquire(SESSION, "owner_2"), (error) => {
    assert.ok(error instanceof SessionBusyError);
    assert.equal(error.holder, turn.owner);
    return true;
  });
  assert.equal((await second.journal.events(SESSION)).length, 3);
});

Deno.test("the lease of a dead owner is taken over at once, and its late step is rejected", async () => {
  using folder = tempFolder();
  using first = openJournal(folder.path);
  using second = openJournal(folder.path);
  const dead = await JournalDriver.acquire(first.journal, SESSION);
  await dead.accept(1);
  first.owners[Symbol.dispose]();
  assert.deepEqual(await second.journal.interrupted(10), [SESSION]);
  const taken = await JournalDriver.acquire(second.journal, SESSION);
  assert.equal(taken.fence, dead.fence + 1);
  await taken.end(1);
  await assert.rejects(dead.end(1), { code: "lease_lost" });
});

Deno.test("acquire() and reads write nothing", async () => {
  using folder = tempFolder();
  using first = openJournal(folder.path);
  using second = openJournal(folder.path);
  const before = second.connection.dataVersion();
  await first.journal.acquire(SESSION, "owner_1");
  await first.journal.events(SESSION);
  await first.journal.messages(SESSION);
  assert.equal(second.connection.dataVersion(), before);
});

Deno.test("a text turn is two commits", async () => {
  using folder = tempFolder();
  using first = openJournal(folder.path);
  using second = openJournal(folder.path);
  const turn = await JournalDriver.acquire(first.journal, SESSION);
  let commits = 0;
  let seen = second.connection.dataVersion();
  for (const step of [() => turn.accept(1), () => turn.end(1)]) {
    await step();
    const now = second.connection.dataVersion();
    if (now !== seen) commits++;
    seen = now;
  }
  assert.equal(commits, 2);
  assert.equal(first.connection.get("SELECT count(*) AS n FROM step")?.["n"], 2);
});

Deno.test("the time of a step is as safe as its events: another one makes the session unreadable", async () => {
  using folder = tempFolder();
  using opened = openJournal(folder.path);
  const turn = await JournalDriver.acquire(opened.journal, SESSION);
  await turn.accept(1);
  await opened.connection.write(() => opened.connection.run("UPDATE step SET ts = ts + 1024"));
  await assert.rejects(opened.journal.events(SESSION), CorruptRecordError);
});

for (const column of ["talk", "body"]) {
  Deno.test(`a flipped byte in ${column} makes its session unreadable and no other`, async () => {
    using folder = tempFolder();
    {
      using first = openJournal(folder.path);
      for (const id of [SESSION, OTHER]) {
        const turn = await JournalDriver.acquire(first.journal, id);
        await turn.accept(1);
        await turn.end(1);
      }
    }
    {
      using db = new DatabaseSync(join(folder.path, "local.db"));
      const row = db.prepare(`SELECT ${column} AS text FROM step WHERE session_id = ? AND first_sequence = 1`).get(
        SESSION,
      );
      const text = String(row?.["text"]);
      const at = text.length >> 1;
      const changed = `${text.slice(0, at)}${text[at] === "a" ? "b" : "a"}${text.slice(at + 1)}`;
      db.prepare(`UPDATE step SET ${column} = ? WHERE session_id = ? AND first_sequence = 1`).run(changed, SESSION);
    }
    using again = openJournal(folder.path);
    await assert.rejects(again.journal.events(SESSION), CorruptRecordError);
    assert.equal((await again.journal.events(OTHER)).length, 5);
  });
}

for (const [place, first] of [["first", 1], ["middle", 4], ["last", 9]] as const) {
  Deno.test(`a ${place} step that is missing is noticed: history without it would be another one`, async () => {
    using folder = tempFolder();
    using opened = openJournal(folder.path);
    const { journal, connection } = opened;
    for (const number of [1, 2]) {
      const turn = await JournalDriver.acquire(journal, SESSION, "owner_1");
      await turn.accept(number);
      await turn.end(number);
    }
    await connection.write(() => connection.run("DELETE FROM step WHERE first_sequence = ?", first));
    await assert.rejects(journal.events(SESSION), CorruptRecordError);
    await assert.rejects(journal.messages(SESSION), CorruptRecordError);
    await assert.rejects(journal.messages(SESSION, { limit: 5 }), CorruptRecordError);
  });
}

for (
  const [what, sql] of [
    ["lost", "DELETE FROM session_head"],
    ["behind", "UPDATE session_head SET last_sequence = 3"],
    ["ahead", "UPDATE session_head SET last_sequence = 11"],
  ] as const
) {
  Deno.test(`a head that is ${what} is noticed: history would end elsewhere`, async () => {
    using folder = tempFolder();
    using opened = openJournal(folder.path);
    const { journal, connection } = opened;
    for (const number of [1, 2]) {
      const turn = await JournalDriver.acquire(journal, SESSION, "owner_1");
      await turn.accept(number);
      await turn.end(number);
    }
    await connection.write(() => connection.run(sql));
    await assert.rejects(journal.events(SESSION), CorruptRecordError);
    await assert.rejects(journal.messages(SESSION), CorruptRecordError);
    await assert.rejects(journal.messages(SESSION, { limit: 2 }), CorruptRecordError);
    assert.deepEqual(await journal.events(OTHER), []);
  });
}

Deno.test("a damaged checkpoint makes its session's turns refused, and no other's", async () => {
  using folder = tempFolder();
  using first = openJournal(folder.path);
  const turn = await JournalDriver.acquire(first.journal, SESSION);
  await turn.accept(1);
  await first.connection.write(() =>
    first.connection.run("UPDATE session_head SET checkpoint = replace(checkpoint, 'reason', 'wait')")
  );
  await assert.rejects(first.journal.acquire(SESSION, turn.owner), CorruptRecordError);
  assert.deepEqual(await first.journal.acquire(OTHER, turn.owner), { fence: 1, lastSequence: 0 });
});

const TEXTS: readonly [name: string, text: string][] = [
  ["NUL", "a\0b"],
  ["a lone high surrogate", "a\ud800b"],
  ["a lone low surrogate", "\udfff"],
  ["4-byte characters", "\u{1F600}\u{10FFFF}"],
  ["10 MB", "0123456789".repeat(1_000_000)],
];

for (const [name, text] of TEXTS) {
  Deno.test(`a message with ${name} is read back equal, also after the store was closed`, async () => {
    using folder = tempFolder();
    {
      using first = openJournal(folder.path);
      const turn = await JournalDriver.acquire(first.journal, SESSION);
      await turn.commit([inputDraft(text)]);
    }
    using again = openJournal(folder.path);
    const [message] = await again.journal.messages(SESSION);
    assert.ok(message?.content[0]?.type === "text" && message.content[0].text === text);
    assert.ok(message.metadata?.[text.slice(0, 20)] === text);
  });
}

Deno.test("any text is an idempotency key, and keys that differ in one unit do not meet", async () => {
  using folder = tempFolder();
  using first = openJournal(folder.path);
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", minLength: 1, maxLength: 30 }), async (key) => {
      const sessionId = idFromSeed("session", 100 + ++number);
      const turn = await JournalDriver.acquire(first.journal, sessionId);
      const turnId = idFromSeed("turn", number);
      await turn.commit([inputDraft("hi")], { key: { key, turnId } });
      assert.deepEqual(await first.journal.turnForKey(sessionId, key), { turnId, sequence: 1 });
      assert.equal(await first.journal.turnForKey(sessionId, `${key}\0`), undefined);
    }),
    { numRuns: 50 },
  );
});

Deno.test("steps of many sessions that are ready together share commits", async () => {
  using folder = tempFolder();
  using first = openJournal(folder.path);
  using second = openJournal(folder.path);
  const turns = await Promise.all(
    Array.from({ length: 20 }, (_, at) => JournalDriver.acquire(first.journal, idFromSeed("session", 50 + at))),
  );
  await Promise.all(turns.map((turn) => turn.accept(1)));
  const frames = (): number => Number(second.connection.get("PRAGMA wal_checkpoint(PASSIVE)")?.["log"]);
  const before = frames();
  await Promise.all(turns.map((turn) => turn.end(1)));
  const shared = frames() - before;
  await first.connection.write(() => 0);
  const alone = openJournal(folder.path);
  const start = frames();
  for (const [at] of turns.entries()) {
    const turn = await JournalDriver.acquire(alone.journal, idFromSeed("session", 150 + at));
    await turn.commit([inputDraft("hi")], { release: true });
  }
  assert.ok(shared * 3 < frames() - start, `${shared} pages for 20 steps`);
  alone[Symbol.dispose]();
});
