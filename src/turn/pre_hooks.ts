/** Asking the hooks that may refuse or rewrite a tool call. */

import type { JsonValue } from "../records/json.ts";
import type { ToolCall, ToolDefinition } from "../records/tool.ts";
import type { ToolContext } from "../ports/tool.ts";
import { parseArguments } from "../kit/parse_arguments.ts";
import type { ResolvedCapability } from "../context/resolve.ts";
import type { TurnContext } from "../context/turn_context.ts";

/** How hooks are asked. */
export interface HookAsking {
  /** Waits for an answer; when it rejects, the hook has failed. */
  wait<T>(answer: Promise<T>): Promise<T>;
  /** Told whose hook failed with what; throws when nobody waits for the call any more. */
  failed(owner: ResolvedCapability, thrown: unknown): void;
}

/** Asks the `preToolUse` hooks about a call: its arguments as they left them, or why it may not run. */
export async function askPreHooks(
  turn: TurnContext,
  call: ToolCall,
  { definition, context, asking }: {
    readonly definition: ToolDefinition;
    readonly context: ToolContext;
    readonly asking: HookAsking;
  },
): Promise<{ readonly args: JsonValue; readonly blocked?: string }> {
  let args = call.arguments;
  for (const { owner, hooks } of turn.config.hooks) {
    if (hooks.preToolUse === undefined) continue;
    try {
      const answer = hooks.preToolUse({ ...call, arguments: args }, definition, context, owner.config);
      const decision = answer instanceof Promise ? await asking.wait(answer) : answer;
      if (decision.action === "block") {
        const reason = typeof decision.reason === "string" ? decision.reason : "no reason was given";
        return { args, blocked: `Blocked by a pre_tool_use hook: ${reason}` };
      }
      if (decision.action === "rewrite") {
        const parsed = parseArguments(decision.arguments);
        if (!parsed.ok) throw new TypeError(parsed.message);
        args = JSON.parse(JSON.stringify(parsed.value));
      } else if (decision.action !== "allow") throw new TypeError("The hook answered no decision");
    } catch (thrown) {
      asking.failed(owner, thrown);
      // A guard that cannot answer must not let the call through.
      return {
        args,
        blocked: `Blocked by a pre_tool_use hook: the hook of capability "${owner.capability.id}" failed`,
      };
    }
  }
  return { args };
}
