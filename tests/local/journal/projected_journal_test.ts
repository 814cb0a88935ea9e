/** A host's message store beside the local journal: filled after the commit, caught up at acquire and before reads. */

import assert from "node:assert/strict";
import { InMemoryMessageStore } from "../../../src/in_memory/message_store.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { Message } from "../../../src/records/message.ts";
import { JournalDriver } from "../../../src/testing/conformance/journal_driver.ts";
import { testSessionJournal } from "../../../src/testing/conformance/session_journal.ts";
import { ProjectedJournal } from "../../../local/journal/projected_journal.ts";
import { type TempFolder, tempFolder } from "../_support/temp_folder.ts";
import { type OpenJournal, openJournal } from "./_journal.ts";

const SESSION = idFromSeed("session", 1);

class FailingStore extends InMemoryMessageStore {
  failing = false;

  override storeMessages(sessionId: typeof SESSION, messages: readonly Message[]): Promise<void> {
    if (this.failing) return Promise.reject(new Error("disk gone"));
    return super.storeMessages(sessionId, messages);
  }
}

Deno.test("messages reach the store after the commit", async () => {
  using folder = tempFolder();
  using opened = openJournal(folder.path);
  const store = new InMemoryMessageStore();
  const turn = await JournalDriver.acquire(new ProjectedJournal(opened.journal, store), SESSION);
  await turn.accept(1);
  assert.deepEqual((await store.loadMessages(SESSION)).map(({ role }) => role), ["user"]);
  await turn.end(1);
  assert.deepEqual((await store.loadMessages(SESSION)).map(({ role }) => role), ["user", "agent"]);
});

Deno.test("a store that fails rejects no step, and is caught up at the next acquire", async () => {
  using folder = tempFolder();
  using opened = openJournal(folder.path);
  const store = new FailingStore();
  const journal = new ProjectedJournal(opened.journal, store);
  const turn = await JournalDriver.acquire(journal, SESSION);
  store.failing = true;
  await turn.accept(1);
  await turn.end(1);
  assert.equal(await store.countMessages(SESSION), 0);
  store.failing = false;
  await journal.acquire(SESSION, turn.owner);
  assert.deepEqual(await store.loadMessages(SESSION), await opened.journal.messages(SESSION));
});

Deno.test("an empty store over an old data folder is filled before it is read", async () => {
  using folder = tempFolder();
  using opened = openJournal(folder.path);
  const turn = await JournalDriver.acquire(opened.journal, SESSION);
  await turn.accept(1);
  await turn.end(1);
  const journal = new ProjectedJournal(opened.journal, new InMemoryMessageStore());
  assert.equal((await journal.messages(SESSION)).length, 2);
});

interface Shared {
  readonly folder: TempFolder;
  readonly store: InMemoryMessageStore;
  readonly process: OpenJournal;
  readonly isFirst: boolean;
}

const opened = new WeakMap<object, Shared>();

function open(folder: TempFolder, store: InMemoryMessageStore, isFirst: boolean): ProjectedJournal {
  const process = openJournal(folder.path);
  const journal = new ProjectedJournal(process.journal, store);
  opened.set(journal, { folder, store, process, isFirst });
  return journal;
}

testSessionJournal({
  name: "ProjectedJournal",
  test: Deno.test,
  create: () => open(tempFolder(), new InMemoryMessageStore(), true),
  reopen: (first) => {
    const { folder, store } = opened.get(first)!;
    return open(folder, store, false);
  },
  close: (journal) => {
    const { folder, process, isFirst } = opened.get(journal)!;
    process[Symbol.dispose]();
    if (isFirst) folder[Symbol.dispose]();
  },
});
