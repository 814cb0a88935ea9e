/** The turn loop: asks the planner, performs the step, commits it. */

import { messageOf, RuntimeError } from "../errors.ts";
import type { EventDraft } from "../records/event.ts";
import type { CallId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { Message } from "../records/message.ts";
import type { TurnClosing } from "../records/checkpoint.ts";
import type { TurnFailure, TurnResult, WaitingCall } from "../records/turn.ts";
import type { ToolCall } from "../records/tool.ts";
import { lazy } from "../kit/lazy.ts";
import type { Act } from "./act.ts";
import type { CallDecision, CallLog } from "./call_log.ts";
import { plan } from "./plan.ts";
import type { NextStep, Plan, TurnEffect } from "./plan_types.ts";
import { reason } from "./reason.ts";
import { isOfStores, type TurnRun } from "./turn_run.ts";

/** Where a loop begins. */
export interface LoopStart {
  /** The plan to perform first. */
  readonly plan: Plan;
  /** The agent message whose calls are open, when the plan begins with acting. */
  readonly message?: Message;
  /** What became of its calls before. */
  readonly log?: CallLog;
}

const acting = lazy(() => import("./act.ts"));
const answerForm = lazy(() => import("./answer_form.ts"));
const joining = lazy(() => import("./joining.ts"));
const turnEnd = lazy(() => import("./turn_end.ts"));
const failing = lazy(() => import("./reason_failed.ts"));

/** Nothing is recorded yet. */
const EMPTY_CALL_LOG: CallLog = {
  answered: new Set<CallId>(),
  started: new Set<CallId>(),
  decisions: new Map<CallId, CallDecision>(),
};

type Complete = Extract<NextStep, { type: "complete" }>;

/** Runs a turn from a plan to its end or to a wait. */
export class TurnLoop {
  readonly #run: TurnRun;
  /** The agent message whose calls are open. */
  #message: Message | undefined;
  #log: CallLog;
  #act: Act | undefined;

  /** Runs over one turn. */
  constructor(run: TurnRun) {
    this.#run = run;
    this.#log = EMPTY_CALL_LOG;
  }

  /**
   * Performs steps until the turn is over.
   *
   * @throws {RuntimeError} when the journal or a store fails, or a record is missing; the turn then stays open
   */
  async perform(start: LoopStart): Promise<TurnResult> {
    const run = this.#run;
    this.#message = start.message;
    this.#log = start.log ?? EMPTY_CALL_LOG;
    let current = start.plan;
    try {
      for (;;) {
        run.state = current.state;
        switch (current.next.type) {
          case "reason": {
            const step = await this.#reason();
            if ("result" in step) return step.result;
            current = step;
            break;
          }
          case "act":
            current = await this.#perform();
            break;
          case "wait":
            return await this.#wait();
          case "complete":
            return await this.#complete(current.next, current.effects, []);
        }
      }
    } catch (error) {
      if (run.broken !== undefined) throw error;
      if (run.interrupts.interrupted) return await this.#cancelled(run.interrupts.reason);
      if (isOfStores(error)) throw error;
      // Whatever it is, it would happen again to whoever goes on with the turn: the turn must not stay open for ever.
      const failed = plan(run.state, (await failing()).failedStep(run, error));
      run.state = failed.state;
      if (failed.next.type !== "complete") throw error;
      return await this.#complete(failed.next, failed.effects, []);
    } finally {
      run.closed = true;
      run.watchdog.dispose();
    }
  }

  async #reason(): Promise<Plan | { readonly result: TurnResult }> {
    const run = this.#run;
    const joined = run.pending.length > 0 && await (await joining()).storePending(run);
    if (!joined && isAnswered(run)) {
      const problem = run.state.form?.problem;
      const invalid = problem === undefined ? {} : { invalid: (await answerForm()).invalidAnswer(run, problem) };
      const over = plan(run.state, { type: "nothing_left", at: run.ports.clock.now(), ...invalid });
      run.state = over.state;
      if (over.next.type === "complete") return { result: await this.#complete(over.next, over.effects, []) };
    }
    const reasoned = await reason(run);
    this.#message = reasoned.message?.content.some((part) => part.type === "tool_call") ? reasoned.message : undefined;
    this.#log = EMPTY_CALL_LOG;
    if (reasoned.outcome.type === "reasoned" && reasoned.outcome.text !== "") run.response = reasoned.outcome.text;
    // From here to the commit nothing may be awaited: what joins the turn and what closes it is one decision.
    const outcome = reasoned.outcome.type === "reasoned"
      ? { ...reasoned.outcome, pendingInputs: run.pending.length }
      : reasoned.outcome;
    const next = plan(run.state, outcome);
    run.state = next.state;
    if (next.next.type === "complete") {
      return { result: await this.#complete(next.next, next.effects, reasoned.events) };
    }
    await run.commit(reasoned.events, { checkpoint: run.checkpoint(next.state) });
    return next;
  }

  async #perform(): Promise<Plan> {
    const run = this.#run;
    const message = this.#message;
    if (message === undefined) throw new RuntimeError("internal", "Cannot act: the agent message is missing");
    const { Act } = await acting();
    const act = new Act(run, await run.context(), message, this.#log);
    this.#act = act;
    await act.perform();
    const waiting = act.waitingFor.length > 0;
    const next = plan(run.state, { type: "acted", acted: act.acted, waiting });
    if (!waiting) {
      this.#act = undefined;
      this.#message = undefined;
      await run.commit([...act.take(), act.completed()], { checkpoint: run.checkpoint(next.state) });
    }
    return next;
  }

  async #wait(): Promise<TurnResult> {
    const run = this.#run;
    const act = this.#act;
    const waitingFor = act?.waitingFor ?? [];
    const calls = waitingFor.map((call) => act?.waitingSummary(call) ?? { id: call.id, name: call.name });
    run.closed = true;
    const context = run.eventContext;
    const turnId = run.state.turnId;
    await run.commit([
      ...(act?.take() ?? []),
      { type: "tool.call_requested", context, data: { turnId, toolCalls: calls } },
      { type: "turn.waiting", context, data: { turnId, calls } },
    ], { checkpoint: run.checkpoint(run.state), release: true });
    const asked = calls.flatMap(({ id, needsApproval }) => needsApproval === true ? [id] : []);
    const waiting = { type: "complete", status: "completed", stopReason: "waiting" } as const;
    return resultOf(run, waiting, toWaitingCalls(waitingFor, ({ id }) => asked.includes(id)));
  }

  async #complete(next: Complete, effects: readonly TurnEffect[], before: readonly EventDraft[]): Promise<TurnResult> {
    const run = this.#run;
    run.closed = true;
    const events: EventDraft[] = [];
    for (const effect of effects) {
      if (effect.type === "event") events.push(effect.event);
      else if (effect.type === "close_calls") events.push(...await this.#closings(effect.reason));
    }
    const hooks = effects.some((effect) => effect.type === "turn_end_hooks") && hasTurnEndHooks(run);
    const result = resultOf(run, next, []);
    if (hooks) {
      const closing: TurnClosing = {
        status: next.status,
        stopReason: next.stopReason,
        ...(next.failure === undefined ? {} : { failure: next.failure }),
        events,
      };
      if (before.length > 0) await run.commit(before, { checkpoint: { ...run.checkpoint(run.state), closing } });
      await (await turnEnd()).runTurnEndHooks(run, result);
      await run.commit(events, { checkpoint: null, release: true });
    } else await run.commit([...before, ...events], { checkpoint: null, release: true });
    return result;
  }

  async #cancelled(interruption: unknown): Promise<TurnResult> {
    const { state, ports } = this.#run;
    // What the act step had answered by then counts, too.
    const acted = { ...state, toolCallsActed: state.toolCallsActed + (this.#act?.acted ?? 0) };
    const cancelled = plan(acted, { type: "cancelled", reason: ports.secrets.redact(messageOf(interruption)) });
    this.#run.state = cancelled.state;
    if (cancelled.next.type !== "complete") throw interruption;
    return await this.#complete(cancelled.next, cancelled.effects, []);
  }

  /** Results for the calls that the end of the turn leaves open. */
  async #closings(reasonText: string): Promise<readonly EventDraft[]> {
    if (this.#act !== undefined) return this.#act.close(reasonText);
    if (this.#message === undefined) return [];
    return (await acting()).closingResults(this.#run, this.#message, this.#log, reasonText);
  }
}

/** The calls a turn waits for, with a mark on those that need a decision. */
export function toWaitingCalls(
  calls: readonly ToolCall[],
  isAsked: (call: ToolCall) => boolean,
): readonly WaitingCall[] {
  return calls.map((call) => isAsked(call) ? { ...call, needsApproval: true } : call);
}

/** What a turn came to, from its state. */
export function resultOf(run: TurnRun, next: Complete, waitingFor: readonly WaitingCall[]): TurnResult {
  const { state } = run;
  const waiting = next.stopReason === "waiting";
  const success = waiting || next.status === "completed";
  const failure: TurnFailure | undefined = next.failure;
  const output = outputOf(run, next);
  return {
    turnId: state.turnId,
    sessionId: state.sessionId,
    status: waiting ? "waiting" : next.status,
    response: next.status === "failed" ? "" : run.response,
    success,
    ...(output === undefined ? {} : { output }),
    ...(failure === undefined ? {} : { error: failure }),
    ...(next.sealed === undefined ? {} : { sealed: next.sealed }),
    iterations: state.iteration,
    toolCallsCount: next.status === "failed" ? 0 : state.toolCallsActed,
    stopReason: next.stopReason,
    usage: state.usage,
    waitingFor,
  };
}

/** The value of the final answer; a turn that was cut short has none. */
function outputOf(run: TurnRun, { status, stopReason }: Complete): JsonValue | undefined {
  if (status !== "completed" || stopReason === "waiting" || stopReason === "max_turn_requests") return undefined;
  return run.output;
}

/** Whether the turn's last message is an answer already. */
function isAnswered({ share, state }: TurnRun): boolean {
  if (state.form?.repair === "now" || state.paused === true) return false;
  const last = share.history.messages.at(-1);
  return state.iteration > 1 && last?.role === "agent" && (last.sequence ?? 0) > state.baseSequence &&
    !last.content.some((part) => part.type === "tool_call");
}

/** Whether hooks want to see the end of a turn. */
export function hasTurnEndHooks(run: TurnRun): boolean {
  // An interrupted turn, and one whose context was never assembled, ends without hooks.
  return !run.interrupts.interrupted && run.assembled?.config.hasHook.turnEnd === true;
}
