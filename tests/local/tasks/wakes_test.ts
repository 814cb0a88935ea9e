/** Wakes: stored with what causes them, delivered once, whatever stands in the way. */

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { TaskWakes, type TaskWakesOptions } from "../../../local/tasks/wakes.ts";
import { RuntimeError, SessionBusyError } from "../../../src/errors.ts";
import type { SessionTaskRegistry } from "../../../src/ports/task_registry.ts";
import type { SessionId, TaskId } from "../../../src/records/ids.ts";
import { newMessage, newTask } from "../../../src/testing/conformance/task_fixtures.ts";
import { dataFolder, FakeDelivery, OTHER_SESSION, type Process, SESSION } from "./_support.ts";

/** A task that has ended, with a wake. */
async function ended(registry: SessionTaskRegistry, sessionId: SessionId = SESSION): Promise<TaskId> {
  const { id } = await registry.create(newTask({ sessionId, state: "running", wakePolicy: "on_terminal" }));
  await registry.update(sessionId, id, { state: "succeeded", summary: "42" });
  return id;
}

function wakesOf(process: Process, delivery: FakeDelivery, options: Partial<TaskWakesOptions> = {}): TaskWakes {
  return new TaskWakes({ connection: process.connection, delivery, ...options });
}

Deno.test("each policy stores exactly the wakes it asks for", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const { registry } = process;
  const delivery = new FakeDelivery();
  await using wakes = wakesOf(process, delivery);
  for (const wakePolicy of ["silent", "on_terminal", "on_activity"] as const) {
    const { id } = await registry.create(newTask({ state: "running", wakePolicy, displayName: wakePolicy }));
    await registry.update(SESSION, id, { progress: 1, heartbeatAt: 5 });
    await registry.update(SESSION, id, { inputRequest: { id: "q", prompt: "Which?" } });
    await registry.recordMessage(SESSION, id, newMessage("hi", { direction: "outbound" }));
    await registry.recordMessage(SESSION, id, newMessage("that", { inReplyTo: "q" }));
    await registry.update(SESSION, id, { state: "succeeded", summary: "42" });
    await registry.update(SESSION, id, { state: "succeeded", resultPath: "/out" });
    await registry.update(SESSION, id, { state: "failed" });
  }
  await wakes.pump();
  assert.deepEqual(delivery.got.map(({ text }) => /"(\w+)".*(ended|answer|message)/.exec(text)?.slice(1).join(" ")), [
    "on_terminal ended",
    "on_activity answer",
    "on_activity message",
    "on_activity ended",
  ]);
  assert.match(delivery.got[0]?.text ?? "", /Summary: 42/);
  assert.deepEqual(wakes.pending(), []);
});

Deno.test("the same question asked twice wakes twice", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const { registry } = process;
  const delivery = new FakeDelivery();
  await using wakes = wakesOf(process, delivery);
  const { id } = await registry.create(newTask({ state: "running", wakePolicy: "on_activity" }));
  for (let time = 0; time < 2; time++) {
    await registry.update(SESSION, id, { inputRequest: { id: "q", prompt: "Which?" } });
    await registry.recordMessage(SESSION, id, newMessage("that", { inReplyTo: "q" }));
    await wakes.pump();
  }
  assert.equal(delivery.got.length, 2);
});

Deno.test("a task that begins in a final state wakes nobody", async () => {
  using folder = dataFolder();
  const process = folder.open();
  await using wakes = wakesOf(process, new FakeDelivery());
  await process.registry.create(newTask({ state: "succeeded", wakePolicy: "on_activity" }));
  assert.deepEqual(wakes.pending(), []);
});

Deno.test("two processes that end one task leave one wake", async () => {
  using folder = dataFolder();
  const [first, second] = [folder.open(), folder.open()];
  await using wakes = wakesOf(first, new FakeDelivery());
  const { id } = await first.registry.create(newTask({ state: "running", wakePolicy: "on_terminal" }));
  await Promise.all([
    first.registry.update(SESSION, id, { state: "succeeded" }),
    second.registry.update(SESSION, id, { state: "failed" }),
    second.registry.update(SESSION, id, { state: "succeeded" }),
  ]);
  assert.equal(wakes.pending().length, 1);
});

Deno.test("a wake whose process died before its delivery is delivered once by the next one", async () => {
  using folder = dataFolder();
  const first = folder.open();
  const id = await ended(first.registry);
  first.die();
  const delivery = new FakeDelivery();
  const second = folder.open();
  await using wakes = wakesOf(second, delivery);
  await wakes.pump();
  await wakes.pump();
  assert.deepEqual(delivery.calls, [`wake:${id}:succeeded`]);
});

