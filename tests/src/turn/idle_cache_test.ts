/** What is remembered of idle sessions is bounded, counted fairly and missed by nobody. */

import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InMemoryMessageStore } from "../../../src/in_memory/message_store.ts";
import type { MessageQuery } from "../../../src/ports/stores.ts";
import type { ContentPart } from "../../../src/records/content.ts";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import type { Message } from "../../../src/records/message.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { memorySize } from "../../../src/kit/projection.ts";
import { SessionHistory } from "../../../src/turn/history.ts";
import { faultRuntime, SESSION, text, tick } from "../_support/faults.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Notes which sessions were read as a whole. */
class Watched extends InMemoryMessageStore {
  readonly whole: SessionId[] = [];
  override loadMessages(sessionId: SessionId, query?: MessageQuery) {
    if (query?.after === undefined) this.whole.push(sessionId);
    return super.loadMessages(sessionId, query);
  }
}

async function open(maxIdleCacheBytes: number) {
  const store = new Watched();
  const runtime = await faultRuntime({
    backends: RuntimeBackends.inMemory().withMessageStore(store),
    limits: { maxIdleCacheBytes },
    // The answer says how much of the conversation the model got.
    respond: ({ messages }) => text(`${messages.filter(({ role }) => role === "user").length}`),
  });
  const ids: SessionId[] = [SESSION];
  for (let seed = 2; seed <= 50; seed++) {
    ids.push(
      (await runtime.createSession({ id: idFromSeed("session", seed), harnessId: idFromSeed("harness", 1) })).id,
    );
  }
  return { runtime, store, ids, [Symbol.asyncDispose]: () => runtime.close() };
}

Deno.test("histories of idle sessions past maxIdleCacheBytes are dropped, and whole again at the next turn", async () => {
  await using world = await open(1_000_000);
  const { runtime, store, ids } = world;
  const long = "x".repeat(50_000);
  for (let turn = 1; turn <= 3; turn++) {
    store.whole.length = 0;
    for (const id of ids) assert.equal((await runtime.runTurn(id, long)).response, String(turn));
    assert.deepEqual(store.whole, ids);
  }
});

Deno.test("the sessions used last stay in the cache", async () => {
  await using world = await open(1_000_000);
  const { runtime, store, ids } = world;
  const long = "x".repeat(50_000);
  for (const id of ids) await runtime.runTurn(id, long);
  store.whole.length = 0;
  for (const id of ids.slice(-5)) assert.equal((await runtime.runTurn(id, "again")).response, "2");
  assert.deepEqual(store.whole, []);
});

Deno.test("within maxIdleCacheBytes nothing is read again", async () => {
  await using world = await open(64 * 1024 * 1024);
  const { runtime, store, ids } = world;
  for (const id of ids) await runtime.runTurn(id, "go");
  store.whole.length = 0;
  for (const id of ids) assert.equal((await runtime.runTurn(id, "go")).response, "2");
  assert.deepEqual(store.whole, []);
});

Deno.test("turns of a session whose cache was dropped still run one after the other with those of old handles", async () => {
  await using world = await open(1);
  const { runtime, ids } = world;
  const old = runtime.startTurn(SESSION, "1");
  await old.result;
  for (const id of ids) if (id !== SESSION) await runtime.runTurn(id, "go");
  const next = runtime.startTurn(SESSION, "2");
  const steered = await old.steer("3");
  assert.equal(steered.joined, false);
  assert.equal((await next.result).status, "completed");
  if (!steered.joined) assert.equal((await steered.turn.result).response, "3");
});

Deno.test("cancelTurn() of sessions without a turn leaves nothing behind", async () => {
  await using world = await open(64 * 1024 * 1024);
  const { runtime } = world;
  const heapAfter = async (from: number): Promise<number> => {
    for (let seed = from; seed < from + 10_000; seed++) {
      assert.equal(await runtime.cancelTurn(idFromSeed("session", seed)), false);
    }
    for (let round = 0; round < 3; round++) {
      collectGarbage();
      await tick();
    }
    return Deno.memoryUsage().heapUsed;
  };
  const before = await heapAfter(1_000);
  const grown = await heapAfter(100_000) - before;
  assert.ok(grown < 2_000_000, `${grown} bytes for 10,000 sessions`);
});

/** What a history counts for one message. */
function countedFor(content: ContentPart[]): number {
  const history = new SessionHistory();
  const message: Message = { id: idFromSeed("message", 1), role: "agent", content, createdAt: 0 };
  history.extend({ messages: [message], lastSequence: 1 });
  return history.bytes;
}

const LONG = "x".repeat(60_000);
const PARTS: Readonly<Record<string, ContentPart>> = {
  "an object as result": { type: "tool_result", toolCallId: idFromSeed("call", 1), result: { rows: [{ text: LONG }] } },
  "an error": { type: "tool_result", toolCallId: idFromSeed("call", 1), error: LONG },
  "the arguments of a call": { type: "tool_call", id: idFromSeed("call", 1), name: "act", arguments: { text: LONG } },
  "many small values": {
    type: "tool_result",
    toolCallId: idFromSeed("call", 1),
    result: Array.from({ length: 10_000 }, (_, id): JsonValue => ({ id })),
  },
};

for (const [name, part] of Object.entries(PARTS)) {
  Deno.test(`a history counts ${name}`, () => {
    const counted = countedFor([part]);
    assert.ok(counted > 100_000 && counted < 1_000_000, `${counted} bytes`);
  });
}

Deno.test("memorySize() looks at a bounded number of values", () => {
  let reads = 0;
  const item = {
    get text(): string {
      reads++;
      return "x".repeat(100);
    },
  };
  const size = memorySize({ list: Array.from({ length: 100_000 }, () => item) });
  assert.ok(reads <= 2_000, `${reads} reads`);
  assert.ok(size > 20_000_000 && size < 40_000_000, `${size} bytes`);
});

Deno.test("memorySize() comes back from a value that holds itself and from one that is very deep", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  let deep: unknown = "end";
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assert.ok(memorySize(cycle) > 0 && memorySize(deep) > 0);
});
