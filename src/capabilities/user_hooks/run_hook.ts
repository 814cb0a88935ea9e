/** Running one user hook and reading its decision. */

import { messageOf } from "../../errors.ts";
import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { Clock } from "../../ports/clock.ts";
import { envCredentials } from "../../kit/credentials.ts";
import { jsonProblem } from "../../kit/json_problem.ts";
import { Redactor } from "../../kit/redactor.ts";
import type { UserHook, UserHookEvent } from "./settings.ts";

/** What a hook is told. */
export interface UserHookPayload {
  /** What happened. */
  readonly event: UserHookEvent;
  /** The session. */
  readonly sessionId: string;
  /** The turn, when there is one. */
  readonly turnId?: string;
  /** The tool. */
  readonly toolName?: string;
  /** Its arguments. */
  readonly arguments?: JsonValue;
  /** Its result. */
  readonly result?: JsonValue;
  /** Why it failed. */
  readonly error?: string;
  /** What the user wrote. */
  readonly prompt?: string;
  /** How the turn ended. */
  readonly status?: string;
}

/** What a hook says. */
export type UserHookDecision =
  | { readonly decision: "allow" }
  | {
    readonly decision: "block";
    /** Why. */
    readonly reason?: string;
  }
  | {
    readonly decision: "mutate";
    /** The new arguments (pre_tool_use), result (post_tool_use) or prompt text (user_prompt_submit). */
    readonly value: JsonValue;
  };

/** A function of the host; nothing means allow. */
export type UserHookFunction = (
  payload: UserHookPayload,
  options: { readonly signal: AbortSignal },
) => UserHookDecision | undefined | void | Promise<UserHookDecision | undefined | void>;

/** A command to run. */
export interface UserHookCommand {
  /** The command, for the shell the host chooses. */
  readonly command: string;
  /** The whole environment the hook asks for; the host decides what it adds. */
  readonly env: Readonly<Record<string, string>>;
  /** Goes to standard input: the payload as JSON. */
  readonly stdin: string;
  /** Most bytes of output that are read; the rest may be dropped. */
  readonly maxOutputBytes: number;
  /** Aborted when the time is over or the turn ended: the process must then be killed. */
  readonly signal: AbortSignal;
}

/** What a command came to. */
export interface UserHookOutput {
  /** Its exit code; 0 means it worked. */
  readonly code: number;
  /** Its standard output. */
  readonly stdout: string;
  /** Its standard error. */
  readonly stderr?: string;
}

/** Runs commands for hooks, for example with `Deno.Command`. */
export type UserHookSpawn = (command: UserHookCommand) => Promise<UserHookOutput>;

/** What hooks run with. */
export interface UserHookHost {
  /** Functions by name. */
  readonly functions: ReadonlyMap<string, UserHookFunction>;
  /** Runs commands. */
  readonly spawn: UserHookSpawn | undefined;
  /** Measures their deadlines. */
  readonly clock: Clock;
}

const MAX_OUTPUT = 64 * 1024;
const MAX_REASON = 2_000;

/** Runs the hook under its deadline; its failures are thrown. */
export async function runHook(
  host: UserHookHost,
  hook: UserHook,
  payload: UserHookPayload,
  outer: AbortSignal | undefined,
): Promise<UserHookDecision> {
  const over = new AbortController();
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {});
  const end = (reason: unknown): void => {
    over.abort(reason);
    late.reject(reason);
  };
  const onAbort = (): void => end(outer?.reason);
  const timer = host.clock.setTimer(() => end(new Error(`no answer within ${hook.timeoutMs} ms`)), hook.timeoutMs);
  outer?.addEventListener("abort", onAbort, { once: true });
  try {
    outer?.throwIfAborted();
    return await Promise.race([decide(host, hook, payload, over.signal), late.promise]);
  } finally {
    timer.cancel();
    outer?.removeEventListener("abort", onAbort);
    // Whoever still runs is no longer waited for.
    over.abort(new Error("the hook is over"));
  }
}

