/** Making one request fit. */

import { messageOf, RuntimeError } from "../../errors.ts";
import type { MessageId } from "../../records/ids.ts";
import type { Message } from "../../records/message.ts";
import type { CapabilityContext } from "../../ports/capability.ts";
import type { ModelViewRequest } from "../../ports/model_hooks.ts";
import { endOfUnit, startOfUnit } from "../conversation/units.ts";
import { CLIP_LIMITS } from "./clip.ts";
import { CompactionLog } from "./compaction_log.ts";
import type { Checkpoint, CompactionMemory, Remembered } from "./memory.ts";
import { type ProtectedUnits, protectedUnits } from "./protected.ts";
import { type CompactionSettings, readCompactionSettings } from "./settings.ts";
import { summarize } from "./summary.ts";
import { targetTokens } from "./target.ts";
import { ConversationView, type ViewPlan } from "./view.ts";

/** Newest messages that no summary covers. */
const VERBATIM_MESSAGES = 10;
/** A summary has to save so much of the target to be worth a question. */
const LEAST_SAVING = 1 / 8;
const MAX_SUMMARY_TOKENS = 2_000;
/** How full a conversation is after a cut: room to grow, so that the start stays the same for many requests. */
const LOW_WATER = 3 / 4;
/** Of what the provider refused. */
const REFUSED_SHARE = 1 / 2;
const CEILING_SHARE = 3 / 4;

/** The messages the model gets; what is stored does not change. */
export async function compact(
  messages: readonly Message[],
  context: CapabilityContext,
  request: ModelViewRequest,
  memory: CompactionMemory,
): Promise<readonly Message[]> {
  return await new Compaction(messages, context, request).run(await memory.recall(context), memory);
}

class Compaction {
  readonly #messages: readonly Message[];
  readonly #context: CapabilityContext;
  readonly #request: ModelViewRequest;
  readonly #settings: CompactionSettings;
  readonly #log: CompactionLog;

  constructor(messages: readonly Message[], context: CapabilityContext, request: ModelViewRequest) {
    this.#messages = messages;
    this.#context = context;
    this.#request = request;
    this.#settings = readCompactionSettings(context.config);
    this.#log = new CompactionLog(context.turn, request.reason);
  }

