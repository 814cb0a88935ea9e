/** Subscribers: they see everything in order, or are told what they missed, and never hold up a turn. */

import assert from "node:assert/strict";
import { InMemoryTurnStore } from "../../../src/in_memory/turn_store.ts";
import type { Event } from "../../../src/records/event.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { textOf } from "../../../src/records/content.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  logOf,
  ofType,
  type Respond,
  script,
  SESSION,
  stalls,
  text,
  tick,
  tool,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

async function open(options: FaultOptions = {}) {
  const backends = options.backends ?? RuntimeBackends.inMemory();
  const runtime = await faultRuntime({ ...options, backends });
  return { runtime, backends, [Symbol.asyncDispose]: () => runtime.close() };
}

/** Reads until the turn is over. */
async function readTurn(events: AsyncIterable<Event>, into: Event[] = []): Promise<Event[]> {
  for await (const event of events) {
    into.push(event);
    if (event.type === "session.idled") break;
  }
  return into;
}

/** Durable events among some. */
function durable(events: readonly Event[]): readonly Event[] {
  return events.filter(({ sequence }) => sequence !== undefined);
}

/** A stream of many deltas that lets other work run in between. */
function chatty(pieces: number, between: number): Respond {
  return async function* () {
    for (let piece = 0; piece < pieces; piece++) {
      yield { type: "text", delta: `${piece} ` };
      if (piece % between === 0) await tick();
    }
    yield { type: "done", finishReason: "stop" };
  };
}

Deno.test("a subscriber from the start sees what is stored, in order, and what is live in between", async () => {
  await using world = await open({
    tools: [tool("act", () => "ok")],
    respond: script(calls("act"), text("done")),
  });
  const { runtime, backends } = world;
  const reading = readTurn(runtime.subscribe(SESSION));
  await runtime.runTurn(SESSION, "go");
  const seen = await reading;
  assert.deepEqual(durable(seen), await logOf(backends));
  // Pieces of the answer are joined for each reader on its own.
  const others = (events: readonly Event[]) => events.flatMap(({ id, type }) => type.endsWith(".delta") ? [] : [id]);
  assert.deepEqual(others(seen), others(runtime.events()));
  assert.deepEqual(seen.map(({ type }) => type), runtime.events().map(({ type }) => type));
});

Deno.test("a subscriber that replays sees each stored event once, also those committed while it replays", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  for (let turn = 0; turn < 20; turn++) await runtime.runTurn(SESSION, `turn ${turn}`);
  const seen: Event[] = [];
  const reading = (async () => {
    for await (const event of runtime.subscribe(SESSION, { after: 0 })) {
      seen.push(event);
      if (ofType(seen, "session.idled").length === 40) break;
    }
  })();
  for (let turn = 20; turn < 40; turn++) await runtime.runTurn(SESSION, `turn ${turn}`);
  await reading;
  assert.deepEqual(durable(seen), await logOf(backends));
});

Deno.test("a subscriber that replays late sees what happened since it subscribed in its order", async () => {
  await using world = await open({ respond: chatty(3, 1) });
  const { runtime, backends } = world;
  await runtime.runTurn(SESSION, "before");
  const before = (await logOf(backends)).map(({ type }) => type);
  const subscription = runtime.subscribe(SESSION, { after: 0 });
  const from = runtime.events().length;
  await runtime.runTurn(SESSION, "since");
  const since = runtime.events().slice(from).map(({ type }) => type);
  const seen: string[] = [];
  for await (const { type } of subscription) {
    seen.push(type);
    if (seen.filter((each) => each === "session.idled").length === 2) break;
  }
  const once = (types: readonly string[]) =>
    types.filter((type, at) => !type.endsWith(".delta") || types[at - 1] !== type);
  assert.deepEqual(once(seen), once([...before, ...since]));
});

Deno.test("a subscriber may begin after any sequence", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  await runtime.runTurn(SESSION, "go");
  const log = await logOf(backends);
  for (let after = 0; after < log.length; after++) {
    assert.deepEqual(durable(await readTurn(runtime.subscribe(SESSION, { after }))), log.slice(after));
  }
});

Deno.test("subscribers see the events of their own session only", async () => {
  const other = idFromSeed("session", 2);
  await using world = await open();
  const { runtime } = world;
  await runtime.createSession({ id: other, harnessId: idFromSeed("harness", 1) });
  const reading = [SESSION, other].map((id) => readTurn(runtime.subscribe(id)));
  await Promise.all([runtime.runTurn(SESSION, "mine"), runtime.runTurn(other, "yours")]);
  const [mine, yours] = await Promise.all(reading);
  assert.ok(mine?.every(({ sessionId }) => sessionId === SESSION));
  assert.ok(yours?.every(({ sessionId }) => sessionId === other));
  assert.ok(!JSON.stringify(mine).includes("yours") && !JSON.stringify(yours).includes("mine"));
});

