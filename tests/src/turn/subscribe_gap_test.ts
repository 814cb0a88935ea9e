/** Subscribers miss no stored event, whoever stored it, and leave their channel when nobody reads them any more. */

import assert from "node:assert/strict";
import { InMemoryMessageStore } from "../../../src/in_memory/message_store.ts";
import { InMemoryTurnStore } from "../../../src/in_memory/turn_store.ts";
import { IdSource, systemRandom } from "../../../src/kit/ids.ts";
import type { SessionJournal } from "../../../src/ports/journal.ts";
import type { Event } from "../../../src/records/event.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { deltaEvent, idledEvent } from "../../../src/testing/conformance/event_fixtures.ts";
import { Channel } from "../../../src/turn/event_channel.ts";
import { eventsOfTurn } from "../../../src/turn/live_events.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  isSettled,
  logOf,
  ofType,
  script,
  SESSION,
  text,
  tick,
  tool,
  until,
} from "../_support/faults.ts";

async function open(options: FaultOptions = {}) {
  const backends = options.backends ?? RuntimeBackends.inMemory();
  const runtime = await faultRuntime({ ...options, backends });
  return { runtime, backends, [Symbol.asyncDispose]: () => runtime.close() };
}

/** Collects what a subscription shows until it ends. */
function collect(events: AsyncIterable<Event>): Event[] {
  const seen: Event[] = [];
  (async () => {
    for await (const event of events) seen.push(event);
  })();
  return seen;
}

function sequences(events: readonly Event[]): readonly number[] {
  return events.flatMap(({ sequence }) => sequence ?? []);
}

/** Numbers from 1 on. */
function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** A channel over a list of durable events; counts how often its last subscriber left. */
function openChannel(stored: readonly Event[] = [], journal: Partial<SessionJournal> = {}) {
  const clock = new FakeClock();
  const seen = { empty: 0, reads: 0 };
  const events: SessionJournal["events"] = (_, { after = 0, limit = Infinity } = {}) => {
    seen.reads++;
    return Promise.resolve(stored.filter(({ sequence = 0 }) => sequence > after).slice(0, limit));
  };
  const sources = {
    journal: { events, ...journal } as SessionJournal,
    ids: new IdSource(clock, systemRandom()),
    clock,
  };
  return { channel: new Channel(SESSION, sources, () => seen.empty++), seen };
}

for (const after of [0, undefined]) {
  Deno.test(`a subscriber with after: ${after} sees what another runtime stored between two of its own turns`, async () => {
    await using world = await open();
    const { runtime, backends } = world;
    await using other = await faultRuntime({ backends });
    const seen = collect(runtime.subscribe(SESSION, after === undefined ? {} : { after }));
    await runtime.runTurn(SESSION, "1");
    await other.runTurn(SESSION, "2");
    await runtime.runTurn(SESSION, "3");
    const log = await logOf(backends);
    await until(() => sequences(seen).length >= log.length);
    assert.deepEqual(seen.filter(({ sequence }) => sequence !== undefined), log);
    assert.equal(ofType(seen, "subscription.gap").length, 0);
  });
}

Deno.test("a subscriber sees the events of a commit whose delivery was lost", async () => {
  class FullOnce extends InMemoryMessageStore {
    #stored = 0;
    override storeMessages(...args: Parameters<InMemoryMessageStore["storeMessages"]>) {
      return ++this.#stored === 2 ? Promise.reject(new Error("disk full")) : super.storeMessages(...args);
    }
  }
  await using world = await open({ backends: RuntimeBackends.inMemory().withMessageStore(new FullOnce()) });
  const { runtime, backends } = world;
  const seen = collect(runtime.subscribe(SESSION, { after: 0 }));
  await tick();
  await assert.rejects(runtime.runTurn(SESSION, "1"), { code: "store_failed" });
  await runtime.runTurn(SESSION, "2");
  const log = await logOf(backends);
  await until(() => sequences(seen).length >= log.length);
  assert.deepEqual(sequences(seen), upTo(log.length));
});

Deno.test("what is missing is read in bounded pages, and shown before what came after it", async () => {
  const stored = upTo(1_800).map((sequence) => idledEvent(sequence, sequence));
  const limits: (number | undefined)[] = [];
  const { channel } = openChannel([], {
    events: (_, { after = 0, limit } = {}) => {
      limits.push(limit);
      return Promise.resolve(stored.slice(after, after + (limit ?? Infinity)));
    },
  });
  const seen = collect(channel.subscribe(undefined, undefined));
  const live = deltaEvent(9_000);
  for (const event of [stored[0]!, live, stored[1_700]!]) channel.push(event);
  channel.end();
  await until(() => seen.length === 1_702);
  assert.deepEqual(seen.map(({ sequence }) => sequence), [1, undefined, ...upTo(1_701).slice(1)]);
  assert.equal(seen[1], live);
  assert.deepEqual(limits, [500, 500, 500, 199]);
});

Deno.test("what the journal does not have is asked for once, and passed over", async () => {
  const { channel, seen: counts } = openChannel();
  const seen = collect(channel.subscribe(undefined, undefined));
  for (const sequence of [1, 5, 6]) channel.push(idledEvent(sequence, sequence));
  channel.end();
  await until(() => seen.length === 3);
  assert.deepEqual(sequences(seen), [1, 5, 6]);
  assert.equal(counts.reads, 1);
});

