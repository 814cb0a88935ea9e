/**
 * Makes the golden store of the newest version of the schema; run it once, when a version is added:
 *
 * `deno run --no-prompt --allow-read=.tmp,tests/local/golden --allow-write=.tmp,tests/local/golden tests/local/golden/make.ts`
 *
 * @module
 */

import { join } from "node:path";
import { Secret } from "../../../src/records/secret.ts";
import { LlmSimConfig } from "../../../src/drivers/llmsim/config.ts";
import { LocalBackends } from "../../../local/backends.ts";
import { LocalProfile } from "../../../local/profile.ts";
import { MIGRATIONS } from "../../../local/sqlite/migrations.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { effectsOf, ENDED, INTERRUPTED, LATER, ODD_TEXT, openWorld, TASK, WAITING } from "./_world.ts";

const target = join(import.meta.dirname!, `v${MIGRATIONS.at(-1)?.version}.db`);
using folder = tempFolder();
await fill(folder.path);
await addBackgroundWork(folder.path);
await leaveTurnOpen(folder.path);
// A file that is there stands for what a release wrote: it is never replaced.
Deno.writeFileSync(target, Deno.readFileSync(join(folder.path, "local.db")), { createNew: true });
console.log(`made ${target}`);

/** Everything but the open turn. */
async function fill(path: string): Promise<void> {
  const model = LlmSimConfig.scripted([
    { type: "tool_calls", toolCalls: [{ name: "send_mail", arguments: { to: ODD_TEXT } }] },
    "sent",
    { type: "tool_calls", toolCalls: [{ name: "ask", arguments: {} }] },
  ]);
  await using world = await openWorld(path, model, { effects: effectsOf(() => ODD_TEXT), seed: true });
  const { runtime, local } = world;
  await runtime.runTurn(ENDED.id, ODD_TEXT, { idempotencyKey: ODD_TEXT });
  const waiting = await runtime.runTurn(WAITING.id, "ask me");
  if (waiting.status !== "waiting") throw new Error(`the turn is ${waiting.status}`);

  const files = await runtime.files(ENDED.id);
  await files.writeFile("notes/odd.txt", "a\0b \u{1F600}");
  await local.runtimeBackends.slots.fileStore!.writeFile(ENDED.workspaceId, "/all.bin", "AP8=", "base64");
  await local.runtimeBackends.slots.fileStore!.seedInitialFile(ENDED.workspaceId, {
    path: "/fixed.txt",
    content: "fixed",
    isReadonly: true,
  });
  const { storageStore } = local.runtimeBackends.slots;
  await storageStore.setValue(ENDED.id, ODD_TEXT, { text: ODD_TEXT });
  await storageStore.setSecret(ENDED.id, ODD_TEXT, new Secret(ODD_TEXT));
}

/** Background work, and a wake that nobody delivered since no runtime was there. */
async function addBackgroundWork(path: string): Promise<void> {
  await using local = await LocalBackends.open(new LocalProfile(path));
  const { taskRegistry, scheduleStore } = local;
  await taskRegistry.create(TASK);
  await taskRegistry.recordMessage(ENDED.id, TASK.id, {
    direction: "outbound",
    content: [{ type: "text", text: ODD_TEXT }],
  });
  await taskRegistry.update(ENDED.id, TASK.id, { state: "succeeded", summary: ODD_TEXT });
  const odd = { sessionId: ENDED.id, description: ODD_TEXT, metadata: { text: ODD_TEXT } };
  await scheduleStore.createSchedule({ ...odd, cronExpression: "0 9 * * 1", timezone: "Europe/Berlin" });
  await scheduleStore.createSchedule({ ...odd, scheduledAt: LATER });
}

/** A turn that stands between the mark of a call and its result, as a killed process leaves it. */
async function leaveTurnOpen(path: string): Promise<void> {
  const started = Promise.withResolvers<void>();
  const hangs = effectsOf((signal) => {
    started.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", reject));
  });
  const model = LlmSimConfig.scripted([
    { type: "tool_calls", toolCalls: [{ name: "send_mail", arguments: { to: "you" } }] },
  ]);
  const world = await openWorld(path, model, { effects: hangs });
  const abandoned = world.runtime.runTurn(INTERRUPTED.id, "send it").catch(() => {});
  await started.promise;
  // From here on nothing is stored any more.
  await world.local.close();
  await world.runtime.close().catch(() => {});
  await abandoned;
}
