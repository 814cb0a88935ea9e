/** Answering, or cancelling, a turn that waits for its client. */

import { RuntimeError } from "../errors.ts";
import type { Event, EventDraft } from "../records/event.ts";
import type { CallId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { ToolCall } from "../records/tool.ts";
import type { ClientToolResult, ToolDecision, TurnResult, TurnState, WaitingCall } from "../records/turn.ts";
import type { AcquiredSession } from "../ports/journal.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";
import { closingResults } from "./act.ts";
import { decisionDraft } from "./call_approval.ts";
import { type CallLog, callsOf, countResults, findAgentMessage, readCallLog } from "./call_log.ts";
import { frozen } from "./call_parts.ts";
import type { KernelPorts } from "./kernel_ports.ts";
import { resultOf, toWaitingCalls, TurnLoop } from "./loop.ts";
import { plan } from "./plan.ts";
import { takeTurn } from "./recovery.ts";
import { textOfMessage } from "./stored_turn.ts";
import { errorResult } from "./tool_result.ts";
import type { TurnRun } from "./turn_run.ts";
import type { SessionShare } from "./session_share.ts";

/** What a client says to a waiting turn; partial answers are stored. */
export interface ResumeInput {
  /** Results of client-side tools. */
  readonly toolResults?: readonly ClientToolResult[];
  /** Decisions about calls that need approval. */
  readonly decisions?: readonly ToolDecision[];
}

/** Options of a resumed turn; its key and the form of its answer are those it was started with. */
export interface ResumeOptions {
  /** Cancels the turn, or leaves the queue. */
  readonly signal?: AbortSignal;
}

/** What a waiting turn came to so far. */
export async function readWaitingResult(ports: KernelPorts, state: TurnState): Promise<TurnResult> {
  const { turnId, sessionId, iteration, toolCallsActed, usage } = state;
  const events = await ports.journal.events(sessionId, { after: state.baseSequence });
  return {
    turnId,
    sessionId,
    status: "waiting",
    response: textOfMessage(events, state.finalMessageId),
    success: true,
    iterations: iteration,
    toolCallsCount: toolCallsActed,
    stopReason: "waiting",
    usage,
    waitingFor: waitingCalls(events, state),
  };
}

/** The calls a waiting turn still waits for. */
export async function openCallsOf(ports: KernelPorts, state: TurnState): Promise<readonly WaitingCall[]> {
  return waitingCalls(await ports.journal.events(state.sessionId, { after: state.baseSequence }), state);
}

function waitingCalls(events: readonly Event[], state: TurnState): readonly WaitingCall[] {
  const message = findAgentMessage(events, state.callMessageId);
  if (message === undefined) return [];
  const held = heldCalls(events);
  return toWaitingCalls(unresolved(callsOf(message), readCallLog(events)), ({ id }) => held.has(id));
}

/**
 * Stores answers and goes on when all are in.
 *
 * @throws {RuntimeError} `unknown_call` for a call the turn does not wait for, `answer_conflict` for a second, different answer
 */
export async function resumeWaitingTurn(
  ports: KernelPorts,
  share: SessionShare,
  acquired: AcquiredSession,
  state: TurnState,
  input: ResumeInput,
  begun: (run: TurnRun) => void,
): Promise<TurnResult> {
  const { run, events } = await takeTurn(ports, share, acquired, state);
  begun(run);
  const message = findAgentMessage(events, state.callMessageId);
  if (message === undefined) {
    throw new RuntimeError("corrupt_record", "Cannot go on: the message with the calls is missing");
  }
  const calls = callsOf(message);
  const context = await run.context();
  const clientTools = new Set(context.config.clientTools.map((tool) => tool.name));
  const isClients = (call: ToolCall): boolean => !context.executableTools.has(call.name) && clientTools.has(call.name);
  const before = readCallLog(events);
  const drafts: EventDraft[] = [];
  for (const answer of input.toolResults ?? []) {
    const call = find(calls, answer.toolCallId);
    // A client-side tool that is gone since may still be answered: it is the client who knows it.
    if (context.executableTools.has(call.name)) {
      throw new RuntimeError(
        "unknown_call",
        `Cannot answer call "${call.id}": "${call.name}" is not a client-side tool`,
      );
    }
    const draft = answerDraft(run, call, answer);
    if (!repeats([...events, ...drafts], draft)) drafts.push(draft);
  }
  for (const decision of input.decisions ?? []) {
    const call = find(calls, decision.toolCallId);
    if (isClients(call) || before.answered.has(call.id)) {
      throw new RuntimeError("unknown_call", `Cannot decide about call "${call.id}": "${call.name}" needs no approval`);
    }
    const draft = await decisionDraft(run, call, decision);
    if (!repeats([...events, ...drafts], draft)) drafts.push(draft);
  }
  const log = readCallLog([...events, ...drafts]);
  // What is not known any more, or needs no approval now, is not waited for.
  const asked = context.config.hasHook.approveCall ? heldCalls(events) : NO_CALLS;
  const open = unresolved(calls, log).filter((call) => {
    const bound = context.executableTools.get(call.name);
    return isClients(call) || bound?.tool.definition.policy === "requires_approval" ||
      bound !== undefined && asked.has(call.id);
  });
  const waiting = { type: "complete", status: "completed", stopReason: "waiting" } as const;
  if (open.length > 0) {
    if (drafts.length > 0) await run.commit(drafts, { release: true });
    return resultOf(run, waiting, toWaitingCalls(open, (call) => !isClients(call)));
  }
  const resumed = plan(state, { type: "resumed", acted: answeredSinceWait(calls, [...events, ...drafts]) });
  if (drafts.length === 0) {
    // The lease is taken by a commit, before any effect.
    drafts.push({ type: "reason.recovered", context: run.eventContext, data: { turnId: state.turnId, mode: "act" } });
  }
  await run.commit(drafts, { checkpoint: run.checkpoint(resumed.state) });
  return await new TurnLoop(run).perform({ plan: resumed, message, log });
}

/** Closes a turn that no process runs: its open calls get results, its end is stored. */
export async function cancelOpenTurn(
  ports: KernelPorts,
  share: SessionShare,
  acquired: AcquiredSession,
  state: TurnState,
  reason: string | undefined,
): Promise<TurnResult> {
  const { run, events } = await takeTurn(ports, share, acquired, state);
  const counted: TurnState = { ...state, toolCallsActed: countResults(events) };
  const cancelled = plan(counted, { type: "cancelled", ...(reason === undefined ? {} : { reason }) });
  if (cancelled.next.type !== "complete") throw new RuntimeError("internal", "Cannot cancel: the planner went on");
  const message = findAgentMessage(events, state.callMessageId);
  const drafts: EventDraft[] = [];
  for (const effect of cancelled.effects) {
    if (effect.type === "event") drafts.push(effect.event);
    else if (effect.type === "close_calls" && message !== undefined) {
      drafts.push(...closingResults(run, message, readCallLog(events), effect.reason));
    }
  }
  run.closed = true;
  run.state = cancelled.state;
  await run.commit(drafts, { checkpoint: null, release: true });
  return resultOf(run, cancelled.next, []);
}

/** How many of the calls the client answered; what ran before the wait is counted already. */
function answeredSinceWait(calls: readonly ToolCall[], events: readonly (Event | EventDraft)[]): number {
  const since = events.slice(events.findLastIndex((event) => event.type === "turn.waiting") + 1);
  const { answered } = readCallLog(since);
  return calls.filter((call) => answered.has(call.id)).length;
}

const NO_CALLS: ReadonlySet<CallId> = new Set();

/** The calls the turn said it waits for a decision about. */
function heldCalls(events: readonly Event[]): ReadonlySet<CallId> {
  const waiting = events.findLast((event) => event.type === "turn.waiting");
  return new Set(waiting?.data.calls.filter(({ needsApproval }) => needsApproval === true).map(({ id }) => id));
}

function unresolved(calls: readonly ToolCall[], log: CallLog): readonly ToolCall[] {
  return calls.filter((call) => !log.answered.has(call.id) && !log.decisions.has(call.id));
}

function find(calls: readonly ToolCall[], id: string): ToolCall {
  const call = calls.find((candidate) => candidate.id === id);
  if (call !== undefined) return call;
  const known = calls.map((candidate) => candidate.id).join(", ");
  throw new RuntimeError("unknown_call", `Cannot answer call "${id}": the turn has the calls ${known}`);
}

function answerDraft(run: TurnRun, call: ToolCall, answer: ClientToolResult): EventDraft {
  const outcome: { readonly result: JsonValue } | { readonly error: string } = answer.error === undefined
    ? { result: frozen(toBoundedJson(answer.result ?? null, { maxBytes: run.ports.limits.maxToolResultBytes }).value) }
    : { error: errorResult(call, String(answer.error)).error ?? "" };
  return {
    type: "tool.completed",
    context: run.eventContext,
    data: {
      turnId: run.state.turnId,
      messageId: run.ports.ids.next("message"),
      toolCallId: call.id,
      toolName: call.name,
      success: answer.error === undefined,
      status: answer.error === undefined ? "success" : "error",
      ...outcome,
    },
  };
}

/** Whether the same was said before; something else for the same call is an error. */
function repeats(events: readonly (Event | EventDraft)[], draft: EventDraft): boolean {
  for (const event of events) {
    if (event.type === "tool.completed" && draft.type === "tool.completed") {
      if (event.data.toolCallId !== draft.data.toolCallId) continue;
      if (same(event.data.result, draft.data.result) && event.data.error === draft.data.error) return true;
      throw conflict(draft.data.toolCallId);
    }
    if (event.type === "tool.decided" && draft.type === "tool.decided") {
      if (event.data.toolCallId !== draft.data.toolCallId) continue;
      if (event.data.approved === draft.data.approved) return true;
      throw conflict(draft.data.toolCallId);
    }
  }
  return false;
}

function same(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function conflict(id: string): RuntimeError {
  return new RuntimeError("answer_conflict", `Cannot answer call "${id}" again: another answer is stored`);
}
