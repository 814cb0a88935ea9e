/** Wakes and schedules of a session whose turn another real process runs. */

import assert from "node:assert/strict";
import { textOf } from "../../src/records/content.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { type OpenRuntime, openRuntime, SESSION } from "../local/_support/open_backends.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { startChild } from "./_processes.ts";

Deno.test("a schedule of a session that another process runs stays due without failing, and fires after it", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  await child.line;
  const clock = new FakeClock();
  await using here = await openRuntime(folder.path, { clock });
  const { scheduleStore } = here.local;
  const { id } = await scheduleStore.createSchedule({ sessionId: SESSION, description: "tea", scheduledAt: 1 });
  await using _background = here.local.startBackground({ schedules: { pollIntervalMs: 1000 } });
  await clock.advanceAsync(60_000);
  assert.deepEqual(await inputsOf(here), ["hold"]);
  assert.equal((await scheduleStore.listSchedules(SESSION))[0]?.triggerCount, 0);
  assert.equal(await scheduleStore.lastDeliveryError(id), undefined);
  await child.letGo();
  await untilInputs(here, 2, clock);
  assert.deepEqual(await inputsOf(here), ["hold", "tea"]);
});

Deno.test("a task that ends while another process runs its session's turn wakes it after that turn, once", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  await child.line;
  const clock = new FakeClock();
  await using here = await openRuntime(folder.path, { clock });
  const { taskRegistry, wakes } = here.local;
  const { id } = await taskRegistry.create({
    sessionId: SESSION,
    kind: "note",
    displayName: "Report",
    state: "running",
    wakePolicy: "on_terminal",
  });
  await using _background = here.local.startBackground();
  await taskRegistry.update(SESSION, id, { state: "succeeded" });
  await clock.advanceAsync(60_000);
  assert.deepEqual(wakes.pending().map(({ tries }) => tries), [0]);
  await child.letGo();
  await untilInputs(here, 2, clock);
  await clock.advanceAsync(60_000);
  assert.match((await inputsOf(here)).slice(1).join("|"), /^Background task "Report" [^|]*$/);
  assert.deepEqual(wakes.pending(), []);
});

/** Lets the clock go on until the session has so many inputs. */
async function untilInputs(here: OpenRuntime, count: number, clock: FakeClock): Promise<void> {
  for (let tries = 0; tries < 100 && (await inputsOf(here)).length < count; tries++) await clock.advanceAsync(1000);
}

async function inputsOf({ runtime }: OpenRuntime): Promise<string[]> {
  const messages = await runtime.messages(SESSION);
  return messages.filter(({ role }) => role === "user").map(({ content }) => textOf(content));
}
