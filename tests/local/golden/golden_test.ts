/** Stores of every version of the schema are opened, read to the last record, and used. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { textOf } from "../../../src/records/content.ts";
import { LlmSimConfig } from "../../../src/drivers/llmsim/config.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../../local/sqlite/migrations.ts";
import { type TempFolder, tempFolder } from "../_support/temp_folder.ts";
import {
  AGENT,
  effectsOf,
  ENDED,
  HARNESSES,
  INTERRUPTED,
  LATER,
  ODD_TEXT,
  type OpenWorld,
  openWorld,
  TASK,
  WAITING,
} from "./_world.ts";

const NEWEST = MIGRATIONS.at(-1)!.version;
const VERSIONS = [...Deno.readDirSync(golden(""))]
  .flatMap(({ name }) => /^v(\d+)\.db$/.exec(name)?.[1] ?? [])
  .map(Number)
  .sort((a, b) => a - b);

function golden(name: string): string {
  return join(Deno.cwd(), "tests/local/golden", name);
}

/** A data folder with a copy of a golden store. */
function copyOf(version: number): TempFolder {
  const folder = tempFolder();
  const path = join(folder.path, "local.db");
  Deno.writeFileSync(path, Deno.readFileSync(golden(`v${version}.db`)), { mode: 0o600 });
  return folder;
}

/** A runtime over a copy, as a new process has it. */
function openCopy(folder: TempFolder, effects: string[] = []): Promise<OpenWorld> {
  return openWorld(folder.path, LlmSimConfig.fixed("ok"), {
    effects: effectsOf(() => {
      effects.push("mail");
      return "sent again";
    }),
  });
}

Deno.test("there is a golden store of every version: a new schema needs make.ts to be run", () => {
  assert.deepEqual(VERSIONS, MIGRATIONS.map(({ version }) => version));
});

Deno.test("the golden store of this version has the schema this release makes", () => {
  using folder = copyOf(NEWEST);
  using fresh = new DatabaseSync(":memory:");
  for (const { statements } of MIGRATIONS) for (const sql of statements) fresh.prepare(sql).run();
  using stored = new DatabaseSync(join(folder.path, "local.db"), { readOnly: true });
  assert.deepEqual(schemaOf(stored), schemaOf(fresh));
});

