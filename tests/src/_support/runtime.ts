/** Building runtimes on simulated models, and looking at what they did. */

import {
  type Capability,
  type Clock,
  defineCapability,
  type Event,
  type EventOf,
  type EventType,
  type InProcessRuntime,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  type LlmSimToolCall,
  type ModelRequest,
  type ProviderRetryConfig,
  type RandomSource,
  type RuntimeBackends,
  type SingleSessionBuilder,
  type Tool,
  type TurnLimits,
  type TurnResult,
} from "../../../mod.ts";
import type { LlmSimTurn } from "../../../src/drivers/llmsim/script.ts";
import { scriptedModel } from "../../../src/testing/scripted_model.ts";

/** Options of {@linkcode simRuntime}. */
export interface SimOptions {
  /** Base prompt of the harness. @default {"You are a test."} */
  readonly prompt?: string;
  /** Tools of one capability, `test_tools`, that is switched on. @default none */
  readonly tools?: readonly Tool[];
  /** Capabilities that are registered and switched on. @default none */
  readonly capabilities?: readonly Capability[];
  /** Capabilities that are registered but not switched on. @default none */
  readonly registered?: readonly Capability[];
  /** Time. @default the system's */
  readonly clock?: Clock;
  /** Randomness. @default the system's */
  readonly random?: RandomSource;
  /** Stores. @default in memory */
  readonly backends?: RuntimeBackends;
  /** Retries of model calls. */
  readonly retry?: Partial<ProviderRetryConfig>;
  /** Deadlines and caps. */
  readonly limits?: Partial<TurnLimits>;
  /** Says more about the session. */
  readonly session?: (single: SingleSessionBuilder) => SingleSessionBuilder | void;
  /** Says more about the builder, last. */
  readonly configure?: (builder: InProcessRuntimeBuilder) => InProcessRuntimeBuilder | void;
}

/** What the simulated model says: a configuration, one fixed text, or a script. */
export type SimModel = LlmSimConfig | string | readonly (string | LlmSimTurn)[];

/** A builder of a single session on a simulated model. */
export function simBuilder(model: SimModel, options: SimOptions = {}): InProcessRuntimeBuilder {
  const builder = new InProcessRuntimeBuilder().llmSim(configOf(model));
  const own = [...options.capabilities ?? []];
  if (options.tools !== undefined) own.push(toolsCapability(options.tools));
  for (const capability of [...own, ...options.registered ?? []]) builder.capability(capability);
  if (options.clock !== undefined) builder.clock(options.clock);
  if (options.random !== undefined) builder.random(options.random);
  if (options.backends !== undefined) builder.backends(options.backends);
  if (options.retry !== undefined) builder.providerRetryConfig(options.retry);
  if (options.limits !== undefined) builder.limits(options.limits);
  builder.singleSession((single) => {
    single.harness("test", options.prompt ?? "You are a test.");
    for (const capability of own) single.withCapability(capability.id);
    return options.session?.(single) ?? single;
  });
  return options.configure?.(builder) ?? builder;
}

/** A runtime of a single session on a simulated model; use it with `await using`. */
export async function simRuntime(model: SimModel, options: SimOptions = {}): Promise<InProcessRuntime> {
  return await simBuilder(model, options).build();
}

/** A scripted model, the requests it got, and a runtime on it. */
export interface ScriptedRuntime extends AsyncDisposable {
  /** The runtime. */
  readonly runtime: InProcessRuntime;
  /** A copy of every model request so far. */
  readonly requests: readonly ModelRequest[];
}

/** A runtime whose model plays a script and fails when it is asked once too often. */
export async function scriptedRuntime(
  turns: readonly (string | LlmSimTurn)[],
  options: SimOptions = {},
): Promise<ScriptedRuntime> {
  const { config, requests } = scriptedModel(turns);
  const runtime = await simRuntime(config, options);
  return { runtime, requests, [Symbol.asyncDispose]: () => runtime.close() };
}

/** A script's turn that calls tools. */
export function callTools(...toolCalls: readonly (string | LlmSimToolCall)[]): LlmSimTurn {
  return {
    type: "tool_calls",
    toolCalls: toolCalls.map((call) => typeof call === "string" ? { name: call, arguments: {} } : call),
  };
}

/** A capability that brings tools. */
export function toolsCapability(tools: readonly Tool[], id = "test_tools"): Capability {
  return defineCapability({ id, name: id, tools });
}

/** Runs one text turn of the default session. */
export function say(runtime: InProcessRuntime, text = "hi"): Promise<TurnResult> {
  return runtime.runTextTurn(runtime.defaultSessionId, text);
}

/** The types of all collected events, in order. */
export function typesOf(events: readonly Event[]): readonly string[] {
  return events.map((event) => event.type);
}

/** The collected events of one type. */
export function eventsOf<T extends EventType>(runtime: InProcessRuntime, type: T): readonly EventOf<T>[] {
  return runtime.events().filter((event): event is Extract<Event, EventOf<T>> => event.type === type);
}

/** The collected durable events of the default session. */
export function durableEvents(runtime: InProcessRuntime): readonly Event[] {
  return runtime.events().filter((event) => event.sequence !== undefined);
}

function configOf(model: SimModel): LlmSimConfig {
  if (model instanceof LlmSimConfig) return model;
  return typeof model === "string" ? LlmSimConfig.fixed(model) : LlmSimConfig.scripted(model);
}