Deno.test("a wake whose process died after its delivery is delivered again with the same key", async () => {
  using folder = dataFolder();
  const first = folder.open();
  await ended(first.registry);
  const delivery = new FakeDelivery();
  delivery.before.set(SESSION, () => {
    delivery.before.clear();
    // The text arrives, and the process ends before it notes that.
    queueMicrotask(() => first.die());
  });
  await wakesOf(first, delivery).pump();
  await using wakes = wakesOf(folder.open(), delivery);
  await wakes.pump();
  assert.equal(delivery.calls.length, 2);
  assert.equal(delivery.got.length, 1);
  assert.deepEqual(wakes.pending(), []);
});

Deno.test("two processes that deliver at once bring each text once", async () => {
  using folder = dataFolder();
  const [first, second] = [folder.open(), folder.open()];
  for (let at = 0; at < 20; at++) await ended(first.registry);
  const delivery = new FakeDelivery();
  await using one = wakesOf(first, delivery);
  await using two = wakesOf(second, delivery);
  await Promise.all([one.pump(), two.pump(), one.pump()]);
  assert.equal(delivery.got.length, 20);
  assert.deepEqual(one.pending(), []);
});

Deno.test("one look delivers everything that is due, however much it is", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  await using wakes = wakesOf(process, delivery);
  const { id } = await process.registry.create(newTask({ wakePolicy: "on_activity" }));
  for (let at = 0; at < 250; at++) {
    await process.registry.recordMessage(SESSION, id, newMessage(`${at}.`, { direction: "outbound" }));
  }
  await wakes.pump();
  assert.deepEqual(
    delivery.got.map(({ text }) => Number(/(\d+)\.$/.exec(text)?.[1])),
    Array.from({ length: 250 }, (_, at) => at),
  );
});

Deno.test("an input that was stored before counts as delivered", async () => {
  using folder = dataFolder();
  const process = folder.open();
  await ended(process.registry);
  const delivery = new FakeDelivery();
  delivery.before.set(SESSION, () => Promise.reject(new RuntimeError("duplicate_input", "stored")));
  await using wakes = wakesOf(process, delivery);
  await wakes.pump();
  assert.deepEqual(wakes.pending(), []);
});

Deno.test("a session nobody can deliver to now keeps its wakes, in order and without counting tries", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  await using wakes = wakesOf(process, delivery);
  const ids = [await ended(process.registry), await ended(process.registry)];
  delivery.blocked.add(SESSION);
  await wakes.pump();
  assert.deepEqual(delivery.calls, []);
  delivery.blocked.clear();
  for (const error of [new SessionBusyError(SESSION, "other"), new RuntimeError("turn_waiting", "waits")]) {
    delivery.before.set(SESSION, () => Promise.reject(error));
    await wakes.pump();
  }
  assert.deepEqual(wakes.pending().map(({ tries, error }) => [tries, error]), [[0, undefined], [0, undefined]]);
  delivery.before.clear();
  await wakes.pump();
  assert.deepEqual(delivery.got.map(({ key }) => key), ids.map((id) => `wake:${id}:succeeded`));
});

Deno.test("by default a wake is given up after 8 tries", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  const { clock } = folder;
  await using wakes = wakesOf(process, delivery, { clock });
  await ended(process.registry);
  delivery.before.set(SESSION, () => Promise.reject(new Error("no such session")));
  for (let look = 0; look < 20; look++) {
    await wakes.pump();
    clock.advance(300_000);
  }
  assert.equal(delivery.calls.length, 8);
});

Deno.test("a failed delivery is recorded, waits longer each time, and is given up in the end", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  const { clock } = folder;
  await using wakes = wakesOf(process, delivery, { clock, maxTries: 3 });
  await ended(process.registry);
  delivery.before.set(SESSION, () => Promise.reject(new Error("no such session")));
  await wakes.pump();
  assert.deepEqual(wakes.pending()[0]?.error, "no such session");
  await wakes.pump();
  assert.equal(delivery.calls.length, 1);
  clock.advance(1_000);
  await wakes.pump();
  clock.advance(1_000);
  await wakes.pump();
  assert.equal(delivery.calls.length, 2);
  clock.advance(1_000);
  await wakes.pump();
  clock.advance(86_400_000);
  await wakes.pump();
  assert.equal(delivery.calls.length, 3);
  assert.deepEqual(wakes.pending().map(({ tries, retryAt }) => [tries, retryAt]), [[3, undefined]]);
});

Deno.test("a wake that waits to be tried again is not held up when the host's clock is set back", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  const { clock } = folder;
  await using wakes = wakesOf(process, delivery, { clock });
  await ended(process.registry);
  delivery.before.set(SESSION, () => Promise.reject(new Error("once")));
  await wakes.pump();
  delivery.before.clear();
  clock.setNow(clock.now() - 3 * 86_400_000);
  await wakes.pump();
  assert.equal(delivery.got.length, 1);
});