for (const version of VERSIONS) {
  Deno.test(`a store of version ${version} is strict and marked as ours`, async () => {
    using folder = copyOf(version);
    await using _world = await openCopy(folder);
    using db = new DatabaseSync(join(folder.path, "local.db"), { readOnly: true });
    const read = (pragma: string): unknown => Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
    const found = [read("application_id"), read("user_version"), read("journal_mode")];
    assert.deepEqual(found, [APPLICATION_ID, NEWEST, "wal"]);
    const loose = db.prepare("SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0").all();
    assert.deepEqual(loose.map(({ name }) => name).filter((name) => !String(name).startsWith("sqlite_")), []);
    assert.equal(read("integrity_check"), "ok");
  });

  Deno.test(`harnesses, agents and sessions of version ${version} are read to the character`, async () => {
    using folder = copyOf(version);
    await using world = await openCopy(folder);
    const { slots } = world.local.runtimeBackends;
    assert.deepEqual(await slots.harnessStore.getHarnessChain(HARNESSES[1]!.id), HARNESSES);
    assert.deepEqual(await slots.agentStore.getAgent(AGENT.id), AGENT);
    assert.deepEqual(await world.runtime.listSessions(), [WAITING, INTERRUPTED, ENDED]);
  });

  Deno.test(`history and events of version ${version} are read, and the conversation goes on`, async () => {
    using folder = copyOf(version);
    await using world = await openCopy(folder);
    const { runtime, local } = world;
    const messages = await runtime.messages(ENDED.id);
    assert.deepEqual(messages.map(({ role }) => role), ["user", "agent", "tool_result", "agent"]);
    assert.equal(textOf(messages[0]!.content), ODD_TEXT);
    assert.ok(messages[1]!.content.some((part) => part.type === "tool_call" && isOdd(part.arguments)));
    assert.ok(messages[2]!.content.some((part) => part.type === "tool_result" && part.result === ODD_TEXT));
    const events = await local.runtimeBackends.slots.journal!.events(ENDED.id);
    assert.deepEqual(events.map(({ sequence }) => sequence), events.map((_, at) => at + 1));
    assert.deepEqual(await local.runtimeBackends.slots.journal!.events(ENDED.id, { after: 4 }), events.slice(4));
    const before = events.length;
    const repeated = await runtime.runTurn(ENDED.id, "again", { idempotencyKey: ODD_TEXT });
    assert.equal(repeated.response, "sent");
    assert.equal((await local.runtimeBackends.slots.journal!.events(ENDED.id)).length, before);
    assert.equal((await runtime.runTextTurn(ENDED.id, "more")).response, "ok");
  });

  Deno.test(`a turn that version ${version} left open is finished, its effect not repeated`, async () => {
    using folder = copyOf(version);
    const effects: string[] = [];
    await using world = await openCopy(folder, effects);
    const recovered = await world.runtime.recover();
    assert.deepEqual(recovered.map(({ sessionId, result }) => [sessionId, result?.response]), [[INTERRUPTED.id, "ok"]]);
    assert.deepEqual(effects, []);
    const results = (await world.runtime.messages(INTERRUPTED.id)).filter(({ role }) => role === "tool_result");
    assert.match(JSON.stringify(results[0]?.content), /not run again/);
    assert.equal((await world.runtime.runTextTurn(INTERRUPTED.id, "more")).response, "ok");
  });

  Deno.test(`a turn that waits since version ${version} takes its answer`, async () => {
    using folder = copyOf(version);
    await using world = await openCopy(folder);
    assert.equal(await world.runtime.status(WAITING.id), "waiting_for_tool_results");
    const [call] = (await world.runtime.resumeTurn(WAITING.id, {})).waitingFor;
    const done = await world.runtime.resumeTurn(WAITING.id, { toolResults: [{ toolCallId: call!.id, result: "yes" }] });
    assert.equal(done.response, "ok");
  });

  Deno.test(`files, values and secrets of version ${version} are read, and written anew`, async () => {
    using folder = copyOf(version);
    await using world = await openCopy(folder);
    const { fileStore, storageStore } = world.local.runtimeBackends.slots;
    const contents = ["/notes/odd.txt", "/all.bin", "/fixed.txt"].map((path) =>
      fileStore!.readFile(ENDED.workspaceId, path)
    );
    const files = (await Promise.all(contents)).map(({ content, encoding, isReadonly }) => [
      content,
      encoding,
      isReadonly,
    ]);
    assert.deepEqual(files, [["a\0b \u{1F600}", "text", false], ["AP8=", "base64", false], ["fixed", "text", true]]);
    assert.deepEqual(await storageStore.getValue(ENDED.id, ODD_TEXT), { text: ODD_TEXT });
    assert.equal((await storageStore.getSecret(ENDED.id, ODD_TEXT))?.reveal(), ODD_TEXT);
    await fileStore!.writeFile(ENDED.workspaceId, "/notes/odd.txt", "new", "text");
    await storageStore.setValue(ENDED.id, ODD_TEXT, 1);
    assert.equal(await storageStore.getValue(ENDED.id, ODD_TEXT), 1);
  });

  Deno.test(`tasks, their threads and wakes, and schedules of version ${version} are read, and go on`, async () => {
    using folder = copyOf(version);
    await using world = await openCopy(folder);
    const { taskRegistry, scheduleStore, wakes } = world.local;
    const task = await taskRegistry.get(ENDED.id, TASK.id);
    assert.deepEqual([task?.kind, task?.state, task?.summary, task?.spec], [
      ODD_TEXT,
      "succeeded",
      ODD_TEXT,
      { text: ODD_TEXT },
    ]);
    const [message] = await taskRegistry.listMessages(ENDED.id, TASK.id);
    assert.deepEqual(message?.content, [{ type: "text", text: ODD_TEXT }]);
    assert.equal((await wakes.pending()).length, 1);
    const [cron, once] = await scheduleStore.listSchedules(ENDED.id);
    assert.deepEqual([cron?.description, cron?.timezone, cron?.cronExpression], [
      ODD_TEXT,
      "Europe/Berlin",
      "0 9 * * 1",
    ]);
    assert.equal(once?.scheduledAt, LATER);
    assert.deepEqual(await scheduleStore.getMetadata(once!.id), { text: ODD_TEXT });
    assert.equal((await scheduleStore.cancelSchedule(ENDED.id, once!.id))?.enabled, false);
  });
}

/** Names and statements of everything in a schema. */
function schemaOf(db: DatabaseSync): unknown[] {
  return db.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all().map((row) => ({ ...row }));
}

function isOdd(value: unknown): boolean {
  return typeof value === "object" && value !== null && "to" in value && value.to === ODD_TEXT;
}
