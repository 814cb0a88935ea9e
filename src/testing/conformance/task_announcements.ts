/** What every task registry that is bound to a session host must tell it. */

import assert from "node:assert/strict";
import type { Announcement } from "../../ports/session_host.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import type { SessionId } from "../../records/ids.ts";
import { check, type SharedConformanceOptions } from "./conformance_options.ts";
import { newMessage, newTask, SESSION } from "./task_fixtures.ts";

/** Registers the checks; they pass for a registry without `bind(host)`. */
export function testTaskAnnouncements(options: SharedConformanceOptions<SessionTaskRegistry>): void {
  check(options, "a bound host is told of each new task, change and message, as they are stored", async (registry) => {
    const told: Announcement[] = [];
    if (
      !bind(registry, (sessionId, announcement) => {
        assert.equal(sessionId, SESSION);
        told.push(announcement);
      })
    ) return;
    const task = await registry.create(newTask({ state: "running" }));
    const asking = await registry.update(SESSION, task.id, { inputRequest: { id: "q", prompt: "Which?" } });
    const question = await registry.recordMessage(SESSION, task.id, newMessage("Which?", { direction: "outbound" }));
    const answer = await registry.recordMessage(SESSION, task.id, newMessage("This.", { inReplyTo: "q" }));
    const running = await registry.get(SESSION, task.id);
    const wished = await registry.requestCancel(SESSION, task.id);
    const ended = await registry.update(SESSION, task.id, { state: "canceled" });
    const { id: taskId } = task;
    assert.deepEqual(told, [
      { type: "task.created", task },
      { type: "task.updated", task: asking },
      { type: "task.message.received", taskId, message: question },
      { type: "task.message.sent", taskId, message: answer },
      { type: "task.updated", task: running },
      { type: "task.updated", task: wished },
      { type: "task.updated", task: ended },
    ]);
  });

  check(options, "a bound host is not told of what was not stored", async (registry) => {
    const task = await registry.create(newTask());
    await registry.update(SESSION, task.id, { state: "succeeded" });
    const told: Announcement[] = [];
    bind(registry, (_, announcement) => told.push(announcement));
    await registry.create(newTask({ id: task.id }));
    await registry.update(SESSION, task.id, { state: "failed" });
    await registry.update(SESSION, task.id, { expectedAttempt: 7, summary: "late" });
    await registry.requestCancel(SESSION, task.id);
    const refused = newMessage("late", { expectedAttempt: 7 });
    await assert.rejects(registry.recordMessage(SESSION, task.id, refused));
    assert.deepEqual(told, []);
  });

  check(options, "a bound host is told of concurrent changes in their order", async (registry) => {
    const { id } = await registry.create(newTask({ state: "running" }));
    const told: Announcement[] = [];
    const isBound = bind(registry, (_, announcement) => told.push(announcement));
    const changes: Promise<unknown>[] = [];
    for (let step = 0; step < 20; step++) {
      changes.push(registry.update(SESSION, id, { progress: step }));
      changes.push(registry.requestCancel(SESSION, id));
      changes.push(registry.recordMessage(SESSION, id, newMessage(`${step}`)));
    }
    await Promise.all(changes);
    if (!isBound) return;
    const steps = told.map((one) => "task" in one ? one.task.progress : one.type);
    assert.deepEqual(
      steps,
      Array.from({ length: 20 }, (_, step) => [step, step, "task.message.sent"]).flat(),
    );
  });

  check(options, "a host that throws when it is told fails no change", async (registry) => {
    bind(registry, () => {
      throw new Error("nobody listens");
    });
    const { id } = await registry.create(newTask());
    await registry.update(SESSION, id, { state: "succeeded", summary: "done" });
    await registry.recordMessage(SESSION, id, newMessage("well done"));
    assert.equal((await registry.get(SESSION, id))?.summary, "done");
    assert.equal((await registry.listMessages(SESSION, id)).length, 1);
  });
}

/** Binds a host that only takes announcements; false when the registry takes none. */
function bind(
  registry: SessionTaskRegistry,
  announce: (sessionId: SessionId, announcement: Announcement) => void,
): boolean {
  if (!("bind" in registry) || typeof registry.bind !== "function") return false;
  registry.bind({ announce });
  return true;
}
