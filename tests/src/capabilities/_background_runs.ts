/** Background runs under test: a tool that waits for its test, on a clock that stands still. */

import { backgroundToolExecutor } from "../../../src/capabilities/background/executor.ts";
import type { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import type { NewTask, TaskExecutor } from "../../../src/ports/task_registry.ts";
import type { ToolOutcome } from "../../../src/ports/tool.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { SessionTask } from "../../../src/records/task.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { FakeHost, type HeldCall, SESSION, taskRegistry } from "./_background_support.ts";

/** An executor and what it works with. */
export interface Setting {
  readonly clock: FakeClock;
  readonly registry: InMemorySessionTaskRegistry;
  readonly host: FakeHost;
  readonly executor: TaskExecutor;
}

/** A new executor over a registry in memory. */
export function setting(limitMs?: number): Setting {
  const clock = new FakeClock();
  const registry = taskRegistry(clock);
  const host = new FakeHost();
  const executor = backgroundToolExecutor(registry, host, { clock, ...(limitMs === undefined ? {} : { limitMs }) });
  return { clock, registry, host, executor };
}

/** A run that waits for its test. */
export interface Started extends Setting {
  readonly task: SessionTask;
  readonly held: HeldCall;
  readonly now: () => Promise<SessionTask>;
  readonly result: () => Promise<JsonObject>;
  readonly log: () => Promise<string | undefined>;
}

/** Starts a task. */
export async function started(more: Partial<NewTask> = {}, limitMs?: number): Promise<Started> {
  const on = setting(limitMs);
  const task = await on.registry.create({
    sessionId: SESSION,
    kind: "background_tool",
    displayName: "Crunch",
    state: "running",
    spec: { tool: "crunch", arguments: { n: 1 } },
    workerId: on.registry.workerId,
    ...more,
  });
  await on.executor.start(task);
  await on.clock.advanceAsync(0);
  return {
    ...on,
    task,
    held: on.host.calls[0]!,
    now: async () => (await on.registry.get(SESSION, task.id))!,
    result: async () => JSON.parse(await on.host.text(`/.background/${task.id}/result.json`) ?? "{}") as JsonObject,
    log: () => on.host.text(`/.background/${task.id}/output.log`),
  };
}

/** Lets the tool return; the task after that. */
export async function ended(on: Started, outcome: ToolOutcome): Promise<SessionTask> {
  on.held.end(outcome);
  await on.clock.advanceAsync(0);
  return await on.now();
}

/** Lets the tool throw; the task after that. */
export async function failed(on: Started, error: unknown): Promise<SessionTask> {
  on.held.fail(error);
  await on.clock.advanceAsync(0);
  return await on.now();
}
