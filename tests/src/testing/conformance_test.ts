/** The in-memory implementations pass the conformance suite; implementations that break a promise do not. */

import assert from "node:assert/strict";
import type { Harness } from "../../../src/records/harness.ts";
import type { Message } from "../../../src/records/message.ts";
import {
  InMemoryAgentStore,
  InMemoryHarnessStore,
  InMemoryProviderStore,
  InMemorySessionStore,
} from "../../../src/in_memory/record_stores.ts";
import { ComposedJournal } from "../../../src/in_memory/composed_journal.ts";
import { InMemoryEventBus } from "../../../src/in_memory/event_bus.ts";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import { InMemoryMessageStore } from "../../../src/in_memory/message_store.ts";
import { InMemorySessionStorageStore } from "../../../src/in_memory/session_storage_store.ts";
import { InMemoryTurnStore } from "../../../src/in_memory/turn_store.ts";
import { IdSource, systemRandom } from "../../../src/kit/ids.ts";
import type { CommittedStep, SessionStep, TurnStoreStep } from "../../../src/ports/journal.ts";
import type { MessageQuery } from "../../../src/ports/stores.ts";
import { conformanceSuite, type ConformanceSuiteOptions } from "../../../src/testing/conformance/conformance_suite.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";

conformanceSuite({
  name: "in memory",
  test: Deno.test,
  harnessStore: { create: () => new InMemoryHarnessStore() },
  agentStore: { create: () => new InMemoryAgentStore() },
  // A clock that stands still is the hardest one for `updatedAt`.
  sessionStore: { create: () => new InMemorySessionStore({ now: () => 0 }) },
  messageStore: { create: () => new InMemoryMessageStore() },
  providerStore: { create: () => new InMemoryProviderStore() },
  fileStore: { create: () => new InMemoryFileStore({ maxFileBytes: 1024 * 1024 }), maxFileBytes: 1024 * 1024 },
  sessionStorageStore: { create: () => new InMemorySessionStorageStore() },
  eventBus: { create: () => new InMemoryEventBus({ ephemeralLimit: 2 }) },
  turnStore: { create: () => new InMemoryTurnStore(), reopen: (first) => first },
});

/** A composed journal over stores of its own. */
class TestJournal extends ComposedJournal {
  constructor() {
    const clock = new FakeClock();
    const ids = new IdSource(clock, systemRandom());
    super({ turnStore: new InMemoryTurnStore(), messageStore: new InMemoryMessageStore(), clock, ids });
  }
}

class ForgetfulHarnessStore extends InMemoryHarnessStore {
  override async getHarnessChain(id: Harness["id"]): Promise<readonly Harness[]> {
    return (await super.getHarnessChain(id)).slice(-1);
  }
}

class RepeatingMessageStore extends InMemoryMessageStore {
  override async loadMessages(sessionId: `session_${string}`, query: MessageQuery = {}): Promise<readonly Message[]> {
    const { after: _, ...rest } = query;
    return await super.loadMessages(sessionId, rest);
  }
}

/** Keeps what a table with a column for each common member would keep. */
class TabularMessageStore extends InMemoryMessageStore {
  override async loadMessages(sessionId: `session_${string}`, query?: MessageQuery): Promise<readonly Message[]> {
    return (await super.loadMessages(sessionId, query)).map(({ externalActor: _, ...kept }) => kept);
  }
}

class CarelessFileStore extends InMemoryFileStore {
  override async writeFileIfContentMatches(
    workspaceId: string,
    path: string,
    expected: string,
    content: string,
    encoding: "text" | "base64",
  ): Promise<boolean> {
    // Reads, waits, then writes: another writer fits in between.
    const stat = await this.statFile(workspaceId, path);
    if (stat === undefined || stat.isDirectory) return false;
    if ((await this.readFile(workspaceId, path)).content !== expected) return false;
    await this.writeFile(workspaceId, path, content, encoding);
    return true;
  }
}

class TrustingTurnStore extends InMemoryTurnStore {
  override async compareAndAppend(step: TurnStoreStep): Promise<boolean> {
    return await super.compareAndAppend({ ...step, expected: await this.getHead(step.sessionId) });
  }
}

class UnfencedJournal extends TestJournal {
  override async commit(step: SessionStep): Promise<CommittedStep> {
    const { fence } = await this.acquire(step.sessionId, step.owner);
    return await super.commit({ ...step, fence });
  }
}

const broken: readonly (readonly [what: string, part: Partial<ConformanceSuiteOptions>, failing: RegExp])[] = [
  [
    "a harness store that leaves out parents",
    { harnessStore: { create: () => new ForgetfulHarnessStore() } },
    /parents first/,
  ],
  [
    "a message store that ignores cursors",
    { messageStore: { create: () => new RepeatingMessageStore() } },
    /after a sequence/,
  ],
  [
    "a message store that forgets who outside wrote a message",
    { messageStore: { create: () => new TabularMessageStore() } },
    /every message with every member/,
  ],
  [
    "a file store whose compare and write are two acts",
    { fileStore: { create: () => new CarelessFileStore() } },
    /exactly one writes/,
  ],
  [
    "a turn store that does not compare",
    { turnStore: { create: () => new TrustingTurnStore() } },
    /stores nothing when/,
  ],
  [
    "a journal that ignores fences",
    { journal: { create: () => new UnfencedJournal() } },
    /acquires again fences off/,
  ],
];

for (const [what, part, failing] of broken) {
  Deno.test(`the conformance suite refuses ${what}`, async () => {
    assert.match((await failuresOf(part)).join("\n"), failing);
  });
}

Deno.test("the conformance suite closes each instance it made, also after a failure", async () => {
  const open = new Set<InMemoryHarnessStore>();
  const failures = await failuresOf({
    harnessStore: {
      create: () => {
        const store = new ForgetfulHarnessStore();
        open.add(store);
        return store;
      },
      close: (store) => {
        assert.ok(store instanceof InMemoryHarnessStore && open.delete(store));
      },
    },
  });
  assert.ok(failures.length > 0);
  assert.equal(open.size, 0);
});

Deno.test("conformanceSuite() gives each check a name of its own that begins with the given one", () => {
  const names: string[] = [];
  conformanceSuite({
    name: "mine",
    test: (name) => names.push(name),
    messageStore: { create: () => new InMemoryMessageStore() },
    fileStore: { create: () => new InMemoryFileStore() },
    journal: { create: () => new TestJournal() },
  });
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(names.filter((name) => !/^mine, (message store|file store|journal): /.test(name)), []);
});

/** The names of the checks that fail. */
async function failuresOf(part: Partial<ConformanceSuiteOptions>): Promise<string[]> {
  const checks: { name: string; check: () => Promise<void> }[] = [];
  conformanceSuite({ ...part, name: "broken", test: (name, check) => checks.push({ name, check }) });
  const failures: string[] = [];
  for (const { name, check } of checks) {
    try {
      await check();
    } catch {
      failures.push(name);
    }
  }
  return failures;
}
