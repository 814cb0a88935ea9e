/** The `code_mode` capability: the model writes a program that calls its tools. */

import { ToolError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import type { ToolDefinition } from "../records/tool.ts";
import type { Capability } from "../ports/capability.ts";
import type { Tool, ToolContext, ToolOutcome } from "../ports/tool.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { defineTool, toolFailure } from "../kit/define_tool.ts";
import { NO_SETTINGS } from "../kit/settings.ts";
import { SandboxUnavailableError } from "./process.ts";
import { checkSandboxLimits, Sandbox } from "./sandbox.ts";
import { describeTools } from "./signatures.ts";
import { ToolCalls } from "./tool_calls.ts";

/** Options of {@linkcode codeMode}. */
export interface CodeModeOptions {
  /**
   * The tools a program may call: their names, or a function that decides. Those that need approval are never among
   * them.
   *
   * @default all of the turn
   */
  readonly tools?: readonly string[] | ((tool: ToolDefinition) => boolean);
  /**
   * Whether the model sees these tools only as functions of its programs; that saves what their schemas and each round
   * trip cost.
   *
   * Beside the capability `approval`, leave out of `tools` what somebody has to be asked about: programs are refused it.
   *
   * @default {false}
   */
  readonly hideTools?: boolean;
  /** Milliseconds a program may run, its calls of tools included. @default {120000} */
  readonly timeoutMs?: number;
  /** MiB the objects of a program may take. @default {128} */
  readonly memoryMb?: number;
  /** Calls of tools in one program. @default {100} */
  readonly maxCalls?: number;
  /** Characters of console output the model is told. @default {16384} */
  readonly maxOutputCharacters?: number;
  /** Characters of the returned value, as JSON, the model is told. @default {32768} */
  readonly maxResultCharacters?: number;
  /** Where programs run; share one so that it bounds the processes of all. @default a sandbox of its own */
  readonly sandbox?: Sandbox;
}

const NAME = "run_code";
/** Shows the model what tools take, and what it has shown it only knows when the model itself has called it. */
const SEARCH = "tool_search";
/** What the tool's own deadline leaves for waiting for a slot, starting and killing the process. */
const AROUND_MS = 11_000;

const DESCRIPTION = `Runs JavaScript or TypeScript and returns what it returns and what it writes to the console.
Write the body of an async function: use await and return. Call tools as \`await tools.name(args)\`; each returns its \
result as JSON and throws an Error when it fails. Combine, filter and loop over results there and return only what \
you need. Nothing else can be reached: no files, network, environment, packages or other programs, and nothing is kept \
between runs.`;

const PROMPT = `When a job takes several calls of tools, or only a part of their results matters, write one program \
for \`${NAME}\` instead of many single calls.`;

/**
 * Makes the capability `code_mode`, whose tool `run_code` runs programs the model writes.
 *
 * A program has no permission at all; it runs in a child process within limits of time, memory and output. All it can
 * do is call the tools the host allows, and such a call passes the same schema, hooks and deadline as a call of the
 * model. A tool that needs approval is refused: nobody could see what they agree to. Errors come back to the model with
 * the lines of its program. The host needs `--allow-run=deno`, which is for the host and not for tools.
 *
 * @throws {TypeError} when an option has the wrong shape
 * @throws {RangeError} when a limit is out of range
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import { codeMode } from "@everruns/runtime/sandbox";
 * import assert from "node:assert/strict";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("done"))
 *   .capability(codeMode({ tools: ["add", "multiply"], hideTools: true }))
 *   .singleSession((s) => s.harness("calculator").withCapability("test_math").withCapability("code_mode"))
 *   .build();
 * const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
 * assert.deepEqual(runtimeAgent.tools.map(({ name }) => name).sort(), ["divide", "run_code", "subtract"]);
 * ```
 */
export function codeMode(options: CodeModeOptions = {}): Capability {
  const { tools, hideTools = false, timeoutMs = 120_000, memoryMb = 128, sandbox = new Sandbox() } = options;
  const { maxCalls = 100, maxOutputCharacters = 16_384, maxResultCharacters = 32_768 } = options;
  checkSandboxLimits({ timeoutMs, memoryMb });
  const allows = toFilter(tools);
  const limits = { timeoutMs, memoryMb, maxCalls, maxResultCharacters, maxLogCharacters: maxOutputCharacters };

  async function run(code: string, context: ToolContext): Promise<JsonValue | ToolOutcome> {
    const calls = new ToolCalls(context, (tool) => tool.name !== NAME && tool.name !== SEARCH && allows(tool));
    const outcome = await sandbox.runCode(code, {
      ...limits,
      tools: calls.names,
      callTool: (name, args) => calls.call(name, args),
      onLog: (text, stream) => context.output(text, stream),
      signal: context.signal,
    });
    const { output } = outcome;
    if (outcome.type === "failed") {
      return toolFailure(
        output === "" ? outcome.message : `${outcome.message}\n\nOutput before that:\n${tail(output)}`,
      );
    }
    return { value: outcome.value, ...(output === "" ? {} : { output }), ...calls.summary() };
  }

  return defineCapability({
    id: "code_mode",
    name: "Code mode",
    description: "Lets the model write programs that call its tools.",
    category: "execution",
    riskLevel: "medium",
    systemPrompt: PROMPT,
    tools: [runCode(run, timeoutMs, sandbox)],
    ...(hideTools ? { hooks: { toolDefinitions: (offered) => foldTools(offered, allows) } } : {}),
    configSchema: NO_SETTINGS.schema,
    validateConfig: NO_SETTINGS.problem,
    permissions: {},
  });
}

function runCode(
  run: (code: string, context: ToolContext) => Promise<JsonValue | ToolOutcome>,
  timeoutMs: number,
  sandbox: Sandbox,
): Tool {
  return defineTool({
    name: NAME,
    description: DESCRIPTION,
    parameters: {
      type: "object",
      properties: { code: { type: "string", description: "The body of an async function" } },
      required: ["code"],
      additionalProperties: false,
    },
    category: "execution",
    deferrable: "never",
    timeoutMs: timeoutMs + AROUND_MS,
    permissions: sandbox.permissions,
    narrate: () => "Running a program",
    execute: async ({ code }: JsonObject, context) => {
      try {
        return await run(String(code), context);
      } catch (error) {
        if (error instanceof SandboxUnavailableError) throw new ToolError(error.message, { cause: error });
        throw error;
      }
    },
  });
}

/** Takes the tools out that programs can call, and describes them with the tool that runs programs. */
function foldTools(
  offered: readonly ToolDefinition[],
  allows: (tool: ToolDefinition) => boolean,
): readonly ToolDefinition[] {
  const isFolded = (tool: ToolDefinition): boolean =>
    tool.type === "builtin" && tool.name !== NAME && tool.name !== SEARCH && tool.policy !== "requires_approval" &&
    allows(tool);
  const folded = offered.filter(isFolded);
  if (folded.length === 0) return offered;
  return offered.filter((tool) => !isFolded(tool)).map((tool) =>
    tool.name === NAME
      ? { ...tool, description: `${tool.description}\n\nThe tools of a program:\n${describeTools(folded)}` }
      : tool
  );
}

function toFilter(tools: CodeModeOptions["tools"]): (tool: ToolDefinition) => boolean {
  if (tools === undefined) return () => true;
  if (typeof tools === "function") return tools;
  if (!Array.isArray(tools)) throw new TypeError("Cannot make code mode: `tools` is neither a list nor a function");
  const names: ReadonlySet<string> = new Set(tools);
  return ({ name }) => names.has(name);
}

/** What the output ended with tells most about a failure. */
function tail(output: string): string {
  return output.length <= 4_000 ? output : `[…]${output.slice(-4_000)}`;
}