Deno.test("a subscriber that throws in its loop stops, and nobody else notices", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  const good = readTurn(runtime.subscribe(SESSION));
  const bad = (async () => {
    for await (const _ of runtime.subscribe(SESSION)) throw new Error("my own fault");
  })();
  const refused = assert.rejects(bad, /my own fault/);
  assert.equal((await runtime.runTurn(SESSION, "go")).success, true);
  await refused;
  assert.deepEqual(durable(await good), await logOf(backends));
});

Deno.test("a subscriber that leaves in the middle sees nothing more, and the others everything", async () => {
  await using world = await open({ respond: chatty(200, 1) });
  const { runtime, backends } = world;
  const seen: Event[] = [];
  const leaving = (async () => {
    for await (const event of runtime.subscribe(SESSION)) {
      seen.push(event);
      if (event.type === "output.message.delta") break;
    }
  })();
  const staying = readTurn(runtime.subscribe(SESSION));
  await runtime.runTurn(SESSION, "go");
  await leaving;
  assert.equal(seen.at(-1)?.type, "output.message.delta");
  assert.deepEqual(durable(await staying), await logOf(backends));
});

Deno.test("an aborted subscription ends, also while it waits", async () => {
  await using world = await open();
  const { runtime } = world;
  const controller = new AbortController();
  const reading = readTurn(runtime.subscribe(SESSION, { signal: controller.signal }));
  await tick();
  controller.abort();
  assert.deepEqual(await reading, []);
  assert.deepEqual(await readTurn(runtime.subscribe(SESSION, { signal: AbortSignal.abort() })), []);
});

Deno.test("a subscriber may unsubscribe while another one is being told", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  const controller = new AbortController();
  const victim = readTurn(runtime.subscribe(SESSION, { signal: controller.signal }));
  const killer = (async () => {
    const seen: Event[] = [];
    for await (const event of runtime.subscribe(SESSION)) {
      seen.push(event);
      controller.abort();
      if (event.type === "session.idled") break;
    }
    return seen;
  })();
  await runtime.runTurn(SESSION, "go");
  await victim;
  assert.deepEqual(durable(await killer), await logOf(backends));
});

Deno.test("a subscriber may run a turn of the same session from its loop", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  const replies: string[] = [];
  const reading = (async () => {
    for await (const event of runtime.subscribe(SESSION)) {
      if (event.type !== "turn.completed") continue;
      if (replies.length === 3) return;
      replies.push((await runtime.runTurn(SESSION, `again ${replies.length}`)).response);
    }
  })();
  await runtime.runTurn(SESSION, "go");
  await reading;
  assert.deepEqual(replies, ["ok", "ok", "ok"]);
  await assertSession(runtime, backends, { acked: ["go", "again 0", "again 1", "again 2"] });
});

Deno.test("a reader of a turn's own events may run a turn before that turn is over", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  let inner: Promise<unknown> | undefined;
  for await (const event of handle.events()) {
    if (event.type === "turn.started") inner = runtime.runTurn(SESSION, "inner");
  }
  await inner;
  await assertSession(runtime, backends, { acked: ["go", "inner"] });
});

/** A stream whose pieces cannot be joined, because text and thinking alternate. */
function mixed(pairs: number, between: number): Respond {
  return async function* () {
    for (let pair = 0; pair < pairs; pair++) {
      yield { type: "text", delta: `${pair} ` };
      yield { type: "thinking", delta: `${pair}?` };
      if (pair % between === 0) await tick();
    }
    yield { type: "done", finishReason: "stop" };
  };
}

Deno.test("a subscriber that does not read while 10,000 pieces come sees a gap and every stored event", async () => {
  await using world = await open({ respond: mixed(5_000, 10_000) });
  const { runtime, backends } = world;
  const subscription = runtime.subscribe(SESSION);
  const first = await Promise.all([subscription.next(), runtime.runTurn(SESSION, "go")]);
  assert.equal(first[0].value?.type, "input.message");
  const seen: Event[] = [first[0].value!];
  await readTurn(subscription, seen);
  const gaps = ofType(seen, "subscription.gap");
  assert.equal(gaps.length, 1);
  assert.deepEqual(durable(seen), await logOf(backends));
  assert.ok(seen.length < 6_000, `${seen.length} events were kept`);
});

