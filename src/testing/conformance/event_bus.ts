/** What every event bus must do. */

import assert from "node:assert/strict";
import type { Event } from "../../records/event.ts";
import type { EventBus } from "../../ports/event_bus.ts";
import { check, type ConformanceOptions } from "./conformance_options.ts";
import { deltaEvent, idledEvent } from "./event_fixtures.ts";

/**
 * Registers one check for each promise of {@linkcode EventBus}.
 *
 * A bus only delivers, so what it must keep is nothing; when it has `collectedEvents()`, that is checked too.
 *
 * @example
 * ```ts ignore
 * testEventBus({ name: "MyEventBus", create: () => new MyEventBus(), test: Deno.test });
 * ```
 */
export function testEventBus(options: ConformanceOptions<EventBus>): void {
  check(options, "emit() takes durable and ephemeral events of several sessions", async (bus) => {
    for (const event of mixed()) await bus.emit(event);
  });

  check(options, "collectedEvents() gives kept events as they are, in order of arrival", async (bus) => {
    if (bus.collectedEvents === undefined) return;
    assert.deepEqual(bus.collectedEvents(), []);
    const events = mixed();
    for (const event of events) await bus.emit(event);
    const collected = bus.collectedEvents();
    const ids = new Set(collected.map(({ id }) => id));
    assert.equal(ids.size, collected.length);
    assert.deepEqual(collected, events.filter(({ id }) => ids.has(id)));
  });

  check(options, "a list given by collectedEvents() does not change later", async (bus) => {
    if (bus.collectedEvents === undefined) return;
    const [first, ...others] = mixed();
    await bus.emit(first!);
    const collected = bus.collectedEvents();
    const count = collected.length;
    for (const event of others) await bus.emit(event);
    assert.equal(collected.length, count);
  });
}

function mixed(): Event[] {
  return [idledEvent(1, 1), deltaEvent(2), idledEvent(3, 1, 2), deltaEvent(4, 2), deltaEvent(5), idledEvent(6, 2)];
}
