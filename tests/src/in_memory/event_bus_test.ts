import assert from "node:assert/strict";
import { InMemoryEventBus } from "../../../src/in_memory/event_bus.ts";
import type { Event } from "../../../src/records/event.ts";
import { deltaEvent, idledEvent } from "../../../src/testing/conformance/event_fixtures.ts";

Deno.test("collectedEvents() keeps all durable events and the newest ephemeral ones in one order", () => {
  const bus = new InMemoryEventBus({ ephemeralLimit: 3 });
  const events: Event[] = [];
  for (let seed = 1; seed <= 20; seed++) {
    events.push(seed % 4 === 0 ? idledEvent(seed, seed / 4) : deltaEvent(seed));
  }
  for (const event of events) bus.emit(event);
  const kept = bus.collectedEvents();
  assert.deepEqual(kept, events.filter((event) => event.sequence !== undefined || events.indexOf(event) >= 16));
  assert.equal(kept[0], events[3]);
});

Deno.test("collectedEvents() keeps 10,000 ephemeral events unless told otherwise", () => {
  const bus = new InMemoryEventBus();
  bus.emit(idledEvent(1, 1));
  const deltas = Array.from({ length: 10_001 }, (_, index) => deltaEvent(index + 2));
  for (const event of deltas) bus.emit(event);
  const kept = bus.collectedEvents();
  assert.equal(kept.length, 10_001);
  assert.equal(kept[0]?.type, "session.idled");
  assert.equal(kept[1], deltas[1]);
  assert.equal(kept.at(-1), deltas.at(-1));
});

Deno.test("a bus with an ephemeralLimit of 0 keeps durable events only", () => {
  const bus = new InMemoryEventBus({ ephemeralLimit: 0 });
  for (const event of [deltaEvent(1), idledEvent(2, 1), deltaEvent(3)]) bus.emit(event);
  assert.deepEqual(bus.collectedEvents(), [idledEvent(2, 1)]);
});

Deno.test("InMemoryEventBus() refuses a limit that is not a whole number of 0 or more", () => {
  for (const ephemeralLimit of [-1, 1.5, NaN]) {
    assert.throws(() => new InMemoryEventBus({ ephemeralLimit }), RangeError);
  }
});

Deno.test("collectedEvents() keeps 16 MiB of ephemeral events, the newest ones, in order", () => {
  const bus = new InMemoryEventBus();
  const big = (seed: number): Event => {
    const event = deltaEvent(seed);
    return { ...event, data: { ...event.data, delta: "x".repeat(64 * 1024) } } as Event;
  };
  const events = Array.from({ length: 1_000 }, (_, at) => at % 100 === 99 ? idledEvent(at, at) : big(at));
  for (const event of events) bus.emit(event);
  const kept = bus.collectedEvents();
  const live = kept.filter(({ sequence }) => sequence === undefined);
  assert.ok(live.length > 100 && live.length < 130, `${live.length} events`);
  assert.deepEqual(kept, events.filter((event) => event.sequence !== undefined || live.includes(event)));
  assert.equal(live[0], events.filter(({ sequence }) => sequence === undefined).at(-live.length));
});

Deno.test("one ephemeral event is kept however big it is", () => {
  const bus = new InMemoryEventBus();
  const event = deltaEvent(1);
  const huge = { ...event, data: { ...event.data, delta: "x".repeat(20 * 1024 * 1024) } } as Event;
  bus.emit(huge);
  assert.deepEqual(bus.collectedEvents(), [huge]);
  bus.emit(event);
  assert.deepEqual(bus.collectedEvents(), [event]);
});
