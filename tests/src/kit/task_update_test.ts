import assert from "node:assert/strict";
import fc from "fast-check";
import { isFinalState, taskStates } from "../../../src/kit/task_state.ts";
import { applyTaskUpdate, newTaskRecord, requestTaskCancel, taskTransition } from "../../../src/kit/task_update.ts";
import type { NewTask, TaskUpdate } from "../../../src/ports/task_registry.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { SessionTask, TaskState } from "../../../src/records/task.ts";

const SESSION = idFromSeed("session", 1);
const NOW = 1_000;
const LATER = 2_000;
const QUESTION = { id: "q", prompt: "Which?" };

function task(change: Partial<NewTask> = {}): SessionTask {
  const input = { sessionId: SESSION, kind: "monitor", displayName: "Watch", ...change };
  return newTaskRecord(input, { id: idFromSeed("task", 1), now: NOW });
}

function asking(): SessionTask {
  return applyTaskUpdate(task({ state: "running" }), { inputRequest: QUESTION }, NOW);
}

for (const state of taskStates()) {
  Deno.test(`a task that begins ${state} has the times of that state`, () => {
    const { startedAt, finishedAt } = task({ state });
    assert.equal(startedAt, state === "queued" ? undefined : NOW);
    assert.equal(finishedAt, isFinalState(state) ? NOW : undefined);
  });
}

Deno.test("newTaskRecord() prefers the id it is given", () => {
  assert.equal(task({ id: idFromSeed("task", 7) }).id, idFromSeed("task", 7));
});

const FINAL: readonly TaskState[] = taskStates().filter(isFinalState);
const LIVE: readonly TaskState[] = taskStates().filter((state) => !isFinalState(state));

for (const from of LIVE) {
  for (const to of taskStates()) {
    if (from === to) continue;
    Deno.test(`a task goes from ${from} to ${to} and gets the times of that once`, () => {
      const before = from === "awaiting_input" ? asking() : task({ state: from });
      const after = applyTaskUpdate(before, { state: to }, LATER);
      assert.equal(after.state, to);
      assert.equal(after.startedAt, before.startedAt ?? LATER);
      assert.equal(after.finishedAt, isFinalState(to) ? LATER : undefined);
      assert.equal(after.inputRequest, undefined);
      assert.equal(after.updatedAt, LATER);
    });
  }
}

for (const from of FINAL) {
  for (const to of taskStates()) {
    if (from === to) continue;
    Deno.test(`a task that is ${from} drops a change to ${to} with everything in it`, () => {
      const before = task({ state: from });
      const update: TaskUpdate = { state: to, summary: "late", incrementAttempt: true, workerId: "w" };
      assert.equal(applyTaskUpdate(before, update, LATER), before);
    });
  }

  Deno.test(`a task that is ${from} takes content without a state or with its own`, () => {
    const before = task({ state: from });
    const after = applyTaskUpdate(
      applyTaskUpdate(before, { summary: "a" }, LATER),
      { state: from, resultPath: "b" },
      LATER,
    );
    assert.deepEqual(after, { ...before, summary: "a", resultPath: "b", updatedAt: LATER });
  });

  Deno.test(`a task that is ${from} keeps neither a question nor the wish to cancel it`, () => {
    const before = task({ state: from });
    assert.deepEqual(applyTaskUpdate(before, { inputRequest: QUESTION }, LATER), { ...before, updatedAt: LATER });
    assert.equal(requestTaskCancel(before, LATER), before);
  });
}

Deno.test("a change for another attempt is dropped before anything else is looked at", () => {
  const before = task({ state: "running" });
  const update: TaskUpdate = { expectedAttempt: 2, state: "failed", incrementAttempt: true, inputRequest: QUESTION };
  assert.equal(applyTaskUpdate(before, update, LATER), before);
});

Deno.test("incrementAttempt supersedes: the same change no longer applies twice", () => {
  const update: TaskUpdate = { expectedAttempt: 1, incrementAttempt: true, workerId: "new" };
  const second = applyTaskUpdate(task(), update, LATER);
  assert.deepEqual([second.attempt, second.workerId], [2, "new"]);
  assert.equal(applyTaskUpdate(second, update, LATER), second);
});

Deno.test("a question forces awaiting_input, whatever state the change names", () => {
  for (const state of taskStates()) {
    const after = applyTaskUpdate(task({ state: "running" }), { state, inputRequest: QUESTION }, LATER);
    assert.deepEqual([after.state, after.inputRequest, after.finishedAt], ["awaiting_input", QUESTION, undefined]);
  }
});

Deno.test("content does not close the open question, a later question replaces it", () => {
  const before = asking();
  assert.deepEqual(applyTaskUpdate(before, { stateDetail: "still" }, LATER).inputRequest, QUESTION);
  const other = { id: "q2", prompt: "Really?" };
  assert.deepEqual(applyTaskUpdate(before, { inputRequest: other }, LATER).inputRequest, other);
});

Deno.test("a task that is queued again keeps the time it first started", () => {
  const requeued = applyTaskUpdate(task({ state: "running" }), { state: "queued" }, LATER);
  assert.equal(applyTaskUpdate(requeued, { state: "running" }, LATER + 1).startedAt, NOW);
});

Deno.test("artifacts are replaced first and then added to", () => {
  const artifact = (name: string) => ({ name, type: "file" });
  const before = applyTaskUpdate(task(), { appendArtifact: artifact("old") }, NOW);
  const update: TaskUpdate = { artifacts: [artifact("a")], appendArtifact: artifact("b") };
  assert.deepEqual(applyTaskUpdate(before, update, LATER).artifacts, [artifact("a"), artifact("b")]);
});

