/** A runtime whose tools reach other sessions, on a model that answers what a test says. */

import { setImmediate } from "node:timers";
import {
  type Capability,
  CapabilityRegistry,
  type Driver,
  DriverRegistry,
  IdSource,
  type InProcessRuntime,
  InProcessRuntimeBuilder,
  type LlmSimToolCall,
  type ModelCallOptions,
  type ModelEvent,
  type ModelRequest,
  PlatformDefinition,
  type PreparedRequest,
  RuntimeBackends,
  type SessionId,
  type SingleSessionBuilder,
} from "../../../mod.ts";
import { LocalPlatformStore } from "../../../local/platform/platform_store.ts";
import { subagents } from "../../../src/capabilities/subagents/capability.ts";
import { subagentExecutor } from "../../../src/capabilities/subagents/executor.ts";
import { subagentReport } from "../../../src/capabilities/subagents/report_capability.ts";
import { ComposedJournal } from "../../../src/in_memory/composed_journal.ts";
import { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import { systemRandom } from "../../../src/kit/ids.ts";
import type { SessionJournal } from "../../../src/ports/journal.ts";
import type { TaskExecutor } from "../../../src/ports/task_registry.ts";
import type { Agent } from "../../../src/records/harness.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { SessionTask } from "../../../src/records/task.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { descriptorOf } from "../_support/drivers.ts";

/** What the model answers: a text, or calls. */
export type Reply = string | readonly LlmSimToolCall[];

/** Decides what the model answers. */
export type Answer = (asked: Asked) => Reply | Promise<Reply>;

/** A model call. */
export interface Asked {
  /** The text of the newest user message. */
  readonly text: string;
  /** The results of the calls since then. */
  readonly results: readonly string[];
  /** The whole request. */
  readonly request: ModelRequest;
  /** Never answers; rejects when the call is aborted. */
  hang(): Promise<never>;
}

/** A model that answers what a function says. */
export class AnsweringModel implements Driver {
  /** See {@linkcode Driver.id}. */
  readonly id = "test";
  /** What it was asked, oldest first. */
  readonly asked: Asked[] = [];
  /** Calls that hang now. */
  hanging = 0;
  readonly #answer: Answer;

  /** Answers with a function. */
  constructor(answer: Answer) {
    this.#answer = answer;
  }

  /** Writes nothing. */
  prepare(): PreparedRequest {
    return { method: "POST", url: "test://model", headers: {}, body: "" };
  }

  /** Asks the function. */
  async *stream(request: ModelRequest, { signal }: ModelCallOptions): AsyncGenerator<ModelEvent> {
    const asked = { ...heard(request), request, hang: () => this.#hang(signal) };
    this.asked.push(asked);
    const reply = await this.#answer(asked);
    signal.throwIfAborted();
    if (typeof reply === "string") {
      if (reply !== "") yield { type: "text", delta: reply };
      yield { type: "done", finishReason: "stop" };
    } else {
      for (const { name, arguments: args = {} } of reply) yield { type: "tool_call", name, arguments: args };
      yield { type: "done", finishReason: "tool_calls" };
    }
  }

  #hang(signal: AbortSignal): Promise<never> {
    this.hanging++;
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        this.hanging--;
        reject(signal.reason);
      }, { once: true });
    });
  }
}

function heard({ messages }: ModelRequest): Pick<Asked, "text" | "results"> {
  const results: string[] = [];
  for (const message of messages.toReversed()) {
    if (message.role === "tool") results.unshift(message.content);
    else if (message.role === "user") {
      return { text: message.content.map((part) => part.type === "text" ? part.text : "").join(""), results };
    }
  }
  return { text: "", results };
}

/** Options of {@linkcode world}. */
export interface WorldOptions {
  /** Configuration of `subagents`; false leaves it off. @default {{}} */
  readonly subagents?: JsonObject | false;
  /** More capabilities, registered and switched on. @default none */
  readonly capabilities?: readonly Capability[];
  /** Says more about the session. */
  readonly session?: (single: SingleSessionBuilder) => void;
  /** More capabilities, registered only. @default none */
  readonly registered?: readonly Capability[];
  /** Stored agents. @default none */
  readonly agents?: readonly Agent[];
  /** Whether there is a task registry. @default {true} */
  readonly tasks?: boolean;
  /** Stores that were used before. @default new ones */
  readonly backends?: RuntimeBackends;
  /** The registry that was used before. @default a new one */
  readonly registry?: InMemorySessionTaskRegistry;
  /** Wraps the journal the platform reads. @default as it is */
  readonly watch?: (journal: SessionJournal) => SessionJournal;
}

