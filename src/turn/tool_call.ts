/** Running one tool call: hooks, arguments, start mark, execution, result. */

import { messageOf, ToolError } from "../errors.ts";
import type { ImagePart } from "../records/content.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import type { ToolCall, ToolDefinition, ToolResult, ToolStatus } from "../records/tool.ts";
import type { CapabilityHooks } from "../ports/capability.ts";
import type { Tool, ToolOutcome } from "../ports/tool.ts";
import type { Mutable } from "../kit/mutable.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";
import { copyForeign, parseArguments, parseArgumentsText } from "../kit/parse_arguments.ts";
import type { BoundTool } from "../context/session_config.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { CallContext } from "./call_context.ts";
import type { TurnRun } from "./turn_run.ts";

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

/** Told just before the tool runs; resolves when it may. */
export type BeforeStart = (call: ToolCall, tool: Tool, args: JsonValue) => Promise<void> | undefined;

const INTERNAL = "failed with an internal error";

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
  outer?: CallContext,
): Promise<FinishedCall> {
  const startedAt = run.ports.clock.monotonic();
  const bound = turn.executableTools.get(call.name);
  const context = new CallContext(run, turn, call, async (inner, caller) => {
    return (await runToolCall(run, turn, inner, () => undefined, caller)).result;
  });
  outer?.adopt(context);
  let truncated = false;
  let result: ToolResult;
  try {
    if (bound === undefined) result = errorResult(call, `Tool definition not found: ${call.name.slice(0, 200)}`);
    else {
      const outcome = await runBound(run, turn, call, bound.tool, context, beforeStart);
      ({ result, truncated } = toResult(call, outcome, run.ports.limits.maxToolResultBytes));
    }
    if (bound !== undefined && turn.config.hasHook.postToolUse) {
      const hooked = await runPostHooks(run, turn, call, result, context);
      try {
        const bounded = hooked === result ? undefined : boundResult(call, hooked, run.ports.limits.maxToolResultBytes);
        result = bounded?.result ?? result;
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

interface Failed {
  readonly type: "failed";
  readonly status: ToolStatus;
  readonly message: string;
}

async function runBound(
  run: TurnRun,
  turn: TurnContext,
  call: ToolCall,
  tool: Tool,
  context: CallContext,
  beforeStart: BeforeStart,
): Promise<ToolOutcome | Failed> {
  let args: JsonValue = call.arguments;
  if (typeof args === "string") {
    const parsed = parseArgumentsText(args);
    return failed("error", parsed.ok ? "The arguments are not an object" : parsed.message);
  }
  // Hooks and tools may change what they are given; what is stored and sent stays as it is.
  args = copyForeign(args);
  if (turn.config.hasHook.preToolUse) {
    const decided = await runPreHooks(run, turn, { ...call, arguments: args }, tool.definition, context);
    if (decided.blocked !== undefined) {
      return failed("error", `Blocked by a pre_tool_use hook: ${decided.blocked}`);
    }
    args = decided.args;
  }
  let value: unknown;
  try {
    let parsed = tool.parse(args);
    if (parsed instanceof Promise) parsed = await run.timed(parsed, run.ports.limits.hookMs, "check arguments");
    if (!parsed.ok) return failed("error", parsed.message);
    value = parsed.value;
  } catch (thrown) {
    rethrowInterruption(run);
    run.warn("tool_schema_failed", thrown);
    return failed("error", `Tool "${call.name}" ${INTERNAL}`);
  }
  // A turn that was cancelled meanwhile has no effect any more.
  rethrowInterruption(run);
  const marked = beforeStart(call, tool, args);
  if (marked !== undefined) {
    await marked;
    rethrowInterruption(run);
  }
  return await execute(run, tool, value, context);
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

async function runPreHooks(
  run: TurnRun,
  turn: TurnContext,
  call: ToolCall,
  definition: ToolDefinition,
  context: CallContext,
): Promise<{ readonly args: JsonValue; readonly blocked?: string }> {
  let args = call.arguments;
  for (const { owner, hooks } of turn.config.hooks) {
    if (hooks.preToolUse === undefined) continue;
    try {
      const answer = hooks.preToolUse({ ...call, arguments: args }, definition, context);
      const decision = answer instanceof Promise
        ? await run.timed(answer, run.ports.limits.hookMs, "run a hook")
        : answer;
      if (decision.action === "block") {
        return { args, blocked: typeof decision.reason === "string" ? decision.reason : "no reason was given" };
      }
      if (decision.action === "rewrite") {
        const parsed = parseArguments(decision.arguments);
        if (!parsed.ok) throw new TypeError(parsed.message);
        args = JSON.parse(JSON.stringify(parsed.value));
      } else if (decision.action !== "allow") throw new TypeError("The hook answered no decision");
    } catch (thrown) {
      rethrowInterruption(run);
      // A guard that cannot answer must not let the call through.
      run.warn("hook_failed", thrown);
      return { args, blocked: `the hook of capability "${owner.capability.id}" failed` };
    }
  }
  return { args };
}

async function runPostHooks(
  run: TurnRun,
  turn: TurnContext,
  call: ToolCall,
  first: ToolResult,
  context: CallContext,
): Promise<ToolResult> {
  let result = first;
  for (const { hooks } of turn.config.hooks) {
    const hook: CapabilityHooks["postToolUse"] = hooks.postToolUse?.bind(hooks);
    if (hook === undefined) continue;
    try {
      const answer = hook(call, result, context);
      const next = answer instanceof Promise ? await run.timed(answer, run.ports.limits.hookMs, "run a hook") : answer;
      // A hook that returns nothing, or no result, has nothing to say.
      if (next !== result && isResult(next)) result = { ...next, toolCallId: call.id };
    } catch (thrown) {
      rethrowInterruption(run);
      run.warn("hook_failed", thrown);
    }
  }
  return result;
}

/** What hooks made of a result, as JSON within the cap. */
function boundResult(
  call: ToolCall,
  hooked: ToolResult,
  maxBytes: number,
): { readonly result: ToolResult; readonly truncated: boolean } {
  const { error, images, connectionRequired } = hooked;
  const status = STATUSES.has(hooked.status) ? hooked.status : error === undefined ? "success" : "error";
  const { kept, note } = imagesOf(images);
  const more = { ...kept, ...connectionOf(connectionRequired) };
  if (error !== undefined || status !== "success") {
    const written = errorResult(call, error, status === "success" ? "error" : status);
    const noted = note === undefined ? written : { ...written, error: `${written.error}\n${note}` };
    return { result: { ...noted, ...more }, truncated: note !== undefined };
  }
  const { value, truncated } = writeValue(hooked.result ?? null, note, maxBytes);
  return { result: { toolCallId: call.id, status, result: value, ...more }, truncated };
}

const STATUSES: ReadonlySet<unknown> = new Set<ToolStatus>(["success", "error", "timeout", "cancelled", "interrupted"]);

function isResult(answer: unknown): answer is ToolResult {
  return typeof answer === "object" && answer !== null &&
    ("status" in answer || "result" in answer || "error" in answer);
}

/** The members of a required connection that are text. */
function connectionOf(value: unknown): Pick<ToolResult, "connectionRequired"> {
  if (typeof value !== "object" || value === null || !("provider" in value)) return {};
  const { provider, subject, setupUrl } = value as Readonly<Record<string, unknown>>;
  if (typeof provider !== "string") return {};
  return {
    connectionRequired: {
      provider,
      ...(typeof subject === "string" ? { subject } : {}),
      ...(typeof setupUrl === "string" ? { setupUrl } : {}),
    },
  };
}

/** Writes an outcome down as a result within the cap; what is no outcome is a failure of the tool. */
function toResult(
  call: ToolCall,
  outcome: ToolOutcome | Failed,
  maxBytes: number,
): { readonly result: ToolResult; readonly truncated: boolean } {
  try {
    return writeOutcome(call, outcome, maxBytes) ?? { result: internalError(call), truncated: false };
  } catch {
    return { result: internalError(call), truncated: false };
  }
}

function internalError(call: ToolCall): ToolResult {
  return errorResult(call, `Tool "${call.name}" ${INTERNAL}`);
}

/** The same for what may be no outcome at all: undefined, or whatever it throws. */
export function writeOutcome(
  call: ToolCall,
  outcome: ToolOutcome | Failed,
  maxBytes: number,
): { readonly result: ToolResult; readonly truncated: boolean } | undefined {
  switch (outcome.type) {
    case "success": {
      const { kept, note } = imagesOf(outcome.images);
      const { value, truncated } = writeValue(outcome.value, note, maxBytes);
      return { result: { toolCallId: call.id, status: "success", result: value, ...kept }, truncated };
    }
    case "error":
      return { result: errorResult(call, outcome.message), truncated: false };
    case "failed":
      return { result: errorResult(call, outcome.message, outcome.status), truncated: false };
    case "connection_required": {
      const message = `Connection required: the user has to connect ${outcome.provider} first`;
      return { result: { ...errorResult(call, message), ...connectionOf(outcome) }, truncated: false };
    }
    default:
      return undefined;
  }
}

/** Most images of one result. */
const MAX_IMAGES = 16;
/** Most characters of them together, base64 and data URLs alike. */
const MAX_IMAGE_CHARACTERS = 20 * 1024 * 1024;
/** What the note about images may take of a result. */
const ROOM_FOR_NOTE = 128;

/** Copies of the image parts among what a tool or hook calls images, up to the cap; a note stands for the rest. */
function imagesOf(images: unknown): { readonly kept: Pick<ToolResult, "images">; readonly note?: string } {
  if (!Array.isArray(images)) return { kept: {} };
  const parts: ImagePart[] = [];
  let characters = 0;
  let left = 0;
  for (const [place, image] of images.entries()) {
    if (image?.type !== "image") continue;
    const part: Mutable<ImagePart> = { type: "image" };
    for (const key of ["url", "base64", "mediaType"] as const) {
      const text: unknown = image[key];
      if (typeof text !== "string") continue;
      part[key] = text;
      characters += text.length;
    }
    if (parts.length >= MAX_IMAGES || characters > MAX_IMAGE_CHARACTERS) {
      left = images.length - place;
      break;
    }
    parts.push(part);
  }
  const kept = parts.length === 0 ? {} : { images: parts };
  if (left === 0) return { kept };
  const were = left === 1 ? "1 image was" : `${left} images were`;
  return { kept, note: `[${were} left out: at most ${MAX_IMAGES} images and 20 MB are kept]` };
}

/** A value as JSON within the cap, and with the note about its images. */
function writeValue(
  value: unknown,
  note: string | undefined,
  maxBytes: number,
): { readonly value: JsonValue; readonly truncated: boolean } {
  if (note === undefined) return toBoundedJson(value, { maxBytes });
  const { value: result } = toBoundedJson(value, { maxBytes: Math.max(256, maxBytes - ROOM_FOR_NOTE) });
  return { value: typeof result === "string" ? `${result}\n${note}` : { result, note }, truncated: true };
}

const MAX_ERROR = 8 * 1024;

/** An error result for a call. */
export function errorResult(call: ToolCall, message: unknown, status: ToolStatus = "error"): ToolResult {
  const text = typeof message === "string" ? message : "failed without saying why";
  const error = text.length > MAX_ERROR ? `${text.slice(0, MAX_ERROR)} [cut]` : text;
  return { toolCallId: call.id, status, error };
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

function failed(status: ToolStatus, message: string): Failed {
  return { type: "failed", status, message };
}

function rethrowInterruption(run: TurnRun): void {
  if (run.interrupts.interrupted) throw run.interrupts.reason;
}
