/** The composed journal over the in-memory stores passes the conformance suite, alone and shared by two. */

import { ComposedJournal } from "../../../src/in_memory/composed_journal.ts";
import { InMemoryMessageStore } from "../../../src/in_memory/message_store.ts";
import { InMemoryTurnStore } from "../../../src/in_memory/turn_store.ts";
import { IdSource } from "../../../src/kit/ids.ts";
import type { SessionJournal } from "../../../src/ports/journal.ts";
import { testSessionJournal } from "../../../src/testing/conformance/session_journal.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";

const clock = new FakeClock();
const ids = new IdSource(clock, seededRandom(1));

interface Stores {
  readonly turnStore: InMemoryTurnStore;
  readonly messageStore: InMemoryMessageStore;
}

const storesOf = new WeakMap<SessionJournal, Stores>();

function open(stores: Stores): SessionJournal {
  const journal = new ComposedJournal({ ...stores, clock, ids });
  storesOf.set(journal, stores);
  return journal;
}

testSessionJournal({
  name: "ComposedJournal",
  test: Deno.test,
  create: () => open({ turnStore: new InMemoryTurnStore(), messageStore: new InMemoryMessageStore() }),
  reopen: (first) => open(storesOf.get(first)!),
});
