/** Going on with a turn that another process, or an earlier life of this one, left open. */

import { RuntimeError, StoreError } from "../errors.ts";
import type { Event, EventDraft } from "../records/event.ts";
import type { Message } from "../records/message.ts";
import type { TurnCheckpoint, TurnClosing } from "../records/checkpoint.ts";
import type { TurnResult, TurnState } from "../records/turn.ts";
import { NO_USAGE } from "../records/usage.ts";
import type { AcquiredSession } from "../ports/journal.ts";
import { lastControls } from "../context/layers.ts";
import { parseAnswer } from "../kit/response_format.ts";
import { closingResults } from "./act.ts";
import { callsOf, countResults, findAgentMessage, readCallLog } from "./call_log.ts";
import { disclose } from "./failure.ts";
import type { KernelPorts } from "./kernel_ports.ts";
import { hasTurnEndHooks, resultOf, TurnLoop } from "./loop.ts";
import { plan } from "./plan.ts";
import { textOfMessage } from "./stored_turn.ts";
import { runTurnEndHooks } from "./turn_end.ts";
import { TurnRun } from "./turn_run.ts";
import type { SessionShare } from "./session_share.ts";

/** An open turn as it is taken over. */
export interface TakenTurn {
  /** Its run, without a commit so far. */
  readonly run: TurnRun;
  /** Its events so far. */
  readonly events: readonly Event[];
}

/** Reads what an open turn has done so far. */
export async function takeTurn(
  ports: KernelPorts,
  share: SessionShare,
  acquired: AcquiredSession,
  state: TurnState,
): Promise<TakenTurn> {
  const events = await ports.journal.events(share.sessionId, { after: state.baseSequence });
  const run = new TurnRun(ports, share, state, acquired.fence, acquired.lastSequence);
  run.response = textOfMessage(events, state.finalMessageId);
  if (state.form !== undefined && state.form.problem === undefined) run.output = parseAnswer(run.response);
  for (const event of events) {
    if (event.type === "input.message") run.controls = event.data.message.controls ?? run.controls;
  }
  run.controls ??= lastControls(share.history.messages);
  return { run, events };
}

/**
 * Finishes an interrupted turn.
 *
 * The first commit takes the lease before any effect. A call without a start mark runs; a started `at_most_once` call
 * is asked about or answered as interrupted, never repeated.
 */
export async function recoverTurn(
  ports: KernelPorts,
  share: SessionShare,
  acquired: AcquiredSession,
  checkpoint: TurnCheckpoint,
  begun: (run: TurnRun) => void,
): Promise<TurnResult> {
  if (!isReadable(checkpoint)) return await giveUp(ports, share, acquired, begun);
  const { run, events } = await takeTurn(ports, share, acquired, checkpoint.state);
  // A result stored in the middle of an act step is not counted in its checkpoint.
  const state: TurnState = { ...checkpoint.state, toolCallsActed: countResults(events) };
  const message = findAgentMessage(events, state.callMessageId);
  if (message === undefined && state.phase === "act") return await giveUp(ports, share, acquired, begun);
  begun(run);
  const mode = state.phase === "act" ? "act" as const : "restart" as const;
  const recovered: EventDraft = {
    type: "reason.recovered",
    context: run.eventContext,
    data: { turnId: state.turnId, mode },
  };
  await run.commit([recovered], { checkpoint });
  if (checkpoint.closing !== undefined) return await finishTurn(run, checkpoint.closing);
  const loop = new TurnLoop(run);
  if (message === undefined || state.phase !== "act") {
    return await loop.perform({ plan: { state, next: { type: "reason" }, effects: [] } });
  }
  return await loop.perform({ plan: { state, next: { type: "act" }, effects: [] }, message, log: readCallLog(events) });
}

/** Performs a decided end again after a crash: hooks run at least once. */
async function finishTurn(run: TurnRun, closing: TurnClosing): Promise<TurnResult> {
  run.closed = true;
  const result = resultOf(run, {
    type: "complete",
    status: closing.status,
    stopReason: closing.stopReason,
    ...(closing.failure === undefined ? {} : { failure: closing.failure }),
  }, []);
  try {
    await run.context().catch((error) => {
      if (error instanceof StoreError) throw error;
    });
    if (hasTurnEndHooks(run)) await runTurnEndHooks(run, result);
    await run.commit(closing.events, { checkpoint: null, release: true });
    return result;
  } finally {
    run.watchdog.dispose();
  }
}

/** Whether a checkpoint was written by this version; any other says nothing that could be relied on. */
export function isReadable(checkpoint: TurnCheckpoint | null): boolean {
  const version: number | undefined = checkpoint?.version;
  const inner: number | undefined = checkpoint?.state?.version;
  return version === 1 && inner === 1;
}

/** Ends a turn that this version cannot go on with: failed, with its calls closed. */
async function giveUp(
  ports: KernelPorts,
  share: SessionShare,
  acquired: AcquiredSession,
  begun: (run: TurnRun) => void,
): Promise<TurnResult> {
  const all = await ports.journal.events(share.sessionId);
  const started = all.findLast((event) => event.type === "turn.started");
  const session = await ports.sources.sessions.getSession(share.sessionId);
  if (started === undefined || session === undefined) {
    throw new RuntimeError(
      "corrupt_record",
      `Cannot end the open turn of session "${share.sessionId}": its start is missing`,
    );
  }
  const state: TurnState = {
    version: 1,
    turnId: started.data.turnId,
    sessionId: share.sessionId,
    harnessId: session.harnessId,
    inputMessageId: started.data.inputMessageId,
    facts: started.data.facts,
    baseSequence: (started.sequence ?? 1) - 1,
    phase: "reason",
    iteration: 1,
    maxIterations: 1,
    usage: NO_USAGE,
    toolCallCount: 0,
    toolCallsActed: 0,
    llmCallCount: 0,
  };
  const { run, events } = await takeTurn(ports, share, acquired, state);
  begun(run);
  const failure = {
    code: "checkpoint_unreadable" as const,
    message: "The open turn was written by another version of the runtime",
  };
  const ended = plan(state, {
    type: "reason_failed",
    failure,
    disclosed: disclose(failure, "standard"),
    disclosure: "standard",
  });
  if (ended.next.type !== "complete") throw new RuntimeError("internal", "Cannot end the turn: the planner went on");
  const log = readCallLog(events);
  const drafts: EventDraft[] = [];
  for (const effect of ended.effects) {
    if (effect.type === "close_calls") {
      for (const message of agentMessages(events)) drafts.push(...closingResults(run, message, log, effect.reason));
    } else if (effect.type === "event") drafts.push(effect.event);
  }
  run.closed = true;
  await run.commit(drafts, { checkpoint: null, release: true });
  return resultOf(run, ended.next, []);
}

function agentMessages(events: readonly Event[]): readonly Message[] {
  return events.flatMap((event) =>
    event.type === "output.message.completed" && callsOf(event.data.message).length > 0 ? [event.data.message] : []
  );
}
