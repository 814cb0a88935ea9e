/** Turns that are open without running: interrupted ones, and those that wait for their client. */

import { messageOf, RuntimeClosedError, RuntimeError, SessionBusyError, TurnWaitingError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { SessionStatus } from "../records/session.ts";
import type { TurnResult, TurnState } from "../records/turn.ts";
import type { AcquiredSession } from "../ports/journal.ts";
import type { ChainLink, KernelPorts } from "./kernel_ports.ts";
import { isReadable, recoverTurn } from "./recovery.ts";
import {
  cancelOpenTurn,
  openCallsOf,
  readWaitingResult,
  type ResumeInput,
  type ResumeOptions,
  resumeWaitingTurn,
} from "./resume.ts";
import type { Lanes, SessionLane } from "./session_lane.ts";
import { readTurnResult } from "./stored_turn.ts";
import { TurnInterruption, type TurnRun } from "./turn_run.ts";
import type { Recovered } from "./turn_handle.ts";

/**
 * Checks the shape of what a client says.
 *
 * @throws {TypeError} when a member has the wrong shape
 */
export function checkAnswers(answers: ResumeInput): void {
  const input: unknown = answers;
  if (typeof input !== "object" || input === null) {
    throw new TypeError(`Cannot resume a turn with ${input === null ? "null" : typeof input}: expected an object`);
  }
  for (const member of ["toolResults", "decisions"] as const) {
    const list: unknown = Reflect.get(input, member);
    if (list === undefined) continue;
    if (!Array.isArray(list) || !list.every((item) => typeof item?.toolCallId === "string")) {
      throw new TypeError(`Cannot resume a turn: \`${member}\` is not an array of objects with a \`toolCallId\``);
    }
    // A decision that says neither yes nor no must not be taken for one.
    if (member === "decisions" && !list.every((item) => typeof item.approved === "boolean")) {
      throw new TypeError("Cannot resume a turn: `approved` of a decision is not true or false");
    }
  }
}

/** Answers the waiting turn of a session. */
export async function resumeOpen(
  ports: KernelPorts,
  lanes: Lanes,
  lane: SessionLane,
  parent: ChainLink | undefined,
  { signal, ...input }: ResumeInput & ResumeOptions,
): Promise<TurnResult> {
  let run: TurnRun | undefined;
  const begun = (entered: TurnRun): void => {
    run = entered;
    lanes.enter(lane, entered, signal);
  };
  const ended = await lanes.inTurn(lane, parent, () => resumeEntered(ports, lanes, lane, input, begun));
  return await unlessCancelled(ports, lanes, lane, run, ended);
}

/**
 * What a turn came to; one that was cancelled while it was being stored as waiting does not go on waiting.
 *
 * The turn must have left its lane: until then it may still be cancelled.
 */
export async function unlessCancelled(
  ports: KernelPorts,
  lanes: Lanes,
  lane: SessionLane,
  run: TurnRun | undefined,
  ended: TurnResult,
): Promise<TurnResult> {
  if (ended.status !== "waiting" || run?.interrupts.interrupted !== true || lanes.isClosed) return ended;
  await cancelOpen(ports, lanes, lane, messageOf(run.interrupts.reason));
  return { ...ended, status: "cancelled", stopReason: "cancelled", success: false, waitingFor: [] };
}

async function resumeEntered(
  ports: KernelPorts,
  lanes: Lanes,
  lane: SessionLane,
  input: ResumeInput,
  begun: (run: TurnRun) => void,
): Promise<TurnResult> {
  const acquired = await lanes.acquire(lane);
  const state = waitingState(acquired);
  if (state === undefined) {
    throw new RuntimeError(
      "turn_not_waiting",
      `Cannot resume session "${lane.sessionId}": no turn waits for an answer`,
    );
  }
  let run: TurnRun | undefined;
  try {
    return await resumeWaitingTurn(ports, lane, acquired, state, input, (entered) => begun(run = entered));
  } catch (error) {
    // Cancelled before the answer was stored: the turn must not go on waiting. One of a runtime that closes does.
    const isCancelled = error instanceof TurnInterruption && run?.sequence === acquired.lastSequence;
    if (!isCancelled || lanes.isClosed) throw error;
    return await cancelOpenTurn(ports, lane, acquired, state, error.message);
  }
}

/** Cancels an open turn that no process runs; tells whether there was one. */
export async function cancelOpen(
  ports: KernelPorts,
  lanes: Lanes,
  lane: SessionLane,
  reason: string | undefined,
): Promise<boolean> {
  const acquired = await lanes.acquire(lane);
  const checkpoint = acquired.openTurn;
  if (checkpoint === undefined) return false;
  if (!isReadable(checkpoint)) await recoverOpen(ports, lanes, lane, acquired);
  else await cancelOpenTurn(ports, lane, acquired, checkpoint.state, reason);
  return true;
}

/** Finishes the interrupted turn of a session, if it has one. */
async function recoverOpen(
  ports: KernelPorts,
  lanes: Lanes,
  lane: SessionLane,
  acquired: AcquiredSession,
): Promise<TurnResult | undefined> {
  const checkpoint = acquired.openTurn;
  if (checkpoint === undefined || waitingState(acquired) !== undefined) return undefined;
  let run: TurnRun | undefined;
  let ended: TurnResult;
  try {
    ended = await recoverTurn(ports, lane, acquired, checkpoint, (entered) => lanes.enter(lane, run = entered));
  } finally {
    lanes.leave(lane);
  }
  return await unlessCancelled(ports, lanes, lane, run, ended);
}

/** What a session is doing that runs no turn here. */
export async function statusOf({ journal, owner }: KernelPorts, sessionId: SessionId): Promise<SessionStatus> {
  try {
    const acquired = await journal.acquire(sessionId, owner);
    if (acquired.openTurn === undefined) return acquired.lastSequence === 0 ? "started" : "idle";
    return waitingState(acquired) === undefined ? "idle" : "waiting_for_tool_results";
  } catch (error) {
    if (error instanceof SessionBusyError) return "active";
    throw error;
  }
}

/**
 * Makes way for a new turn: an interrupted one is finished first.
 *
 * @throws {TurnWaitingError} when the open turn waits for its client
 */
export async function clearTheWay(
  ports: KernelPorts,
  lanes: Lanes,
  lane: SessionLane,
  acquired: AcquiredSession,
): Promise<AcquiredSession> {
  await assertNotWaiting(ports, acquired);
  await recoverOpen(ports, lanes, lane, acquired);
  const next = await lanes.acquire(lane);
  await assertNotWaiting(ports, next);
  return next;
}

/** The result of the turn that took an input with this key before, finished first if it was interrupted. */
export async function earlierTurn(
  ports: KernelPorts,
  lanes: Lanes,
  lane: SessionLane,
  key: string,
): Promise<TurnResult | undefined> {
  const { journal } = ports;
  const known = await journal.turnForKey(lane.sessionId, key);
  if (known === undefined) return undefined;
  const stored = await readTurnResult(journal, lane.sessionId, known.turnId, known.sequence);
  if (stored !== undefined) return stored;
  const acquired = await lanes.acquire(lane);
  const waiting = waitingState(acquired);
  if (waiting !== undefined && waiting.turnId === known.turnId) return await readWaitingResult(ports, waiting);
  await assertNotWaiting(ports, acquired);
  await recoverOpen(ports, lanes, lane, acquired);
  return await readTurnResult(journal, lane.sessionId, known.turnId, known.sequence);
}

/** Sessions that are recovered at the same time, and looked up at a time. */
const AT_ONCE = 32;

/** Finishes interrupted turns: those of the given sessions, or all of dead owners; some at a time. */
export async function recoverAll(
  ports: KernelPorts,
  lanes: Lanes,
  sessions: readonly SessionId[] | undefined,
  assertOutside: (sessionId: SessionId) => void,
): Promise<readonly Recovered[]> {
  const results: Recovered[] = [];
  const recoverOne = async (sessionId: SessionId): Promise<Recovered> => {
    const lane = lanes.get(sessionId);
    try {
      if (lanes.isClosed) throw new RuntimeClosedError("recover a turn");
      assertOutside(sessionId);
      const result = await lanes.track(lane.enqueue(() => recoverSession(ports, lanes, lane)));
      return result === undefined ? { sessionId } : { sessionId, result };
    } catch (error) {
      return { sessionId, error };
    }
  };
  if (sessions !== undefined) {
    for (let at = 0; at < sessions.length; at += AT_ONCE) {
      results.push(...await Promise.all(sessions.slice(at, at + AT_ONCE).map(recoverOne)));
    }
    return results;
  }
  // A session that could not be recovered stays interrupted: it is asked for again and must not be tried for ever.
  const seen = new Set<SessionId>();
  for (;;) {
    const found = await ports.journal.interrupted(seen.size + AT_ONCE);
    const fresh = found.filter((sessionId) => !seen.has(sessionId));
    if (fresh.length === 0) return results;
    for (const sessionId of fresh) seen.add(sessionId);
    results.push(...await Promise.all(fresh.map(recoverOne)));
  }
}

function recoverSession(ports: KernelPorts, lanes: Lanes, lane: SessionLane): Promise<TurnResult | undefined> {
  return lanes.inTurn(lane, undefined, async () => recoverOpen(ports, lanes, lane, await lanes.acquire(lane)));
}

/** The state of an open turn that waits; a checkpoint of another version says nothing that could be relied on. */
export function waitingState({ openTurn }: AcquiredSession): TurnState | undefined {
  return openTurn !== undefined && isReadable(openTurn) && openTurn.state.phase === "wait" ? openTurn.state : undefined;
}

async function assertNotWaiting(ports: KernelPorts, acquired: AcquiredSession): Promise<void> {
  const state = waitingState(acquired);
  if (state !== undefined) throw new TurnWaitingError(state.sessionId, await openCallsOf(ports, state));
}
