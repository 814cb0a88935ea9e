/** What the agent can do: the capabilities of its harness, and those the program brings. */

import {
  type Capability,
  type CapabilityRefInput,
  CapabilityRegistry,
  defineCapability,
  type McpServers,
  type PermissionNeeds,
  runtimeSafeCapabilities,
  type RuntimeSafeCapabilitiesOptions,
} from "@everruns/runtime";
import { createApproval } from "@everruns/runtime/safety";
import type { ApprovalDesk } from "./approval.ts";

/** Which tools that reach outside the workspace are on. */
export interface ToolChoice {
  readonly bash: boolean;
  readonly web: boolean;
}

/** What the capabilities are made of. */
export interface CapabilityParts {
  readonly workspace: string;
  readonly desk: ApprovalDesk;
  readonly tools: ToolChoice;
  readonly servers: McpServers;
  /** The whole environment of commands. */
  readonly commandEnvironment: Readonly<Record<string, string>>;
  /** What the program itself needs, beside its tools. */
  readonly needs: PermissionNeeds;
  readonly builtIn: RuntimeSafeCapabilitiesOptions;
}

/** Tools whose schemas are sent with every request; the model looks the others up. */
const EVERYDAY = [
  "read_file",
  "read_many_files",
  "write_file",
  "edit_file",
  "list_directory",
  "grep_files",
  "delete_file",
  "bash",
  "web_fetch",
  "write_todos",
  "activate_skill",
  "spawn_agent",
];

/** Capabilities every session has, in the order their prompts have. */
const ALWAYS: readonly CapabilityRefInput[] = [
  "session_file_system",
  { ref: "agent_instructions", config: { files: ["AGENTS.md", "CLAUDE.md", ".agents.md"] } },
  "skills",
  "memory",
  "environment_context",
  "infinity_context",
  "compaction",
  { ref: "tool_search", config: { never_defer: [...EVERYDAY] } },
  "stateless_todo_list",
  "session_tasks",
  "session_schedule",
  "background_execution",
  "subagents",
  "loop_detection",
  "progress_guard",
  "tool_call_repair",
  "prompt_caching",
  "tool_output_persistence",
  { ref: "error_disclosure", config: { mode: "detailed" } },
  "btw",
  "system_commands",
  "approval",
  "coding_cli",
];

/** The registry of a runtime, and what its harness switches on. */
export interface Capabilities {
  readonly registry: CapabilityRegistry;
  readonly refs: readonly CapabilityRefInput[];
}

/** Puts the capabilities together. */
export async function makeCapabilities(parts: CapabilityParts): Promise<Capabilities> {
  const registry = new CapabilityRegistry();
  for (const builtIn of runtimeSafeCapabilities(parts.builtIn)) registry.register(builtIn);
  registry.register(createApproval({ ask: (request) => parts.desk.judge(request) }));
  registry.register(ownCapability(parts));
  const outside = await outsideTools(parts);
  for (const capability of outside) registry.register(capability);
  return { registry, refs: [...ALWAYS, ...outside.map(({ id }) => id)] };
}

/** The tools that reach outside: each is imported only when it is on. */
async function outsideTools({ workspace, tools, commandEnvironment }: CapabilityParts): Promise<readonly Capability[]> {
  const capabilities: Capability[] = [];
  if (tools.bash) {
    const { createBash } = await import("@everruns/runtime/bash");
    capabilities.push(createBash({ cwd: workspace, env: commandEnvironment }));
  }
  if (tools.web) {
    const { createWebFetch } = await import("@everruns/runtime/web");
    capabilities.push(createWebFetch({ userAgent: "coding_cli" }));
  }
  return capabilities;
}

/**
 * What belongs to this program alone: the servers of `.mcp.json`, and the grants of the program itself.
 *
 * The servers come from a capability and not from the session's record, so that what their configuration holds of the
 * environment is not written to disk.
 */
function ownCapability({ servers, needs }: CapabilityParts): Capability {
  return defineCapability({
    id: "coding_cli",
    name: "Coding CLI",
    description: "What the program itself needs and brings.",
    mcpServers: servers,
    permissions: needs,
  });
}
