/** What every task registry must do when tasks change. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../records/ids.ts";
import type { TaskState } from "../../records/task.ts";
import type { SessionTaskRegistry, TaskUpdate } from "../../ports/task_registry.ts";
import { check, checkShared, type SharedConformanceOptions } from "./conformance_options.ts";
import { newMessage, newTask, ODD_TEXT, OTHER_SESSION, SESSION } from "./task_fixtures.ts";

const FINAL: readonly TaskState[] = ["succeeded", "failed", "canceled"];

/** Registers the checks. */
export function testTaskUpdates(options: SharedConformanceOptions<SessionTaskRegistry>): void {
  check(options, "update() sets every plain member, which get() gives back", async (registry) => {
    const { id } = await registry.create(newTask());
    const change = {
      state: "failed",
      stateDetail: ODD_TEXT,
      progress: { current: 1, total: 2, unit: ODD_TEXT },
      summary: ODD_TEXT,
      resultPath: ODD_TEXT,
      artifacts: [{ name: ODD_TEXT, type: "file", path: ODD_TEXT }, { name: "b", type: "link", url: ODD_TEXT }],
      error: { kind: ODD_TEXT, message: ODD_TEXT },
      workerId: ODD_TEXT,
      heartbeatAt: 1_750_000_000_000,
    } satisfies TaskUpdate;
    const updated = await registry.update(SESSION, id, change);
    assert.deepEqual({ ...updated, ...change }, updated);
    assert.deepEqual(await registry.get(SESSION, id), updated);
  });

  check(options, "update() leaves what it does not name", async (registry) => {
    const before = await registry.create(newTask({ workerId: "w", links: { remoteTaskId: "r" } }));
    await registry.update(SESSION, before.id, { summary: "so far" });
    const after = await registry.update(SESSION, before.id, { stateDetail: "on it" });
    assert.deepEqual(after, { ...before, summary: "so far", stateDetail: "on it", updatedAt: after?.updatedAt });
  });

  check(options, "a task gets startedAt when it leaves the queue and finishedAt when it ends", async (registry) => {
    const { id, startedAt } = await registry.create(newTask());
    assert.equal(startedAt, undefined);
    const running = await registry.update(SESSION, id, { state: "running" });
    assert.ok(running?.startedAt !== undefined && running.finishedAt === undefined);
    const done = await registry.update(SESSION, id, { state: "succeeded" });
    assert.equal(done?.startedAt, running.startedAt);
    assert.ok(done?.finishedAt !== undefined);
  });

  for (const state of FINAL) {
    check(options, `a task that is ${state} drops a change to another state as a whole`, async (registry) => {
      const { id } = await registry.create(newTask());
      const ended = await registry.update(SESSION, id, { state });
      for (const other of ["running", "awaiting_input", ...FINAL.filter((one) => one !== state)] as const) {
        assert.deepEqual(await registry.update(SESSION, id, { state: other, summary: "late" }), ended);
      }
      assert.deepEqual(await registry.get(SESSION, id), ended);
    });

    check(options, `a task that is ${state} takes content with its own state or none`, async (registry) => {
      const { id } = await registry.create(newTask());
      const ended = await registry.update(SESSION, id, { state });
      await registry.update(SESSION, id, { summary: "late" });
      const task = await registry.update(SESSION, id, { state, resultPath: "/out" });
      assert.deepEqual([task?.summary, task?.resultPath, task?.state], ["late", "/out", state]);
      assert.equal(task?.finishedAt, ended?.finishedAt);
    });

    check(options, `requestCancel() and a question change nothing of a task that is ${state}`, async (registry) => {
      const { id } = await registry.create(newTask());
      const ended = await registry.update(SESSION, id, { state });
      assert.deepEqual(await registry.requestCancel(SESSION, id), ended);
      const asked = await registry.update(SESSION, id, { inputRequest: { id: "q", prompt: "?" } });
      assert.deepEqual([asked?.state, asked?.inputRequest], [state, undefined]);
    });
  }

  check(options, "requestCancel() notes the first wish and keeps the state", async (registry) => {
    const { id } = await registry.create(newTask({ state: "running" }));
    const first = await registry.requestCancel(SESSION, id);
    assert.ok(first?.cancelRequestedAt !== undefined);
    assert.equal(first.state, "running");
    const second = await registry.requestCancel(SESSION, id);
    assert.equal(second?.cancelRequestedAt, first.cancelRequestedAt);
    assert.deepEqual(await registry.get(SESSION, id), second);
  });

  check(options, "a question makes the task wait, and its answer lets it run on in the same act", async (registry) => {
    const { id } = await registry.create(newTask({ state: "running" }));
    const inputRequest = { id: ODD_TEXT, prompt: ODD_TEXT, expected: { oneOf: [ODD_TEXT] } };
    const asking = await registry.update(SESSION, id, { inputRequest });
    assert.equal(asking?.state, "awaiting_input");
    assert.deepEqual(asking.inputRequest, inputRequest);
    await registry.recordMessage(SESSION, id, newMessage("yes", { inReplyTo: ODD_TEXT }));
    const answered = await registry.get(SESSION, id);
    assert.deepEqual([answered?.state, answered?.inputRequest], ["running", undefined]);
  });

  check(options, "a change for another attempt is dropped, one for the present attempt is not", async (registry) => {
    const { id } = await registry.create(newTask({ state: "running", workerId: "old" }));
    const second = await registry.update(SESSION, id, { incrementAttempt: true, workerId: "new" });
    assert.deepEqual([second?.attempt, second?.workerId], [2, "new"]);
    assert.deepEqual(await registry.update(SESSION, id, { expectedAttempt: 1, state: "failed" }), second);
    assert.equal((await registry.update(SESSION, id, { expectedAttempt: 2, state: "failed" }))?.state, "failed");
  });

  check(options, "artifacts are replaced and added to, links are united", async (registry) => {
    const { id } = await registry.create(newTask({ links: { resourceIds: ["a"] } }));
    const artifact = (name: string) => ({ name, type: "file" });
    await registry.update(SESSION, id, { artifacts: [artifact("a")], appendArtifact: artifact("b") });
    await registry.update(SESSION, id, { appendArtifact: artifact("c"), links: { childSessionId: OTHER_SESSION } });
    const task = await registry.update(SESSION, id, { links: { remoteTaskId: "r", resourceIds: ["b", "a"] } });
    assert.deepEqual(task?.artifacts, ["a", "b", "c"].map(artifact));
    assert.deepEqual(task?.links, { childSessionId: OTHER_SESSION, remoteTaskId: "r", resourceIds: ["a", "b"] });
  });

  check(options, "concurrent changes of a task lose nothing", async (registry) => {
    const { id } = await registry.create(newTask());
    await Promise.all(Array.from({ length: 50 }, () => registry.update(SESSION, id, { incrementAttempt: true })));
    assert.equal((await registry.get(SESSION, id))?.attempt, 51);
  });

  const refused: readonly (readonly [what: string, change: object])[] = [
    ["a state there is not", { state: "done" }],
    ["progress that is not JSON", { progress: { done: () => {} } }],
    ["a summary that is not text", { summary: 7 }],
    ["artifacts that are no list", { artifacts: {} }],
    ["a heartbeat that is no time", { heartbeatAt: NaN }],
    ["an attempt that is none", { expectedAttempt: 0 }],
  ];
  for (const [what, change] of refused) {
    check(options, `update() refuses ${what}, also for a task that is not there`, async (registry) => {
      const task = await registry.create(newTask());
      await assert.rejects(registry.update(SESSION, task.id, change), TypeError);
      await assert.rejects(registry.update(SESSION, idFromSeed("task", 9), change), TypeError);
      assert.deepEqual(await registry.get(SESSION, task.id), task);
    });
  }

  checkShared(options, "concurrent changes in two instances lose nothing", async (first, second) => {
    const { id } = await first.create(newTask());
    const changes = Array.from({ length: 100 }, (_, at) => {
      const registry = at % 2 === 0 ? first : second;
      return registry.update(SESSION, id, { appendArtifact: { name: `${at}`, type: "file" }, incrementAttempt: true });
    });
    await Promise.all(changes);
    const task = await first.get(SESSION, id);
    assert.equal(task?.attempt, 101);
    assert.equal(new Set(task.artifacts.map(({ name }) => name)).size, 100);
    assert.deepEqual(await second.get(SESSION, id), task);
  });

  checkShared(options, "of two instances that end a task one decides how", async (first, second) => {
    const { id } = await first.create(newTask({ state: "running" }));
    const results = await Promise.all([
      first.update(SESSION, id, { state: "succeeded" }),
      second.update(SESSION, id, { state: "failed" }),
    ]);
    assert.deepEqual(results[0], results[1]);
    assert.deepEqual(await first.get(SESSION, id), results[0]);
  });
}
