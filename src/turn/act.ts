/** The act step: runs the calls of an agent message and records their results. */

import type { EventDraft } from "../records/event.ts";
import type { CallSummary, EventDataMap } from "../records/event_data.ts";
import type { CallId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { Message } from "../records/message.ts";
import type { ToolCall, ToolResult } from "../records/tool.ts";
import type { Tool } from "../ports/tool.ts";
import { lazy } from "../kit/lazy.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { type CallDecision, type CallLog, callsOf } from "./call_log.ts";
import { CallContext } from "./call_context.ts";
import { frozen } from "./call_parts.ts";
import { sha256 } from "./reasoning.ts";
import { runScheduled } from "./scheduler.ts";
import { type FinishedCall, narrate, runToolCall } from "./tool_call.ts";
import { errorResult, writeOutcome } from "./tool_result.ts";
import type { TurnRun } from "./turn_run.ts";

const approvals = lazy(() => import("./call_approval.ts"));

/** The words of a result when nobody knows what became of a call. */
const INTERRUPTED = "interrupted, outcome unknown, not run again";

/** The calls of one agent message on their way to results. */
export class Act {
  readonly #run: TurnRun;
  readonly #turn: TurnContext;
  readonly #calls: readonly ToolCall[];
  readonly #log: CallLog;
  readonly #decisions: Map<CallId, CallDecision>;
  /** Calls that a hook wants a decision about. */
  #held: ReadonlySet<CallId> = new Set();
  readonly #answered: Set<CallId>;
  readonly #startedAt: number;
  #unstored: EventDraft[] = [];
  #storing: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #marks: { readonly data: EventDataMap["tool.started"]; readonly text: string }[] = [];
  #marked: Promise<void> | undefined;
  /** Calls whose tool was run: when the turn ends before their result, nobody knows what became of them. */
  readonly #begun = new Set<CallId>();
  #acted = 0;
  #successes = 0;
  #errors = 0;

  /** Prepares the calls of a message; the log says what became of them before. */
  constructor(run: TurnRun, turn: TurnContext, message: Message, log: CallLog) {
    this.#run = run;
    this.#turn = turn;
    this.#calls = callsOf(message);
    this.#log = log;
    this.#decisions = new Map(log.decisions);
    // The log may know calls of earlier messages of the turn.
    this.#answered = new Set(this.#calls.flatMap(({ id }) => log.answered.has(id) ? [id] : []));
    this.#errors = [...this.#answered].filter((id) => log.failed?.has(id)).length;
    this.#successes = this.#answered.size - this.#errors;
    this.#startedAt = run.ports.clock.monotonic();
  }

  /** How many calls got a result in this step. */
  get acted(): number {
    return this.#acted;
  }

  /** The calls that wait for the client: its own tools, and those that need a decision. */
  get waitingFor(): readonly ToolCall[] {
    return this.#calls.filter((call) => !this.#answered.has(call.id) && this.#waits(call));
  }

  /**
   * Runs what can be run.
   *
   * @throws the reason of the interruption when the turn ends meanwhile
   */
  async perform(): Promise<void> {
    const { limits } = this.#run.ports;
    if (this.#turn.config.hasHook.approveCall) await this.#approve();
    const runnable = this.#calls.filter((call) => !this.#answered.has(call.id) && !this.#waits(call));
    if (runnable.length === 0) return;
    this.#run.live("act.started", {
      turnId: this.#run.state.turnId,
      toolCalls: runnable.map((call) => this.summary(call)),
    });
    try {
      await runScheduled(runnable, {
        cap: limits.toolConcurrency,
        serial: this.#turn.runtimeAgent.parallelToolCalls === false,
        classOf: (call) => this.#turn.executableTools.get(call.name)?.tool.definition.concurrencyClass,
        run: (call) => this.#perform(call),
      });
    } finally {
      // What is not stored yet goes with the step's end.
      this.#over = true;
      if (this.#storing !== undefined) clearTimeout(this.#storing);
    }
  }

  async #approve(): Promise<void> {
    const undecided = this.#calls.filter(({ id }) =>
      !this.#answered.has(id) && !this.#decisions.has(id) && !this.#log.started.has(id)
    );
    const { askForApprovals } = await approvals();
    const { decided, held } = await askForApprovals(this.#run, this.#turn, undecided);
    for (const [id, decision] of decided) this.#decisions.set(id, decision);
    this.#held = held;
  }

  /** Results that are not stored yet; from now on nothing is stored here. */
  take(): EventDraft[] {
    const unstored = this.#unstored;
    this.#unstored = [];
    // Results that are stored together keep the order of their calls.
    if (unstored.length < 2) return unstored;
    const places = new Map(this.#calls.map((call, place) => [call.id, place]));
    const place = (draft: EventDraft): number =>
      draft.type === "tool.completed" || draft.type === "transcript.repaired"
        ? places.get(draft.data.toolCallId) ?? -1
        : -1;
    return unstored.sort((a, b) => place(a) - place(b));
  }

  /** The event that ends the act step. */
  completed(): EventDraft {
    const { state, eventContext, ports } = this.#run;
    return {
      type: "act.completed",
      context: eventContext,
      data: {
        turnId: state.turnId,
        completed: true,
        successCount: this.#successes,
        errorCount: this.#errors,
        durationMs: ports.clock.monotonic() - this.#startedAt,
      },
    };
  }

  /** Results for all calls that have none, because the turn ends. */
  close(reason: string): readonly EventDraft[] {
    const drafts = this.take();
    for (const call of this.#calls) {
      if (this.#answered.has(call.id)) continue;
      this.#answered.add(call.id);
      const begun = this.#begun.has(call.id) || this.#log.started.has(call.id);
      drafts.push(closingResult(this.#run, call, begun ? INTERRUPTED : reason));
    }
    return drafts;
  }

  /** A call in words for people. */
  summary(call: ToolCall): CallSummary {
    const displayName = this.#turn.executableTools.get(call.name)?.tool.definition.displayName;
    const narration = narrate(this.#turn, call);
    return {
      id: call.id,
      name: call.name,
      ...(displayName === undefined ? {} : { displayName }),
      ...(narration === undefined ? {} : { narration }),
    };
  }

  /** The same for a call the turn waits for. */
  waitingSummary(call: ToolCall): CallSummary {
    const summary = this.summary(call);
    return this.#turn.executableTools.has(call.name) ? { ...summary, needsApproval: true } : summary;
  }

  #waits(call: ToolCall): boolean {
    const bound = this.#turn.executableTools.get(call.name);
    if (bound === undefined) return this.#turn.config.clientTools.some((tool) => tool.name === call.name);
    if (this.#decisions.has(call.id)) return false;
    return this.#held.has(call.id) || bound.tool.definition.policy === "requires_approval";
  }

  async #perform(call: ToolCall): Promise<void> {
    const { limits } = this.#run.ports;
    const bound = this.#turn.executableTools.get(call.name);
    const decision = this.#decisions.get(call.id);
    const refuse = (message: string): FinishedCall => ({
      call,
      bound,
      result: errorResult(call, message),
      truncated: false,
      durationMs: 0,
    });
    if (decision?.approved === false) {
      return this.#record(refuse(`Denied by the user${decision.reason === undefined ? "" : `: ${decision.reason}`}`));
    }
    if (this.#calls.indexOf(call, limits.maxCallsPerReply) >= 0) {
      return this.#record(refuse(`not executed: at most ${limits.maxCallsPerReply} calls of one reply are executed`));
    }
    if (this.#log.started.has(call.id)) return this.#record(await this.#settleInterrupted(call, bound?.tool));
    const agreed = decision?.fingerprint;
    this.#record(
      await runToolCall(
        this.#run,
        this.#turn,
        call,
        (_, tool, args) =>
          agreed === undefined ? this.#start(call, tool, args) : this.#startAgreed(call, tool, args, agreed),
        { mayRepair: agreed === undefined },
      ),
    );
  }

  #start(call: ToolCall, tool: Tool, args: JsonValue): Promise<undefined> | undefined {
    const marked = this.#beforeStart(call, tool, args);
    if (marked === undefined) {
      this.#begun.add(call.id);
      return undefined;
    }
    return marked.then(() => {
      if (!this.#run.interrupts.interrupted) this.#begun.add(call.id);
      return undefined;
    });
  }

  /** Only what somebody agreed to starts: hooks and repairs may have changed it since. */
  async #startAgreed(call: ToolCall, tool: Tool, args: JsonValue, agreed: string): Promise<string | undefined> {
    const { asApproved, CHANGED, fingerprintOf } = await approvals();
    const form = asApproved(this.#turn, call, tool.definition, args);
    return await fingerprintOf(call.name, form) === agreed ? this.#start(call, tool, args) : CHANGED;
  }

  /** A call that was running when its process died: asked about, never repeated. */
  async #settleInterrupted(call: ToolCall, tool: Tool | undefined): Promise<FinishedCall> {
    const run = this.#run;
    const context = new CallContext(run, this.#turn, call);
    let result: ToolResult = errorResult(call, INTERRUPTED, "interrupted");
    let truncated = false;
    if (tool?.reconcile !== undefined) {
      try {
        const asked = tool.reconcile(context.idempotencyKey, context);
        const outcome = await run.timed(asked, tool.timeoutMs ?? run.ports.limits.toolMs, "reconcile a call");
        const written = outcome && writeOutcome(call, outcome, run.ports.limits.maxToolResultBytes);
        if (written !== undefined) ({ result, truncated } = written);
      } catch (thrown) {
        if (run.interrupts.interrupted) throw run.interrupts.reason;
        run.warn("reconcile_failed", thrown);
      }
    }
    context.end();
    this.#unstored.push({
      type: "transcript.repaired",
      context: run.eventContext,
      data: {
        turnId: run.state.turnId,
        toolCallId: call.id,
        toolName: call.name,
        action: result.status === "interrupted" ? "synthesize" : "replay",
      },
    });
    return { call, bound: this.#turn.executableTools.get(call.name), result, truncated, durationMs: 0 };
  }

  #beforeStart(call: ToolCall, tool: Tool, args: JsonValue): Promise<void> | undefined {
    const summary = this.summary(call);
    const data = {
      turnId: this.#run.state.turnId,
      toolCallId: call.id,
      toolName: call.name,
      ...(summary.displayName === undefined ? {} : { displayName: summary.displayName }),
      ...(summary.narration === undefined ? {} : { narration: summary.narration }),
    };
    const { effect } = tool.definition;
    if (effect === "pure" || effect === "idempotent") {
      this.#run.live("tool.started", data);
      return undefined;
    }
    this.#marks.push({ data, text: `${call.name}\n${JSON.stringify(args)}` });
    // Calls that start together are marked by one commit.
    this.#marked ??= Promise.resolve().then(() => this.#mark());
    return this.#marked;
  }

  async #mark(): Promise<void> {
    const marks = this.#marks;
    this.#marks = [];
    this.#marked = undefined;
    const events = await Promise.all(marks.map(async ({ data, text }): Promise<EventDraft> => ({
      type: "tool.started",
      context: this.#run.eventContext,
      data: { ...data, toolCallFingerprint: await sha256(text) },
    })));
    // The turn may have ended meanwhile: a mark after its closing step would start what nobody waits for.
    if (this.#over || this.#run.closed) throw this.#run.interrupts.reason;
    await this.#run.commit(events);
  }

  #record(finished: FinishedCall): void {
    if (this.#answered.has(finished.call.id)) return;
    this.#answered.add(finished.call.id);
    this.#acted++;
    if (finished.result.error === undefined) this.#successes++;
    else this.#errors++;
    this.#unstored.push(this.#draft(finished));
    // The last results go with the step's end; earlier ones are stored as soon as this burst of work is over.
    if (this.#over || this.#storing !== undefined || this.#answered.size >= this.#calls.length) return;
    this.#storing = setTimeout(() => this.#store(), 0);
  }

  #store(): void {
    this.#storing = undefined;
    if (this.#run.closed || this.#unstored.length === 0) return;
    if (this.#answered.size >= this.#calls.length) return;
    // A failed commit breaks the run, which ends every wait of the turn with the reason.
    this.#run.commit(this.take()).catch(() => {});
  }

  #draft(finished: FinishedCall): EventDraft {
    const { call, bound, result } = finished;
    const definition = bound?.tool.definition;
    const narration = narrate(this.#turn, call);
    return {
      type: "tool.completed",
      context: this.#run.eventContext,
      data: {
        turnId: this.#run.state.turnId,
        messageId: this.#run.ports.ids.next("message"),
        toolCallId: call.id,
        toolName: call.name,
        success: result.error === undefined,
        status: result.status,
        ...(result.error === undefined ? { result: frozen(result.result ?? null) } : { error: result.error }),
        ...(result.images === undefined
          ? {}
          : { images: Object.freeze(result.images.map((image) => Object.freeze(image))) }),
        durationMs: finished.durationMs,
        ...(definition?.displayName === undefined ? {} : { displayName: definition.displayName }),
        ...(bound?.capability === undefined ? {} : { capabilityId: bound.capability.id }),
        ...(narration === undefined ? {} : { narration }),
        ...(finished.truncated ? { truncated: true } : {}),
        ...(result.connectionRequired === undefined ? {} : { connectionRequired: { ...result.connectionRequired } }),
      },
    };
  }
}

/** Results for the calls of a message that have none, because the turn ends before they run. */
export function closingResults(run: TurnRun, message: Message, log: CallLog, reason: string): readonly EventDraft[] {
  return callsOf(message).filter((call) => !log.answered.has(call.id)).map((call) =>
    closingResult(run, call, log.started.has(call.id) ? INTERRUPTED : reason)
  );
}

function closingResult(run: TurnRun, call: ToolCall, reason: string): EventDraft {
  return {
    type: "tool.completed",
    context: run.eventContext,
    data: {
      turnId: run.state.turnId,
      messageId: run.ports.ids.next("message"),
      toolCallId: call.id,
      toolName: call.name,
      success: false,
      status: "cancelled",
      error: reason,
    },
  };
}
