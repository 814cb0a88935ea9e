/** Tools that run in a sandbox of their own. */

import type { JsonValue } from "../records/json.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { ToolEffect } from "../records/tool.ts";
import type { Tool } from "../ports/tool.ts";
import { type ClientToolOptions, defineTool, toolFailure, type ToolParameters } from "../kit/define_tool.ts";
import { ToolError } from "../errors.ts";
import { checkSandboxPermissions } from "./permissions.ts";
import { SandboxUnavailableError } from "./process.ts";
import { checkModule, checkSandboxLimits, Sandbox } from "./sandbox.ts";

/** Options of {@linkcode sandboxedTool}. */
export interface SandboxedToolOptions extends ClientToolOptions {
  /** Its parameters. @default no parameters */
  readonly parameters?: ToolParameters;
  /**
   * What runs: a module whose default export is a function from the arguments to the result, as source text or as a
   * `file:` or `data:` URL, such as `new URL("./my_tool.ts", import.meta.url)`. It may import `node:` modules, and a file
   * whatever is in its folder, so keep no secrets there; no packages and nothing from the network.
   */
  readonly module: string | URL;
  /**
   * What it may do: `read`, `write` and `net`, and nothing else. Paths are absolute.
   *
   * @default nothing
   */
  readonly permissions?: PermissionNeeds;
  /** Milliseconds it may run. @default {30000} */
  readonly timeoutMs?: number;
  /** MiB its objects may take. @default {128} */
  readonly memoryMb?: number;
  /** What repeating a call may do. @default {"at_most_once"} */
  readonly effect?: ToolEffect;
  /** Calls sharing a class run one after another. */
  readonly concurrencyClass?: string;
  /** Where it runs; share one so that it bounds the processes of all. @default a sandbox of its own */
  readonly sandbox?: Sandbox;
}

/** What a tool's own deadline leaves for waiting for a slot, starting and killing the process. */
const AROUND_MS = 11_000;

/**
 * Makes a tool that runs in a child process with exactly the permissions it declares.
 *
 * Use it for code of others. It is killed when it spins, leaks, floods or hangs; the model is told why. Each call starts
 * anew, so nothing is kept between calls. What the module writes to the console is shown live and is no part of the
 * result. The host needs `--allow-run=deno`, however much or little the tool may do.
 *
 * @throws {TypeError} when an option has the wrong shape or a permission cannot be had in a sandbox
 * @throws {RangeError} when a limit is out of range
 *
 * @example
 * ```ts
 * import { sandboxedTool } from "@everruns/runtime/sandbox";
 * import assert from "node:assert/strict";
 *
 * const shout = sandboxedTool({
 *   name: "shout",
 *   description: "Says it loudly.",
 *   parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
 *   module: "export default ({ text }) => text.toUpperCase();",
 *   timeoutMs: 5_000,
 * });
 * assert.deepEqual(shout.permissions, { run: ["deno"] });
 * ```
 */
export function sandboxedTool(options: SandboxedToolOptions): Tool {
  const { module, timeoutMs = 30_000, memoryMb = 128, sandbox = new Sandbox(), ...shape } = options;
  const what = `tool "${options.name}"`;
  const permissions = checkSandboxPermissions(options.permissions ?? {}, what);
  checkModule(module, `the module of ${what}`);
  checkSandboxLimits({ timeoutMs, memoryMb });
  return defineTool<ToolParameters>({
    ...shape,
    timeoutMs: timeoutMs + AROUND_MS,
    permissions: sandbox.permissions,
    execute: async (args, context) => {
      try {
        // Whatever a schema library made of the arguments, the child gets them as JSON.
        const outcome = await sandbox.runModule(module, args as JsonValue, {
          permissions,
          timeoutMs,
          memoryMb,
          onLog: (text, stream) => context.output(text, stream),
          signal: context.signal,
        });
        return outcome.type === "done" ? outcome.value : toolFailure(outcome.message);
      } catch (error) {
        if (error instanceof SandboxUnavailableError) throw new ToolError(error.message, { cause: error });
        throw error;
      }
    },
  });
}