/** A runtime and what it runs on. */
export interface World extends AsyncDisposable {
  /** The runtime. */
  readonly runtime: InProcessRuntime;
  /** What tools may do with other sessions. */
  readonly platform: LocalPlatformStore;
  /** Background tasks. */
  readonly registry: InMemorySessionTaskRegistry;
  /** Time, which stands still. */
  readonly clock: FakeClock;
  /** The model. */
  readonly model: AnsweringModel;
  /** The stores, for a second runtime. */
  readonly backends: RuntimeBackends;
  /** The default session. */
  readonly sessionId: SessionId;
  /** The one task of a session, once it is in a state. */
  settled(state?: SessionTask["state"]): Promise<SessionTask>;
}

/** Builds a world with one session. */
export async function world(answer: Answer, options: WorldOptions = {}): Promise<World> {
  const clock = new FakeClock();
  const model = new AnsweringModel(answer);
  const backends = options.backends ?? RuntimeBackends.inMemory();
  const { turnStore, messageStore, sessionStore } = backends.slots;
  const journal = new ComposedJournal({ turnStore, messageStore, ids: new IdSource(clock, systemRandom()), clock });
  const platform = new LocalPlatformStore({ sessionStore, journal: options.watch?.(journal) ?? journal, clock });
  const registry = options.registry ?? new InMemorySessionTaskRegistry({ clock });
  let used = backends.withJournal(journal).withPlatformStore(platform);
  if (options.tasks !== false) used = used.withTaskRegistry(registry);
  const builder = new InProcessRuntimeBuilder()
    .clock(clock)
    .backends(used)
    .platformDefinition(
      new PlatformDefinition({
        capabilities: new CapabilityRegistry().register(subagents({ clock })).register(subagentReport),
        drivers: new DriverRegistry().register(descriptorOf(model)),
      }),
    )
    .defaultModel({ model: "test-model", providerType: "test" });
  for (const capability of [...options.capabilities ?? [], ...options.registered ?? []]) builder.capability(capability);
  for (const agent of options.agents ?? []) builder.agent(agent);
  builder.singleSession((single) => {
    single.harness("lead", "You are a test.");
    if (options.subagents !== false) single.withCapability({ ref: "subagents", config: options.subagents ?? {} });
    for (const { id } of options.capabilities ?? []) single.withCapability(id);
    options.session?.(single);
    return single;
  });
  const runtime = await builder.build();
  for (const kind of ["subagent", "agent_handoff"] as const) {
    registry.executors.register(subagentExecutor(registry, platform, { kind, clock }));
  }
  const sessionId = runtime.defaultSessionId;
  return {
    runtime,
    platform,
    registry,
    clock,
    model,
    backends,
    sessionId,
    settled: (state = "succeeded") =>
      eventually(async () => (await registry.list(sessionId)).find((task) => task.state === state)),
    [Symbol.asyncDispose]: async () => {
      await runtime.close();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** Looks again and again, as long as anything is going on, until there is something. */
export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (let round = 0; round < 20_000; round++) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  throw new Error("It never came");
}

/** A call of `spawn_agent`. */
export function spawnCall(args: JsonObject = {}): LlmSimToolCall {
  return {
    name: "spawn_agent",
    arguments: { name: "counter", instructions: "count", target: { type: "subagent" }, ...args },
  };
}

/** A child and a running task for it, not started. */
export async function childTask(
  it: World,
  spec: JsonObject = {},
): Promise<SessionTask & { readonly child: SessionId }> {
  const parent = (await it.platform.getSession(it.sessionId))!;
  const child = await it.platform.createSession({ harnessId: parent.harnessId, parentSessionId: it.sessionId });
  const task = await it.registry.create({
    sessionId: it.sessionId,
    kind: "subagent",
    displayName: "counter",
    spec: { instructions: "count", ...spec },
    state: "running",
    workerId: it.registry.workerId,
    links: { childSessionId: child.id },
  });
  return { ...task, child: child.id };
}

export function executorOf(it: World): TaskExecutor {
  return it.registry.executors.get("subagent")!;
}

export async function now(it: World, { id }: SessionTask): Promise<SessionTask> {
  return (await it.registry.get(it.sessionId, id))!;
}

/** Resolves when the task's child is not watched any more. */
export async function inState(it: World, task: SessionTask, state: SessionTask["state"]): Promise<SessionTask> {
  return await eventually(async () => {
    const seen = await now(it, task);
    return seen.state === state && seen;
  });
}
