/**
 * A sandbox for code nobody trusts: programs a model writes (`codeMode`) and tools of others (`sandboxedTool`).
 *
 * A capability or a tool of the host runs in the host's process and with its permissions; that is a boundary of design,
 * not of security. Here code runs in a `deno` process of its own with no permission but the declared ones, under limits of
 * time, memory and output, and is killed when it passes one.
 *
 * **Permissions:** importing it needs none. Running anything needs `--allow-run=deno` (or the path given as `program`)
 * and nothing else. That grant is for the host alone: a process that may run `deno` may run it with every permission, so
 * the host must not let tools of its own process start programs. Without the grant nothing runs, with or without a
 * sandbox: `SandboxUnavailableError`.
 *
 * @example Run code and read what it returns
 * ```ts ignore
 * import { Sandbox } from "@everruns/runtime/sandbox";
 *
 * const sandbox = new Sandbox();
 * const outcome = await sandbox.runCode("while (true);", { timeoutMs: 500 });
 * if (outcome.type === "failed") outcome.reason; // "time"
 * ```
 *
 * @module
 */

export { codeMode } from "./code_mode.ts";
export type { CodeModeOptions } from "./code_mode.ts";
export type { AnswerCall } from "./conversation.ts";
export type { SandboxFailureReason, SandboxOutcome } from "./outcome.ts";
export { SandboxUnavailableError } from "./process.ts";
export type { SandboxProcess, SpawnSandbox } from "./process.ts";
export { Sandbox } from "./sandbox.ts";
export type { SandboxOptions, SandboxRunOptions } from "./sandbox.ts";
export { sandboxedTool } from "./sandboxed_tool.ts";
export type { SandboxedToolOptions } from "./sandboxed_tool.ts";
