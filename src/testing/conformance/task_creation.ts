/** What every task registry must do when tasks are created, found and listed. */

import assert from "node:assert/strict";
import { idFromSeed, isId } from "../../records/ids.ts";
import type { SessionTaskRegistry } from "../../ports/task_registry.ts";
import { assertRefused } from "./assert_refused.ts";
import { check, checkShared, type SharedConformanceOptions } from "./conformance_options.ts";
import { namesOf, newMessage, newTask, ODD_TEXT, oddSpec, OTHER_SESSION, SESSION } from "./task_fixtures.ts";

const TASK = idFromSeed("task", 1);

/** Registers the checks. */
export function testTaskCreation(options: SharedConformanceOptions<SessionTaskRegistry>): void {
  check(options, "create() fills in an id, a state, an attempt and times", async (registry) => {
    const task = await registry.create(newTask());
    assert.ok(isId("task", task.id));
    assert.deepEqual(task, {
      id: task.id,
      sessionId: SESSION,
      kind: "background_tool",
      displayName: "Build",
      spec: {},
      state: "queued",
      artifacts: [],
      attempt: 1,
      links: { resourceIds: [] },
      wakePolicy: "silent",
      createdAt: task.createdAt,
      updatedAt: task.createdAt,
    });
    assert.ok(Number.isSafeInteger(task.createdAt));
  });

  check(options, "create() stores every member, and get() gives it back", async (registry) => {
    const created = await registry.create(newTask({
      id: TASK,
      kind: ODD_TEXT,
      displayName: ODD_TEXT,
      spec: oddSpec(),
      state: "running",
      wakePolicy: "on_activity",
      links: { childSessionId: OTHER_SESSION, remoteTaskId: ODD_TEXT, resourceIds: [ODD_TEXT, "b", "b"] },
      workerId: registry.workerId,
    }));
    assert.equal(created.id, TASK);
    assert.equal(created.kind, ODD_TEXT);
    assert.equal(created.displayName, ODD_TEXT);
    assert.deepEqual(created.spec, oddSpec());
    assert.equal(created.wakePolicy, "on_activity");
    assert.equal(created.workerId, registry.workerId);
    assert.deepEqual(created.links, {
      childSessionId: OTHER_SESSION,
      remoteTaskId: ODD_TEXT,
      resourceIds: [ODD_TEXT, "b"],
    });
    assert.deepEqual(await registry.get(SESSION, TASK), created);
    assert.deepEqual(await registry.list(SESSION), [created]);
  });

  check(options, "the secret of a webhook survives storage and an update", async (registry) => {
    const { id } = await registry.create(newTask({ spec: oddSpec() }));
    await registry.update(SESSION, id, { state: "running" });
    assert.deepEqual((await registry.get(SESSION, id))?.spec, oddSpec());
  });

  check(options, "a text of 10 MB is stored as it is", async (registry) => {
    const text = ODD_TEXT.repeat(Math.ceil(10_000_000 / ODD_TEXT.length));
    const { id } = await registry.create(newTask({ displayName: text }));
    await registry.update(SESSION, id, { summary: text });
    const task = await registry.get(SESSION, id);
    assert.ok(task?.displayName === text && task.summary === text);
  });

  check(options, "create() keeps a copy: changing the input later changes nothing", async (registry) => {
    const spec = { list: [1] };
    const creating = registry.create(newTask({ spec }));
    spec.list.push(2);
    const { id } = await creating;
    assert.deepEqual((await registry.get(SESSION, id))?.spec, { list: [1] });
  });

  check(options, "create() with the id of a stored task returns that one unchanged", async (registry) => {
    const first = await registry.create(newTask({ id: TASK }));
    const advanced = await registry.update(SESSION, TASK, { state: "running", stateDetail: "half way" });
    assert.deepEqual(await registry.create(newTask({ id: TASK, displayName: "Again", state: "failed" })), advanced);
    assert.deepEqual(await registry.get(SESSION, TASK), advanced);
    assert.equal((await registry.list(SESSION)).length, 1);
    assert.equal(first.state, "queued");
  });

  check(options, "of racing create() with one id one is stored, and all return it", async (registry) => {
    const names = ["a", "b", "c", "d"];
    const tasks = await Promise.all(names.map((displayName) => registry.create(newTask({ id: TASK, displayName }))));
    assert.equal(new Set(namesOf(tasks)).size, 1);
    assert.deepEqual(await registry.list(SESSION), [tasks[0]]);
  });

  check(options, "an id of a task of another session is refused, and that session sees nothing", async (registry) => {
    const task = await registry.create(newTask({ id: TASK }));
    await registry.recordMessage(SESSION, TASK, newMessage("mine"));
    await assertRefused(registry.create(newTask({ id: TASK, sessionId: OTHER_SESSION })), "task_conflict");
    assert.equal(await registry.get(OTHER_SESSION, TASK), undefined);
    assert.equal(await registry.update(OTHER_SESSION, TASK, { state: "failed" }), undefined);
    assert.equal(await registry.requestCancel(OTHER_SESSION, TASK), undefined);
    assert.deepEqual(await registry.listMessages(OTHER_SESSION, TASK), []);
    await assertRefused(registry.recordMessage(OTHER_SESSION, TASK, newMessage("theirs")), "task_not_found");
    assert.deepEqual(await registry.list(OTHER_SESSION), []);
    assert.deepEqual(await registry.get(SESSION, TASK), task);
    assert.equal((await registry.listMessages(SESSION, TASK)).length, 1);
  });

  check(options, "a task that is not there is undefined everywhere, whatever its id looks like", async (registry) => {
    await registry.create(newTask({ id: TASK }));
    for (const id of [idFromSeed("task", 2), "task_x", `${TASK}\u0000`, "__proto__", ""]) {
      assert.equal(await registry.get(SESSION, id as typeof TASK), undefined);
      assert.equal(await registry.update(SESSION, id as typeof TASK, { state: "failed" }), undefined);
      assert.equal(await registry.requestCancel(SESSION, id as typeof TASK), undefined);
      assert.deepEqual(await registry.listMessages(SESSION, id as typeof TASK, { after: "tmsg_x" }), []);
      await assertRefused(registry.recordMessage(SESSION, id as typeof TASK, newMessage("x")), "task_not_found");
    }
    assert.equal((await registry.get(SESSION, TASK))?.state, "queued");
  });

  check(options, "a task may begin in any state and gets the times of it", async (registry) => {
    const running = await registry.create(newTask({ state: "running" }));
    assert.equal(running.startedAt, running.createdAt);
    assert.equal(running.finishedAt, undefined);
    const done = await registry.create(newTask({ state: "succeeded" }));
    assert.equal(done.startedAt, done.createdAt);
    assert.equal(done.finishedAt, done.createdAt);
  });

  check(options, "list() keeps the order of creation and filters by kind, by state and by both", async (registry) => {
    const kinds = ["monitor", "subagent", "monitor"];
    for (const [at, kind] of kinds.entries()) await registry.create(newTask({ kind, displayName: `${at}` }));
    await registry.create(newTask({ sessionId: OTHER_SESSION, kind: "monitor" }));
    const [first] = await registry.list(SESSION);
    assert.ok(first !== undefined);
    await registry.update(SESSION, first.id, { state: "running" });
    assert.deepEqual(namesOf(await registry.list(SESSION)), ["0", "1", "2"]);
    assert.deepEqual(namesOf(await registry.list(SESSION, { kind: "monitor" })), ["0", "2"]);
    assert.deepEqual(namesOf(await registry.list(SESSION, { state: "queued" })), ["1", "2"]);
    assert.deepEqual(namesOf(await registry.list(SESSION, { kind: "monitor", state: "queued" })), ["2"]);
    assert.deepEqual(namesOf(await registry.list(SESSION, { kind: "monitor\u0000" })), []);
  });

  const refused: readonly (readonly [what: string, change: object])[] = [
    ["a state there is not", { state: "done" }],
    ["a policy there is not", { wakePolicy: "always" }],
    ["a spec that is not an object", { spec: [] }],
    ["a spec with a function", { spec: { run: () => {} } }],
    ["a spec with NaN", { spec: { n: NaN } }],
    ["a spec with a date", { spec: { at: new Date(0) } }],
    ["a name that is not text", { displayName: 7 }],
    ["an empty kind", { kind: "" }],
    ["an id of another kind", { id: SESSION }],
    ["a session that is none", { sessionId: "session_x" }],
  ];
  for (const [what, change] of refused) {
    check(options, `create() refuses ${what}`, async (registry) => {
      await assert.rejects(registry.create({ ...newTask(), ...change }), TypeError);
      assert.deepEqual(await registry.list(SESSION), []);
    });
  }

  checkShared(options, "of create() with one id in two instances one is stored", async (first, second) => {
    const tasks = await Promise.all([
      first.create(newTask({ id: TASK, displayName: "first" })),
      second.create(newTask({ id: TASK, displayName: "second" })),
    ]);
    assert.deepEqual(tasks[0], tasks[1]);
    assert.deepEqual(await first.list(SESSION), [tasks[0]]);
    assert.deepEqual(await second.list(SESSION), [tasks[0]]);
  });

  checkShared(
    options,
    "another instance sees state, detail and thread, and can finish the task",
    async (first, second) => {
      const { id } = await first.create(newTask());
      await first.update(SESSION, id, { state: "running", stateDetail: "half way" });
      await first.recordMessage(SESSION, id, newMessage("hello", { direction: "outbound" }));
      const seen = await second.get(SESSION, id);
      assert.deepEqual([seen?.state, seen?.stateDetail], ["running", "half way"]);
      assert.equal((await second.listMessages(SESSION, id)).length, 1);
      const done = await second.update(SESSION, id, { state: "succeeded", summary: "done" });
      assert.deepEqual(await first.get(SESSION, id), done);
    },
  );
}
