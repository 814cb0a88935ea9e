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
 * Where provider and model search themselves (Claude 4.5 and GPT-5.4 and later, at Anthropic, OpenAI and Azure), they
 * do: deferred tools go out complete and marked, the provider keeps them from the model until it finds them, and what it
 * found goes back with the conversation. A model that cannot gets the runtime's search from the next request on.
 *
 * Configuration: `threshold` (15: so many tools and some are deferred), `never_defer` (the tools for files, and `bash`)
 * and `mode` (`auto`; `local`: always the runtime's search; `native`: never, so that a model that cannot search gets all
 * tools complete). `loadContext` shows the tools as for `local`; `previewRequest` shows what is sent.
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
  aliases: ["auto_tool_search", "claude_tool_search", "openai_tool_search"],
  name: "Tool search",
  description: "Sends long lists of tools short, and lets the model look up the rest.",
  category: "context",
  riskLevel: "low",
  configSchema: TOOL_SEARCH_SCHEMA,
  validateConfig: toolSearchProblem,
  tools: [toolSearch],
  hooks: {
    toolDefinitions: (tools, { config }, messages, profile) =>
      deferTools(tools, messages, readToolSearchSettings(config), profile?.native?.toolSearch),
  },
  permissions: {},
});
