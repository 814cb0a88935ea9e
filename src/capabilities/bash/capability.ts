/** The `bash` capability: a real shell on the host's machine. */

import { RuntimeError, ToolError } from "../../errors.ts";
import type { JsonObject } from "../../records/json.ts";
import type { Capability, CommandContext, CommandResult } from "../../ports/capability.ts";
import type { Tool, ToolContext } from "../../ports/tool.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { defineTool, toolSuccess } from "../../kit/define_tool.ts";
import { previewOutput } from "../../kit/output_preview.ts";
import { NO_SETTINGS } from "../../kit/settings.ts";
import { type BashVerbosity, commandResult, readable, VERBOSITIES } from "./command_result.ts";
import { type BashHost, type BashHostOptions, checkFolder, readHost } from "./options.ts";
import { type CommandRequest, type CommandRun, ENDING_MS, runCommand } from "./run_command.ts";

/** Options of {@linkcode createBash}. */
export interface BashOptions extends BashHostOptions {
  /** The folder commands run in, such as the root of the workspace; a function gets the session's workspace id. */
  readonly cwd: string | ((workspaceId: string) => string | Promise<string>);
  /**
   * How long a command may run when the call says nothing, in milliseconds.
   *
   * @default {120000}
   */
  readonly timeoutMs?: number;
  /**
   * How long a call may let a command run, and a command of the user may run, in milliseconds.
   *
   * @default {600000}
   */
  readonly maxTimeoutMs?: number;
  /**
   * Most bytes of each of its two outputs; a command that prints more is ended.
   *
   * @default {1048576}
   */
  readonly maxOutputBytes?: number;
  /**
   * How much output the model is shown when the call says nothing.
   *
   * @default {"normal"}
   */
  readonly verbosity?: BashVerbosity;
}

/** The options, checked and complete. */
interface Settings {
  readonly host: BashHost;
  readonly cwd: BashOptions["cwd"];
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly maxOutputBytes: number;
  readonly verbosity: BashVerbosity;
}

/** Longest run in the background, where nobody waits; the run's own limit is shorter by default. */
const BACKGROUND_MS = 24 * 60 * 60 * 1_000;
/** Bytes of output a person is shown. */
const MAX_SHOWN = 64 * 1024;
const MAX_OUTPUT = 16 * 1024 * 1024;

const DESCRIPTION = `Runs a command with bash on this machine, in the folder of the workspace, and returns its exit \
code and output. Every call is a new shell: no folder, variable or job of an earlier one is left, and what a command \
starts in the background ends with it. Nothing can be typed: use flags such as -y. Long output is shortened; lines \
that tell of errors stay.`;

/**
 * Makes the capability `bash`: the model runs commands on this machine, with every right of this user.
 *
 * **Whoever may run bash can do anything the user can**, whatever permissions Deno has: read, write, connect, run. Use it
 * where you would hand the model your terminal, put `createApproval()` or `user_hooks` before it, and use
 * `@everruns/runtime/sandbox` where you would not. Do not share it between users: it knows no sessions, only `cwd`.
 *
 * A command runs as `bash -c` without any startup file (see `login`), with an empty input and exactly the environment of
 * `env`. When it is over, late (`timeout_seconds`), prints more than `maxOutputBytes`, or its call, its turn or the host
 * ends in any way, it is ended with everything it started: SIGTERM, a second later SIGKILL, to its process group. That
 * takes `--allow-run=bash` and no more. Only what leaves the group goes on: `setsid`, `set -m`, a daemon.
 *
 * The result has `command`, `exit_code`, `success`, `stdout`, `stderr`, `truncated`, `total_lines` (of standard output),
 * `output_limited`, and `ended_because` when it was ended. `verbosity` is how much is shown: `silent` 200 bytes,
 * `concise` 2,048, `normal` 8,192, `verbose` 16,384, `full` all, as far as a result goes (64 KiB), `auto` 384 of a command
 * that worked and 8,192 of one that failed; anything else counts as `concise`. Of standard error it is 4,096 at most.
 * `tool_output_persistence` keeps the rest in files. Calls of one reply run one after another; none is ever repeated.
 *
 * Where tasks are kept, as by local backends, the model may start a command that outlives its turn (`spawn_background`),
 * for 24 hours at most; the limit of a background run is shorter by default. The command `/shell <command>` runs one for
 * the user, without a turn: whoever may run commands of the session may do anything the user can. A host may offer it as
 * `!<command>`.
 *
 * Needs Linux or macOS, and `--allow-run=bash`; without it a call fails with words that name the flag. On Windows every
 * command fails, unless you pass a `spawn`.
 *
 * @throws {TypeError} when an option has the wrong shape
 * @throws {RangeError} when a limit is out of range
 *
 * @example
 * ```ts
 * import { createBash } from "@everruns/runtime/bash";
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/home/me", LANG: "C.UTF-8" };
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .capability(createBash({ cwd: "/home/me/project", env }))
 *   .llmSim(LlmSimConfig.fixed("Done."))
 *   .singleSession((s) => s.harness("coder", "You write code.").withCapability("bash"))
 *   .build();
 * // Here the right to run it is missing.
 * const status = runtime.executeCommand(runtime.defaultSessionId, "shell", "git status --short");
 * await assert.rejects(status, /run with --allow-run=bash/);
 * ```
 */
