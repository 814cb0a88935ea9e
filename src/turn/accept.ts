/** Accepting an input: hooks, the first commit of a turn, and the turn itself. */

import { messageOf, RuntimeError } from "../errors.ts";
import type { EventDraft } from "../records/event.ts";
import type { SessionId, TurnId } from "../records/ids.ts";
import type { InputMessage } from "../records/message.ts";
import type { Session } from "../records/session.ts";
import type { TurnResult, TurnState } from "../records/turn.ts";
import { NO_USAGE } from "../records/usage.ts";
import type { AcquiredSession } from "../ports/journal.ts";
import { configOf } from "../context/config_cache.ts";
import { controlsFor, readLayers, resolveLocale, resolveModel } from "../context/layers.ts";
import { DEFAULT_MAX_ITERATIONS } from "../context/turn_context.ts";
import type { SessionConfig } from "../context/session_config.ts";
import type { Mutable } from "../kit/mutable.ts";
import { captureFacts, inputMessageEvent, toMessage } from "./input.ts";
import type { KernelPorts } from "./kernel_ports.ts";
import { TurnLoop } from "./loop.ts";
import { contextOf, plan } from "./plan.ts";
import { type SessionShare, TurnInterruption, TurnRun } from "./turn_run.ts";

/** What a turn is started with. */
export interface TurnInput {
  /** The turn. */
  readonly turnId: TurnId;
  /** Its input. */
  readonly input: InputMessage;
  /** Its idempotency key. */
  readonly key: string | undefined;
  /** Told as soon as the turn exists, so that it can be interrupted. */
  begun(run: TurnRun): void;
  /** Told when the input is stored. */
  accepted(): void;
}

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
  const run = new TurnRun(ports, share, initial, acquired.fence, acquired.lastSequence);
  run.controls = controls;
  run.accepted = { layers, epoch: share.epoch };
  turn.begun(run);
  try {
    let verdict: Verdict = ALLOWED;
    if (overlay.capabilities.length > 0) {
      const { model } = await resolveModel(controls, overlay.modelIds, ports.sources.providers);
      const config = await configOf(fold, ports.sources.capabilities, model?.model);
      if (config.hasHook.userPromptSubmit) verdict = await askHooks(run, config, layers.session, input, model?.model);
    }
    // A refused prompt is kept for people; no model ever gets it, also not with later turns.
    const sent = verdict.blocked === undefined ? verdict.rewritten : null;
    const message = toMessage(input, messageId, facts.acceptedAt, sent);
    const context = contextOf(initial);
    const opening: EventDraft[] = [
      inputMessageEvent(message, context),
      { type: "session.activated", context, data: { turnId: turn.turnId, inputMessageId: messageId } },
      { type: "turn.started", context, data: { turnId: turn.turnId, inputMessageId: messageId, facts } },
    ];
    const key = turn.key === undefined ? {} : { key: { key: turn.key, turnId: turn.turnId } };
    if (verdict.blocked !== undefined) return await refuse(run, opening, verdict.blocked, key, turn);
    const start = plan(initial, { type: "accepted" });
    await run.commit(opening, { checkpoint: run.checkpoint(start.state), ...key });
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

interface Verdict {
  readonly blocked?: string;
  readonly rewritten?: string;
}

const ALLOWED: Verdict = Object.freeze({});

async function askHooks(
  run: TurnRun,
  config: SessionConfig,
  session: Session,
  input: InputMessage,
  model: string | undefined,
): Promise<Verdict> {
  const { ports } = run;
  let current = input;
  let rewritten: string | undefined;
  for (const { owner, hooks } of config.hooks) {
    if (hooks.userPromptSubmit === undefined) continue;
    try {
      const answer = hooks.userPromptSubmit(current, {
        session,
        config: owner.config,
        locale: run.state.facts.locale,
        model,
        files: ports.sources.files(session.workspaceId),
        now: run.state.facts.acceptedAt,
      });
      const decision = answer instanceof Promise ? await run.timed(answer, ports.limits.hookMs, "run a hook") : answer;
      if (decision.action === "block") return { blocked: decision.reason };
      if (decision.action === "rewrite") {
        rewritten = decision.text;
        current = { ...current, content: [{ type: "text", text: decision.text }] };
      }
    } catch (thrown) {
      if (run.interrupts.interrupted) throw run.interrupts.reason;
      // A guard that cannot answer must not let the prompt through.
      run.warn("hook_failed", messageOf(thrown));
      return { blocked: `the hook of capability "${owner.capability.id}" failed` };
    }
  }
  return rewritten === undefined ? ALLOWED : { rewritten };
}

/** Stores a refused input and the end of its turn in one commit. */
async function refuse(
  run: TurnRun,
  opening: readonly EventDraft[],
  reason: string,
  key: { readonly key?: { readonly key: string; readonly turnId: TurnId } },
  turn: TurnInput,
): Promise<TurnResult> {
  const { ports, state } = run;
  const blocked = plan({ ...state, iteration: 0 }, { type: "blocked", reason });
  if (blocked.next.type !== "complete") throw new RuntimeError("internal", "Cannot refuse: the planner went on");
  const events = [...opening];
  events.push({
    type: "output.message.completed",
    context: run.eventContext,
    data: {
      turnId: state.turnId,
      errorCode: "blocked_by_hook",
      message: {
        id: ports.ids.next("message"),
        role: "agent",
        content: [{ type: "text", text: reason }],
        metadata: { errorCode: "blocked_by_hook" },
        createdAt: ports.clock.now(),
      },
    },
  });
  for (const effect of blocked.effects) if (effect.type === "event") events.push(effect.event);
  run.closed = true;
  await run.commit(events, { checkpoint: null, release: true, ...key });
  turn.accepted();
  return {
    turnId: state.turnId,
    sessionId: state.sessionId,
    status: "failed",
    response: "",
    success: false,
    error: { code: "blocked_by_hook", message: reason },
    iterations: 0,
    toolCallsCount: 0,
    stopReason: "blocked",
    usage: state.usage,
    waitingFor: [],
  };
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
