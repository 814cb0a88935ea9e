/** Running one tool call: hooks, arguments, start mark, execution, result. */

import { messageOf, ToolError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import type { ToolCall, ToolResult } from "../records/tool.ts";
import type { CapabilityHooks, ToolUseDetails } from "../ports/capability.ts";
import type { Tool, ToolOutcome } from "../ports/tool.ts";
import { lazy } from "../kit/lazy.ts";
import { copyForeign, parseArgumentsText } from "../kit/parse_arguments.ts";
import type { BoundTool } from "../context/session_config.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { CallContext } from "./call_context.ts";
import type { BoundCall, Prepared } from "./call_repair.ts";
import { askPreHooks, type HookAsking } from "./pre_hooks.ts";
import { boundResult, errorResult, type Failed, failed, INTERNAL, isResult, toResult } from "./tool_result.ts";
import type { SecretFilter } from "./kernel_ports.ts";
import type { TurnRun } from "./turn_run.ts";

const repairs = lazy(() => import("./call_repair.ts"));
const raw = lazy(() => import("./raw_output.ts"));

/** A finished call. */
export interface FinishedCall {
  /** The call. */
  readonly call: ToolCall;
  /** The tool, if there is one of that name. */
  readonly bound: BoundTool | undefined;
  /** Its result. */
  readonly result: ToolResult;
  /** Whether the result was cut to its cap. */
  readonly truncated: boolean;
  /** How long it ran, in milliseconds. */
  readonly durationMs: number;
}

/** Options of {@linkcode runToolCall}. */
export interface CallOptions {
  /** The call whose tool makes this one. @default none */
  readonly outer?: CallContext;
  /** Whether arguments that do not fit may be mended. @default {true} */
  readonly mayRepair?: boolean;
}

/** Told just before the tool runs; resolves when it may, or to the reason why it may not. */
export type BeforeStart = (call: ToolCall, tool: Tool, args: JsonValue) => Promise<string | undefined> | undefined;

/**
 * Runs a call to its result.
 *
 * @throws the reason of the interruption when the turn ends meanwhile; never because of the tool
 */
export async function runToolCall(
  run: TurnRun,
  turn: TurnContext,
  call: ToolCall,
  beforeStart: BeforeStart,
  { outer, mayRepair = true }: CallOptions = {},
): Promise<FinishedCall> {
  const startedAt = run.ports.clock.monotonic();
  const bound = turn.executableTools.get(call.name);
  const context = new CallContext(run, turn, call, async (inner, caller) => {
    return (await runToolCall(run, turn, inner, () => undefined, { outer: caller })).result;
  });
  outer?.adopt(context);
  let truncated = false;
  let result: ToolResult;
  let outcome: ToolOutcome | Failed | undefined;
  try {
    if (bound === undefined) result = errorResult(call, `Tool definition not found: ${call.name.slice(0, 200)}`);
    else {
      const exact = !mayRepair || bound.tool.definition.policy === "requires_approval";
      outcome = await runBound(run, turn, { call, tool: bound.tool, context }, beforeStart, exact);
      ({ result, truncated } = toResult(call, outcome, run.ports.limits.maxToolResultBytes));
    }
    result = withoutSecrets(result, run.ports.secrets);
    if (bound !== undefined && turn.config.hasHook.postToolUse) {
      const hooked = await runPostHooks(run, turn, call, result, context, await rawOutput(run, outcome, truncated));
      try {
        const bounded = hooked === result ? undefined : boundResult(call, hooked, run.ports.limits.maxToolResultBytes);
        result = bounded === undefined ? result : withoutSecrets(bounded.result, run.ports.secrets);
        truncated ||= bounded?.truncated ?? false;
      } catch (thrown) {
        run.warn("hook_failed", thrown);
      }
    }
  } finally {
    context.end(run.interrupts.interrupted ? run.interrupts.reason : undefined);
  }
  return { call, bound, result, truncated, durationMs: run.ports.clock.monotonic() - startedAt };
}

/** The output in full, for hooks; nearly no result needs it. */
async function rawOutput(
  run: TurnRun,
  outcome: ToolOutcome | Failed | undefined,
  truncated: boolean,
): Promise<Pick<ToolUseDetails, "rawOutput">> {
  try {
    if (outcome?.type !== "success" || outcome.rawOutput === undefined && !truncated) return {};
    const { rawOutput } = (await raw()).rawOutputOf(outcome, truncated);
    return rawOutput === undefined ? {} : { rawOutput: run.ports.secrets.redactResult({ ...rawOutput }) };
  } catch {
    // What a tool made may throw when it is looked at.
    return {};
  }
}

/** The result without secrets: no tool has to tell the model what the runtime calls it with. */
function withoutSecrets(result: ToolResult, secrets: SecretFilter): ToolResult {
  const { error, result: value } = result;
  const shown = error === undefined ? undefined : secrets.redact(error);
  const told = value === undefined ? undefined : secrets.redactResult(value);
  if (shown === error && told === value) return result;
  return {
    ...result,
    ...(shown === undefined ? {} : { error: shown }),
    ...(told === undefined ? {} : { result: told }),
  };
}

async function runBound(
  run: TurnRun,
  turn: TurnContext,
  { call, tool, context }: BoundCall,
  beforeStart: BeforeStart,
  exact: boolean,
): Promise<ToolOutcome | Failed> {
  let prepared = await prepare(run, turn, call, tool, call.arguments, context);
  if (prepared.type === "unusable") {
    // Somebody agreed to these very arguments, or has to: nothing else may run instead.
    prepared = turn.config.hasHook.repairCall && !exact
      ? await (await repairs()).repairCall(run, turn, { call, tool, context }, prepared, prepare)
      : failed("error", prepared.problem.message);
  }
  if (prepared.type === "failed") return prepared;
  const { args, value } = prepared;
  // A turn that was cancelled meanwhile has no effect any more.
  rethrowInterruption(run);
  const marked = beforeStart(call, tool, args);
  if (marked !== undefined) {
    const refused = await marked;
    rethrowInterruption(run);
    if (refused !== undefined) return failed("error", refused);
  }
  return await execute(run, tool, value, context);
}

/** Parses arguments, lets the hooks see them, and checks what they leave against the tool's schema. */
async function prepare(
  run: TurnRun,
  turn: TurnContext,
  call: ToolCall,
  tool: Tool,
  given: JsonValue,
  context: CallContext,
): Promise<Prepared> {
  const { definition } = tool;
  let args: JsonValue = given;
  if (typeof args === "string") {
    const parsed = parseArgumentsText(args);
    const message = parsed.ok ? "The arguments are not an object" : parsed.message;
    return { type: "unusable", given, problem: { kind: "not_json", message, tool: definition } };
  }
  // Hooks and tools may change what they are given; what is stored and sent stays as it is.
  args = copyForeign(args);
  if (turn.config.hasHook.preToolUse) {
    const asking: HookAsking = {
      wait: (answer) => run.timed(answer, run.ports.limits.hookMs, "run a hook"),
      failed: (owner, thrown) => {
        rethrowInterruption(run);
        run.hookFailed("preToolUse", owner, thrown);
      },
    };
    const decided = await askPreHooks(turn, { ...call, arguments: args }, { definition, context, asking });
    if (decided.blocked !== undefined) return failed("error", decided.blocked);
    args = decided.args;
  }
  try {
    let parsed = tool.parse(args);
    if (parsed instanceof Promise) parsed = await run.timed(parsed, run.ports.limits.hookMs, "check arguments");
    if (parsed.ok) return { type: "ready", args, value: parsed.value };
    return { type: "unusable", given, problem: { kind: "schema", message: parsed.message, tool: definition } };
  } catch (thrown) {
    rethrowInterruption(run);
    run.warn("tool_schema_failed", thrown);
    return failed("error", `Tool "${call.name}" ${INTERNAL}`);
  }
}

/** Runs the tool itself under its deadline. */
export async function execute(
  run: TurnRun,
  tool: Tool,
  args: unknown,
  context: CallContext,
): Promise<ToolOutcome | Failed> {
  const name = tool.definition.name;
  const milliseconds = tool.timeoutMs ?? run.ports.limits.toolMs;
  try {
    const running = tool.execute(args, context);
    if (!isThenable(running)) return running;
    return await run.bounded<ToolOutcome | Failed>(running, milliseconds, () => {
      const message = `Tool "${name}" timed out after ${milliseconds} ms`;
      context.end(new DOMException(message, "TimeoutError"));
      return failed("timeout", message);
    });
  } catch (thrown) {
    rethrowInterruption(run);
    const shown = shownMessage(thrown);
    if (shown !== undefined) return failed("error", shown);
    // The text of an unexpected error may hold secrets or paths: it is the host's to see, not the model's.
    run.warn("tool_threw", `Tool "${name}" threw: ${messageOf(thrown)}`);
    return failed("error", `Tool "${name}" ${INTERNAL}`);
  }
}

/** What a tool wants the model to know; undefined for anything else that is thrown, which may be hostile. */
function shownMessage(thrown: unknown): string | undefined {
  try {
    return thrown instanceof ToolError && typeof thrown.message === "string" ? thrown.message : undefined;
  } catch {
    return undefined;
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return value instanceof Promise ||
    typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

async function runPostHooks(
  run: TurnRun,
  turn: TurnContext,
  call: ToolCall,
  first: ToolResult,
  context: CallContext,
  raw: Pick<ToolUseDetails, "rawOutput">,
): Promise<ToolResult> {
  let result = first;
  for (const { owner, hooks } of turn.config.hooks) {
    const hook: CapabilityHooks["postToolUse"] = hooks.postToolUse?.bind(hooks);
    if (hook === undefined) continue;
    try {
      const answer = hook(call, result, context, { config: owner.config, ...raw });
      const next = answer instanceof Promise ? await run.timed(answer, run.ports.limits.hookMs, "run a hook") : answer;
      // A hook that returns nothing, or no result, has nothing to say.
      if (next !== result && isResult(next)) result = { ...next, toolCallId: call.id };
    } catch (thrown) {
      rethrowInterruption(run);
      run.hookFailed("postToolUse", owner, thrown);
    }
  }
  return result;
}

/** Words for people about a call; the capability's win over the tool's. */
export function narrate(turn: TurnContext, call: ToolCall): string | undefined {
  const bound = turn.executableTools.get(call.name);
  if (bound === undefined) return undefined;
  for (const { capability } of turn.config.capabilities) {
    const words = unlessItThrows(() => capability.narrate?.(call, bound.tool.definition));
    if (words !== undefined) return words;
  }
  const args = call.arguments;
  return isObject(args) ? unlessItThrows(() => bound.tool.narrate?.(args)) : undefined;
}

function unlessItThrows(words: () => string | undefined): string | undefined {
  try {
    const said: unknown = words();
    if (said instanceof Promise) said.catch(() => {});
    return typeof said === "string" ? said : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function rethrowInterruption(run: TurnRun): void {
  if (run.interrupts.interrupted) throw run.interrupts.reason;
}
