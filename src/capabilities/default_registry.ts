/** The capabilities every runtime knows without being told. */

import type { LazyCapability } from "../ports/capability.ts";
import type { Clock } from "../ports/clock.ts";
import type { RuntimeSessionStore } from "../ports/stores.ts";
import type { EnvironmentContextOptions } from "./environment_context.ts";
import type { MemoryOptions } from "./memory/capability.ts";
import type { SkillsOptions } from "./skills/capability.ts";

/** Options of {@linkcode runtimeSafeCapabilities}. */
export interface RuntimeSafeCapabilitiesOptions {
  /**
   * The instant that counts as now, in milliseconds since the epoch, for `current_time`.
   *
   * @default {Date.now}
   */
  readonly now?: () => number;
  /**
   * Measures the waits of `session_tasks` and `subagents`.
   *
   * @default the host's clock
   */
  readonly clock?: Clock;
  /**
   * The facts `environment_context` tells.
   *
   * @default {}
   */
  readonly environment?: EnvironmentContextOptions;
  /**
   * Where `memory` is kept.
   *
   * @default {}
   */
  readonly memory?: MemoryOptions;
  /**
   * Where `session` finds the record of a session, and writes its title.
   *
   * @default the platform store of the call, without writing titles
   */
  readonly sessions?: RuntimeSessionStore;
  /**
   * Where `skills` finds more than those of the session's files.
   *
   * @default {}
   */
  readonly skills?: SkillsOptions;
}

/**
 * Descriptors of the built-in capabilities that are safe in the host's own process: they reach neither its disk, nor
 * its network, nor its environment.
 *
 * Each is imported when a session first uses it. `test_math` is a fixture for tests and examples.
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
 */
export function runtimeSafeCapabilities(options: RuntimeSafeCapabilitiesOptions = {}): LazyCapability[] {
  return [
    {
      id: "agent_instructions",
      name: "Agent instructions",
      description: "Puts the AGENTS.md of the workspace into the prompt.",
      load: async () => (await import("./agent_instructions.ts")).agentInstructions,
    },
    {
      id: "background_execution",
      name: "Background execution",
      description: "Runs tools in the background, now or by a schedule.",
      load: async () => (await import("./background/capability.ts")).backgroundExecution,
    },
    {
      id: "current_time",
      name: "Current time",
      description: "Tells the current date and time in any time zone.",
      load: async () => (await import("./current_time.ts")).currentTime(options),
    },
    {
      id: "environment_context",
      name: "Environment context",
      description: "Tells the model facts about its environment in every turn.",
      load: async () => (await import("./environment_context.ts")).environmentContext(options.environment),
    },
    {
      id: "human_intent",
      name: "Human intent",
      description: "Lets the model say what each call is for.",
      load: async () => (await import("./human_intent.ts")).humanIntent,
    },
    {
      id: "memory",
      name: "Memory",
      description: "Remembers, recalls and forgets across conversations.",
      load: async () => (await import("./memory/capability.ts")).memory(options.memory),
    },
    {
      id: "message_metadata",
      name: "Message metadata",
      description: "Shows the model when a message was sent, and what else is known of it.",
      load: async () => (await import("./message_metadata.ts")).messageMetadata,
    },
    {
      id: "prompt_caching",
      name: "Prompt caching",
      description: "Lets a provider cache the start of requests.",
      load: async () => (await import("./prompt_caching.ts")).promptCaching,
    },
    {
      id: "session",
      name: "Session",
      description: "Tells the model about its session, and lets it write the title.",
      load: async () => (await import("./session.ts")).session(options),
    },
    {
      id: "session_file_system",
      name: "Session files",
      description: "Reads, writes, lists and searches the files of the session.",
      load: async () => (await import("./session_file_system/capability.ts")).sessionFileSystem,
    },
    {
      id: "session_schedule",
      name: "Session schedules",
      description: "Schedules messages to the session: once, or again and again.",
      load: async () => (await import("./session_schedule/capability.ts")).sessionSchedule,
    },
    {
      id: "session_storage",
      name: "Session storage",
      description: "Keeps values and secrets of the session.",
      load: async () => (await import("./session_storage.ts")).sessionStorage,
    },
    {
      id: "session_tasks",
      name: "Session tasks",
      description: "Lists, reads, messages, awaits and cancels the background tasks of the session.",
      load: async () => (await import("./session_tasks/capability.ts")).createSessionTasks(options),
    },
    {
      id: "skills",
      name: "Skills",
      description: "Finds, follows and writes skills: instructions for kinds of work.",
      load: async () => (await import("./skills/capability.ts")).skills(options.skills),
    },
    {
      id: "stateless_todo_list",
      name: "Todo list",
      description: "Lets the model write down what is to be done, in progress and done.",
      load: async () => (await import("./stateless_todo_list.ts")).statelessTodoList,
    },
    {
      id: "subagent_report",
      name: "Subagent reports",
      description: "Lets a spawned agent report its result and its progress.",
      load: async () => (await import("./subagents/report_capability.ts")).subagentReport,
    },
    {
      id: "subagents",
      name: "Subagents",
      description: "Gives pieces of work to other agents, which work in sessions of their own.",
      load: async () => (await import("./subagents/capability.ts")).subagents(options),
    },
    {
      id: "system_commands",
      name: "System commands",
      description: "Commands about the session: status, history, files and export.",
      load: async () => (await import("./system_commands.ts")).systemCommands,
    },
    {
      id: "test_math",
      name: "Test math",
      description: "Adds, subtracts, multiplies and divides two numbers.",
      load: async () => (await import("./test_math.ts")).testMath,
    },
    {
      id: "tool_output_distillation",
      name: "Tool output distillation",
      description: "Makes large results of servers and of the web small, and stores the whole as a file.",
      load: async () => (await import("./tool_output_distillation/capability.ts")).toolOutputDistillation,
    },
    {
      id: "tool_output_persistence",
      name: "Tool output persistence",
      description: "Stores large results of tools as files and leaves a preview in the conversation.",
      load: async () => (await import("./tool_output_persistence.ts")).toolOutputPersistence,
    },
  ];
}
