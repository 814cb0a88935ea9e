/** What a host brings itself works together with what local backends add. */

import assert from "node:assert/strict";
import { InMemoryEventBus } from "../../src/in_memory/event_bus.ts";
import { InMemoryFileStore } from "../../src/in_memory/file_store.ts";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { CapabilityRegistry, DriverRegistry } from "../../src/kit/registries.ts";
import { runtimeSafeCapabilities } from "../../src/capabilities/default_registry.ts";
import { RuntimeBackends } from "../../src/runtime/backends.ts";
import { PlatformDefinition } from "../../src/runtime/platform.ts";
import { LocalSessionTaskRegistry } from "../../local/tasks/registry.ts";
import { LocalScheduleStore } from "../../local/schedules/schedule_store.ts";
import { openRuntime, SESSION } from "./_support/open_backends.ts";
import { tempFolder } from "./_support/temp_folder.ts";

const WRITE = [{ name: "write_file", arguments: { path: "/a.txt", content: "hello" } }];

Deno.test("a turn with a tool runs on the caller's event bus and files, beside local tasks and schedules", async () => {
  using folder = tempFolder();
  const eventBus = new InMemoryEventBus();
  const files = new InMemoryFileStore();
  const capabilities = new CapabilityRegistry();
  for (const capability of runtimeSafeCapabilities()) capabilities.register(capability);
  await using opened = await openRuntime(folder.path, {
    backends: RuntimeBackends.inMemory().withEventBus(eventBus),
    model: LlmSimConfig.echo().withConditionalToolCalls("go", WRITE),
    capabilities: ["session_file_system"],
    configure: (builder) =>
      builder.platformDefinition(
        new PlatformDefinition({
          capabilities,
          drivers: new DriverRegistry(),
          sessionFileSystemFactory: { name: "callers", create: () => files },
        }),
      ),
  });
  const turn = await opened.runtime.runTextTurn(SESSION, "go");
  assert.deepEqual([turn.success, turn.toolCallsCount], [true, 1]);
  assert.equal((await files.readFile(SESSION, "/a.txt")).content, "hello");
  const types = eventBus.collectedEvents().map(({ type }) => type);
  assert.deepEqual(["tool.completed", "turn.completed"].map((type) => types.some((seen) => seen === type)), [
    true,
    true,
  ]);
  const { slots } = opened.local.runtimeBackends;
  assert.ok(slots.taskRegistry instanceof LocalSessionTaskRegistry);
  assert.ok(slots.scheduleStore instanceof LocalScheduleStore);
});

Deno.test("a task and a schedule made through the backends of the runtime come back, also in a later process", async () => {
  using folder = tempFolder();
  {
    await using first = await openRuntime(folder.path);
    const { taskRegistry, scheduleStore } = first.local.runtimeBackends.slots;
    const task = await taskRegistry!.create({ sessionId: SESSION, kind: "note", displayName: "Read" });
    const schedule = await scheduleStore!.createSchedule({ sessionId: SESSION, description: "Tea", scheduledAt: 9e12 });
    assert.deepEqual(await taskRegistry!.list(SESSION), [task]);
    assert.deepEqual(await scheduleStore!.listSchedules(SESSION), [schedule]);
  }
  await using second = await openRuntime(folder.path);
  const { taskRegistry, scheduleStore } = second.local.runtimeBackends.slots;
  assert.deepEqual((await taskRegistry!.list(SESSION)).map(({ displayName }) => displayName), ["Read"]);
  assert.deepEqual((await scheduleStore!.listSchedules(SESSION)).map(({ description }) => description), ["Tea"]);
});
