/** Making one request fit. */

import { messageOf, RuntimeError } from "../../errors.ts";
import type { MessageId, TurnId } from "../../records/ids.ts";
import type { Message } from "../../records/message.ts";
import type { ToolDefinition } from "../../records/tool.ts";
import type { CapabilityContext } from "../../ports/capability.ts";
import type { ModelViewRequest, NativeCompaction } from "../../ports/model_hooks.ts";
import { endOfUnit, startOfUnit } from "../conversation/units.ts";
import { CLIP_LIMITS, clipText } from "./clip.ts";
import { CompactionLog } from "./compaction_log.ts";
import type { Checkpoint, CompactionMemory, Remembered } from "./memory.ts";
import { afterCompaction, askAt } from "./native.ts";
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
const LEAST_SUMMARY_TOKENS = 200;
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
  const known = await memory.recall(context);
  return await new Compaction(messages, context, request, known).run(memory);
}

class Compaction {
  /** All of them, or those from the provider's own compaction on. */
  readonly #messages: readonly Message[];
  readonly #native: NativeCompaction | undefined;
  readonly #askAt: number | undefined;
  /** Message with the provider's own compaction. */
  readonly #compacted: MessageId | undefined;
  readonly #count: number;
  readonly #refused: number | undefined;
  readonly #context: CapabilityContext;
  readonly #settings: CompactionSettings;
  readonly #known: Remembered;
  readonly #ceiling: number | undefined;
  readonly #target: number;
  readonly #units: ProtectedUnits;
  readonly #view: ConversationView;
  readonly #log: CompactionLog;
  #checkpoint: Checkpoint | undefined;
  #failedTurn: TurnId | undefined;

