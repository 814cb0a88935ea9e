/** The tool `spawn_agent`. */

import { NotFoundError, RuntimeError, ToolError } from "../../errors.ts";
import type { CapabilityRef } from "../../records/capability_ref.ts";
import type { SessionId, TaskId } from "../../records/ids.ts";
import type { JsonObject } from "../../records/json.ts";
import type { Session } from "../../records/session.ts";
import type { SessionTask } from "../../records/task.ts";
import type { Clock } from "../../ports/clock.ts";
import type { PlatformStore } from "../../ports/platform_store.ts";
import type { SessionTaskRegistry, TaskExecutor } from "../../ports/task_registry.ts";
import type { Tool, ToolContext } from "../../ports/tool.ts";
import { permitsOf } from "../../kit/background_permits.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { derivedId } from "../../kit/derived_id.ts";
import { isFinalState } from "../../kit/task_state.ts";
import { assertDepth, assertTaskCaps, type Lineage, lineageOf, oneAtATime } from "./caps.ts";
import { type ChildEnding, endingOfError, isRuntimeClosed, runChild } from "./child_run.ts";
import { askingFor, requireChildWork, resultPathOf, settle } from "./child_task.ts";
import type { SubagentSettings } from "./settings.ts";
import {
  readSpawnRequest,
  type SpawnMode,
  spawnParameters,
  type SpawnRequest,
  unsupportedProblem,
} from "./spawn_request.ts";

/** Longest wait for a child in the foreground. */
const FOREGROUND_MS = 300_000;
/** What the tool may need beside that. */
const MARGIN_MS = 30_000;

/** What a call makes: the same for every run of the call. */
interface SpawnIds {
  readonly sessionId: SessionId;
  readonly taskId: TaskId;
}

/** One call. */
interface Spawn {
  readonly context: ToolContext;
  readonly settings: SubagentSettings;
  readonly clock: Clock;
  readonly platform: PlatformStore;
  readonly request: SpawnRequest;
  readonly ids: SpawnIds;
}

/**
 * Makes the tool for a session's settings.
 *
 * It is `idempotent`: the ids of the child and its task are made of the call's key, so a call that runs again after a
 * crash finds what it made before. Calls of one reply run one after another, so that the limits hold.
 */
export function spawnAgent(settings: SubagentSettings, clock: Clock): Tool {
  const tool = defineTool({
    name: "spawn_agent",
    displayName: "Spawn agent",
    description: "Gives a piece of work to another agent, which works in a session of its own.",
    parameters: spawnParameters(settings),
    category: "agents",
    effect: "idempotent",
    concurrencyClass: "spawn_agent",
    timeoutMs: FOREGROUND_MS + MARGIN_MS,
    hints: { longRunning: true },
    permissions: {},
    execute: (args, context) => spawn(args, context, settings, clock),
    narrate: ({ name }) => `Spawning ${name}`,
  });
  return Object.freeze<Tool>({
    ...tool,
    parse: (input) => {
      const message = unsupportedProblem(input);
      return message === undefined ? tool.parse(input) : { ok: false, message };
    },
  });
}

async function spawn(
  args: JsonObject,
  context: ToolContext,
  settings: SubagentSettings,
  clock: Clock,
): Promise<JsonObject> {
  const { platform, tasks } = context;
  if (platform === undefined) {
    throw new ToolError("Cannot spawn an agent: the host lets no tool reach other sessions; do the work yourself");
  }
  const request = readSpawnRequest(args, settings);
  const mode = request.mode ?? (tasks === undefined ? "foreground" : "background");
  const ids: SpawnIds = {
    sessionId: await derivedId("session", "spawn_agent", context),
    taskId: await derivedId("task", "spawn_agent", context),
  };
  const call: Spawn = { context, settings, clock, platform, request, ids };
  if (tasks === undefined) return await withoutTasks(call, mode);
  const known = await tasks.get(context.sessionId, ids.taskId);
  return mode === "background" ? await inBackground(call, tasks, known) : await inForeground(call, tasks, known);
}

