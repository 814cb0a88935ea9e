/** Schedules of sessions with a live host and without one. */

import assert from "node:assert/strict";
import type { SessionId } from "../../../src/records/ids.ts";
import type { WakeDelivery } from "../../../local/wakes/delivery.ts";
import { WakeRoutes } from "../../../local/wakes/wake_routes.ts";
import { FakeSessions, fire, onlySchedule, openWorld, OTHER_SESSION, SESSION, START } from "../schedules/_support.ts";

const ONCE = { sessionId: SESSION, description: "look", scheduledAt: START };

/** A live route first, else a turn of the session. */
class RoutedDelivery implements WakeDelivery {
  readonly routes: WakeRoutes = new WakeRoutes({ capacity: 1 });
  /** Where turns run. */
  readonly sessions: FakeSessions = new FakeSessions();

  async deliver(sessionId: SessionId, text: string, key: string): Promise<void> {
    await (this.routes.send(sessionId, { text, key }) ?? this.sessions.deliver(sessionId, text, key));
  }

  async canDeliver(sessionId: SessionId): Promise<boolean> {
    return this.routes.liveSessions().includes(sessionId) || await this.sessions.canDeliver(sessionId);
  }
}

Deno.test("a live host gets the wake and no turn runs", async () => {
  using world = openWorld();
  const process = world.process();
  const { id } = await process.store().createSchedule(ONCE);
  const delivery = new RoutedDelivery();
  using route = delivery.routes.register(SESSION);
  await using run = process.start(delivery);
  await run.tick();
  assert.deepEqual((await route.next()).value, { text: "look", key: `schedule:${id}:${START}` });
  await route.return?.();
  await run.settled();
  assert.equal((await onlySchedule(process.store())).triggerCount, 1);
  assert.deepEqual(delivery.sessions.attempts, []);
});

Deno.test("without a host a turn runs", async () => {
  using world = openWorld();
  const process = world.process();
  await process.store().createSchedule(ONCE);
  const delivery = new RoutedDelivery();
  await using run = process.start(delivery);
  await fire(run);
  assert.equal(delivery.sessions.messages.length, 1);
});

Deno.test("after a host has left a turn runs", async () => {
  using world = openWorld();
  const process = world.process();
  await process.store().createSchedule(ONCE);
  const delivery = new RoutedDelivery();
  await delivery.routes.register(SESSION).return?.();
  await using run = process.start(delivery);
  await fire(run);
  assert.equal(delivery.sessions.messages.length, 1);
});

Deno.test("a host that registers again gets the wake, whatever becomes of its old route", async () => {
  using world = openWorld();
  const process = world.process();
  await process.store().createSchedule(ONCE);
  const delivery = new RoutedDelivery();
  const stale = delivery.routes.register(SESSION);
  using route = delivery.routes.register(SESSION);
  stale[Symbol.dispose]();
  await using run = process.start(delivery);
  await run.tick();
  assert.equal((await route.next()).value?.text, "look");
  await route.return?.();
  assert.deepEqual(delivery.sessions.attempts, []);
});

Deno.test("sessions are reached by a live route or by a turn; others keep their schedules", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store();
  await store.createSchedule(ONCE);
  await store.createSchedule({ ...ONCE, sessionId: OTHER_SESSION });
  const delivery = new RoutedDelivery();
  delivery.sessions.unreachable.add(SESSION).add(OTHER_SESSION);
  const route = delivery.routes.register(SESSION);
  await using run = process.start(delivery);
  assert.equal(await run.tick(), 1);
  assert.equal((await route.next()).value?.text, "look");
  await route.return?.();
  await run.settled();
  assert.equal(await fire(run), 0);
  delivery.sessions.unreachable.delete(OTHER_SESSION);
  assert.equal(await fire(run), 1);
  assert.deepEqual(delivery.sessions.messages.map(({ sessionId }) => sessionId), [OTHER_SESSION]);
});

Deno.test("a wake for a full route stays pending until its host reads", async () => {
  using world = openWorld();
  const process = world.process();
  const store = process.store();
  const delivery = new RoutedDelivery();
  using route = delivery.routes.register(SESSION);
  delivery.routes.send(SESSION, { text: "first", key: "first" });
  await store.createSchedule(ONCE);
  await using run = process.start(delivery, { maxAttempts: 1 });
  await fire(run);
  assert.equal((await onlySchedule(store)).triggerCount, 0);
  await route.next();
  world.clock.advance(1000);
  await run.tick();
  await route.next();
  await route.return?.();
  await run.settled();
  assert.equal((await onlySchedule(store)).triggerCount, 1);
});
