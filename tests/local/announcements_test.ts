/** Live events of background work that lives in `local.db`: tasks, monitors, schedules. */

import assert from "node:assert/strict";
import type { Event } from "../../src/records/event.ts";
import type { JsonObject } from "../../src/records/json.ts";
import type { SessionTask } from "../../src/records/task.ts";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { defineCapability } from "../../src/kit/define_capability.ts";
import { defineTool } from "../../src/kit/define_tool.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { type OpenOptions, type OpenRuntime, openRuntime, SESSION } from "./_support/open_backends.ts";
import { tempFolder } from "./_support/temp_folder.ts";

const NOTE = { sessionId: SESSION, kind: "note", displayName: "Report" } as const;

interface Watched extends OpenRuntime {
  /** Live events of the session from now on, up to the first that the test looks for. */
  until(wanted: (event: Event) => boolean): Promise<Event[]>;
}

async function watch(folder: string, options: OpenOptions = {}): Promise<Watched> {
  const here = await openRuntime(folder, options);
  const live = here.runtime.subscribe(SESSION);
  return {
    ...here,
    until: async (wanted) => {
      const seen: Event[] = [];
      for (let next = await live.next(); next.done !== true; next = await live.next()) {
        seen.push(next.value);
        if (wanted(next.value)) break;
      }
      return seen;
    },
  };
}

function tasksOf(events: readonly Event[]): JsonObject[] {
  return events.flatMap((event) =>
    event.type === "task.created" || event.type === "task.updated" ? [event.data.task] : []
  );
}

/** Whether an event says that a task is in a state. */
function says(state: SessionTask["state"]): (event: Event) => boolean {
  return (event) => tasksOf([event])[0]?.["state"] === state;
}

const fired = ({ type }: Event): boolean => type === "schedule.triggered";

Deno.test("subscribers see a task and its messages as they are stored in the data folder", async () => {
  using folder = tempFolder();
  await using here = await watch(folder.path);
  const { taskRegistry } = here.local;
  const task = await taskRegistry.create({ ...NOTE, state: "running" });
  const asking = await taskRegistry.update(SESSION, task.id, { inputRequest: { id: "q", prompt: "Which?" } });
  const answer = await taskRegistry.recordMessage(SESSION, task.id, {
    direction: "inbound",
    content: [{ type: "text", text: "This." }],
    inReplyTo: "q",
  });
  const running = await taskRegistry.get(SESSION, task.id);
  const ended = await taskRegistry.update(SESSION, task.id, { state: "succeeded", summary: "42 pages" });
  const seen = await here.until(says("succeeded"));
  assert.deepEqual(seen.map(({ type, data }) => ({ type, data })), [
    { type: "task.created", data: { task } },
    { type: "task.updated", data: { task: asking } },
    { type: "task.message.sent", data: { taskId: task.id, message: answer } },
    { type: "task.updated", data: { task: running } },
    { type: "task.updated", data: { task: ended } },
  ]);
});

Deno.test("changes of another process are not seen, and list() has them", async () => {
  using folder = tempFolder();
  await using here = await watch(folder.path);
  await using other = await openRuntime(folder.path);
  const { id } = await other.local.taskRegistry.create({ ...NOTE, state: "running" });
  await here.local.taskRegistry.update(SESSION, id, { state: "succeeded" });
  const seen = await here.until(says("succeeded"));
  assert.deepEqual(seen.map(({ type }) => type), ["task.updated"]);
  assert.equal((await here.local.taskRegistry.list(SESSION)).length, 1);
});

Deno.test("a background tool is seen from its start to its end", async () => {
  using folder = tempFolder();
  const crunch = defineTool({
    name: "crunch",
    description: "Crunches",
    parameters: { type: "object" },
    effect: "pure",
    hints: { supportsBackground: true },
    execute: () => Promise.resolve("forty-two"),
  });
  const call = { name: "spawn_background", arguments: { tool: "crunch", args: {}, title: "Crunch" } };
  await using here = await watch(folder.path, {
    model: LlmSimConfig.echo().withConditionalToolCalls("go", [call]),
    capabilities: ["crunch", "background_execution"],
    configure: (builder) => builder.capability(defineCapability({ id: "crunch", name: "Crunch", tools: [crunch] })),
  });
  await here.runtime.runTextTurn(SESSION, "go");
  const tasks = tasksOf(await here.until(says("succeeded")));
  assert.deepEqual([tasks[0]?.["kind"], tasks[0]?.["state"]], ["background_tool", "running"]);
  const [stored] = await here.local.taskRegistry.list(SESSION);
  assert.deepEqual(tasks.at(-1), stored);
});

