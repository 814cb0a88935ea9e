/** The capabilities every runtime knows without being told. */

import type { LazyCapability } from "../ports/capability.ts";
import type { Clock } from "../ports/clock.ts";

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
      id: "background_execution",
      name: "Background execution",
      description: "Runs tools in the background, now or by a schedule.",
      load: async () => (await import("./background/capability.ts")).backgroundExecution,
    },
    {
      id: "btw",
      name: "By the way",
      description: "Answers a question beside the conversation, which stays as it is.",
      load: async () => (await import("./btw.ts")).btw,
    },
    {
      id: "current_time",
      name: "Current time",
      description: "Tells the current date and time in any time zone.",
      load: async () => (await import("./current_time.ts")).currentTime(options),
    },
    {
      id: "infinity_context",
      name: "Infinity context",
      description: "Keeps long conversations within a budget and lets the model search what is hidden.",
      load: async () => (await import("./infinity_context/capability.ts")).infinityContext,
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
      id: "session_tasks",
      name: "Session tasks",
      description: "Lists, reads, messages, awaits and cancels the background tasks of the session.",
      load: async () => (await import("./session_tasks/capability.ts")).createSessionTasks(options),
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
      id: "test_math",
      name: "Test math",
      description: "Adds, subtracts, multiplies and divides two numbers.",
      load: async () => (await import("./test_math.ts")).testMath,
    },
  ];
}
