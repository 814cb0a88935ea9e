/** Accepting an input: hooks, the first commit of a turn, and the turn itself. */

import { LeaseLostError } from "../errors.ts";
import type { EventDraft } from "../records/event.ts";
import type { SessionId, TurnId } from "../records/ids.ts";
import type { InputMessage } from "../records/message.ts";
import type { TurnForm, TurnResult, TurnState } from "../records/turn.ts";
import { NO_USAGE } from "../records/usage.ts";
import type { AcquiredSession } from "../ports/journal.ts";
import { controlsFor, readLayers, resolveLocale } from "../context/layers.ts";
import { DEFAULT_MAX_ITERATIONS } from "../context/turn_context.ts";
import { lazy } from "../kit/lazy.ts";
import type { Mutable } from "../kit/mutable.ts";
import { captureFacts, inputMessageEvent, toMessage } from "./input.ts";
import type { KernelPorts } from "./kernel_ports.ts";
import { TurnLoop } from "./loop.ts";
import type { Verdict } from "./prompt_guard.ts";
import { contextOf, plan } from "./plan.ts";
import { TurnInterruption, TurnRun } from "./turn_run.ts";
import type { SessionShare } from "./session_share.ts";

/** What a turn is started with. */
export interface TurnInput {
  /** The turn. */
  readonly turnId: TurnId;
  /** Its input. */
  readonly input: InputMessage;
  /** Its idempotency key. */
  readonly key: string | undefined;
  /** The form of its final answer. */
  readonly form: TurnForm | undefined;
  /** Told as soon as the turn exists, so that it can be interrupted. */
  begun(run: TurnRun): void;
  /** Told when the input is stored. */
  accepted(): void;
}

const early = lazy(() => import("./early_commit.ts"));
const guard = lazy(() => import("./prompt_guard.ts"));

/** Accepts an input under an acquired lease and runs the turn. */
export async function acceptTurn(
  ports: KernelPorts,
  share: SessionShare,
  acquired: AcquiredSession,
  turn: TurnInput,
): Promise<TurnResult> {
  const layers = await readLayers(share.sessionId, ports.sources);
  const made = share.config.fold(layers);
  const fold = made instanceof Promise ? await made : made;
  const { overlay } = fold;
  const { input } = turn;
  const controls = controlsFor(input, share.history.messages);
  const locale = resolveLocale(controls, layers.session);
  const facts = captureFacts(ports.clock, locale);
  const messageId = ports.ids.next("message");
  const initial: Mutable<TurnState> = {
    version: 1,
    turnId: turn.turnId,
    sessionId: share.sessionId,
    harnessId: layers.session.harnessId,
    inputMessageId: messageId,
    facts,
    baseSequence: acquired.lastSequence,
    phase: "reason",
    iteration: 1,
    maxIterations: overlay.maxIterations ?? DEFAULT_MAX_ITERATIONS,
    usage: NO_USAGE,
    toolCallCount: 0,
    toolCallsActed: 0,
    llmCallCount: 0,
  };
  if (layers.session.agentId !== undefined) initial.agentId = layers.session.agentId;
  if (turn.form !== undefined) initial.form = turn.form;
  const run = new TurnRun(ports, share, initial, acquired.fence, acquired.lastSequence);
  run.controls = controls;
  run.accepted = { layers, epoch: share.epoch };
  turn.begun(run);
  try {
    let verdict: Verdict | undefined;
    if (overlay.capabilities.length > 0) {
      verdict = await (await guard()).askCapabilities(run, fold, layers, input);
    }
    // A refused prompt is kept for people; no model ever gets it, also not with later turns.
    const sent = verdict?.blocked === undefined ? verdict?.rewritten : null;
    const message = toMessage(input, messageId, facts.acceptedAt, sent);
    const context = contextOf(initial);
    const opening: EventDraft[] = [
      inputMessageEvent(message, context),
      { type: "session.activated", context, data: { turnId: turn.turnId, inputMessageId: messageId } },
      { type: "turn.started", context, data: { turnId: turn.turnId, inputMessageId: messageId, facts } },
    ];
    const key = turn.key === undefined ? {} : { key: { key: turn.key, turnId: turn.turnId } };
    if (verdict?.blocked !== undefined) {
      return await (await guard()).refuse(run, opening, verdict.blocked, key, turn.accepted);
    }
    if (run.interrupts.interrupted) throw run.interrupts.reason;
    const start = plan(initial, { type: "accepted" });
    const checkpoint = run.checkpoint(start.state);
    const refused = async (error: unknown): Promise<never> => {
      // Another owner was faster: while it holds the lease, asking again says so and names it.
      if (error instanceof LeaseLostError) await ports.journal.acquire(share.sessionId, ports.owner);
      throw error;
    };
    // A repeated key must not reach the model, so its step is waited for.
    if (turn.key === undefined && ports.journal.readsOwnSteps === true) {
      const { commitEarly, performMeanwhile } = await early();
      const stored = commitEarly(run, opening, checkpoint).then(() => turn.accepted(), refused);
      return await performMeanwhile(run, new TurnLoop(run).perform({ plan: start }), stored);
    }
    await run.commit(opening, { checkpoint, ...key }).catch(refused);
    turn.accepted();
    return await new TurnLoop(run).perform({ plan: start });
  } catch (error) {
    // Interrupted before anything was stored: there is no turn to close.
    if (error instanceof TurnInterruption && run.sequence === acquired.lastSequence) {
      return cancelledTurn(run.state.turnId, run.sessionId);
    }
    throw error;
  } finally {
    run.watchdog.dispose();
  }
}

/** What a turn comes to that was cancelled before anything was stored. */
export function cancelledTurn(turnId: TurnId, sessionId: SessionId): TurnResult {
  return {
    turnId,
    sessionId,
    status: "cancelled",
    response: "",
    success: false,
    iterations: 0,
    toolCallsCount: 0,
    stopReason: "cancelled",
    usage: NO_USAGE,
    waitingFor: [],
  };
}
