/** Asking the hooks whether calls may run, and keeping what they decided. */

import type { EventDraft } from "../records/event.ts";
import type { CallId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { ToolCall, ToolDefinition } from "../records/tool.ts";
import type { ApprovalDecision } from "../ports/model_hooks.ts";
import { isJsonObject } from "../kit/json_object.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { CallDecision } from "./call_log.ts";
import { contextFor, sha256 } from "./reasoning.ts";
import type { TurnRun } from "./turn_run.ts";

/** What the hooks said about some calls. */
export interface Approvals {
  /** Calls that are decided. */
  readonly decided: ReadonlyMap<CallId, CallDecision>;
  /** Calls that wait for a decision. */
  readonly held: ReadonlySet<CallId>;
}

/** Why a call that somebody agreed to does not run after all. */
export const CHANGED = "not executed: its arguments are not those that were approved";

/** Hash of a tool's name and arguments. */
export function fingerprintOf(name: string, args: JsonValue): Promise<string> {
  return sha256(`${name}\n${JSON.stringify(args)}`);
}

/** The arguments a tool gets, and with them what capabilities added for people: the form that was approved. */
export function asApproved(
  { config }: TurnContext,
  call: ToolCall,
  { parameters }: ToolDefinition,
  args: JsonValue,
): JsonValue {
  if (!isJsonObject(call.arguments) || !isJsonObject(args)) return args;
  const own = isJsonObject(parameters["properties"]) ? parameters["properties"] : {};
  const added = config.capabilities.flatMap(({ capability }) => capability.annotations ?? []);
  // In the order of the call, which the hash was taken of.
  const taken = Object.entries(call.arguments).flatMap(([name, value]): [string, JsonValue][] => {
    if (Object.hasOwn(args, name)) return [[name, args[name] ?? null]];
    return added.includes(name) && !Object.hasOwn(own, name) ? [[name, value]] : [];
  });
  return Object.fromEntries([...taken, ...Object.entries(args)]);
}

/** The event that keeps a decision. */
export async function decisionDraft(
  run: TurnRun,
  call: ToolCall,
  decision: Pick<CallDecision, "approved" | "reason">,
): Promise<EventDraft> {
  return {
    type: "tool.decided",
    context: run.eventContext,
    data: {
      turnId: run.state.turnId,
      toolCallId: call.id,
      approved: decision.approved === true,
      ...(decision.reason === undefined ? {} : { reason: decision.reason }),
      toolCallFingerprint: await fingerprintOf(call.name, call.arguments),
    },
  };
}

/** Asks about one call after the other, in their order: a person may be behind it. */
export async function askForApprovals(
  run: TurnRun,
  turn: TurnContext,
  calls: readonly ToolCall[],
): Promise<Approvals> {
  const decided = new Map<CallId, CallDecision>();
  const held = new Set<CallId>();
  for (const call of calls) {
    const bound = turn.executableTools.get(call.name);
    if (bound === undefined) continue;
    const answer = await ask(run, turn, call, bound.tool.definition);
    if (answer.action === "ask") held.add(call.id);
    if (answer.action !== "allow" && answer.action !== "deny") continue;
    const approved = answer.action === "allow";
    const reason = answer.action === "deny" ? String(answer.reason).slice(0, 2000) : undefined;
    const draft = await decisionDraft(run, call, reason === undefined ? { approved } : { approved, reason });
    // It goes with the next commit: for what must not be repeated that is the mark of its start.
    run.recorded.push(draft);
    const fingerprint = await fingerprintOf(call.name, call.arguments);
    decided.set(call.id, { approved, fingerprint, ...(reason === undefined ? {} : { reason }) });
  }
  return { decided, held };
}

async function ask(
  run: TurnRun,
  turn: TurnContext,
  call: ToolCall,
  definition: ToolDefinition,
): Promise<ApprovalDecision> {
  const told = contextFor(run, turn);
  let answer: ApprovalDecision = { action: "abstain" };
  for (const { owner, hooks } of turn.config.hooks) {
    if (hooks.approveCall === undefined) continue;
    let one: ApprovalDecision;
    try {
      const asked = hooks.approveCall(call, definition, told(owner.config));
      one = asked instanceof Promise
        ? await run.bounded<ApprovalDecision>(asked, run.ports.limits.hookMs, () => ({ action: "ask" }))
        : asked;
      if (!ORDER.includes(one.action)) throw new TypeError("The hook answered no decision");
    } catch (thrown) {
      if (run.interrupts.interrupted) throw run.interrupts.reason;
      run.hookFailed("approveCall", owner, thrown);
      one = { action: "deny", reason: `the hook of capability "${owner.capability.id}" failed` };
    }
    if (one.action === "deny") return one;
    if (ORDER.indexOf(one.action) > ORDER.indexOf(answer.action)) answer = one;
  }
  return answer;
}

const ORDER: readonly ApprovalDecision["action"][] = ["abstain", "allow", "ask", "deny"];
