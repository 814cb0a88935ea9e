/** What capabilities say of a prompt before anything of it is stored, and the end of a refused turn. */

import { RuntimeError } from "../errors.ts";
import type { EventDraft } from "../records/event.ts";
import type { TurnId } from "../records/ids.ts";
import type { InputMessage } from "../records/message.ts";
import type { Session } from "../records/session.ts";
import type { TurnResult } from "../records/turn.ts";
import { configOf, type Fold } from "../context/config_cache.ts";
import { type ConfigLayers, resolveModel } from "../context/layers.ts";
import type { SessionConfig } from "../context/session_config.ts";
import { rewrittenContent } from "./input.ts";
import { plan } from "./plan.ts";
import { rememberEnd } from "./session_end.ts";
import type { TurnRun } from "./turn_run.ts";

/** What the hooks say about a prompt. */
export interface Verdict {
  /** Why it may not reach a model. */
  readonly blocked?: string;
  /** What is sent instead. */
  readonly rewritten?: string;
}

const ALLOWED: Verdict = Object.freeze({});

/** Loads the capabilities of a turn, asks their hooks about its prompt and remembers those for the session's end. */
export async function askCapabilities(
  run: TurnRun,
  fold: Fold,
  layers: ConfigLayers,
  input: InputMessage,
): Promise<Verdict> {
  const { ports: { sources, limits, ends }, state: { facts } } = run;
  const choosing = resolveModel(run.controls, fold.overlay.modelIds, sources.providers);
  const model = (await run.timed(choosing, limits.storeMs, "choose a model")).model?.model;
  const config = await configure(run, configOf(fold, sources.capabilities, model));
  if (config === undefined) return ALLOWED;
  const { session } = layers;
  if (config.hasHook.sessionEnd) {
    rememberEnd(ends, { session, config, model, locale: facts.locale, now: facts.acceptedAt });
  }
  return config.hasHook.userPromptSubmit ? await askHooks(run, config, session, input, model) : ALLOWED;
}

/** The configuration, or undefined when a capability breaks it: then the input is kept and its turn fails. */
async function configure(
  run: TurnRun,
  resolving: SessionConfig | Promise<SessionConfig>,
): Promise<SessionConfig | undefined> {
  try {
    if (!(resolving instanceof Promise)) return resolving;
    return await run.timed(resolving, run.ports.limits.hookMs, "load a capability");
  } catch (error) {
    if (run.interrupts.interrupted) throw run.interrupts.reason;
    // Without the hooks of this configuration nothing may reach a model.
    run.failContext(error);
    return undefined;
  }
}

/** Asks the `userPromptSubmit` hooks in order; the first block wins. */
export async function askHooks(
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
      // A hook may change what it is given; what is stored stays as it is.
      const copy = { ...current, content: current.content.map((part) => ({ ...part })) };
      const answer = hooks.userPromptSubmit(copy, {
        session,
        config: owner.config,
        locale: run.state.facts.locale,
        model,
        files: ports.sources.files(session.workspaceId),
        now: run.state.facts.acceptedAt,
      });
      const decision = answer instanceof Promise ? await run.timed(answer, ports.limits.hookMs, "run a hook") : answer;
      if (decision.action === "block") {
        return { blocked: typeof decision.reason === "string" ? decision.reason : "no reason was given" };
      }
      if (decision.action === "rewrite" && typeof decision.text === "string") {
        rewritten = decision.text;
        current = { ...current, content: rewrittenContent(current, decision.text) };
      } else if (decision.action !== "allow") throw new TypeError("The hook answered no decision");
    } catch (thrown) {
      if (run.interrupts.interrupted) throw run.interrupts.reason;
      // A guard that cannot answer must not let the prompt through.
      run.hookFailed("userPromptSubmit", owner, thrown);
      return { blocked: `the hook of capability "${owner.capability.id}" failed` };
    }
  }
  return rewritten === undefined ? ALLOWED : { rewritten };
}

/** Stores a refused input and the end of its turn in one commit. */
export async function refuse(
  run: TurnRun,
  opening: readonly EventDraft[],
  reason: string,
  key: { readonly key?: { readonly key: string; readonly turnId: TurnId } },
  accepted: () => void,
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
  accepted();
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
