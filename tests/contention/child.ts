/**
 * One of several processes on a data folder: `child.ts FOLDER COMMAND ARGS...`.
 *
 * Prints one line when it holds something or is done. A command that holds something keeps it until the standard input
 * ends.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { idFromSeed, LlmSimConfig, type SessionId, type TaskId } from "@everruns/runtime";
import { LocalProfile, type LocalRuntime, LocalRuntimeBuilder } from "@everruns/runtime/local";

const [folder = "", command = "", ...args] = Deno.args;

/** The session every process knows. */
const SESSION: SessionId = idFromSeed("session", 1);
const NEVER_MS = 600_000;

const commands: Readonly<Record<string, () => Promise<void>>> = {
  /** Runs a turn whose model never answers. */
  turn: () =>
    withRuntime(LlmSimConfig.echo().withLatency({ firstTokenMs: NEVER_MS, tokenMs: 0 }), async (runtime) => {
      const turn = runtime.startTurn(SESSION, "hold");
      await turn.accepted;
      console.log(Deno.pid);
      await toldToEnd();
      turn.cancel();
      await turn.result;
    }),
  /** Is in the middle of a transaction that has changed something. */
  transaction: () => holdDatabase("NORMAL"),
  /** Keeps everybody else out of the store, as an update or a repair of it does. */
  exclusive: () => holdDatabase("EXCLUSIVE"),
  /** Changes one task, its thread and schedules again and again. */
  work: () => withRuntime(LlmSimConfig.echo(), work),
  /** Makes a task with the given id. */
  create: () =>
    withRuntime(LlmSimConfig.echo(), async ({ local }) => {
      const id = args[0] as TaskId;
      const made = await local.taskRegistry.create({
        id,
        sessionId: SESSION,
        kind: "note",
        displayName: `by ${Deno.pid}`,
      });
      console.log(made.displayName);
    }),
  /** Runs so many turns of the shared session. */
  turns: () => withRuntime(LlmSimConfig.echo(), runTurns),
  /** Delivers schedules until none is left. */
  schedules: () =>
    withRuntime(LlmSimConfig.echo(), async ({ local }) => {
      await using _background = local.startBackground({ schedules: { pollIntervalMs: 5, batchSize: 1 } });
      while (await local.scheduleStore.countActiveSchedules(SESSION) > 0) await tick();
      console.log("done");
    }),
};

await commands[command]?.();

async function withRuntime(model: LlmSimConfig, use: (runtime: LocalRuntime) => Promise<void>): Promise<void> {
  await using runtime = await new LocalRuntimeBuilder(new LocalProfile(folder))
    .llmSim(model)
    .singleSession((session) => session.harness("assistant").sessionId(SESSION))
    .build();
  await use(runtime);
}

async function holdDatabase(lockingMode: "NORMAL" | "EXCLUSIVE"): Promise<void> {
  using db = new DatabaseSync(join(folder, "local.db"), { timeout: 5000 });
  db.exec(`PRAGMA locking_mode=${lockingMode}`);
  db.exec("BEGIN IMMEDIATE");
  db.exec("INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES ('held', 'held', 'held', 1)");
  console.log("locked");
  await toldToEnd();
  db.exec("ROLLBACK");
}

async function work({ local }: LocalRuntime): Promise<void> {
  const [task, count] = [args[0] as TaskId, Number(args[1])];
  const { taskRegistry, scheduleStore } = local;
  for (let at = 0; at < count; at++) {
    const name = `${Deno.pid}-${at}`;
    await taskRegistry.update(SESSION, task, { appendArtifact: { name, type: "text" }, incrementAttempt: true });
    const schedule = await scheduleStore.createSchedule({
      sessionId: SESSION,
      description: name,
      scheduledAt: Date.now() + NEVER_MS,
    });
    await taskRegistry.recordMessage(SESSION, task, { direction: "outbound", content: [{ type: "text", text: name }] });
    if (at % 2 === 1) await scheduleStore.cancelSchedule(SESSION, schedule.id);
  }
  console.log("done");
}

async function runTurns(runtime: LocalRuntime): Promise<void> {
  // A session that another process runs a turn of is tried again: that is what a busy session asks for.
  for (let done = 0; done < Number(args[0]);) {
    const ended = await runtime.runTextTurn(SESSION, `${Deno.pid}-${done}`)
      .catch((error: { code?: string }) => error.code);
    if (ended === "session_busy" || ended === "lease_lost") await tick();
    else if (typeof ended === "object" && ended.success) done++;
    else throw new Error(`the turn came to ${JSON.stringify(ended)}`);
  }
  console.log("done");
}

async function toldToEnd(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