Deno.test("a slow subscriber with a gap does not hold up one that keeps pace", async () => {
  await using world = await open({ respond: mixed(5_000, 100) });
  const { runtime, backends } = world;
  const slow = runtime.subscribe(SESSION);
  const quick = readTurn(runtime.subscribe(SESSION));
  const { response } = await runtime.runTurn(SESSION, "go");
  const seen = await quick;
  assert.equal(ofType(seen, "subscription.gap").length, 0);
  assert.equal(ofType(seen, "output.message.delta").map(({ data }) => data.delta).join(""), response);
  const late = await readTurn(slow);
  assert.equal(ofType(late, "subscription.gap").length, 1);
  assert.deepEqual(durable(late), await logOf(backends));
});

Deno.test("deltas are joined for a subscriber that falls behind, and their offsets fit", async () => {
  await using world = await open({ respond: chatty(5_000, 1_000) });
  const { runtime, backends } = world;
  const subscription = runtime.subscribe(SESSION);
  const { response } = await runtime.runTurn(SESSION, "go");
  const seen = await readTurn(subscription);
  const deltas = ofType(seen, "output.message.delta").map(({ data }) => data);
  assert.ok(deltas.length < 200, `${deltas.length} deltas`);
  let joined = "";
  for (const { delta, offset } of deltas) {
    assert.equal(offset, joined.length);
    joined += delta;
  }
  assert.equal(joined, response);
  assert.deepEqual(durable(seen), await logOf(backends));
});

Deno.test("a subscription that is never read costs a bounded number of events and ends with the runtime", async () => {
  const { runtime } = await open({ respond: mixed(1_000, 10_000) });
  const forgotten = runtime.subscribe(SESSION);
  for (let turn = 0; turn < 10; turn++) await runtime.runTurn(SESSION, `turn ${turn}`);
  await runtime.close();
  assert.ok(runtime.events().length > 9_000);
  let count = 0;
  for await (const _ of forgotten) count++;
  assert.ok(count > 0 && count < 6_000, `${count} events were kept`);
});

Deno.test("the events of a turn end with it, however it ends", async () => {
  await using world = await open({
    respond: async function* (request, options, call) {
      if (call === 1) throw new Error("broken");
      yield* stalls()(request, options, call);
    },
  });
  const { runtime } = world;
  const failed = runtime.startTurn(SESSION, "fails");
  assert.equal((await readTurn(failed.events())).at(-1)?.type, "session.idled");
  const cancelled = runtime.startTurn(SESSION, "is cancelled");
  const reading = readTurn(cancelled.events());
  await cancelled.accepted;
  cancelled.cancel();
  assert.equal((await reading).at(-1)?.type, "session.idled");
  const refused = runtime.startTurn(idFromSeed("session", 99), "no such session");
  const nothing = readTurn(refused.events());
  await assert.rejects(refused.result);
  assert.deepEqual(await nothing, []);
});

Deno.test("a replay whose store fails rejects, and the turn does not notice", async () => {
  class Unreadable extends InMemoryTurnStore {
    broken = false;
    override loadEvents(...args: Parameters<InMemoryTurnStore["loadEvents"]>) {
      return this.broken ? Promise.reject(new Error("unreadable")) : super.loadEvents(...args);
    }
  }
  const turnStore = new Unreadable();
  await using world = await open({ backends: RuntimeBackends.inMemory().withTurnStore(turnStore) });
  const { runtime } = world;
  await runtime.runTurn(SESSION, "go");
  turnStore.broken = true;
  await assert.rejects(readTurn(runtime.subscribe(SESSION, { after: 0 })), { code: "store_failed" });
  assert.equal((await runtime.runTurn(SESSION, "next")).success, true);
});

Deno.test("a subscriber that changes an event changes nothing that is stored", async () => {
  await using world = await open();
  const { runtime } = world;
  const meddling = (async () => {
    for await (const event of runtime.subscribe(SESSION)) {
      try {
        if (event.type === "input.message") {
          const [part] = event.data.message.content;
          Object.assign(part!, { text: "changed" });
        }
        Object.assign(event, { sequence: 99, sessionId: "other" });
      } catch {
        // What is frozen cannot be changed.
      }
      if (event.type === "session.idled") return;
    }
  })();
  await runtime.runTurn(SESSION, "go");
  await meddling;
  const texts = (await runtime.messages(SESSION)).map(({ content }) => textOf(content));
  assert.deepEqual(texts, ["go", "ok"]);
});
