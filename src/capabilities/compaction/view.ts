/** A conversation with a part left out: how large it is, and what it looks like. */

import type { Message } from "../../records/message.ts";
import { madeMessage } from "../conversation/made_message.ts";
import { tokensOf } from "../conversation/message_tokens.ts";
import { startOfUnit, type Unit } from "../conversation/units.ts";
import { clippedMessage } from "./clip.ts";
import { type HiddenOutput, maskedResult, type MaskFormat } from "./mask.ts";
import { type ProtectedUnits, SKILL_TOOL } from "./protected.ts";

/** What a view leaves out and shortens. */
export interface ViewPlan {
  /** A summary of what is before `covered`. */
  readonly summary: string | undefined;
  /** Index after the messages that the summary covers; 0 without one. */
  readonly covered: number;
  /** Index of the first message that is shown with all that follow it. */
  readonly cut: number;
  /** Whether old outputs of tools are a line. */
  readonly mask: boolean;
  /** Characters that a text may have. */
  readonly clip: number | undefined;
}

/** How outputs are hidden, and what can be done about it. */
export interface ViewOptions {
  /** Newest outputs that stay. */
  readonly keepOutputs: number;
  /** What is left of the others. */
  readonly format: MaskFormat;
  /** Whether the model can search the stored conversation, and the list is all of it. */
  readonly searchable: boolean;
  /** Tools that may be called again to see what they gave: those that change nothing. */
  readonly repeatable: ReadonlySet<string>;
}

/** One conversation, of which views are tried. Calls and their results stay together in all of them. */
export class ConversationView {
  readonly #messages: readonly Message[];
  readonly #kept: readonly Unit[];
  readonly #skills: readonly Unit[];
  /** Never cut: the model would not know what is asked. */
  readonly #newest: number;
  readonly #maskTo: number;
  readonly #options: ViewOptions;

  /** Looks at a conversation. */
  constructor(messages: readonly Message[], { first, skills, newest }: ProtectedUnits, options: ViewOptions) {
    this.#messages = messages;
    this.#skills = skills;
    this.#newest = newest?.start ?? -1;
    this.#options = options;
    const units = new Map(
      [...first, ...skills, ...(newest === undefined ? [] : [newest])].map((unit) => [unit.start, unit]),
    );
    this.#kept = [...units.values()].sort((a, b) => a.start - b.start);
    this.#maskTo = startOfFreshOutputs(messages, options.keepOutputs);
  }

  /** The messages of a view. */
  render(plan: ViewPlan): Message[] {
    const view: Message[] = [];
    for (const { start, end } of this.#kept) {
      if (start >= plan.cut) break;
      for (let index = start; index < end; index++) view.push(this.#shown(index, plan));
    }
    const made = this.#made(plan, view.length);
    if (made !== undefined) view.push(made);
    for (let index = plan.cut; index < this.#messages.length; index++) view.push(this.#shown(index, plan));
    return view;
  }

  /** The tokens of some of the messages as a plan shows them. */
  tokensBetween(start: number, end: number, plan: ViewPlan): number {
    let tokens = 0;
    for (let index = start; index < end; index++) tokens += tokensOf(this.#shown(index, plan));
    return tokens;
  }

  /** The tokens of a view. */
  tokens(plan: ViewPlan): number {
    let tokens = this.tokensBetween(plan.cut, this.#messages.length, plan);
    let kept = 0;
    for (const { start, end } of this.#kept) {
      if (start >= plan.cut) break;
      tokens += this.tokensBetween(start, end, plan);
      kept += end - start;
    }
    const made = this.#made(plan, kept);
    return made === undefined ? tokens : tokens + tokensOf(made);
  }

  /** Where to cut so that the view has no more tokens; the newest unit stays in any case. */
  cutFor(tokens: number, plan: ViewPlan): number {
    const keptStarts = new Set(this.#kept.map(({ start }) => start));
    const notice = this.#made({ ...plan, cut: this.#messages.length }, 0);
    let left = tokens - (notice === undefined ? 0 : tokensOf(notice));
    for (const { start, end } of this.#kept) left -= this.tokensBetween(start, end, plan);
    let cut = this.#messages.length;
    while (cut > plan.cut) {
      const start = Math.max(plan.cut, startOfUnit(this.#messages, cut));
      if (!keptStarts.has(start)) left -= this.tokensBetween(start, cut, plan);
      if (left < 0 && cut < this.#messages.length) break;
      cut = start;
    }
    return cut;
  }

  /** A message as a plan shows it. */
  #shown(index: number, { mask, clip }: ViewPlan): Message {
    let message = this.#messages[index]!;
    if (mask && index < this.#maskTo && message.role === "tool_result") {
      const hidden = this.#hidden(index);
      if (hidden !== undefined) message = maskedResult(message, hidden, this.#options.format);
    }
    return clip === undefined || index === this.#newest ? message : clippedMessage(message, clip);
  }

  /** What to say about a hidden output; undefined for one that stays. */
  #hidden(index: number): HiddenOutput | undefined {
    const { content } = this.#messages[index]!;
    const id = content.find((part) => part.type === "tool_result")?.toolCallId;
    const start = startOfUnit(this.#messages, index + 1);
    const call = this.#messages[start]?.content.find((part) => part.type === "tool_call" && part.id === id);
    const tool = call?.type === "tool_call" ? call.name : "a tool";
    if (tool === SKILL_TOOL && this.#skills.some((unit) => unit.start === start)) return undefined;
    const { searchable, repeatable } = this.#options;
    return { tool, number: searchable ? index + 1 : undefined, isRepeatable: repeatable.has(tool) };
  }

  /** What stands for the messages that are left out. */
  #made({ summary, cut }: ViewPlan, kept: number): Message | undefined {
    const near = this.#messages[cut - 1];
    const hidden = cut - kept;
    if (near === undefined || hidden <= 0) return undefined;
    const what = hidden === 1 ? "1 earlier message is" : `${hidden} earlier messages are`;
    const how = this.#options.searchable ? " Search them with query_history when something is missing." : "";
    const notice = `<context-notice>${what} hidden here because the conversation is long.${how}</context-notice>`;
    // As a user's message: what a summary was made of has the word of tools in it, which is not to be obeyed as the
    // host's; and a conversation that begins with the model's is refused by some providers.
    return madeMessage("user", summary === undefined ? notice : `${summary}\n${notice}`, near);
  }
}

/** Index of the oldest output that stays: so many newest ones, and all that the model has not seen yet. */
function startOfFreshOutputs(messages: readonly Message[], keep: number): number {
  const unseen = messages.findLastIndex(({ role }) => role === "agent");
  let left = keep;
  for (let index = messages.length - 1; index >= 0; index--) {
    if (index <= unseen && left <= 0) return index + 1;
    if (messages[index]!.role === "tool_result") left--;
  }
  return 0;
}
