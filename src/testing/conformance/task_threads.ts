/** What every task registry must do with the messages of a task. */

import assert from "node:assert/strict";
import { idFromSeed, isId } from "../../records/ids.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import { assertRefused } from "./assert_refused.ts";
import { check, checkShared, type SharedConformanceOptions } from "./conformance_options.ts";
import { newMessage, newTask, ODD_TEXT, SESSION, textsOf } from "./task_fixtures.ts";

/** Registers the checks. */
export function testTaskThreads(options: SharedConformanceOptions<SessionTaskRegistry>): void {
  check(options, "recordMessage() stores every member, and listMessages() gives it back", async (registry) => {
    const { id } = await registry.create(newTask());
    const content = [{ type: "text", text: ODD_TEXT }, { type: "data", data: { list: [ODD_TEXT, null] } }] as const;
    const message = await registry.recordMessage(SESSION, id, { direction: "outbound", content, inReplyTo: ODD_TEXT });
    assert.ok(isId("tmsg", message.id));
    assert.deepEqual(message, {
      id: message.id,
      taskId: id,
      direction: "outbound",
      content,
      inReplyTo: ODD_TEXT,
      createdAt: message.createdAt,
    });
    assert.deepEqual(await registry.listMessages(SESSION, id), [message]);
  });

  check(options, "listMessages() keeps the order, and begins after a cursor", async (registry) => {
    const task = await registry.create(newTask());
    const ids: string[] = [];
    for (const text of ["a", "b", "c", "d"]) {
      ids.push((await registry.recordMessage(SESSION, task.id, newMessage(text))).id);
    }
    const [first = "", second = "", , last = ""] = ids;
    assert.deepEqual(await textsOf(registry, task), ["a", "b", "c", "d"]);
    assert.deepEqual(await textsOf(registry, task, { after: second }), ["c", "d"]);
    assert.deepEqual(await textsOf(registry, task, { after: first, limit: 2 }), ["b", "c"]);
    assert.deepEqual(await textsOf(registry, task, { after: last }), []);
  });

  check(options, "listMessages() with a limit gives the newest, oldest first", async (registry) => {
    const task = await registry.create(newTask());
    for (let at = 0; at < 25; at++) await registry.recordMessage(SESSION, task.id, newMessage(`${at}`));
    assert.deepEqual(await textsOf(registry, task, { limit: 1 }), ["24"]);
    assert.deepEqual(await textsOf(registry, task, { limit: 3 }), ["22", "23", "24"]);
    assert.equal((await textsOf(registry, task, { limit: 100 })).length, 25);
    assert.deepEqual(await textsOf(registry, task, { limit: 0 }), []);
    await assert.rejects(registry.listMessages(SESSION, task.id, { limit: -1 }), RangeError);
    await assert.rejects(registry.listMessages(SESSION, task.id, { limit: 1.5 }), RangeError);
  });

  check(options, "listMessages() refuses a cursor that is not in this thread", async (registry) => {
    const task = await registry.create(newTask());
    const other = await registry.create(newTask());
    await registry.recordMessage(SESSION, task.id, newMessage("mine"));
    const foreign = await registry.recordMessage(SESSION, other.id, newMessage("other"));
    for (const after of [foreign.id, idFromSeed("tmsg", 9), "", `${foreign.id}\u0000`]) {
      await assertRefused(registry.listMessages(SESSION, task.id, { after }), "cursor_unknown");
    }
  });

  check(options, "an answer to another question is stored and changes nothing", async (registry) => {
    const { id } = await registry.create(newTask({ state: "running" }));
    const asking = await registry.update(SESSION, id, { inputRequest: { id: "q2", prompt: "Which?" } });
    await registry.recordMessage(SESSION, id, newMessage("late", { inReplyTo: "q1" }));
    await registry.recordMessage(SESSION, id, newMessage("no answer"));
    await registry.recordMessage(SESSION, id, newMessage("own", { direction: "outbound", inReplyTo: "q2" }));
    assert.deepEqual(await registry.get(SESSION, id), asking);
    assert.equal((await registry.listMessages(SESSION, id)).length, 3);
  });

  check(options, "a message for another attempt is refused and not stored", async (registry) => {
    const { id } = await registry.create(newTask());
    await registry.update(SESSION, id, { incrementAttempt: true });
    const refused = registry.recordMessage(SESSION, id, newMessage("old", { expectedAttempt: 1 }));
    await assertRefused(refused, "task_attempt_stale");
    await registry.recordMessage(SESSION, id, newMessage("new", { expectedAttempt: 2 }));
    assert.equal((await registry.listMessages(SESSION, id)).length, 1);
  });

  check(options, "recordMessage() refuses a message that is none", async (registry) => {
    const { id } = await registry.create(newTask());
    const bad: readonly object[] = [
      { direction: "sideways" },
      { content: "text" },
      { content: [{ type: "image" }] },
      { content: [{ type: "text", text: 7 }] },
      { content: [{ type: "data", data: undefined }] },
    ];
    for (const change of bad) {
      await assert.rejects(registry.recordMessage(SESSION, id, { ...newMessage("x"), ...change }), TypeError);
    }
    assert.deepEqual(await registry.listMessages(SESSION, id), []);
  });

  check(options, "concurrent messages are all stored, each once", async (registry) => {
    const task = await registry.create(newTask());
    const texts = Array.from({ length: 50 }, (_, at) => `${at}`);
    await Promise.all(texts.map((text) => registry.recordMessage(SESSION, task.id, newMessage(text))));
    assert.deepEqual((await textsOf(registry, task)).sort(), texts.toSorted());
  });

  checkShared(options, "messages of two instances share one thread in one order", async (first, second) => {
    const task = await first.create(newTask());
    for (let at = 0; at < 10; at++) {
      await (at % 2 === 0 ? first : second).recordMessage(SESSION, task.id, newMessage(`${at}`));
    }
    const texts = Array.from({ length: 10 }, (_, at) => `${at}`);
    assert.deepEqual(await textsOf(first, task), texts);
    assert.deepEqual(await textsOf(second, task), texts);
  });

  checkShared(options, "of answers in two instances both are stored, and the task runs on", async (first, second) => {
    const { id } = await first.create(newTask({ state: "running" }));
    await first.update(SESSION, id, { inputRequest: { id: "q", prompt: "?" } });
    await Promise.all([
      first.recordMessage(SESSION, id, newMessage("one", { inReplyTo: "q" })),
      second.recordMessage(SESSION, id, newMessage("two", { inReplyTo: "q" })),
    ]);
    assert.equal((await first.get(SESSION, id))?.state, "running");
    assert.equal((await second.listMessages(SESSION, id)).length, 2);
  });
}
