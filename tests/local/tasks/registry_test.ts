/** Tasks in `local.db`: what a process leaves behind, damaged rows, and the lock of a worker. */

import assert from "node:assert/strict";
import { CorruptRecordError } from "../../../local/errors.ts";
import { LocalSessionTaskRegistry } from "../../../local/tasks/registry.ts";
import { RuntimeClosedError } from "../../../src/errors.ts";
import type { TaskId } from "../../../src/records/ids.ts";
import { newMessage, newTask, textsOf } from "../../../src/testing/conformance/task_fixtures.ts";
import { dataFolder, type Process, SESSION } from "./_support.ts";

Deno.test("a task written by a process that is gone is found by the next one, which can finish it", async () => {
  using folder = dataFolder();
  const first = folder.open();
  const { id } = await first.registry.create(newTask());
  await first.registry.update(SESSION, id, { state: "running", stateDetail: "half way" });
  await first.registry.recordMessage(SESSION, id, newMessage("hello"));
  first.die();
  const second = folder.open();
  const found = await second.registry.get(SESSION, id);
  assert.deepEqual([found?.state, found?.stateDetail], ["running", "half way"]);
  assert.deepEqual(await textsOf(second.registry, found!), ["hello"]);
  assert.equal((await second.registry.update(SESSION, id, { state: "succeeded" }))?.state, "succeeded");
});

Deno.test("a member the runtime does not know survives in a stored record", async () => {
  using folder = dataFolder();
  const { registry } = folder.open();
  const { id } = await registry.create(newTask({ spec: { future: { deep: [1] } } }));
  await registry.update(SESSION, id, { stateDetail: "x" });
  assert.deepEqual((await registry.get(SESSION, id))?.spec, { future: { deep: [1] } });
});

Deno.test("times come from the clock that was given", async () => {
  using folder = dataFolder();
  const { registry } = folder.open();
  const task = await registry.create(newTask());
  assert.equal(task.createdAt, folder.clock.now());
  folder.clock.advance(5);
  const running = await registry.update(SESSION, task.id, { state: "running" });
  folder.clock.advance(5);
  const done = await registry.update(SESSION, task.id, { state: "succeeded" });
  assert.deepEqual([running?.startedAt, done?.finishedAt], [task.createdAt + 5, task.createdAt + 10]);
});

Deno.test("an answer and the resume it causes are stored by one transaction", async () => {
  using folder = dataFolder();
  const { connection, registry } = folder.open();
  const { id } = await registry.create(newTask({ state: "running" }));
  await registry.update(SESSION, id, { inputRequest: { id: "q", prompt: "?" } });
  await connection.write(() =>
    connection.run("CREATE TRIGGER no_update BEFORE UPDATE ON task BEGIN SELECT RAISE(ABORT, 'disk'); END")
  );
  await assert.rejects(registry.recordMessage(SESSION, id, newMessage("yes", { inReplyTo: "q" })));
  assert.deepEqual(await registry.listMessages(SESSION, id), []);
  assert.equal((await registry.get(SESSION, id))?.state, "awaiting_input");
});

Deno.test("the end of a task and the wake it causes are stored by one transaction", async () => {
  using folder = dataFolder();
  const { connection, registry } = folder.open();
  const { id } = await registry.create(newTask({ state: "running", wakePolicy: "on_terminal" }));
  await connection.write(() =>
    connection.run("CREATE TRIGGER no_wake BEFORE INSERT ON task_wake BEGIN SELECT RAISE(ABORT, 'disk'); END")
  );
  await assert.rejects(registry.update(SESSION, id, { state: "succeeded" }));
  assert.equal((await registry.get(SESSION, id))?.state, "running");
});

const damages: readonly (readonly [what: string, sql: string])[] = [
  ["a changed body", "UPDATE task SET body = replace(body, 'damaged', 'Damaged') WHERE id = ?"],
  ["a cut body", "UPDATE task SET body = substr(body, 1, 20) WHERE id = ?"],
  ["a damaged hash", "UPDATE task SET hash = '00' WHERE id = ?"],
];
for (const [what, sql] of damages) {
  Deno.test(`a task with ${what} fails only reads of itself`, async () => {
    using folder = dataFolder();
    const { connection, registry } = folder.open();
    const good = await registry.create(newTask({ displayName: "good" }));
    const { id } = await registry.create(newTask({ displayName: "damaged" }));
    await connection.write(() => connection.run(sql, id));
    await assert.rejects(registry.get(SESSION, id), CorruptRecordError);
    await assert.rejects(registry.update(SESSION, id, { state: "failed" }), CorruptRecordError);
    await assert.rejects(registry.create(newTask({ id })), CorruptRecordError);
    assert.deepEqual(await registry.get(SESSION, good.id), good);
    assert.deepEqual(await registry.list(SESSION), [good]);
  });
}

