/** The `user_hooks` capability: functions and commands of the user around prompts, calls and turns. */

import type { JsonObject, JsonValue } from "../../records/json.ts";
import type { PermissionNeeds } from "../../records/permissions.ts";
import type { Capability } from "../../ports/capability.ts";
import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../kit/clock.ts";
import { isJsonObject } from "../../kit/json_object.ts";
import { problemOf } from "../../kit/settings.ts";
import { defineCapability } from "../../kit/define_capability.ts";
import { textOf } from "../../records/content.ts";
import {
  concerns,
  failureText,
  runHook,
  type UserHookDecision,
  type UserHookFunction,
  type UserHookHost,
  type UserHookPayload,
  type UserHookSpawn,
} from "./run_hook.ts";
import { readHooks, UnreadablePattern, USER_HOOKS_SCHEMA, type UserHook } from "./settings.ts";

/** Options of {@linkcode createUserHooks}. */
export interface UserHooksOptions {
  /**
   * Functions a configuration may name.
   *
   * @default {none}
   */
  readonly functions?: Readonly<Record<string, UserHookFunction>>;
  /**
   * Runs the commands of a configuration; they have the authority the host gives them here.
   *
   * @default {a command is a failure of its hook}
   */
  readonly spawn?: UserHookSpawn;
  /**
   * What `spawn` needs, such as `{ run: ["sh"] }`.
   *
   * @default {nothing}
   */
  readonly permissions?: PermissionNeeds;
  /**
   * Measures the deadlines.
   *
   * @default {the host's clock}
   */
  readonly clock?: Clock;
}

/** Sessions that are known to have started; of more, the oldest are forgotten and start again. */
const MAX_STARTED = 10_000;

/**
 * What all hooks of one event may take, in milliseconds: less than the runtime waits by default, since it takes a result
 * as it is when hooks after a call are late, whatever their `on_error` says.
 */
const ALL_MS = 29_000;

/** What several hooks make of one thing. */
interface Folded {
  readonly blocked?: string;
  readonly value?: JsonValue;
}

/**
 * Runs hooks at `session_start`, `user_prompt_submit`, `pre_tool_use`, `post_tool_use`, `turn_end` and `session_end`, in
 * the order of the configuration.
 *
 * `session_start` is before the first prompt of a session in this process, also of one that is resumed; what its hooks
 * answer changes nothing. `session_end` is when the runtime closes, for each session that had a prompt; a process that
 * dies does not get there.
 *
 * A hook is a `function` of the host by name, or a `command` for `spawn`, which gets the payload as JSON on standard
 * input and `HOOK_EVENT`, `HOOK_SESSION_ID` and `HOOK_TOOL_NAME` in its environment; it answers
 * `{ "decision": "allow" | "block" | "mutate", "reason"?, "value"? }` on standard output, or nothing for allow. It may be
 * limited to `tools` (globs), to arguments that `match`, and may `deny` by a pattern without running anything
 * (`argument` is a path such as `options.path`). It has `timeout_ms` (default 5,000, 100 to 30,000) and 64 KiB of
 * output; `on_error` is `warn` (the default; at `user_prompt_submit`, before there is a turn, the same as `allow`),
 * `allow` or `block`. Ids in `disabled` do not run. A configuration, or a pattern, that cannot be read blocks. All hooks of one event
 * together have 29 seconds; who comes later fails. A host whose `limits.hookMs` is less (30 seconds by default) ends them
 * then: before a call that blocks it, after a call the result stays as it is.
 *
 * Calls of the client's own tools go to the client, and no hook sees them or their results.
 *
 * A hook may run twice for the same thing, when a process died in between.
 *
 * @example
 * ```ts
 * import { createUserHooks } from "@everruns/runtime/safety";
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const userHooks = createUserHooks({
 *   functions: { manners: ({ prompt }) => prompt?.includes("please") ? undefined : { decision: "block", reason: "Say please." } },
 * });
 * const config = { hooks: [{ id: "manners", event: "user_prompt_submit", function: "manners" }] };
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .capability(userHooks)
 *   .llmSim(LlmSimConfig.fixed("With pleasure."))
 *   .singleSession((s) => s.harness("helper", "Help.").withCapability({ ref: "user_hooks", config }))
 *   .build();
 * assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "Tea!")).error?.message, "Say please.");
 * assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "Tea, please!")).response, "With pleasure.");
 * ```
 */