async function decide(
  host: UserHookHost,
  hook: UserHook,
  payload: UserHookPayload,
  signal: AbortSignal,
): Promise<UserHookDecision> {
  if (hook.function !== undefined) {
    const called = host.functions.get(hook.function);
    if (called === undefined) throw new Error(`the host has no function "${hook.function}"`);
    return toDecision(await called(payload, { signal }));
  }
  if (hook.command === undefined) return { decision: "allow" };
  if (host.spawn === undefined) throw new Error("the host runs no commands");
  const output = await host.spawn({
    command: hook.command,
    env: { ...hook.env, HOOK_EVENT: payload.event, HOOK_SESSION_ID: payload.sessionId, ...toolEnv(payload) },
    stdin: JSON.stringify(payload),
    maxOutputBytes: MAX_OUTPUT,
    signal,
  });
  if (output.code !== 0) {
    throw new Error(`it ended with code ${output.code}: ${(output.stderr ?? "").slice(0, MAX_OUTPUT)}`);
  }
  if (output.stdout.length > MAX_OUTPUT) throw new Error(`its output is longer than ${MAX_OUTPUT} characters`);
  const text = output.stdout.trim();
  if (text === "") return { decision: "allow" };
  return toDecision(parsed(text));
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch (error) {
    throw new TypeError(`its output is not JSON: ${jsonProblem(error)}`);
  }
}

function toolEnv({ toolName }: UserHookPayload): JsonObject & Readonly<Record<string, string>> {
  return toolName === undefined ? {} : { HOOK_TOOL_NAME: toolName };
}

function toDecision(answer: unknown): UserHookDecision {
  if (answer === undefined || answer === null) return { decision: "allow" };
  if (typeof answer !== "object" || !("decision" in answer)) throw new TypeError("it answered no decision");
  if (answer.decision === "allow") return { decision: "allow" };
  if (answer.decision === "block") {
    const reason = "reason" in answer && typeof answer.reason === "string" ? answer.reason : "no reason was given";
    return { decision: "block", reason: reason.slice(0, MAX_REASON) };
  }
  if (answer.decision === "mutate" && "value" in answer) {
    const text = JSON.stringify(answer.value);
    if (text === undefined) throw new TypeError("its value is not JSON");
    return { decision: "mutate", value: JSON.parse(text) };
  }
  throw new TypeError("it answered no decision");
}

/** Whether hooks concern a call or text. */
export async function concerns(hook: UserHook, payload: UserHookPayload): Promise<"run" | "skip" | "deny"> {
  const { toolName } = payload;
  if (hook.tools !== undefined && !(toolName !== undefined && hook.tools.some((glob) => glob(toolName)))) return "skip";
  const text = textOf(hook, payload);
  if (hook.match !== undefined && !(await hook.match).test(text)) return "skip";
  return hook.deny !== undefined && (await hook.deny).test(text) ? "deny" : "run";
}

/** What the patterns look at. */
function textOf({ argument }: UserHook, payload: UserHookPayload): string {
  if (payload.prompt !== undefined) return payload.prompt;
  let value: JsonValue | undefined = payload.arguments;
  if (argument !== undefined) {
    for (const name of argument.split(".")) {
      value = typeof value === "object" && value !== null && Object.hasOwn(value, name)
        ? (value as JsonObject)[name]
        : undefined;
    }
  }
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** Words about a failure, without what the hook was given to prove itself. */
export function failureText(hook: UserHook, thrown: unknown): string {
  const redactor = new Redactor(envCredentials(hook.env), Object.values(hook.env));
  const problem = redactor.redact(thrown instanceof SyntaxError ? jsonProblem(thrown) : messageOf(thrown));
  return `User hook "${hook.id}" failed: ${problem.slice(0, 500)}`;
}
