/** The builder that owns its backends, and in which order everything ends. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ConfigurationError, StoreError } from "../../src/errors.ts";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { InMemoryEventBus } from "../../src/in_memory/event_bus.ts";
import { InProcessRuntimeBuilder } from "../../src/runtime/builder.ts";
import { RuntimeBackends } from "../../src/runtime/backends.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { LocalBackends } from "../../local/backends.ts";
import { LocalProfile } from "../../local/profile.ts";
import { LocalRuntimeBuilder } from "../../local/runtime_builder.ts";
import { SESSION } from "./_support/open_backends.ts";
import { tempFolder } from "./_support/temp_folder.ts";

const NEVER = LlmSimConfig.echo().withLatency({ firstTokenMs: 600_000, tokenMs: 0 });

Deno.test("await using closes the runtime and the backends it owns: no lock and no log is left", async () => {
  using folder = tempFolder();
  {
    await using runtime = await builder(folder.path).build();
    assert.equal((await runtime.runTextTurn(SESSION, "hi")).success, true);
  }
  assertClosed(folder.path);
});

Deno.test("closing cancels a running turn and stores its end before the store is closed", async () => {
  using folder = tempFolder();
  const first = await builder(folder.path, NEVER).build();
  const turn = first.startTurn(SESSION, "hold");
  await turn.accepted;
  await first.close();
  assert.equal((await turn.result).status, "cancelled");
  assertClosed(folder.path);
  await using second = await builder(folder.path).build();
  assert.deepEqual(await second.recover(), []);
  assert.equal(await second.status(SESSION), "idle");
});

Deno.test("closing ends background work that its host left running", async () => {
  using folder = tempFolder();
  {
    await using runtime = await builder(folder.path).build();
    runtime.local.startBackground();
    runtime.local.startBackground({ schedules: false, tasks: false });
  }
  assertClosed(folder.path);
});

Deno.test("background work that is disposed first leaves the runtime usable", async () => {
  using folder = tempFolder();
  await using runtime = await builder(folder.path).build();
  {
    await using _background = runtime.local.startBackground();
  }
  assert.equal((await runtime.runTextTurn(SESSION, "hi")).success, true);
});

Deno.test("close() may be called several times, also at once", async () => {
  using folder = tempFolder();
  const runtime = await builder(folder.path).build();
  await Promise.all([runtime.close(), runtime.close(), runtime.local.close()]);
  await runtime.close();
  assertClosed(folder.path);
});

Deno.test("closed backends start no background work", async () => {
  using folder = tempFolder();
  const local = await LocalBackends.open(new LocalProfile(folder.path));
  await local.close();
  assert.throws(() => local.startBackground(), StoreError);
});

Deno.test("background work with an option that cannot be is refused, and nothing of it goes on running", async () => {
  using folder = tempFolder();
  await using local = await LocalBackends.open(new LocalProfile(folder.path));
  const wrong = [{ wakesIntervalMs: 0 }, { tasks: { intervalMs: 0 } }, { tasks: { retentionMs: -1 } }];
  for (const options of [...wrong, { schedules: { batchSize: 0 } }]) {
    assert.throws(() => local.startBackground(options), RangeError);
  }
  assert.equal([...Deno.readDirSync(folder.path)].some(({ name }) => name === "owners"), false);
});

Deno.test("a build that fails closes what it had opened", async () => {
  using folder = tempFolder();
  const failing = new LocalRuntimeBuilder(new LocalProfile(folder.path)).singleSession((s) => s.harness("assistant"));
  await assert.rejects(failing.build(), ConfigurationError);
  assertClosed(folder.path);
  await using runtime = await builder(folder.path).build();
  assert.equal((await runtime.runTextTurn(SESSION, "hi")).success, true);
});

Deno.test("backends that their host opened outlive a runtime over them", async () => {
  using folder = tempFolder();
  {
    await using local = await LocalBackends.open(new LocalProfile(folder.path));
    for (const text of ["one", "two"]) {
      await using runtime = await new InProcessRuntimeBuilder().backends(local.runtimeBackends)
        .llmSim(LlmSimConfig.echo())
        .singleSession((session) => session.harness("assistant").sessionId(SESSION))
        .build();
      assert.equal((await runtime.runTextTurn(SESSION, text)).response, `Echo: ${text}`);
    }
  }
  assertClosed(folder.path);
});

Deno.test("backends that are closed before their runtime end its turn, which the next process finishes", async () => {
  using folder = tempFolder();
  const local = await LocalBackends.open(new LocalProfile(folder.path));
  const runtime = await new InProcessRuntimeBuilder().backends(local.runtimeBackends).llmSim(NEVER)
    .singleSession((session) => session.harness("assistant").sessionId(SESSION))
    .build();
  const turn = runtime.startTurn(SESSION, "hold");
  await turn.accepted;
  const ended = assert.rejects(turn.result);
  await local.close();
  await runtime.close();
  await ended;
  await using next = await builder(folder.path).build();
  const [recovered] = await next.recover();
  assert.equal(recovered?.result?.response, "Echo: hold");
});

Deno.test("what is given to the builder is used: stores, clock and durability", async () => {
  using folder = tempFolder();
  const eventBus = new InMemoryEventBus();
  const clock = new FakeClock({ start: 1_700_000_000_000 });
  await using runtime = await new LocalRuntimeBuilder(new LocalProfile(folder.path), { durability: "process-crash" })
    .backends(RuntimeBackends.inMemory().withEventBus(eventBus))
    .clock(clock)
    .llmSim(LlmSimConfig.echo())
    .singleSession((session) => session.harness("assistant").sessionId(SESSION))
    .build();
  await runtime.runTextTurn(SESSION, "hi");
  const task = await runtime.local.taskRegistry.create({ sessionId: SESSION, kind: "note", displayName: "Note" });
  assert.equal(task.createdAt, 1_700_000_000_000);
  assert.ok(eventBus.collectedEvents().length > 0);
});

function builder(folder: string, model: LlmSimConfig = LlmSimConfig.echo()): LocalRuntimeBuilder {
  return new LocalRuntimeBuilder(new LocalProfile(folder)).llmSim(model)
    .singleSession((session) => session.harness("assistant").sessionId(SESSION));
}

/** The last connection that closes takes the write-ahead log with it; an owner takes its lock file. */
function assertClosed(folder: string): void {
  const names = namesIn(folder);
  assert.deepEqual(names.filter((name) => name !== "owners"), [".create.lock", "local.db"]);
  if (names.includes("owners")) assert.deepEqual(namesIn(join(folder, "owners")), []);
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
}
