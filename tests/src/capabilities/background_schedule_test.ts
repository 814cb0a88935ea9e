import assert from "node:assert/strict";
import { StoreError, ToolError } from "../../../src/errors.ts";
import { backgroundExecution } from "../../../src/capabilities/background/capability.ts";
import { monitorExecutor } from "../../../src/capabilities/background/monitor_executor.ts";
import { createSessionTasks } from "../../../src/capabilities/session_tasks/capability.ts";
import type { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";
import { isId } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { SessionTask } from "../../../src/records/task.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import {
  backgroundTool,
  contextWith,
  FakeSchedules,
  scheduleInvalid,
  SESSION,
  taskRegistry,
  toolMap,
} from "./_background_support.ts";
import { call, toolOf } from "./_tool_context.ts";

const spawn = toolOf(backgroundExecution, "spawn_background");
const DAILY = { tool: "crunch", args: { n: 1 }, title: "Crunch", schedule: { cron_expression: "0 9 * * *" } };
const ONCE = { ...DAILY, schedule: { scheduled_at: "2026-03-01T09:00", timezone: "Europe/Zurich" } };

interface Setting {
  readonly clock: FakeClock;
  readonly registry: InMemorySessionTaskRegistry;
  readonly schedules: FakeSchedules;
  readonly context: ToolContext;
}

function setting(): Setting {
  const clock = new FakeClock();
  const registry = taskRegistry(clock);
  const schedules = new FakeSchedules();
  registry.executors.register(monitorExecutor(registry, schedules));
  return {
    clock,
    registry,
    schedules,
    context: contextWith({ tasks: registry, schedules, tools: toolMap(backgroundTool()) }),
  };
}

async function monitored(on: Setting, args: JsonObject = DAILY): Promise<SessionTask> {
  const { task_id } = await call(spawn, args, on.context);
  assert.ok(isId("task", task_id));
  return (await on.registry.get(SESSION, task_id))!;
}

Deno.test("spawn_background with a schedule creates it and a monitor that names it", async () => {
  const on = setting();
  const answer = await call(spawn, ONCE, on.context);
  const [schedule] = await on.schedules.listSchedules(SESSION);
  const [task] = await on.registry.list(SESSION);
  assert.deepEqual(answer, {
    status: "scheduled",
    task_id: task?.id,
    tool: "crunch",
    title: "Crunch",
    schedule_id: schedule?.id,
    schedule_type: "oneshot",
    timezone: "Europe/Zurich",
    next_trigger_at: "2026-03-01T08:00:00.000Z",
    enabled: true,
  });
  assert.deepEqual([task?.kind, task?.state, task?.wakePolicy], ["monitor", "running", "silent"]);
  assert.deepEqual(task?.spec, { schedule_id: schedule?.id, tool: "crunch", arguments: { n: 1 } });
});

Deno.test("a monitor belongs to no process, so that none takes it along when it ends", async () => {
  assert.equal((await monitored(setting())).workerId, undefined);
});

Deno.test("a schedule of runs names its monitor in its metadata", async () => {
  const on = setting();
  const { id } = await monitored(on);
  assert.deepEqual(on.schedules.asked[0]?.metadata, { monitorTaskId: id });
});

Deno.test("a schedule of runs tells the agent what to start, as JSON that spawn_background takes", async () => {
  const on = setting();
  await monitored(on, { ...DAILY, signal_on_completion: false });
  const text = on.schedules.asked[0]?.description ?? "";
  const payload: unknown = JSON.parse(text.split("\n").at(-1) ?? "");
  assert.match(text, /Call spawn_background once with exactly these arguments/);
  assert.deepEqual(payload, { tool: "crunch", args: { n: 1 }, title: "Crunch", signal_on_completion: false });
  assert.deepEqual((await spawn.parse(payload as JsonObject)).ok, true);
});

for (
  const [what, schedule] of [
    ["both times", { cron_expression: "0 9 * * *", scheduled_at: "2026-03-01T09:00:00Z" }],
    ["neither time", { timezone: "UTC" }],
    ["an empty schedule", {}],
  ] as const
) {
  Deno.test(`spawn_background refuses ${what}`, async () => {
    const on = setting();
    const answer = await call(spawn, { ...DAILY, schedule }, on.context);
    assert.match(
      JSON.stringify(answer),
      /(both|neither) of cron_expression and scheduled_at are given; give exactly one/,
    );
    assert.deepEqual([on.schedules.asked.length, (await on.registry.list(SESSION)).length], [0, 0]);
  });
}

Deno.test("spawn_background refuses an unreadable instant", async () => {
  const answer = await call(spawn, { ...DAILY, schedule: { scheduled_at: "tomorrow" } }, setting().context);
  assert.match(JSON.stringify(answer), /is no date and time/);
});

Deno.test("spawn_background checks tool and arguments before it schedules them", async () => {
  const on = setting();
  for (const args of [{ ...DAILY, tool: "crush" }, { ...DAILY, args: { n: "one" } }]) {
    assert.match(JSON.stringify(await call(spawn, args, on.context)), /Cannot run/);
  }
  assert.deepEqual(on.schedules.asked, []);
});

