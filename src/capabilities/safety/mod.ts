/**
 * Capabilities a host gives a part of its own: who approves calls, and what its users' hooks are.
 *
 * Needs no permission itself; commands of `user_hooks` need what the `spawn` the host passes in needs. The other
 * capabilities of the safety group need nothing of the host and are known to every runtime by their ids: `budgeting`,
 * `error_disclosure`, `guardrails`, `loop_detection`, `parallel_tool_calls`, `progress_guard`,
 * `prompt_canary_guardrail`, `self_budget`, `tool_call_repair`.
 *
 * @example
 * ```ts
 * import { createApproval } from "@everruns/runtime/safety";
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .capability(createApproval())
 *   .llmSim(LlmSimConfig.fixed("Done.").withToolCallSequence([[{ name: "write_file", arguments: { path: "/a", content: "x" } }], []]))
 *   .singleSession((s) => s.harness("worker", "Work.").withCapability("session_file_system").withCapability("approval"))
 *   .build();
 * const waiting = await runtime.runTextTurn(runtime.defaultSessionId, "Go");
 * const decisions = waiting.waitingFor.map(({ id }) => ({ toolCallId: id, approved: true }));
 * const done = await runtime.resumeTurn(runtime.defaultSessionId, { decisions });
 * assert.deepEqual([waiting.status, done.response], ["waiting", "Done."]);
 * ```
 *
 * @module
 */

export { createApproval } from "../approval.ts";
export type { ApprovalAnswer, ApprovalOptions, ApprovalRequest } from "../approval.ts";
export { createUserHooks } from "../user_hooks/capability.ts";
export type { UserHooksOptions } from "../user_hooks/capability.ts";
export type { UserHookCommand, UserHookDecision, UserHookFunction, UserHookOutput } from "../user_hooks/run_hook.ts";
export type { UserHookPayload, UserHookSpawn } from "../user_hooks/run_hook.ts";
export type { UserHookEvent } from "../user_hooks/settings.ts";