async function inBackground(
  call: Spawn,
  tasks: SessionTaskRegistry,
  known: SessionTask | undefined,
): Promise<JsonObject> {
  const { context, request } = call;
  const kind = kindOf(request);
  const executor = tasks.executors.get(kind);
  if (executor === undefined) {
    throw new ToolError(`Cannot spawn an agent: this process runs no \`${kind}\` tasks; use mode \`foreground\``);
  }
  if (known !== undefined) {
    // The call runs again. A task of a dead process is not ours to run: whoever reaps it goes on with it.
    if (known.workerId === tasks.workerId && !isFinalState(known.state)) await executor.start(known);
    return describe(call, "background", isFinalState(known.state) ? known.state : "running", known);
  }
  const lineage = await admit(call);
  // Held until the executor has taken one of its own, so that none can slip in between.
  using _permit = permitsOf(tasks).acquire(context.sessionId);
  const task = await createTask(call, tasks, lineage, "background");
  await startOrSettle(executor, tasks, task);
  return describe(call, "background", "running", task);
}

async function startOrSettle(executor: TaskExecutor, tasks: SessionTaskRegistry, task: SessionTask): Promise<void> {
  try {
    await executor.start(task);
  } catch (error) {
    await settle(tasks, task, endingOfError(error));
    throw error;
  }
}

async function inForeground(
  call: Spawn,
  tasks: SessionTaskRegistry,
  known: SessionTask | undefined,
): Promise<JsonObject> {
  const { context, platform, clock } = call;
  const task = known ?? await createTask(call, tasks, await admit(call), "foreground");
  if (isFinalState(task.state)) return await answer(call, storedEnding(task), task);
  const { signal } = context;
  let ending: ChildEnding;
  try {
    const work = { ...requireChildWork(task), ...askingFor(tasks, task) };
    ending = await runChild({ platform, clock, ...work, limitMs: FOREGROUND_MS, signal });
  } catch (error) {
    if (isRuntimeClosed(error)) throw error;
    ending = endingOfError(error);
  }
  return await answer(call, await settle(tasks, task, ending), task);
}

/** Runs a child that leaves no task behind. */
async function withoutTasks(call: Spawn, mode: SpawnMode): Promise<JsonObject> {
  const { context, platform, clock, request, ids } = call;
  if (mode === "background") {
    throw new ToolError("Cannot spawn an agent in the background: the host keeps no tasks; use mode `foreground`");
  }
  if (request.resultSchema !== undefined || request.messageSchema !== undefined) {
    throw new ToolError("Cannot spawn an agent that reports: the host keeps no tasks; leave the schemas out");
  }
  await admit(call);
  await createChild(call, []);
  const ending = await runChild({
    platform,
    clock,
    sessionId: ids.sessionId,
    instructions: request.instructions,
    idempotencyKey: `task:${ids.taskId}`,
    limitMs: FOREGROUND_MS,
    signal: context.signal,
  });
  return await answer(call, ending, undefined);
}

async function admit({ platform, context, settings }: Spawn): Promise<Lineage> {
  const lineage = await lineageOf(platform, context.sessionId);
  assertDepth(lineage, settings);
  return lineage;
}

/** The child first: a task whose child is missing could never end. */
function createTask(call: Spawn, tasks: SessionTaskRegistry, lineage: Lineage, mode: SpawnMode): Promise<SessionTask> {
  const { context, settings, request, ids } = call;
  return oneAtATime(tasks, async () => {
    await assertTaskCaps(tasks, lineage.rootId, settings);
    await createChild(call, reportCapability(call));
    const { agent, resultSchema, messageSchema } = request;
    return await tasks.create({
      id: ids.taskId,
      sessionId: context.sessionId,
      kind: kindOf(request),
      displayName: request.name,
      spec: {
        instructions: request.instructions,
        mode,
        lifetime: "linked",
        seed: "fresh",
        target: agent === undefined ? { type: "subagent" } : { type: "agent", id: agent.id },
        ...(resultSchema === undefined ? {} : { result_schema: resultSchema }),
        ...(messageSchema === undefined ? {} : { message_schema: messageSchema }),
      },
      state: "running",
      workerId: tasks.workerId,
      links: { childSessionId: ids.sessionId },
      wakePolicy: mode === "foreground" ? "silent" : messageSchema === undefined ? "on_terminal" : "on_activity",
    });
  });
}

