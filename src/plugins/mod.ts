/**
 * Plugins: folders of skills, commands, agents and MCP servers, each compiled to one capability that is only data.
 *
 * `loadPlugin` takes the files of such a folder as text, wherever they come from; `readPluginFolder` of the subpath
 * `./local` reads them from disk. `definePlugin` takes the same parts as objects. The result is the capability
 * `plugin:<name>`, which is registered and switched on like any other, and warnings about what was left out.
 *
 * **Permissions:** none. Nothing of a plugin is run. An MCP server of a plugin needs `--allow-net` for its host when it
 * is used, which `requiredPermissions()` of a runtime lists.
 *
 * @example Register a plugin
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import { loadPlugin } from "@everruns/runtime/plugins";
 * import assert from "node:assert/strict";
 *
 * const { capability } = await loadPlugin({
 *   "plugin.json": '{ "name": "manners" }',
 *   "agents/host.md": "---\ndescription: Greets guests\n---\nSay please and thank you.",
 * });
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("Please come in."))
 *   .capability(capability)
 *   .singleSession((s) => s.harness("host").withCapability("plugin:manners"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.match(runtimeAgent.systemPrompt, /Say please and thank you/);
 * ```
 *
 * @module
 */

export { definePlugin } from "./define_plugin.ts";
export { loadPlugin } from "./load_plugin.ts";
export type { LoadPluginOptions } from "./load_plugin.ts";
export { PluginError } from "./plugin.ts";
export type { Plugin, PluginAgent, PluginDefinition, PluginSkill } from "./plugin.ts";
export type { PluginFiles } from "./plugin_files.ts";
