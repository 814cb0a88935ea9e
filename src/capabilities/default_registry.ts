/** The capabilities every runtime knows without being told. */

import type { LazyCapability } from "../ports/capability.ts";
import type { RuntimeSafeCapabilitiesOptions } from "./default_registry_options.ts";

/** What is known of one before it is imported. */
type Row = readonly [id: string, name: string, description: string, aliases?: readonly string[]];

/** In the order of the ids; how each is made is in `built_in_loaders.ts`. */
const BUILT_IN: readonly Row[] = [
  ["agent_instructions", "Agent instructions", "Puts the AGENTS.md of the workspace into the prompt."],
  ["background_execution", "Background execution", "Runs tools in the background, now or by a schedule."],
  ["btw", "By the way", "Answers a question beside the conversation, which stays as it is."],
  ["budgeting", "Budgets", "Ends turns where their budget does."],
  ["compaction", "Compaction", "Makes long conversations fit the model's window."],
  ["current_time", "Current time", "Tells the current date and time in any time zone."],
  ["environment_context", "Environment context", "Tells the model facts about its environment in every turn."],
  ["error_disclosure", "Error disclosure", "Sets how much a failed turn tells its user."],
  ["guardrails", "Guardrails", "Checks answers, tool calls and tool results."],
  ["human_intent", "Human intent", "Lets the model say what each call is for."],
  ["infinity_context", "Infinity context", "Keeps requests within a budget; the model can search what is hidden."],
  ["loop_detection", "Loop detection", "Tells a model that goes in circles so."],
  ["memory", "Memory", "Remembers, recalls and forgets across conversations."],
  ["message_metadata", "Message metadata", "Shows the model when a message was sent, and what else is known of it."],
  ["parallel_tool_calls", "Parallel tool calls", "Sets whether calls of one reply may run at the same time."],
  ["progress_guard", "Progress guard", "Ends a turn that gets nowhere."],
  ["prompt_caching", "Prompt caching", "Lets a provider cache the start of requests."],
  ["prompt_canary_guardrail", "Prompt canary", "Finds answers that give the system prompt away."],
  ["self_budget", "Own budget", "Lets the model see what it may still use."],
  ["session", "Session", "Tells the model about its session, and lets it write the title."],
  ["session_file_system", "Session files", "Reads, writes, lists and searches the files of the session."],
  ["session_schedule", "Session schedules", "Schedules messages to the session: once, or again and again."],
  ["session_storage", "Session storage", "Keeps values and secrets of the session."],
  ["session_tasks", "Session tasks", "Lists, reads, messages, awaits and cancels the background tasks of the session."],
  ["skills", "Skills", "Finds, follows and writes skills: instructions for kinds of work."],
  ["stateless_todo_list", "Todo list", "Lets the model write down what is to be done, in progress and done."],
  ["subagent_report", "Subagent reports", "Lets a spawned agent report its result and its progress."],
  ["subagents", "Subagents", "Gives pieces of work to other agents, which work in sessions of their own."],
  ["system_commands", "System commands", "Commands about the session: status, history, files and export."],
  ["test_math", "Test math", "Adds, subtracts, multiplies and divides two numbers."],
  ["tool_call_repair", "Tool call repair", "Mends calls whose arguments cannot be used."],
  ["tool_output_distillation", "Tool output distillation", "Makes large results small; the whole becomes a file."],
  ["tool_output_persistence", "Tool output persistence", "Stores large results as files and leaves a preview."],
  [
    "tool_search",
    "Tool search",
    "Sends long lists of tools short, and lets the model look up the rest.",
    ["auto_tool_search", "claude_tool_search", "openai_tool_search"],
  ],
];

/**
 * Descriptors of the built-in capabilities that are safe in the host's own process: they reach neither its disk, nor
 * its network, nor its environment.
 *
 * Each is imported when a session first uses it, or by `load()`; `configSchema` then says its settings, what they mean,
 * their bounds and defaults. `test_math` is a fixture for tests and examples.
 *
 * @example
 * ```ts
 * import { CapabilityRegistry, runtimeSafeCapabilities } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const registry = new CapabilityRegistry();
 * for (const capability of runtimeSafeCapabilities()) registry.register(capability);
 * assert.equal((await registry.resolve("test_math")).name, "Test math");
 * ```
 *
 * @example The settings of one
 * ```ts
 * import { runtimeSafeCapabilities } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const descriptor = runtimeSafeCapabilities().find(({ id }) => id === "skills");
 * assert.deepEqual((await descriptor?.load())?.configSchema?.["properties"], {
 *   allow_write: { description: "Whether there is the tool `write_skill`.", type: "boolean", default: true },
 * });
 * ```
 */
export function runtimeSafeCapabilities(options: RuntimeSafeCapabilitiesOptions = {}): LazyCapability[] {
  return BUILT_IN.map(([id, name, description, aliases]) => ({
    id,
    ...(aliases === undefined ? {} : { aliases }),
    name,
    description,
    load: async () => await (await import("./built_in_loaders.ts")).loadBuiltIn(id, options),
  }));
}
