/**
 * One process that may die at a named point: `child.ts JOB`, where JOB is a {@linkcode Job} as JSON. Without an argument it
 * reads jobs from its standard input, one a line.
 *
 * Opens the data folder, finishes what an earlier process left, and plays a scenario. Needs `--allow-read` and
 * `--allow-write` for the stores and the ledger of the job and nothing else.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { RuntimeError } from "../../src/errors.ts";
import { DriverRegistry } from "../../src/kit/registries.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { RuntimeBackends } from "../../src/runtime/backends.ts";
import { InProcessRuntimeBuilder } from "../../src/runtime/builder.ts";
import type { InProcessRuntime } from "../../src/runtime/in_process_runtime.ts";
import { LocalBackends } from "../../local/backends.ts";
import { LocalProfile } from "../../local/profile.ts";
import { functionDriver } from "../src/_support/faults.ts";
import { FaultPoints } from "./fault_points.ts";
import { withLateMarks } from "./late_marks.ts";
import { EffectFile } from "./ledger.ts";
import { scriptedModel } from "./model.ts";
import { dataPath, type Dump, type Job, type SessionDump, tell } from "./protocol.ts";
import { SCENARIOS } from "./scenarios.ts";
import { crashTools } from "./tools.ts";
import { HARNESS, SESSION, World } from "./world.ts";

if (import.meta.main) await main();

async function main(): Promise<void> {
  const points = new FaultPoints();
  points.watchDatabases();
  points.watchFiles();
  const [only] = Deno.args;
  if (only !== undefined) return await runJob(JSON.parse(only), points);
  let text = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = `${text}${piece}`.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) await runJob(JSON.parse(line), points);
  }
}

/** Does a job, unless it dies. */
async function runJob(job: Job, points: FaultPoints): Promise<void> {
  const scenario = SCENARIOS[job.scenario];
  if (scenario === undefined) throw new RangeError(`Cannot play "${job.scenario}": there is no such scenario`);
  tell({ type: "begun" });
  using ledger = new EffectFile(job.folder);
  points.begin(job.fault);
  const { promise: hanging, resolve } = Promise.withResolvers<void>();
  const local = await LocalBackends.open(new LocalProfile(dataPath(job.folder)));
  const backends = job.control === "late-marks" ? lateMarks(local.runtimeBackends) : local.runtimeBackends;
  const runtime = await new InProcessRuntimeBuilder()
    .driverRegistry(new DriverRegistry().register(functionDriver(scriptedModel(points))))
    .defaultModel({ model: "fault-model", providerType: "fault" })
    .providerRetryConfig({ maxRetries: 0 })
    .backends(backends)
    .capability(crashTools({ points, ledger, hanging: resolve }))
    .singleSession((single) => {
      single.harness("crash", "You are a test.").harnessId(HARNESS).sessionId(SESSION).withCapability("crash_tools");
      for (const id of scenario.capabilities ?? []) single.withCapability(id);
    })
    .build();
  const watched = [SESSION, ...scenario.others?.keys() ?? []].map((id) => watch(runtime, id));
  points.phase = "recover";
  for (const { sessionId, error } of await runtime.recover()) {
    if (error !== undefined) tell({ type: "violation", message: `I5: ${sessionId} is not recovered: ${error}` });
  }
  for (const { sessionId } of job.settle ? await runtime.recover() : []) {
    tell({ type: "violation", message: `I11: ${sessionId} is recovered twice` });
  }
  const show = async (when: Dump["when"]): Promise<void> => tell(await dump(runtime, local, ledger, when));
  if (job.settle) await show("recovered");
  points.phase = "run";
  await scenario.play(new World({ runtime, local, settle: job.settle, hanging, control: job.control }));
  if (job.settle) await show("settled");
  points.phase = "close";
  await runtime.close();
  await Promise.all(watched);
  await local.close();
  points.phase = "idle";
  tell({ type: "passes", counts: points.counts });
  tell({ type: "closed" });
}

function lateMarks(backends: RuntimeBackends): RuntimeBackends {
  const { journal } = backends.slots;
  if (journal === undefined) throw new TypeError("Cannot break the journal: there is none");
  return backends.withJournal(withLateMarks(journal));
}

/** Tells what a live subscriber of a session gets. */
async function watch(runtime: InProcessRuntime, sessionId: SessionId): Promise<void> {
  for await (const { sequence, id, type } of runtime.subscribe(sessionId)) {
    if (sequence !== undefined) tell({ type: "seen", sessionId, sequence, id, event: type });
  }
}

/** Everything that is stored, read as a client reads it. */
async function dump(
  runtime: InProcessRuntime,
  local: LocalBackends,
  ledger: EffectFile,
  when: Dump["when"],
): Promise<Dump> {
  const { journal } = local.runtimeBackends.slots;
  const sessions: SessionDump[] = [];
  const kept: string[] = [];
  for (const { id } of await runtime.listSessions()) {
    const status = await runtime.status(id);
    const messages = await runtime.messages(id);
    const events = await journal?.events(id) ?? [];
    sessions.push({ id, status, events, messages });
    for (const task of await local.taskRegistry.list(id)) kept.push(task.id);
    for (const { description } of await local.scheduleStore.listSchedules(id)) kept.push(description);
    for (const event of events) {
      if (event.type !== "tool.completed" || event.data.toolName !== "save" || !event.data.success) continue;
      const { toolCallId } = event.data;
      const content = await contentOf(runtime, id, `/workspace/${toolCallId}.txt`);
      if (content !== `saved by ${toolCallId}`) {
        tell({ type: "violation", message: `I1: the file of ${toolCallId} says "${content}"` });
      }
    }
  }
  return { type: "dump", when, sessions, kept, integrity: integrityOf(local), effects: ledger.read().length };
}

async function contentOf(runtime: InProcessRuntime, id: SessionId, path: string): Promise<string | undefined> {
  try {
    return (await runtime.readFile(id, path)).content;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "file_not_found") return undefined;
    throw error;
  }
}

function integrityOf(local: LocalBackends): string {
  using db = new DatabaseSync(local.profile.databasePath, { readOnly: true });
  const verdicts = db.prepare("PRAGMA integrity_check").all().map((row) => String(row["integrity_check"]));
  const broken = db.prepare("PRAGMA foreign_key_check").all().length;
  return broken === 0 ? verdicts.join("; ") : `${broken} broken references`;
}