Deno.test("a damaged message fails only reads of its thread", async () => {
  using folder = dataFolder();
  const { connection, registry } = folder.open();
  const task = await registry.create(newTask());
  const other = await registry.create(newTask());
  for (const { id } of [task, other]) await registry.recordMessage(SESSION, id, newMessage("hello"));
  await connection.write(() =>
    connection.run("UPDATE task_message SET body = replace(body, 'hello', 'jello') WHERE task_id = ?", task.id)
  );
  await assert.rejects(registry.listMessages(SESSION, task.id), CorruptRecordError);
  assert.deepEqual(await textsOf(registry, other), ["hello"]);
  assert.deepEqual(await registry.get(SESSION, task.id), task);
});

Deno.test("an error about a damaged task does not show its secrets", async () => {
  using folder = dataFolder();
  const { connection, registry } = folder.open();
  const { id } = await registry.create(newTask({ spec: { push_configs: [{ secret: "whsec-hidden" }] } }));
  await connection.write(() => connection.run("UPDATE task SET body = body || ' ' WHERE id = ?", id));
  await assert.rejects(registry.get(SESSION, id), (error) => !Deno.inspect(error).includes("whsec-hidden"));
});

Deno.test("the lock of the worker is held before its id enters a row, and only when it does", async () => {
  using folder = dataFolder();
  const { owners, registry } = folder.open();
  const reader = folder.open();
  const { id } = await registry.create(newTask({ workerId: "outside" }));
  assert.equal(owners.isOurs(registry.workerId), false);
  const updating = registry.update(SESSION, id, { workerId: registry.workerId });
  assert.equal(reader.owners.isAlive(registry.workerId), true);
  assert.equal((await updating)?.workerId, registry.workerId);
  await registry.create(newTask({ workerId: registry.workerId }));
  registry[Symbol.dispose]();
  assert.equal(reader.owners.isAlive(registry.workerId), false);
});

Deno.test("no row names a worker whose lock cannot be had", async () => {
  using folder = dataFolder();
  const { registry } = folder.open({ workerId: "../outside" });
  await assert.rejects(registry.create(newTask({ workerId: "../outside" })), TypeError);
  assert.deepEqual(await registry.list(SESSION), []);
});

Deno.test("a disposed registry does not name its worker again: it was declared dead", async () => {
  using folder = dataFolder();
  const { registry } = folder.open();
  const { id } = await registry.create(newTask({ workerId: registry.workerId }));
  registry[Symbol.dispose]();
  await assert.rejects(registry.create(newTask({ workerId: registry.workerId })), RuntimeClosedError);
  await assert.rejects(registry.update(SESSION, id, { workerId: registry.workerId }), RuntimeClosedError);
});

Deno.test("a worker that the host connected itself is not disconnected by the registry", async () => {
  using folder = dataFolder();
  const { owners, registry } = folder.open();
  owners.connect(registry.workerId);
  await registry.create(newTask({ workerId: registry.workerId }));
  registry[Symbol.dispose]();
  assert.equal(owners.isAlive(registry.workerId), true);
});

Deno.test("whoever is told about a wake cannot make the change fail", async () => {
  using folder = dataFolder();
  let told = 0;
  const { registry } = folder.open({
    onWake: () => {
      told++;
      throw new Error("listener");
    },
  });
  const { id } = await registry.create(newTask({ state: "running", wakePolicy: "on_terminal" }));
  assert.equal((await registry.update(SESSION, id, { progress: 1 }))?.state, "running");
  assert.equal(told, 0);
  assert.equal((await registry.update(SESSION, id, { state: "succeeded" }))?.state, "succeeded");
  assert.equal(told, 1);
});

Deno.test("what was changed is found again when a commit leaves open whether it is stored", async () => {
  using folder = dataFolder();
  const { registry } = folder.open();
  const verified = await verifiedResults(folder.open());
  const stored = await registry.get(SESSION, verified.created as TaskId);
  assert.equal(stored?.summary, "done");
  assert.deepEqual(verified.updated, stored);
  assert.equal((await registry.listMessages(SESSION, stored!.id))[0]?.id, verified.message);
});

/** Does each kind of change through a connection whose commits are always in doubt. */
async function verifiedResults(process: Process): Promise<{ created: string; updated: unknown; message: string }> {
  const { connection } = process;
  const doubtful = new Proxy(connection, {
    get(target, name): unknown {
      if (name === "write") {
        return async (apply: () => unknown, options: { verify?: () => unknown }) => {
          await target.write(apply);
          const found = options.verify?.();
          assert.notEqual(found, undefined);
          return found;
        };
      }
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const registry = new LocalSessionTaskRegistry({ connection: doubtful, owners: process.owners, workerId: "w" });
  const { id } = await registry.create(newTask());
  const message = await registry.recordMessage(SESSION, id, newMessage("hi"));
  return { created: id, updated: await registry.update(SESSION, id, { summary: "done" }), message: message.id };
}
