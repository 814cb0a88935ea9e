/**
 * A real shell for hosts that trust their models with it, and hooks of users that are commands.
 *
 * Importing this module needs no permission. Running a command needs `--allow-run=bash`, or the path given as `shell`;
 * ending it with everything it started needs no more than that. A command has every right of the user, whatever
 * permissions Deno has. Linux and macOS.
 *
 * @example
 * ```ts
 * import { bashHooks, createBash } from "@everruns/runtime/bash";
 * import { createUserHooks } from "@everruns/runtime/safety";
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .capability(createBash({ cwd: "/srv/project", env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" } }))
 *   .capability(createUserHooks(bashHooks({ cwd: "/srv/project" })))
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("coder", "You write code.").withCapability("bash"))
 *   .build();
 * const needs = await runtime.requiredPermissions();
 * assert.deepEqual(needs.toFlags(), ["--no-prompt", "--allow-run=bash"]);
 * ```
 *
 * @module
 */

export { createBash } from "./capability.ts";
export type { BashOptions } from "./capability.ts";
export type { BashVerbosity } from "./command_result.ts";
export { bashHooks } from "./hooks.ts";
export type { BashHooks, BashHooksOptions } from "./hooks.ts";
export type { BashHostOptions } from "./options.ts";
export type { BashProcess, BashSpawn, BashStart } from "./start_bash.ts";
