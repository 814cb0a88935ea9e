import assert from "node:assert/strict";
import { runtimeSafeCapabilities } from "../../../src/capabilities/default_registry.ts";

Deno.test("runtimeSafeCapabilities() knows the built-in capabilities by id, each once", () => {
  const ids = runtimeSafeCapabilities().map(({ id }) => id);
  assert.deepEqual(ids, [
    "agent_instructions",
    "background_execution",
    "btw",
    "budgeting",
    "compaction",
    "current_time",
    "environment_context",
    "error_disclosure",
    "guardrails",
    "human_intent",
    "infinity_context",
    "loop_detection",
    "memory",
    "message_metadata",
    "parallel_tool_calls",
    "progress_guard",
    "prompt_caching",
    "prompt_canary_guardrail",
    "self_budget",
    "session",
    "session_file_system",
    "session_schedule",
    "session_storage",
    "session_tasks",
    "skills",
    "stateless_todo_list",
    "subagent_report",
    "subagents",
    "system_commands",
    "test_math",
    "tool_call_repair",
    "tool_output_distillation",
    "tool_output_persistence",
    "tool_search",
  ]);
});

Deno.test("each descriptor loads the capability it describes, which needs no permission", async () => {
  for (const descriptor of runtimeSafeCapabilities()) {
    const capability = await descriptor.load();
    const { id, name, description, aliases } = capability;
    assert.deepEqual({ id, name, description, aliases }, {
      id: descriptor.id,
      name: descriptor.name,
      description: descriptor.description,
      aliases: descriptor.aliases,
    });
    assert.deepEqual(capability.permissions, {});
    const tools = typeof capability.tools === "function" ? capability.tools({}, []) : capability.tools ?? [];
    for (const tool of tools) assert.deepEqual(tool.permissions, {}, tool.definition.name);
  }
});

Deno.test("no two built-in capabilities have a tool of the same name", async () => {
  const names: string[] = [];
  for (const descriptor of runtimeSafeCapabilities()) {
    const { tools = [] } = await descriptor.load();
    names.push(...(typeof tools === "function" ? tools({}, []) : tools).map(({ definition }) => definition.name));
  }
  assert.equal(new Set(names).size, names.length);
});