Deno.test("spawn_background says what to do when the host keeps no schedules", async () => {
  const { context } = setting();
  const answer = await call(spawn, DAILY, { ...context, schedules: undefined });
  assert.match(JSON.stringify(answer), /Cannot use schedules/);
});

Deno.test("spawn_background returns why a schedule was refused and leaves no running monitor", async () => {
  const on = setting();
  on.schedules.refusal = scheduleInvalid("Cannot create a schedule: fires too often");
  const answer = await call(spawn, DAILY, on.context);
  assert.deepEqual(answer, { error: "Cannot create a schedule: fires too often" });
  assert.deepEqual(await on.registry.list(SESSION, { state: "running" }), []);
});

Deno.test("spawn_background switches the schedule off again when the monitor cannot be stored", async () => {
  const on = setting();
  on.registry.create = () => Promise.reject(new ToolError("full"));
  assert.deepEqual(await call(spawn, DAILY, on.context), { error: "full" });
  assert.deepEqual((await on.schedules.listSchedules(SESSION)).map(({ enabled }) => enabled), [false]);
});

Deno.test("spawn_background schedules once however often its call is run", async () => {
  const on = setting();
  const first = await call(spawn, DAILY, on.context);
  assert.deepEqual(await call(spawn, DAILY, on.context), first);
  assert.deepEqual([on.schedules.asked.length, (await on.registry.list(SESSION)).length], [1, 1]);
});

Deno.test("spawn_background finds the schedule of a call that ended before its monitor was stored", async () => {
  const on = setting();
  const create = on.registry.create.bind(on.registry);
  const cancel = on.schedules.cancelSchedule.bind(on.schedules);
  on.registry.create = () => Promise.reject(new ToolError("the process died"));
  on.schedules.cancelSchedule = () => Promise.reject(new Error("the process died"));
  await call(spawn, DAILY, on.context);
  on.registry.create = create;
  on.schedules.cancelSchedule = cancel;
  const answer = await call(spawn, DAILY, on.context);
  assert.deepEqual([answer["status"], on.schedules.asked.length], ["scheduled", 1]);
});

Deno.test("a monitor whose schedule fired before it was stored is settled", async () => {
  const on = setting();
  const { schedules } = on;
  const create = schedules.createScheduleEnforcingLimits.bind(schedules);
  schedules.createScheduleEnforcingLimits = async (input) => {
    const schedule = await create(input);
    // Another process claims it at once.
    schedules.fired(schedule.id);
    return schedule;
  };
  assert.equal((await monitored(on, ONCE)).state, "succeeded");
});

function cancelTask(on: Setting, task: SessionTask): Promise<JsonObject> {
  return call(toolOf(createSessionTasks({ clock: on.clock }), "cancel_task"), { task_id: task.id }, on.context);
}

Deno.test("cancelling a monitor switches its schedule off", async () => {
  const on = setting();
  const answer = await cancelTask(on, await monitored(on));
  assert.deepEqual([answer["state"], answer["message"]], ["canceled", "Its schedule was switched off."]);
  assert.equal((await on.schedules.listSchedules(SESSION))[0]?.enabled, false);
});

Deno.test("cancelling a monitor settles it even when its schedule cannot be switched off", async () => {
  for (
    const secret of [new Error("password=hunter2"), new StoreError('write to "/home/me/local.db"', new Error("no"))]
  ) {
    const on = setting();
    const task = await monitored(on);
    on.schedules.cancelFailure = secret;
    const answer = await cancelTask(on, task);
    assert.equal(answer["state"], "canceled");
    assert.match(
      String(answer["message"]),
      /could not be switched off: an internal error( \(store_failed\))?; .*cancel_schedule/,
    );
  }
});

Deno.test("cancelling a monitor whose schedule is gone settles it", async () => {
  const on = setting();
  const task = await on.registry.create({ sessionId: SESSION, kind: "monitor", displayName: "Lost", state: "running" });
  assert.equal((await cancelTask(on, task))["state"], "canceled");
});

for (
  const [what, args, happens, state] of [
    [
      "a one-shot schedule has fired",
      ONCE,
      (on: Setting, id: string) => on.schedules.fired(id as `sched_${string}`),
      "succeeded",
    ],
    [
      "its schedule was switched off",
      DAILY,
      (on: Setting, id: string) => on.schedules.cancelSchedule(SESSION, id as `sched_${string}`),
      "canceled",
    ],
    ["its schedule goes on", DAILY, () => {}, "running"],
  ] as const
) {
  Deno.test(`a monitor that is waited for is ${state} when ${what}`, async () => {
    const on = setting();
    const { id, spec } = await monitored(on, args);
    await happens(on, String(spec["schedule_id"]));
    const wait = toolOf(createSessionTasks({ clock: on.clock }), "wait_task");
    const waiting = call(wait, { task_id: id, timeout_seconds: 6 }, on.context);
    await on.clock.advanceAsync(6_000);
    assert.equal(((await waiting)["task"] as JsonObject)["state"], state);
  });
}