Deno.test("a stored event that is delivered while the replay ends is shown at once", async () => {
  const answer = Promise.withResolvers<readonly Event[]>();
  const { channel } = openChannel([], { events: () => answer.promise });
  const next = channel.subscribe(0, undefined).next();
  await tick();
  const event = idledEvent(1, 1);
  channel.push(event);
  channel.wake();
  answer.resolve([]);
  assert.ok(await isSettled(next));
  assert.equal((await next).value, event);
});

Deno.test("a subscriber that missed only live events still sees the stored ones that are kept", async () => {
  const { channel } = openChannel();
  const subscriber = channel.subscribe(undefined, undefined);
  for (let seed = 1; seed <= 5_000; seed++) channel.push(deltaEvent(seed));
  const stored = [1, 2, 3].map((sequence) => idledEvent(sequence, sequence));
  for (const event of stored) channel.push(event);
  const seen = collect(subscriber);
  channel.end();
  await until(() => sequences(seen).length === 3);
  assert.equal(seen[0]?.type, "subscription.gap");
  assert.deepEqual(seen.slice(-3), stored);
});

for (const after of [-1, 1.5, NaN, Infinity, "1" as unknown as number, null as unknown as number]) {
  Deno.test(`subscribe() refuses ${JSON.stringify(after)} (${String(after)}) as \`after\``, async () => {
    await using world = await open();
    assert.throws(() => world.runtime.subscribe(SESSION, { after }), RangeError);
  });
}

Deno.test("next() may be called before the last one has answered", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  const replay = runtime.subscribe(SESSION, { after: 0 });
  const asked = Array.from({ length: 5 }, () => replay.next());
  await runtime.runTurn(SESSION, "go");
  const values = (await Promise.all(asked)).map(({ value }) => value!);
  const durable = values.filter(({ sequence }) => sequence !== undefined);
  assert.equal(new Set(values).size, 5);
  assert.deepEqual(durable, (await logOf(backends)).slice(0, durable.length));
});

Deno.test("return() ends every next() that waits", async () => {
  const { channel } = openChannel();
  const subscriber = channel.subscribe(undefined, undefined);
  const asked = [subscriber.next(), subscriber.next(), subscriber.next()];
  await tick();
  await subscriber.return();
  assert.deepEqual((await Promise.all(asked)).map(({ done }) => done), [true, true, true]);
});

Deno.test("a subscriber whose replay fails leaves its channel", async () => {
  const { channel, seen } = openChannel([], { events: () => Promise.reject(new Error("unreadable")) });
  const subscriber = channel.subscribe(0, undefined);
  await assert.rejects(subscriber.next(), { code: "store_failed" });
  assert.equal(seen.empty, 1);
  assert.deepEqual(await subscriber.next(), { done: true, value: undefined });
});

Deno.test("a subscriber whose signal is aborted already leaves nothing in its channel", () => {
  const { channel, seen } = openChannel();
  channel.subscribe(undefined, AbortSignal.abort());
  assert.equal(seen.empty, 1);
});

for (const outcome of ["over", "failed"] as const) {
  Deno.test(`the events of a turn nobody reads leave the channel when the turn is ${outcome}`, async () => {
    const turnId = idFromSeed("turn", 1);
    const { channel, seen } = openChannel();
    const over = outcome === "over" ? Promise.resolve() : Promise.reject(new Error("failed"));
    const events = eventsOfTurn(channel.subscribe(undefined, undefined), turnId, over);
    const event = { ...idledEvent(1, 1), context: { turnId } };
    channel.push(event);
    await tick();
    assert.equal(seen.empty, 1);
    assert.deepEqual(await Array.fromAsync(events), [event]);
  });
}

Deno.test("the events of a turn may be read for the first time when it has been over for long", async () => {
  await using world = await open({ tools: [tool("act", () => "ok")], respond: script(calls("act"), text("done")) });
  const { runtime, backends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  const events = handle.events();
  await handle.result;
  const log = await logOf(backends);
  for (let turn = 0; turn < 5; turn++) await runtime.runTurn(SESSION, `turn ${turn}`);
  assert.deepEqual(await durableOf(events), log);
});

Deno.test("the events of a turn that were too many are read for the first time with a gap", async () => {
  const act = tool("act", (_, { output }) => {
    for (let piece = 0; piece < 10_000; piece++) output(`piece ${piece}`);
    return "ok";
  });
  await using world = await open({ tools: [act], respond: script(calls("act"), text("done")) });
  const { runtime, backends }: { runtime: InProcessRuntime; backends: RuntimeBackends } = world;
  const handle = runtime.startTurn(SESSION, "go");
  const events = handle.events();
  await handle.result;
  await runtime.runTurn(SESSION, "next");
  const first = (await logOf(backends)).filter(({ context }) => context.turnId === handle.turnId);
  assert.deepEqual(await durableOf(events), first);
});

Deno.test("a replay of a store that answers late shows each event once", async () => {
  class Slow extends InMemoryTurnStore {
    override async loadEvents(...args: Parameters<InMemoryTurnStore["loadEvents"]>) {
      const events = await super.loadEvents(...args);
      await tick();
      return events;
    }
  }
  await using world = await open({ backends: RuntimeBackends.inMemory().withTurnStore(new Slow()) });
  const { runtime, backends } = world;
  const seen = collect(runtime.subscribe(SESSION, { after: 0 }));
  for (let turn = 0; turn < 5; turn++) await runtime.runTurn(SESSION, `turn ${turn}`);
  const { length } = await logOf(backends);
  await until(() => sequences(seen).length >= length);
  assert.deepEqual(sequences(seen), upTo(length));
});

async function durableOf(events: AsyncIterable<Event>): Promise<readonly Event[]> {
  return (await Array.fromAsync(events)).filter(({ sequence }) => sequence !== undefined);
}
