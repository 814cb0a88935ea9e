/** A scripted model that remembers what it was asked. */

import type { ModelRequest } from "../ports/driver.ts";
import { LlmSimConfig } from "../drivers/llmsim/config.ts";
import type { LlmSimTurn } from "../drivers/llmsim/script.ts";
import type { LlmSimOnExhausted } from "../drivers/llmsim/settings.ts";

/** Options of {@linkcode scriptedModel}. */
export interface ScriptedModelOptions {
  /**
   * What happens when the script has no turn left; a test that asks more often than it says should fail.
   *
   * @default {"error"}
   */
  readonly onExhausted?: LlmSimOnExhausted;
}

/** A scripted model and the requests it got. */
export interface ScriptedModel {
  /** The configuration, for `InProcessRuntimeBuilder.llmSim()` or `llmSimDriver()`. */
  readonly config: LlmSimConfig;
  /** A copy of every request so far, oldest first. */
  readonly requests: readonly ModelRequest[];
}

/**
 * A model that plays a script, one turn per call, and remembers the requests.
 *
 * @example
 * ```ts
 * import { llmSimDriver, scriptedModel } from "@everruns/runtime/testing";
 * import assert from "node:assert/strict";
 *
 * const model = scriptedModel(["Hello!"]);
 * const driver = await llmSimDriver(model.config).create({});
 * const request = { model: "m", systemPrompt: "Be brief.", messages: [], tools: [], metadata: {} };
 * const events = await Array.fromAsync(driver.stream(request, { signal: new AbortController().signal }));
 * assert.deepEqual(events.map((event) => event.type), ["text", "done"]);
 * assert.equal(model.requests[0]?.systemPrompt, "Be brief.");
 * ```
 *
 * @throws {ConfigurationError} when the script is empty
 * @throws {TypeError} when a turn has the wrong shape
 */
export function scriptedModel(
  turns: readonly (string | LlmSimTurn)[],
  options: ScriptedModelOptions = {},
): ScriptedModel {
  const requests: ModelRequest[] = [];
  const config = LlmSimConfig.scripted(turns)
    .withOnExhausted(options.onExhausted ?? "error")
    .withRequestCapture(requests);
  return { config, requests };
}
