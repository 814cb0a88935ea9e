/**
 * The runtime under test: local backends in one folder, the simulated model, no tool.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import {
  type DriverDescriptor,
  DriverRegistry,
  type HarnessId,
  idFromSeed,
  LlmSimConfig,
  type SessionId,
  type TurnResult,
} from "@everruns/runtime";
import {
  LocalProfile,
  type LocalRuntime,
  LocalRuntimeBuilder,
  type LocalRuntimeOptions,
} from "@everruns/runtime/local";

/** The harness of every session. */
export const HARNESS_ID: HarnessId = idFromSeed("harness", 1);

/** What the model answers. */
export const ANSWER = "It is a good question, and the answer depends on what you measure and how often you do it.";

/** A runtime over a data folder. */
export async function openRuntime(dataDir: string, options: LocalRuntimeOptions = {}): Promise<LocalRuntime> {
  return await build(new LocalRuntimeBuilder(new LocalProfile(dataDir), options).llmSim(LlmSimConfig.fixed(ANSWER)));
}

/** The same with a model that answers one turn of the event loop later, as soon as any over a network could. */
export async function openLateRuntime(dataDir: string): Promise<LocalRuntime> {
  const id = "late";
  const late: DriverDescriptor = {
    id,
    requiresApiKey: false,
    permissions: () => ({}),
    create: () => ({
      id,
      prepare: () => ({ method: "POST", url: "late://model", headers: {}, body: "" }),
      async *stream() {
        await new Promise((resolve) => setImmediate(resolve));
        yield { type: "text", delta: ANSWER };
        yield { type: "done", finishReason: "stop" };
      },
    }),
  };
  return await build(
    new LocalRuntimeBuilder(new LocalProfile(dataDir))
      .driverRegistry(new DriverRegistry().register(late))
      .defaultModel({ model: "late-model", providerType: id }),
  );
}

async function build(builder: LocalRuntimeBuilder): Promise<LocalRuntime> {
  return await builder
    .harness({ id: HARNESS_ID, name: "bench", systemPrompt: "You are concise." })
    .build();
}

/** Runs one text turn and stops the measure when it did not come to the expected answer. */
export async function turnOf(runtime: LocalRuntime, sessionId: SessionId): Promise<void> {
  const turn: TurnResult = await runtime.runTextTurn(sessionId, "How fast is a turn that survives a power loss?");
  if (!turn.success || turn.response !== ANSWER) throw new Error(`the turn came to ${JSON.stringify(turn)}`);
}

/** A new session. */
export async function newSession(runtime: LocalRuntime): Promise<SessionId> {
  return (await runtime.createSession({ harnessId: HARNESS_ID })).id;
}

/** The folder the measure works in: its first argument. */
export function dataFolder(): string {
  const [folder] = Deno.args;
  if (folder === undefined) throw new Error("Cannot measure: the data folder is missing");
  return folder;
}
