/** The `approval` capability: somebody agrees before tools with an effect run. */

import type { JsonObject } from "../records/json.ts";
import type { SessionId, TurnId } from "../records/ids.ts";
import type { ToolCall, ToolDefinition } from "../records/tool.ts";
import type { Capability } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { about, textList } from "../kit/setting_kinds.ts";
import { defineSettings, problemOf, readOnce } from "../kit/settings.ts";
import { compileGlob, type PathTest } from "../kit/glob.ts";

/** What a host is asked. */
export interface ApprovalRequest {
  /** The session. */
  readonly sessionId: SessionId;
  /** The turn. */
  readonly turnId: TurnId;
  /** The call with the very arguments that will run. */
  readonly call: ToolCall;
  /** The tool. */
  readonly tool: ToolDefinition;
  /** The call in words: its tool and its arguments as JSON, with control and direction characters made visible. */
  readonly text: string;
}

/** A host's answer. */
export interface ApprovalAnswer {
  /** Whether the call may run; only `true` lets it. */
  readonly approved: boolean;
  /** Why not, for the model. */
  readonly reason?: string;
}

/** Options of {@linkcode createApproval}. */
export interface ApprovalOptions {
  /**
   * Asks whoever decides, at once.
   *
   * Undefined, or no answer within `limits.hookMs` (30 seconds), lets the turn wait for `resumeTurn`; what it throws
   * denies the call.
   *
   * @default {the turn waits}
   */
  readonly ask?: (
    request: ApprovalRequest,
  ) => ApprovalAnswer | undefined | Promise<ApprovalAnswer | undefined>;
}

interface Policy {
  readonly allow: readonly PathTest[];
  readonly ask: readonly PathTest[];
  readonly deny: readonly PathTest[];
}

const SETTINGS = defineSettings({
  allow: about("Globs of tools that nobody is asked about.", textList([], 200)),
  ask: about("Globs of tools that somebody is asked about; wins over `allow`.", textList([], 200)),
  deny: about("Globs of tools that never run; wins over both.", textList([], 200)),
});

const policyOf = readOnce((config: JsonObject): Policy => {
  const { allow, ask, deny } = SETTINGS.check(config);
  const globs = (list: readonly string[]) => list.map((glob) => compileGlob(glob));
  return { allow: globs(allow), ask: globs(ask), deny: globs(deny) };
});

/**
 * Asks before a call runs: the host's `ask`, or, where it has no answer, whoever gives `resumeTurn` a decision.
 *
 * `deny`, `ask` and `allow` in the configuration are globs of tool names, and win in this order. A tool in none of them
 * is asked about unless it says that it changes nothing (effect `pure` or hint `readonly`) and its own policy is not
 * `requires_approval`. Of MCP servers that counts only where their connector has `trustAnnotations`. A waiting turn holds
 * no process: its `waitingFor` names the calls (`needsApproval`), and
 * `resumeTurn(sessionId, { decisions: [{ toolCallId, approved }] })` goes on, also after a restart.
 *
 * A decision is stored (`tool.decided`) with a hash of tool and arguments. A call whose arguments a hook changes after
 * it does not run.
 *
 * @example
 * ```ts
 * import { createApproval } from "@everruns/runtime/safety";
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const asked: string[] = [];
 * const approval = createApproval({
 *   ask: ({ text }) => {
 *     asked.push(text);
 *     return { approved: false, reason: "not today" };
 *   },
 * });
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .capability(approval)
 *   .llmSim(LlmSimConfig.fixed("Done.").withToolCallSequence([[{ name: "write_file", arguments: { path: "/a", content: "x" } }], []]))
 *   .singleSession((s) => s.harness("worker", "Work.").withCapability("session_file_system").withCapability("approval"))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "Go");
 * assert.deepEqual(asked, ['write_file {"path":"/a","content":"x"}']);
 * await assert.rejects(runtime.readFile(runtime.defaultSessionId, "/a"));
 * ```
 */
export function createApproval(options: ApprovalOptions = {}): Capability {
  const { ask } = options;
  return defineCapability({
    id: "approval",
    name: "Approval",
    description: "Lets somebody agree before tools with an effect run.",
    category: "safety",
    riskLevel: "low",
    permissions: {},
    configSchema: SETTINGS.schema,
    validateConfig: problemOf(policyOf),
    hooks: {
      async approveCall(call, tool, { session, config, turn }) {
        const verdict = verdictOf(tool, policyOf(config));
        if (verdict === "deny") return { action: "deny", reason: `the policy of this session forbids ${tool.name}` };
        if (verdict !== "ask") return { action: verdict };
        const text = textOf(call);
        const answer = await ask?.({ sessionId: session.id, turnId: turn.turnId, call, tool, text });
        if (answer === undefined || answer === null) return { action: "ask" };
        if (answer.approved === true) return { action: "allow" };
        return { action: "deny", reason: answer.reason ?? "no reason was given" };
      },
    },
  });
}

function verdictOf(tool: ToolDefinition, policy: Policy): "deny" | "ask" | "allow" | "abstain" {
  const matches = (globs: readonly PathTest[]) => globs.some((glob) => glob(tool.name));
  if (matches(policy.deny)) return "deny";
  if (matches(policy.ask)) return "ask";
  if (matches(policy.allow)) return "allow";
  if (tool.policy === "requires_approval") return "ask";
  return tool.effect === "pure" || tool.hints?.readonly === true ? "abstain" : "ask";
}

/** Characters that change how a line looks without being seen: control, zero-width, direction and tag characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function textOf({ name, arguments: args }: ToolCall): string {
  return `${name} ${JSON.stringify(args)}`.replaceAll(
    INVISIBLE,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