  async run(known: Remembered, memory: CompactionMemory): Promise<readonly Message[]> {
    const { session, model, turn } = this.#context;
    const isRefused = this.#request.reason === "too_large";
    const refused = isRefused ? known.sent : undefined;
    const ceiling = refused === undefined ? known.ceiling : Math.floor(refused * CEILING_SHARE);
    const target = Math.min(
      isRefused || this.#settings.proactive
        ? targetTokens(this.#request, this.#settings.budget_percent)
        : Number.MAX_SAFE_INTEGER,
      refused === undefined ? ceiling ?? Infinity : Math.floor(refused * REFUSED_SHARE),
    );
    const stored = turn?.messages ?? this.#messages;
    const units = protectedUnits(this.#messages, stored, target / 2);
    const view = new ConversationView(this.#messages, units, {
      keepOutputs: this.#settings.observation_masking.keep_recent_tool_outputs,
      format: this.#settings.observation_masking.summary_format,
      searchable: stored.length === this.#messages.length &&
        this.#request.tools.some(({ name }) => name === "query_history"),
    });
    let { checkpoint } = known;
    let { failedTurn } = known;
    let plan = this.#start(known);
    if (view.tokens(plan) > target) {
      this.#log.begin(view.render(plan).length);
      plan = this.#masked(view, plan);
      if (view.tokens(plan) > target && turn !== undefined && failedTurn !== turn.turnId) {
        try {
          const made = await this.#summarized(view, plan, units, checkpoint, target);
          if (made !== undefined) {
            checkpoint = made.checkpoint;
            plan = view.tokens(made.plan) > target ? this.#masked(view, made.plan) : made.plan;
            await memory.store(this.#context, checkpoint);
          }
        } catch (error) {
          // What would be cut now for want of a summary would be missing in the next turn.
          if (error instanceof RuntimeError && error.code === "turn_cancelled") throw error;
          failedTurn = turn.turnId;
          turn.warn("compaction_failed", `Cannot summarize the conversation: ${messageOf(error)}`);
        }
      }
      if (view.tokens(plan) > target) plan = this.#cut(view, plan, target);
    }
    const shown = view.render(plan);
    if (turn !== undefined) {
      const strategies = this.#log.end(shown.length, known.strategies ?? []);
      memory.keep(session.id, {
        ...(checkpoint === undefined ? {} : { checkpoint }),
        turnId: turn.turnId,
        failedTurn,
        model,
        cut: plan.cut === 0 ? undefined : this.#messages[plan.cut]?.id,
        sent: view.tokens(plan),
        ceiling,
        strategies,
      });
    }
    return shown;
  }

  /** The view as the last request left it. */
  #start({ checkpoint, cut }: Remembered): ViewPlan {
    const last = checkpoint === undefined ? -1 : this.#indexOf(checkpoint.messageId);
    const covered = last < 0 ? 0 : endOfUnit(this.#messages, last + 1);
    const first = cut === undefined ? -1 : this.#indexOf(cut);
    return {
      summary: last < 0 ? undefined : checkpoint?.text,
      covered,
      cut: Math.max(covered, first),
      mask: false,
      clip: undefined,
    };
  }

  #masked(view: ConversationView, plan: ViewPlan): ViewPlan {
    if (this.#settings.strategy === "summarization") return plan;
    const masked = { ...plan, mask: true };
    if (view.tokens(masked) < view.tokens(plan)) this.#log.did("observation_masking", () => view.render(masked).length);
    return masked;
  }

  /** A summary of all but the newest messages; undefined when it would not be worth it. */
  async #summarized(
    view: ConversationView,
    plan: ViewPlan,
    { first, skills }: ProtectedUnits,
    earlier: Checkpoint | undefined,
    target: number,
  ): Promise<{ readonly checkpoint: Checkpoint; readonly plan: ViewPlan } | undefined> {
    const { turn } = this.#context;
    const { strategy, summarization } = this.#settings;
    let end = Math.max(0, this.#messages.length - VERBATIM_MESSAGES);
    while (end > 0 && this.#messages[end]?.role === "tool_result") end--;
    const last = this.#messages[end - 1];
    if (turn === undefined || strategy === "observation_masking" || last === undefined || end <= plan.covered) {
      return undefined;
    }
    const isShown = (index: number): boolean =>
      [...first, ...skills].some((unit) => index >= unit.start && index < unit.end);
    const messages: Message[] = [];
    let tokens = 0;
    for (let index = plan.covered; index < end; index++) {
      if (isShown(index)) continue;
      messages.push(this.#messages[index]!);
      tokens += view.tokensBetween(index, index + 1, plan);
    }
    if (tokens < target * LEAST_SAVING) return undefined;
    const text = await summarize(turn, {
      earlier: plan.summary === undefined ? undefined : earlier?.text,
      messages,
      room: target,
      maxTokens: Math.max(200, Math.min(MAX_SUMMARY_TOKENS, Math.floor(target * LEAST_SAVING))),
    }, summarization);
    const next: ViewPlan = { summary: text, covered: end, cut: end, mask: false, clip: undefined };
    this.#log.did("summarization", () => view.render(next).length);
    return { checkpoint: { messageId: last.id, sequence: last.sequence ?? 0, text }, plan: next };
  }

  /** Leaves out the oldest units; where what has to stay is too large by itself, its texts are cut. */
  #cut(view: ConversationView, plan: ViewPlan, target: number): ViewPlan {
    const room = Math.floor(target * LOW_WATER);
    const least: ViewPlan = { ...plan, cut: Math.max(plan.cut, startOfUnit(this.#messages, this.#messages.length)) };
    let clip: number | undefined;
    for (const limit of CLIP_LIMITS) {
      if (view.tokens({ ...least, clip }) <= room) break;
      clip = limit;
    }
    let next: ViewPlan = { ...plan, clip };
    if (view.tokens(next) > target) next = { ...next, cut: view.cutFor(room, next) };
    if (next.cut > plan.cut) this.#log.did("trim", () => view.render(next).length);
    if (clip !== undefined) this.#log.did("clip", () => view.render(next).length);
    return next;
  }

  /** From the end, where what is looked for is in all but the first request. */
  #indexOf(id: MessageId): number {
    return this.#messages.findLastIndex((message) => message.id === id);
  }
}