export function createUserHooks(options: UserHooksOptions = {}): Capability {
  const host: UserHookHost = {
    functions: new Map(Object.entries(options.functions ?? {})),
    spawn: options.spawn,
    clock: options.clock ?? systemClock(),
  };
  const started = new Set<string>();
  return defineCapability({
    id: "user_hooks",
    name: "User hooks",
    description: "Runs functions and commands of the user around prompts, calls and turns.",
    category: "extension",
    riskLevel: "high",
    permissions: options.permissions ?? {},
    configSchema: USER_HOOKS_SCHEMA,
    validateConfig: problemOf(readHooks),
    hooks: {
      async userPromptSubmit(input, { session, config }) {
        if (isFirst(started, session.id)) {
          await fold(host, config, { event: "session_start", sessionId: session.id }, () => ({}));
        }
        const prompt = textOf(input.content);
        const payload: UserHookPayload = { event: "user_prompt_submit", sessionId: session.id, prompt };
        const folded = await fold(host, config, payload, (value) => {
          if (typeof value !== "string") throw new TypeError("its value is not a text");
          return { prompt: value };
        });
        if (folded.blocked !== undefined) return { action: "block", reason: folded.blocked };
        return folded.value === undefined ? { action: "allow" } : { action: "rewrite", text: String(folded.value) };
      },
      async preToolUse(call, tool, context, config) {
        const payload: UserHookPayload = {
          event: "pre_tool_use",
          sessionId: context.sessionId,
          turnId: context.turnId,
          toolName: tool.name,
          arguments: call.arguments,
        };
        const folded = await fold(
          host,
          config,
          payload,
          (value) => {
            if (!isJsonObject(value)) throw new TypeError("its value is not an object of arguments");
            return { arguments: value };
          },
          context.signal,
          (text) => context.turn?.warn("user_hook_failed", text),
        );
        if (folded.blocked !== undefined) return { action: "block", reason: folded.blocked };
        return folded.value === undefined ? { action: "allow" } : { action: "rewrite", arguments: folded.value };
      },
      async postToolUse(call, result, context, { config }) {
        const payload: UserHookPayload = {
          event: "post_tool_use",
          sessionId: context.sessionId,
          turnId: context.turnId,
          toolName: call.name,
          arguments: call.arguments,
          ...(result.error === undefined ? { result: result.result ?? null } : { error: result.error }),
        };
        const warn = (text: string) => context.turn?.warn("user_hook_failed", text);
        const folded = await fold(host, config, payload, (value) => ({ result: value }), context.signal, warn)
          .catch((): Folded => ({ blocked: "the hooks cannot be read" }));
        const { toolCallId } = result;
        if (folded.blocked !== undefined) {
          return { toolCallId, status: "error", error: `Withheld by a hook: ${folded.blocked}` };
        }
        return folded.value === undefined ? result : { toolCallId, status: "success", result: folded.value };
      },
      async turnEnd({ turnId, status }, { session, config, turn }) {
        const payload: UserHookPayload = { event: "turn_end", sessionId: session.id, turnId, status };
        await fold(host, config, payload, () => ({}), undefined, (text) => turn?.warn("user_hook_failed", text));
      },
      async sessionEnd({ session, config }) {
        await fold(host, config, { event: "session_end", sessionId: session.id }, () => ({}));
      },
    },
  });
}

/** Whether something is seen for the first time. */
function isFirst(seen: Set<string>, id: string): boolean {
  if (seen.has(id)) return false;
  seen.add(id);
  const [oldest] = seen;
  if (seen.size > MAX_STARTED && oldest !== undefined) seen.delete(oldest);
  return true;
}

/** Runs the hooks of an event one after the other; each sees what those before it made. */
async function fold(
  host: UserHookHost,
  config: JsonObject,
  first: UserHookPayload,
  changed: (value: JsonValue) => Partial<UserHookPayload>,
  signal?: AbortSignal,
  warn?: (text: string) => void,
): Promise<Folded> {
  let payload = first;
  let value: JsonValue | undefined;
  const until = host.clock.monotonic() + ALL_MS;
  for (const hook of readHooks(config)) {
    if (hook.event !== first.event) continue;
    try {
      const concern = await concerns(hook, payload);
      if (concern === "skip") continue;
      const decision: UserHookDecision = concern === "deny"
        ? { decision: "block", reason: `hook "${hook.id}" forbids it` }
        : await runHook(host, within(hook, until - host.clock.monotonic()), payload, signal);
      if (decision.decision === "block") return { blocked: decision.reason ?? "no reason was given" };
      if (decision.decision === "mutate") {
        payload = { ...payload, ...changed(decision.value) };
        value = decision.value;
      }
    } catch (thrown) {
      const text = failureText(hook, thrown);
      // A pattern that cannot be read is a configuration that cannot: nobody knows what it was to stop.
      if (hook.onError === "block" || thrown instanceof UnreadablePattern) return { blocked: text };
      if (hook.onError === "warn") warn?.(text);
    }
  }
  return value === undefined ? {} : { value };
}

/** The hook with no more time than is left. */
function within(hook: UserHook, leftMs: number): UserHook {
  return leftMs < hook.timeoutMs ? { ...hook, timeoutMs: Math.max(0, Math.floor(leftMs)) } : hook;
}