Deno.test("a session whose delivery hangs does not hold up another one, and is aborted at the deadline", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  const { clock } = folder;
  await using wakes = wakesOf(process, delivery, { clock, deliveryTimeoutMs: 500 });
  await ended(process.registry);
  let aborted = false;
  delivery.before.set(SESSION, (signal) => {
    signal?.addEventListener("abort", () => aborted = true);
    return new Promise(() => {});
  });
  const hanging = wakes.pump();
  await ended(process.registry, OTHER_SESSION);
  await wakes.pump();
  assert.deepEqual(delivery.got.map(({ sessionId }) => sessionId), [OTHER_SESSION]);
  await clock.advanceAsync(500);
  await hanging;
  assert.equal(aborted, true);
  assert.match(wakes.pending()[0]?.error ?? "", /longer than 500 ms/);
});

Deno.test("a damaged wake is recorded as failed and does not hold up the next one", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  await using wakes = wakesOf(process, delivery);
  const damaged = await ended(process.registry);
  await process.connection.write(() =>
    process.connection.run("UPDATE task_wake SET body = '\"forged\"' WHERE task_id = ?", damaged)
  );
  await ended(process.registry);
  await wakes.pump();
  assert.equal(delivery.got.length, 1);
  assert.match(wakes.pending()[0]?.error ?? "", /does not match its hash/);
});

Deno.test("a wake whose noted error is damaged is delivered", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  await using wakes = wakesOf(process, delivery);
  await ended(process.registry);
  await process.connection.write(() => process.connection.run("UPDATE task_wake SET tries = 1, error = 'no JSON'"));
  assert.deepEqual(wakes.pending().map(({ error }) => error), [undefined]);
  await wakes.pump();
  assert.equal(delivery.got.length, 1);
});

Deno.test("a change is neither held up by the delivery of its wake nor failed by it", async () => {
  using folder = dataFolder();
  const delivery = new FakeDelivery();
  const target: { wakes?: TaskWakes } = {};
  const process = folder.open({ onWake: () => target.wakes?.kick() });
  await using wakes = wakesOf(process, delivery, { clock: folder.clock });
  target.wakes = wakes;
  delivery.before.set(SESSION, () => new Promise(() => {}));
  delivery.before.set(OTHER_SESSION, () => {
    throw new Error("broken");
  });
  await ended(process.registry);
  await ended(process.registry, OTHER_SESSION);
  await folder.clock.advanceAsync(0);
  assert.equal(delivery.calls.length, 2);
  assert.deepEqual(wakes.pending().map(({ error }) => error), [undefined, "broken"]);
});

Deno.test("start() delivers at once, and then what other processes leave", async () => {
  using folder = dataFolder();
  const [first, second] = [folder.open(), folder.open()];
  const delivery = new FakeDelivery();
  const { clock } = folder;
  await ended(second.registry);
  await using wakes = wakesOf(first, delivery, { clock });
  await using polling = wakes.start({ intervalMs: 1_000 });
  await clock.advanceAsync(0);
  assert.equal(delivery.got.length, 1);
  await ended(second.registry);
  await clock.advanceAsync(1_000);
  assert.equal(delivery.got.length, 2);
  await polling.shutdown();
  assert.equal(clock.pending, 0);
});

Deno.test("disposing aborts a running delivery and keeps its wake", async () => {
  using folder = dataFolder();
  const process = folder.open();
  const delivery = new FakeDelivery();
  const { clock } = folder;
  const wakes = wakesOf(process, delivery, { clock });
  await ended(process.registry);
  delivery.before.set(SESSION, () => new Promise(() => {}));
  const pumping = wakes.pump();
  await clock.advanceAsync(0);
  await wakes[Symbol.asyncDispose]();
  await pumping;
  await wakes.pump();
  assert.deepEqual([delivery.calls.length, clock.pending], [1, 0]);
  assert.deepEqual(wakes.pending().map(({ tries }) => tries), [0]);
});

Deno.test("a wake that is caused inside a turn is delivered outside of it", async () => {
  using folder = dataFolder();
  const turn = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const delivery = new FakeDelivery();
  delivery.before.set(SESSION, () => seen.push(turn.getStore()));
  const target: { wakes?: TaskWakes } = {};
  const process = folder.open({ onWake: () => target.wakes?.kick() });
  await using wakes = wakesOf(process, delivery);
  target.wakes = wakes;
  await turn.run("a turn", () => ended(process.registry));
  await folder.clock.advanceAsync(0);
  assert.deepEqual(seen, [undefined]);
});
