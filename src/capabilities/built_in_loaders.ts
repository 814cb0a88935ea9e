/** How the built-in capabilities are made; imported with the first one a session uses. */

import type { Capability } from "../ports/capability.ts";
import { NO_SETTINGS } from "../kit/settings.ts";
import type { RuntimeSafeCapabilitiesOptions } from "./default_registry_options.ts";

type Loader = (options: RuntimeSafeCapabilitiesOptions) => Promise<Capability>;

/** By id. */
const LOADERS: Readonly<Record<string, Loader>> = {
  agent_instructions: async () => (await import("./agent_instructions.ts")).agentInstructions,
  background_execution: async () => (await import("./background/capability.ts")).backgroundExecution,
  btw: async () => (await import("./btw.ts")).btw,
  budgeting: async () => (await import("./budgeting/capability.ts")).budgeting,
  compaction: async () => (await import("./compaction/capability.ts")).createCompaction(),
  current_time: async (options) => (await import("./current_time.ts")).currentTime(options),
  environment_context: async (options) =>
    (await import("./environment_context.ts")).environmentContext(options.environment),
  error_disclosure: async () => (await import("./error_disclosure.ts")).errorDisclosure,
  guardrails: async () => (await import("./guardrails/capability.ts")).guardrails,
  human_intent: async () => (await import("./human_intent.ts")).humanIntent,
  infinity_context: async () => (await import("./infinity_context/capability.ts")).infinityContext,
  loop_detection: async () => (await import("./loop_detection.ts")).loopDetection,
  memory: async (options) => (await import("./memory/capability.ts")).memory(options.memory),
  message_metadata: async () => (await import("./message_metadata.ts")).messageMetadata,
  parallel_tool_calls: async () => (await import("./parallel_tool_calls.ts")).parallelToolCalls,
  progress_guard: async () => (await import("./progress_guard.ts")).progressGuard,
  prompt_caching: async () => (await import("./prompt_caching.ts")).promptCaching,
  prompt_canary_guardrail: async () => (await import("./prompt_canary_guardrail.ts")).promptCanaryGuardrail,
  self_budget: async () => (await import("./budgeting/self_budget.ts")).selfBudget,
  session: async (options) => (await import("./session.ts")).session(options),
  session_file_system: async () => (await import("./session_file_system/capability.ts")).sessionFileSystem,
  session_schedule: async () => (await import("./session_schedule/capability.ts")).sessionSchedule,
  session_storage: async () => (await import("./session_storage.ts")).sessionStorage,
  session_tasks: async (options) => (await import("./session_tasks/capability.ts")).createSessionTasks(options),
  skills: async (options) => (await import("./skills/capability.ts")).skills(options.skills),
  stateless_todo_list: async () => (await import("./stateless_todo_list.ts")).statelessTodoList,
  subagent_report: async () => (await import("./subagents/report_capability.ts")).subagentReport,
  subagents: async (options) => (await import("./subagents/capability.ts")).subagents(options),
  system_commands: async () => (await import("./system_commands.ts")).systemCommands,
  test_math: async () => (await import("./test_math.ts")).testMath,
  tool_call_repair: async () => (await import("./tool_call_repair/capability.ts")).toolCallRepair,
  tool_output_distillation: async () =>
    (await import("./tool_output_distillation/capability.ts")).toolOutputDistillation,
  tool_output_persistence: async () => (await import("./tool_output_persistence.ts")).toolOutputPersistence,
  tool_search: async () => (await import("./tool_search/capability.ts")).toolSearchCapability,
};

/**
 * Imports a built-in capability and makes it.
 *
 * @throws {RangeError} when there is none of this id
 */
export async function loadBuiltIn(id: string, options: RuntimeSafeCapabilitiesOptions): Promise<Capability> {
  const load = Object.hasOwn(LOADERS, id) ? LOADERS[id] : undefined;
  if (load === undefined) throw new RangeError(`Cannot load the built-in capability "${id}": there is none`);
  const capability = await load(options);
  return capability.configSchema === undefined
    ? Object.freeze({ ...capability, configSchema: NO_SETTINGS.schema, validateConfig: NO_SETTINGS.problem })
    : capability;
}