  constructor(
    messages: readonly Message[],
    context: CapabilityContext,
    request: ModelViewRequest,
    known: Remembered,
  ) {
    const settings = readCompactionSettings(context.config);
    const { turn } = context;
    const stored = turn?.messages ?? messages;
    const { strategy, proactive, budget_percent: share } = settings;
    this.#native = strategy === "auto" || strategy === "native" ? request.native : undefined;
    this.#context = context;
    this.#settings = settings;
    this.#known = known;
    this.#checkpoint = known.checkpoint;
    this.#failedTurn = known.failedTurn;
    const isRefused = request.reason === "too_large";
    const refused = isRefused ? known.sent : undefined;
    this.#refused = refused;
    this.#ceiling = refused === undefined ? known.ceiling : Math.floor(refused * CEILING_SHARE);
    // What the provider compacts at its share may take the whole window until it does.
    const least = isRefused || proactive ? targetTokens(request, this.#native === undefined ? share : 1) : Infinity;
    this.#target = Math.min(
      least,
      refused === undefined ? this.#ceiling ?? Infinity : Math.floor(refused * REFUSED_SHARE),
      Number.MAX_SAFE_INTEGER,
    );
    const kept = afterCompaction(messages, stored, this.#native, this.#target / 2);
    this.#messages = kept;
    this.#count = messages.length;
    this.#compacted = kept === messages ? undefined : kept[0]?.id;
    const ceiling = isRefused ? this.#target : this.#ceiling ?? Infinity;
    this.#askAt = askAt(request, { proactive, share, sendsBack: kept !== messages, ceiling });
    this.#units = protectedUnits(kept, stored, this.#target / 2);
    this.#view = new ConversationView(kept, this.#units, {
      keepOutputs: settings.observation_masking.keep_recent_tool_outputs,
      format: settings.observation_masking.summary_format,
      searchable: stored.length === kept.length && request.tools.some(({ name }) => name === "query_history"),
      repeatable: new Set(request.tools.filter(changesNothing).map(({ name }) => name)),
    });
    this.#log = new CompactionLog(turn, request.reason);
  }

  async run(memory: CompactionMemory): Promise<readonly Message[]> {
    const { session, model, turn } = this.#context;
    let plan = this.#start();
    // Not for the first request of a process, which cannot know whether it is new.
    if (this.#compacted !== undefined && turn !== undefined && this.#known.sent !== undefined) this.#tellNative(plan);
    if (!this.#fits(plan)) {
      this.#log.begin(this.#view.render(plan).length);
      plan = this.#masked(plan);
      if (!this.#fits(plan) && this.#isLeftToProvider(plan)) {
        this.#log.did("native", () => this.#view.render(plan).length);
      } else {
        if (!this.#fits(plan)) plan = await this.#summarized(plan, memory);
        if (!this.#fits(plan)) plan = this.#cut(plan);
      }
    }
    if (this.#askAt !== undefined) this.#native?.askAt(this.#askAt);
    const shown = this.#view.render(plan);
    if (turn !== undefined) {
      memory.keep(session.id, {
        ...(this.#checkpoint === undefined ? {} : { checkpoint: this.#checkpoint }),
        turnId: turn.turnId,
        failedTurn: this.#failedTurn,
        model,
        native: this.#compacted,
        cut: plan.cut === 0 ? undefined : this.#messages[plan.cut]?.id,
        sent: this.#view.tokens(plan),
        ceiling: this.#ceiling,
        strategies: this.#log.end(shown.length, this.#known.strategies ?? []),
      });
    }
    return shown;
  }

  #fits(plan: ViewPlan): boolean {
    return this.#view.tokens(plan) <= this.#target;
  }

  /** Tells of a compaction that came with an answer. */
  #tellNative(plan: ViewPlan): void {
    if (this.#compacted === this.#known.native) return;
    this.#log.begin(this.#count);
    this.#log.did("native", () => this.#view.render(plan).length);
  }

  /** Whether the provider, which refused more, is likely to take this and to make the rest of it smaller itself. */
  #isLeftToProvider(plan: ViewPlan): boolean {
    if (this.#native === undefined || this.#refused === undefined) return false;
    return this.#view.tokens(plan) <= Math.floor(this.#refused * CEILING_SHARE);
  }

  /** The view as the last request left it. */
  #start(): ViewPlan {
    const { checkpoint, cut } = this.#known;
    const last = checkpoint === undefined ? -1 : this.#indexOf(checkpoint.messageId);
    const end = last < 0 ? 0 : endOfUnit(this.#messages, last + 1);
    // A stored one may have been written by the model: it must not hide what is to be answered.
    const covered = end < this.#messages.length ? end : 0;
    const first = cut === undefined ? -1 : this.#indexOf(cut);
    return {
      // Of a model with a larger window, or written by one, it may be too long; it must not fill the request.
      summary: covered === 0 || checkpoint === undefined ? undefined : clipText(checkpoint.text, this.#target),
      covered,
      cut: Math.max(covered, first),
      mask: false,
      clip: undefined,
    };
  }

  #masked(plan: ViewPlan): ViewPlan {
    if (this.#settings.strategy === "summarization") return plan;
    const masked = { ...plan, mask: true };
    if (this.#view.tokens(masked) < this.#view.tokens(plan)) {
      this.#log.did("observation_masking", () => this.#view.render(masked).length);
    }
    return masked;
  }

  /** With a summary of all but the newest messages, if it is worth one and can be had. */
  async #summarized(plan: ViewPlan, memory: CompactionMemory): Promise<ViewPlan> {
    const { turn } = this.#context;
    const end = this.#endOfSummary();
    const last = this.#messages[end - 1];
    if (turn === undefined || last === undefined || end <= plan.covered) return plan;
    if (this.#settings.strategy === "observation_masking" || this.#failedTurn === turn.turnId) return plan;
    const indices = this.#summarizable(plan.covered, end);
    const tokens = indices.reduce((sum, index) => sum + this.#view.tokensBetween(index, index + 1, plan), 0);
    if (tokens < this.#target * LEAST_SAVING) return plan;
    let text: string;
    try {
      text = await summarize(turn, {
        earlier: plan.summary,
        messages: indices.map((index) => this.#messages[index]!),
        room: this.#target,
        maxTokens: Math.max(
          LEAST_SUMMARY_TOKENS,
          Math.min(MAX_SUMMARY_TOKENS, Math.floor(this.#target * LEAST_SAVING)),
        ),
      }, this.#settings.summarization);
    } catch (error) {
      // What would be cut now for want of a summary would be missing in the next turn.
      if (error instanceof RuntimeError && error.code === "turn_cancelled") throw error;
      this.#failedTurn = turn.turnId;
      turn.warn("compaction_failed", `Cannot summarize the conversation: ${messageOf(error)}`);
      return plan;
    }
    this.#checkpoint = { messageId: last.id, sequence: last.sequence ?? 0, text };
    await memory.store(this.#context, this.#checkpoint);
    const next: ViewPlan = { summary: text, covered: end, cut: end, mask: false, clip: undefined };
    this.#log.did("summarization", () => this.#view.render(next).length);
    return this.#fits(next) ? next : this.#masked(next);
  }

  /** The newest messages stay as they are, and so does what they are part of. */
  #endOfSummary(): number {
    let end = Math.max(0, this.#messages.length - VERBATIM_MESSAGES);
    while (end > 0 && this.#messages[end]?.role === "tool_result") end--;
    return end;
  }
  /** All but what stays in every view. */
  #summarizable(start: number, end: number): number[] {
    const staying = [...this.#units.first, ...this.#units.skills];
    const indices: number[] = [];
    for (let index = start; index < end; index++) {
      if (!staying.some((unit) => index >= unit.start && index < unit.end)) indices.push(index);
    }
    return indices;
  }

  /** Leaves out the oldest units; where what has to stay is too large by itself, its texts are cut. */
  #cut(plan: ViewPlan): ViewPlan {
    const room = Math.floor(this.#target * LOW_WATER);
    const least = { ...plan, cut: Math.max(plan.cut, startOfUnit(this.#messages, this.#messages.length)) };
    let clip: number | undefined;
    for (const limit of CLIP_LIMITS) {
      if (this.#view.tokens({ ...least, clip }) <= room) break;
      clip = limit;
    }
    let next: ViewPlan = { ...plan, clip };
    if (!this.#fits(next)) next = { ...next, cut: this.#view.cutFor(room, next) };
    if (next.cut > plan.cut) this.#log.did("trim", () => this.#view.render(next).length);
    if (clip !== undefined) this.#log.did("clip", () => this.#view.render(next).length);
    return next;
  }

  /** From the end, where what is looked for is in all but the first request. */
  #indexOf(id: MessageId): number {
    return this.#messages.findLastIndex((message) => message.id === id);
  }
}

function changesNothing({ effect, hints }: ToolDefinition): boolean {
  return effect === "pure" || hints?.readonly === true;
}
