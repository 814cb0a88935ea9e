/** Commands of `user_hooks`, run by bash. */

import type { PermissionNeeds } from "../../records/permissions.ts";
import type { UserHookSpawn } from "../user_hooks/run_hook.ts";
import { type BashHostOptions, checkFolder, readHost } from "./options.ts";
import { runCommand } from "./run_command.ts";

/** Options of {@linkcode bashHooks}. */
export interface BashHooksOptions extends BashHostOptions {
  /** The folder hooks run in, such as the root of the workspace. */
  readonly cwd: string;
}

/** What `createUserHooks()` takes to run commands. */
export interface BashHooks {
  /** Runs them. */
  readonly spawn: UserHookSpawn;
  /** What that needs. */
  readonly permissions: PermissionNeeds;
}

/** Longest run, for a caller that sets no deadline of its own; the hooks have theirs. */
const TIMEOUT_MS = 30_000;

/**
 * Lets `createUserHooks()` run the commands of its configuration with bash.
 *
 * A hook runs like a command of `createBash()`: no startup file, exactly the environment of `env` and of its own `env`,
 * and it is ended with all it started when it is over, late or prints too much. It reads the payload from standard input.
 *
 * @throws {TypeError} when an option has the wrong shape
 *
 * @example
 * ```ts
 * import { bashHooks } from "@everruns/runtime/bash";
 * import { createUserHooks } from "@everruns/runtime/safety";
 * import assert from "node:assert/strict";
 *
 * const userHooks = createUserHooks(bashHooks({ cwd: "/home/me/project", env: { PATH: "/usr/bin:/bin" } }));
 * // The configuration of a layer: ./guard.sh reads the call and may print {"decision":"block","reason":"..."}.
 * const config = { hooks: [{ id: "guard", event: "pre_tool_use", tools: ["bash"], command: "./guard.sh" }] };
 * assert.equal(userHooks.validateConfig?.(config), undefined);
 * assert.deepEqual(userHooks.permissions, { run: ["bash"] });
 * ```
 */
export function bashHooks(options: BashHooksOptions): BashHooks {
  const cwd = checkFolder(options.cwd, "bash hooks");
  const host = readHost(options, "bash hooks");
  return {
    permissions: host.permissions,
    async spawn({ command, env, stdin, maxOutputBytes, signal }) {
      const { shell, login } = host.start;
      const run = await runCommand(host, {
        shell,
        login,
        command,
        cwd,
        env: { ...host.start.env, ...env },
        stdin,
        maxOutputBytes,
        signal,
        timeoutMs: TIMEOUT_MS,
      });
      if (run.endedBy === "output_limit") throw new Error(`it printed more than ${maxOutputBytes} bytes`);
      if (run.endedBy === "timeout") throw new Error(`it ran for more than ${TIMEOUT_MS} ms`);
      return { code: run.code, stdout: run.stdout, stderr: run.stderr };
    },
  };
}