export function createBash(options: BashOptions): Capability {
  const settings = readSettings(options);
  return defineCapability({
    id: "bash",
    name: "Bash",
    description: "Runs commands on the host's machine.",
    category: "execution",
    riskLevel: "high",
    configSchema: NO_SETTINGS.schema,
    validateConfig: NO_SETTINGS.problem,
    permissions: settings.host.permissions,
    tools: [makeTool(settings)],
    commands: [{
      name: "shell",
      description: "Runs a command in the folder of the workspace, without the model.",
      usage: "<command>",
      execute: (args, context) => runForUser(settings, args, context),
    }],
  });
}

function makeTool(settings: Settings): Tool {
  const { host, maxTimeoutMs } = settings;
  return defineTool({
    name: "bash",
    displayName: "Bash",
    description: DESCRIPTION,
    parameters: {
      type: "object",
      properties: {
        command: { type: "string", description: "The command; may have several lines." },
        timeout_seconds: {
          type: "number",
          exclusiveMinimum: 0,
          description:
            `How long it may run. Default: ${settings.timeoutMs / 1_000}; at most ${maxTimeoutMs / 1_000}, ` +
            "more only in the background.",
        },
        verbosity: {
          type: "string",
          description: `How much of the output you see: ${VERBOSITIES.join(", ")}. Default: ${settings.verbosity}.`,
        },
      },
      required: ["command"],
      additionalProperties: false,
    },
    category: "execution",
    effect: "at_most_once",
    // Commands of one reply often build on each other, and share the folder.
    concurrencyClass: "bash",
    timeoutMs: maxTimeoutMs + ENDING_MS,
    permissions: host.permissions,
    hints: { destructive: true, openWorld: true, longRunning: true, supportsBackground: true },
    execute: (args, context) => runForModel(settings, args, context),
    narrate: ({ command }) => typeof command === "string" ? `Running ${firstLine(command)}` : undefined,
  });
}

async function runForModel(settings: Settings, args: JsonObject, context: ToolContext): Promise<unknown> {
  const command = String(args["command"]);
  const verbosity = typeof args["verbosity"] === "string" ? args["verbosity"] : settings.verbosity;
  const { signal, workspaceId, output } = context;
  // In the background there is no turn to hold up.
  const most = context.turn === undefined ? BACKGROUND_MS : settings.maxTimeoutMs;
  const usual = context.turn === undefined ? BACKGROUND_MS : settings.timeoutMs;
  const asked = args["timeout_seconds"];
  const timeoutMs = typeof asked === "number" ? Math.min(Math.ceil(asked * 1_000), most) : usual;
  try {
    const run = await runIn(settings, workspaceId, { command, timeoutMs, signal, onOutput: output });
    const { result, rawOutput } = commandResult(command, run, verbosity);
    return toolSuccess(result, rawOutput === undefined ? {} : { rawOutput });
  } catch (error) {
    if (error instanceof RuntimeError) throw new ToolError(error.message, { cause: error });
    throw error;
  }
}

async function runForUser(settings: Settings, args: string, context: CommandContext): Promise<CommandResult> {
  const command = args.trim();
  if (command === "") throw new TypeError("Cannot run /shell: it requires a command, such as `/shell git status`");
  const { session, signal } = context;
  const run = await runIn(settings, session.workspaceId, { command, timeoutMs: settings.maxTimeoutMs, signal });
  const { result } = commandResult(command, run, "silent");
  const { exit_code, success, ended_because, output_limited } = result;
  const end = ended_because ?? (success === true ? undefined : `exit code ${exit_code}`);
  const texts = [
    previewOutput(readable(run.stdout), MAX_SHOWN).text,
    previewOutput(readable(run.stderr), MAX_SHOWN).text,
  ];
  const lines = texts.filter((text) => text !== "").map((text) => text.replace(/\n$/, ""));
  return {
    output: [...lines, ...(end === undefined ? [] : [`[${end}]`])].join("\n"),
    data: { exit_code: exit_code ?? null, success: success === true, output_limited: output_limited === true },
  };
}

async function runIn(
  { host, cwd, maxOutputBytes }: Settings,
  workspaceId: string,
  request: Pick<CommandRequest, "command" | "timeoutMs" | "signal" | "onOutput">,
): Promise<CommandRun> {
  const folder = typeof cwd === "string" ? cwd : checkFolder(await cwd(workspaceId), "the bash of a session");
  return await runCommand(host, { ...host.start, ...request, cwd: folder, maxOutputBytes, stdin: undefined });
}

function readSettings(options: BashOptions): Settings {
  const what = "bash";
  const { cwd, verbosity = "normal", maxTimeoutMs = 600_000, maxOutputBytes = 1024 * 1024 } = options;
  const { timeoutMs = Math.min(120_000, maxTimeoutMs) } = options;
  if (typeof cwd !== "function") checkFolder(cwd, what);
  if (!VERBOSITIES.includes(verbosity)) {
    throw new TypeError(`Cannot create ${what}: \`verbosity\` is none of ${VERBOSITIES.join(", ")}`);
  }
  checkLimit("maxTimeoutMs", maxTimeoutMs, BACKGROUND_MS);
  checkLimit("timeoutMs", timeoutMs, maxTimeoutMs);
  checkLimit("maxOutputBytes", maxOutputBytes, MAX_OUTPUT);
  return { host: readHost(options, what), cwd, timeoutMs, maxTimeoutMs, maxOutputBytes, verbosity };
}

function checkLimit(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(`Cannot create bash: \`${name}\` is ${value}, not a whole number between 1 and ${most}`);
}

function firstLine(command: string): string {
  const line = command.trim().split("\n", 1)[0] ?? "";
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