/** Of a session that is a child itself: it reports to that one's parent. */
const REPORT = "subagent_report";

function reportCapability({ context, request, ids }: Spawn): CapabilityRef[] {
  const { resultSchema, messageSchema } = request;
  if (resultSchema === undefined && messageSchema === undefined) return [];
  return [{
    ref: REPORT,
    config: {
      taskId: ids.taskId,
      parentSessionId: context.sessionId,
      ...(resultSchema === undefined ? {} : { resultSchema }),
      ...(messageSchema === undefined ? {} : { messageSchema }),
    },
  }];
}

async function createChild(call: Spawn, capabilities: readonly CapabilityRef[]): Promise<void> {
  const { context, platform, request, ids } = call;
  const parent = await requireSession(platform, context);
  const agentId = request.agent?.id ?? parent.agentId;
  const { locale = parent.locale } = context;
  const { networkAccess } = parent;
  try {
    await platform.createSession({
      id: ids.sessionId,
      harnessId: parent.harnessId,
      ...(agentId === undefined ? {} : { agentId }),
      title: request.name,
      ...(request.goal === undefined ? {} : { goal: request.goal }),
      ...(locale === undefined ? {} : { locale }),
      // Whatever holds this session holds its children too: spawning must be no way out of an approval or a policy.
      capabilities: [...parent.capabilities.filter(({ ref }) => ref !== REPORT), ...capabilities],
      ...(networkAccess === undefined ? {} : { networkAccess }),
      parentSessionId: context.sessionId,
    });
  } catch (error) {
    // An earlier run of this call got as far.
    if (error instanceof RuntimeError && error.code === "session_exists") return;
    if (error instanceof NotFoundError) throw new ToolError(`Cannot spawn an agent: ${error.message}`);
    throw error;
  }
}

async function requireSession(platform: PlatformStore, { sessionId }: ToolContext): Promise<Session> {
  const session = await platform.getSession(sessionId);
  if (session !== undefined) return session;
  throw new ToolError(`Cannot spawn an agent: session "${sessionId}" is not stored`);
}

function kindOf({ agent }: SpawnRequest): "subagent" | "agent_handoff" {
  return agent === undefined ? "subagent" : "agent_handoff";
}

/** The ending a task remembers. */
function storedEnding({ state, summary = "", error }: SessionTask): ChildEnding {
  if (state === "succeeded" || state === "canceled") return { state, reply: summary };
  return { state: "failed", reply: summary, error: error ?? { kind: "error", message: "It failed" } };
}

/** What the model gets when it waited for the end. */
async function answer(call: Spawn, ending: ChildEnding, task: SessionTask | undefined): Promise<JsonObject> {
  const { context, request } = call;
  const who = `${request.name} (${call.ids.sessionId})`;
  const words = ending.reply === "" ? "" : `\nIts last words: ${ending.reply}`;
  switch (ending.state) {
    case "failed":
      throw new ToolError(`The agent ${who} failed (${ending.error.kind}): ${ending.error.message}${words}`);
    case "canceled":
      throw new ToolError(`The agent ${who} was cancelled${words}`);
    case "succeeded": {
      const reported = task === undefined || request.resultSchema === undefined
        ? undefined
        : JSON.parse((await context.files.readFile(resultPathOf(task))).content);
      return { ...describe(call, "foreground", "succeeded", task), result: reported ?? ending.reply };
    }
  }
}

function describe(call: Spawn, mode: SpawnMode, status: string, task: SessionTask | undefined): JsonObject {
  const { request, ids } = call;
  return {
    subagent_id: ids.sessionId,
    name: request.name,
    status,
    mode,
    ...(task === undefined ? {} : { task_id: task.id }),
    ...(request.agent === undefined ? {} : { target_id: request.agent.id }),
  };
}
