/**
 * The runtime under test: in-memory stores, the default event bus, a short prompt and one tool.
 *
 * @module
 */

import {
  defineCapability,
  defineTool,
  type HarnessId,
  idFromSeed,
  type InProcessRuntime,
  InProcessRuntimeBuilder,
  type LlmSimConfig,
  RuntimeBackends,
  type SessionId,
  type ToolEffect,
  type TurnResult,
} from "@everruns/runtime";

/** The harness of every session of a measure. */
export const HARNESS_ID: HarnessId = idFromSeed("harness", 1);

/** How often the tool ran so far. */
export let toolRuns = 0;

/** Options of {@linkcode startRuntime}. */
export interface SubjectOptions {
  /** The stores. @default all in memory */
  readonly backends?: RuntimeBackends;
  /** The effect the tool declares; absent leaves it to the runtime, which then takes `at_most_once`. */
  readonly effect?: ToolEffect;
}

/** A builder with the harness and the tool; the measure adds the model. */
export function subjectBuilder(options: SubjectOptions = {}): InProcessRuntimeBuilder {
  const add = defineTool({
    name: "add",
    description: "Adds two numbers",
    parameters: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
    },
    ...(options.effect === undefined ? {} : { effect: options.effect }),
    execute: ({ a, b }) => {
      toolRuns++;
      return String(Number(a) + Number(b));
    },
  });
  return new InProcessRuntimeBuilder()
    .backends(options.backends ?? RuntimeBackends.inMemory())
    .capability(defineCapability({ id: "bench_math", name: "Arithmetic", tools: [add] }))
    .singleSession((session) =>
      session.harness("bench", "You are concise.").harnessId(HARNESS_ID).withCapability("bench_math")
    );
}

/** A runtime on the simulated model. */
export async function startRuntime(config: LlmSimConfig, options: SubjectOptions = {}): Promise<InProcessRuntime> {
  return await subjectBuilder({ effect: "pure", ...options }).llmSim(config).build();
}

/** A new session. */
export async function newSession(runtime: InProcessRuntime): Promise<SessionId> {
  return (await runtime.createSession({ harnessId: HARNESS_ID })).id;
}

/** Stops the measure when a turn did not come to the expected answer. */
export function mustAnswer(turn: TurnResult, expected: string): void {
  if (turn.success && turn.response === expected) return;
  throw new Error(`the turn came to ${JSON.stringify({ ...turn, response: turn.response.slice(0, 200) })}`);
}
