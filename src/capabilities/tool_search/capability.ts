/** The `tool_search` capability: many tools without all of their schemas in every request. */

import type { Capability } from "../../ports/capability.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { deferTools } from "./deferral.ts";
import { readToolSearchSettings, TOOL_SEARCH_SCHEMA, toolSearchProblem } from "./settings.ts";
import { toolSearch } from "./tool.ts";

/**
 * Sends most tools as a stub, name and first sentence, when there are many, and shows the model the rest of one with
 * `tool_search`, or once it was called.
 *
 * What a session has revealed stays complete from the next request on. A stub can be called too: a model that guesses
 * the arguments wrong is told what is wrong with them. Tools of MCP servers are deferred as any other; the client's own
 * and those with `deferrable: "never"` are not, those with `"always"` are also where there are few.
 *
 * Configuration: `threshold` (15: so many tools and some are deferred) and `never_defer` (the tools for files, and
 * `bash`). The search is the runtime's own for every provider: the drivers do not use those that providers have
 * themselves. Therefore `auto_tool_search`, which elsewhere picks between the two, is another name for it.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) =>
 *     s.harness("helper", "Help.").withCapability("test_math")
 *       .withCapability({ ref: "tool_search", config: { threshold: 4, never_defer: ["add"] } })
 *   )
 *   .build();
 * const { tools } = (await runtime.loadContext(runtime.defaultSessionId)).runtimeAgent;
 * const complete = tools.filter(({ parameters }) => Object.keys(parameters.properties ?? {}).length > 0);
 * assert.deepEqual(complete.map(({ name }) => name), ["add", "tool_search"]);
 * ```
 */
export const toolSearchCapability: Capability = defineCapability({
  id: "tool_search",
  aliases: ["auto_tool_search"],
  name: "Tool search",
  description: "Sends long lists of tools short, and lets the model look up the rest.",
  category: "context",
  riskLevel: "low",
  configSchema: TOOL_SEARCH_SCHEMA,
  validateConfig: toolSearchProblem,
  tools: [toolSearch],
  hooks: {
    toolDefinitions: (tools, { config }, messages) => deferTools(tools, messages, readToolSearchSettings(config)),
  },
  permissions: {},
});