Deno.test("links are merged and resources united without duplicates", () => {
  const before = task({ links: { resourceIds: ["a", "a"], remoteTaskId: "r" } });
  const after = applyTaskUpdate(before, { links: { resourceIds: ["b", "a"], childSessionId: SESSION } }, LATER);
  assert.deepEqual(after.links, { resourceIds: ["a", "b"], remoteTaskId: "r", childSessionId: SESSION });
});

Deno.test("progress may become null", () => {
  assert.equal(applyTaskUpdate(task(), { progress: null }, LATER).progress, null);
});

Deno.test("requestTaskCancel() notes the first instant and keeps the state", () => {
  const first = requestTaskCancel(task({ state: "running" }), LATER);
  const second = requestTaskCancel(first, LATER + 1);
  assert.deepEqual([first.state, first.cancelRequestedAt], ["running", LATER]);
  assert.deepEqual([second.cancelRequestedAt, second.updatedAt], [LATER, LATER + 1]);
});

Deno.test("a bad change is refused even when it would be dropped", () => {
  const bad: readonly object[] = [
    { state: "done" },
    { progress: NaN },
    { progress: [undefined] },
    { inputRequest: { prompt: "no id" } },
    { error: "text" },
    { artifacts: [{ name: "no type" }] },
    { links: { resourceIds: [7] } },
    { heartbeatAt: "now" },
    { incrementAttempt: 1 },
  ];
  for (const update of bad) {
    assert.throws(() => applyTaskUpdate(task(), { expectedAttempt: 9, ...update }, LATER), TypeError);
  }
  assert.throws(() => applyTaskUpdate(task(), { expectedAttempt: 0.5 }, LATER), TypeError);
});

Deno.test("a task shares nothing with what it was made and changed with", () => {
  const spec = { list: [1] };
  const progress = { done: [1] };
  const before = task({ spec });
  const after = applyTaskUpdate(before, { progress }, LATER);
  spec.list.push(2);
  progress.done.push(2);
  assert.deepEqual([after.spec, after.progress], [{ list: [1] }, { done: [1] }]);
  assert.ok(Object.isFrozen(after) && Object.isFrozen(after.spec["list"]));
});

Deno.test("taskTransition() tells an end that was asked for, entering a wait, and nothing else", () => {
  const running = task({ state: "running" });
  const rows: readonly (readonly [before: SessionTask, update: TaskUpdate, transition: string | undefined])[] = [
    [running, { state: "succeeded" }, "terminal"],
    [running, { state: "failed" }, "terminal"],
    [asking(), { state: "canceled" }, "terminal"],
    [running, { inputRequest: QUESTION }, "awaiting_input"],
    [running, { state: "awaiting_input" }, "awaiting_input"],
    [asking(), { inputRequest: { id: "q2", prompt: "?" } }, undefined],
    [asking(), { state: "running" }, undefined],
    [running, { progress: 1, heartbeatAt: 5 }, undefined],
    [running, { state: "running" }, undefined],
    [running, { expectedAttempt: 2, state: "failed" }, undefined],
    [task({ state: "failed" }), { state: "failed", summary: "more" }, undefined],
    [task({ state: "failed" }), { state: "succeeded" }, undefined],
  ];
  for (const [before, update, transition] of rows) {
    assert.equal(taskTransition(before, applyTaskUpdate(before, update, LATER), update), transition);
  }
});

const updates: fc.Arbitrary<TaskUpdate> = fc.record({
  expectedAttempt: fc.integer({ min: 1, max: 3 }),
  state: fc.constantFrom(...taskStates()),
  inputRequest: fc.record({ id: fc.constantFrom("a", "b"), prompt: fc.string() }),
  incrementAttempt: fc.boolean(),
  summary: fc.string(),
  links: fc.record({ resourceIds: fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 3 }) }),
}, { requiredKeys: [] });

Deno.test("whatever the changes are, attempts only grow, an end is final and each time is stamped once", () => {
  let ended = 0;
  fc.assert(fc.property(fc.constantFrom(...taskStates()), fc.array(updates, { maxLength: 20 }), (state, changes) => {
    let before = task({ state });
    for (const [at, change] of changes.entries()) {
      const after = applyTaskUpdate(before, change, NOW + at);
      assert.ok(after.attempt === before.attempt || after.attempt === before.attempt + 1);
      if (isFinalState(before.state)) assert.equal(after.state, before.state);
      assert.equal(after.finishedAt !== undefined, isFinalState(after.state));
      assert.equal(after.startedAt !== undefined, after.state !== "queued" || before.startedAt !== undefined);
      if (before.finishedAt !== undefined) assert.equal(after.finishedAt, before.finishedAt);
      if (before.startedAt !== undefined) assert.equal(after.startedAt, before.startedAt);
      if (after.inputRequest !== undefined) assert.equal(after.state, "awaiting_input");
      assert.equal(new Set(after.links.resourceIds).size, after.links.resourceIds.length);
      assert.deepEqual(JSON.parse(JSON.stringify(after)), after);
      const transition = taskTransition(before, after, change);
      assert.equal(transition === "terminal", !isFinalState(before.state) && isFinalState(after.state));
      if (transition === "terminal") ended++;
      before = after;
    }
  }));
  assert.ok(ended > 0);
});
