/** The `approval` capability: somebody agrees before tools with an effect run. */

import type { JsonObject } from "../records/json.ts";
import type { SessionId, TurnId } from "../records/ids.ts";
import type { ToolCall, ToolDefinition } from "../records/tool.ts";
import type { Capability } from "../ports/capability.ts";
import { SPAWN_BACKGROUND } from "../kit/background_tools.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { about, textList } from "../kit/setting_kinds.ts";
import { defineSettings, problemOf, readOnce } from "../kit/settings.ts";
import { compileGlob, type PathTest } from "../kit/glob.ts";
import { isJsonObject } from "../kit/json_object.ts";
import { isCallOfModel } from "./conversation/call_of_model.ts";

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

const policyProblem = problemOf(policyOf);

/**
 * Asks before a call runs: the host's `ask`, or, where it has no answer, whoever gives `resumeTurn` a decision.
 *
 * `deny`, `ask` and `allow` in the configuration are globs of tool names, and win in this order. A tool in none of them
 * is asked about unless it says that it changes nothing (effect `pure` or hint `readonly`) and its own policy is not
 * `requires_approval`. Of MCP servers that counts only where their connector has `trustAnnotations`. A waiting turn holds
 * no process: its `waitingFor` names the calls (`needsApproval`), and
 * `resumeTurn(sessionId, { decisions: [{ toolCallId, approved }] })` goes on, also after a restart.
 *
 * What a program of `code_mode` or another tool calls can be asked about by nobody: a tool that `deny` names never runs, one
 * that has to be asked about is refused, and the model is told to call it directly. Of `spawn_background` the tool it
 * starts counts too.
 *
 * The client's own tools are the client's to approve: they are not asked about, and those that `deny` names only not offered.
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
    validateConfig: policyProblem,
    hooks: {
      async approveCall(call, tool, { session, config, turn }) {
        const verdict = verdictOf(call, tool, policyOf(config));
        if (verdict === "deny") return { action: "deny", reason: forbidden(call) };
        if (verdict !== "ask") return { action: verdict };
        const text = textOf(call);
        const answer = await ask?.({ sessionId: session.id, turnId: turn.turnId, call, tool, text });
        if (answer === undefined || answer === null) return { action: "ask" };
        if (answer.approved === true) return { action: "allow" };
        return { action: "deny", reason: answer.reason ?? "no reason was given" };
      },
      // A tool that never runs is not offered: of the client's own tools nothing else could keep the call from it.
      toolDefinitions: (tools, { config }) =>
        policyProblem(config) !== undefined
          ? tools
          : tools.filter(({ name }) => !policyOf(config).deny.some((glob) => glob(name))),
      preToolUse(call, tool, { turn }, config) {
        const verdict = verdictOf(call, tool, policyOf(config));
        if (verdict === "deny") return { action: "block", reason: forbidden(call) };
        // Without a turn it is a background run: somebody was asked about the call that started it.
        if (verdict !== "ask" || turn === undefined || isCallOfModel(turn, call.id)) return { action: "allow" };
        const reason = `"${call.name}" needs approval and cannot be called from within another tool: call it directly`;
        return { action: "block", reason };
      },
    },
  });
}

type Verdict = "deny" | "ask" | "allow" | "abstain";

function verdictOf(call: ToolCall, tool: ToolDefinition, policy: Policy): Verdict {
  const started = startedBy(call);
  const verdicts = [
    byName(call.name, policy) ?? (changesNothing(tool) ? "abstain" : "ask"),
    ...(started === undefined ? [] : [byName(started, policy) ?? "ask"]),
  ];
  return ORDER.find((verdict) => verdicts.includes(verdict)) ?? "ask";
}

const ORDER: readonly Verdict[] = ["deny", "ask", "allow", "abstain"];

function byName(name: string, policy: Policy): Verdict | undefined {
  return (["deny", "ask", "allow"] as const).find((verdict) => policy[verdict].some((glob) => glob(name)));
}

function changesNothing({ policy, effect, hints }: ToolDefinition): boolean {
  return policy !== "requires_approval" && (effect === "pure" || hints?.readonly === true);
}

/** The tool that a call starts in the background. */
function startedBy({ name, arguments: args }: ToolCall): string | undefined {
  return name === SPAWN_BACKGROUND && isJsonObject(args) ? String(args["tool"]) : undefined;
}

function forbidden(call: ToolCall): string {
  return `the policy of this session forbids ${startedBy(call) ?? call.name}`;
}

/** Characters that change how a line looks without being seen: control, zero-width, direction and tag characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function textOf({ name, arguments: args }: ToolCall): string {
  return `${name} ${JSON.stringify(args)}`.replaceAll(
    INVISIBLE,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