Deno.test("a schedule that fires is seen once, with its occurrence", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  await using here = await watch(folder.path, { clock });
  const at = clock.now() + 1000;
  const tea = { sessionId: SESSION, description: "Tea time.", scheduledAt: at };
  const { id } = await here.local.scheduleStore.createSchedule(tea);
  await using _background = here.local.startBackground();
  await clock.advanceAsync(2000);
  const seen = await here.until(fired);
  assert.deepEqual(seen.at(-1)?.data, {
    schedule: { id, kind: "oneshot", occurrence: at, description: "Tea time." },
  });
  await clock.advanceAsync(60_000);
  assert.equal(here.runtime.events().filter(fired).length, 1);
  // What it became is told apart from what a user wrote by the same occurrence.
  const [input] = await here.runtime.messages(SESSION);
  assert.equal(input?.metadata?.["wake"], `schedule:${id}:${at}`);
});

Deno.test("a schedule whose text goes to a route of the host is seen as well", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  await using here = await watch(folder.path, { clock });
  const cronExpression = "0 * * * *";
  const { id, nextTriggerAt } = await here.local.scheduleStore.createSchedule({
    sessionId: SESSION,
    description: "Look.",
    cronExpression,
  });
  using route = here.local.wakeRoutes.register(SESSION);
  await using _background = here.local.startBackground();
  await clock.advanceAsync(3_600_000);
  assert.equal((await route.next()).value?.text, "Look.");
  route[Symbol.dispose]();
  const seen = await here.until(fired);
  assert.deepEqual(seen.at(-1)?.data, {
    schedule: { id, kind: "recurring", occurrence: nextTriggerAt, description: "Look." },
  });
});

Deno.test("a schedule that cannot be delivered is not said to have fired", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  await using here = await watch(folder.path, { clock });
  // Nobody has this session.
  const gone = "session_000000000000000000000000000000aa";
  await here.local.scheduleStore.createSchedule({ sessionId: gone, description: "?", scheduledAt: clock.now() });
  await using _background = here.local.startBackground({ schedules: { maxAttempts: 1 } });
  await clock.advanceAsync(10_000);
  assert.deepEqual((await here.local.scheduleStore.listSchedules(gone)).map(({ enabled }) => enabled), [false]);
  assert.deepEqual(here.runtime.events().filter(fired), []);
});

for (
  const [how, state] of [["fires", "succeeded"], ["is cancelled", "canceled"]] as const
) {
  Deno.test(`a monitor is seen to end with its schedule when that ${how}`, async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    await using here = await watch(folder.path, { clock });
    const { taskRegistry, scheduleStore } = here.local;
    const task = await taskRegistry.create({ ...NOTE, kind: "monitor", state: "running" });
    const schedule = await scheduleStore.createSchedule({
      sessionId: SESSION,
      description: "Look.",
      scheduledAt: clock.now() + 1000,
      metadata: { monitorTaskId: task.id },
    });
    if (how === "fires") {
      await using _background = here.local.startBackground();
      await clock.advanceAsync(2000);
    } else await scheduleStore.cancelSchedule(SESSION, schedule.id);
    const tasks = tasksOf(await here.until(says(state)));
    assert.deepEqual(tasks, [task, await taskRegistry.get(SESSION, task.id)]);
  });
}

Deno.test("a task that a dead process left is seen to end", async () => {
  using folder = tempFolder();
  const dead = await openRuntime(folder.path);
  const { taskRegistry } = dead.local;
  const { id } = await taskRegistry.create({ ...NOTE, state: "running", workerId: taskRegistry.workerId });
  // Its locks are free, and nothing of it is stored any more.
  await dead.local.close();
  await using here = await watch(folder.path);
  await using _background = here.local.startBackground();
  const tasks = tasksOf(await here.until(says("failed")));
  assert.deepEqual(tasks, [await here.local.taskRegistry.get(SESSION, id)]);
  await dead.runtime.close();
});

Deno.test("a title that the model writes is seen once it is stored", async () => {
  using folder = tempFolder();
  const call = { name: "write_session_title", arguments: { title: "On tea" } };
  await using here = await watch(folder.path, {
    model: LlmSimConfig.echo().withConditionalToolCalls("go", [call]),
    capabilities: ["session"],
  });
  await here.runtime.runTextTurn(SESSION, "go");
  const seen = await here.until(({ type }) => type === "session.title.updated");
  assert.deepEqual(seen.at(-1)?.data, { title: "On tea" });
  assert.equal((await here.runtime.listSessions())[0]?.title, "On tea");
});
