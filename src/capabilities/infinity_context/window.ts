/** Which part of a long conversation the model sees. */

import type { Message } from "../../records/message.ts";
import { madeMessage } from "../conversation/made_message.ts";
import { tokensOf, tokensOfAll } from "../conversation/message_tokens.ts";
import { endOfUnit, startOfUnit } from "../conversation/units.ts";
import type { WindowSettings } from "./settings.ts";

/**
 * The first messages, a notice where some are hidden, and the newest ones; everything when it fits.
 *
 * Looks no further back than what it keeps, and never parts a call from its results. The newest message of the user
 * stays even where a long turn has left it behind: the model would not know what it works on.
 */
export function windowOf(messages: readonly Message[], settings: WindowSettings, searchable: boolean): Message[] {
  const headEnd = settings.keepFirst === 0 ? 0 : endOfUnit(messages, settings.keepFirst);
  const tailStart = startOfTail(messages, headEnd, settings);
  if (tailStart <= headEnd) return [...messages];
  const view = messages.slice(0, headEnd);
  const question = messages.findLastIndex(({ role }, index) => index >= headEnd && role === "user");
  let from = headEnd;
  for (const to of question >= headEnd && question < tailStart ? [question, tailStart] : [tailStart]) {
    const hidden = messages[from];
    if (hidden !== undefined && to > from) {
      // As a user's message: a conversation that begins with the model's is refused by some providers.
      view.push(madeMessage("user", noticeText(to - from, searchable), hidden));
    }
    const shown = messages[to];
    if (to < tailStart && shown !== undefined) view.push(shown);
    from = to + 1;
  }
  return [...view, ...messages.slice(tailStart)];
}

function startOfTail(messages: readonly Message[], headEnd: number, settings: WindowSettings): number {
  let left = settings.budgetTokens - tokensOfAll(messages.slice(0, headEnd));
  let start = messages.length;
  while (start > headEnd) {
    const begin = Math.max(headEnd, startOfUnit(messages, start));
    for (let index = begin; index < start; index++) left -= tokensOf(messages[index]!);
    const kept = messages.length - start;
    // The newest unit stays in any case: without it there is nothing to answer.
    if (kept > 0 && messages.length - begin > settings.maxRecent) break;
    if (kept > 0 && left < 0 && kept >= settings.minRecent) break;
    start = begin;
  }
  return start;
}

function noticeText(hidden: number, searchable: boolean): string {
  const what = hidden === 1 ? "1 earlier message is" : `${hidden} earlier messages are`;
  const how = searchable ? " Search them with query_history when something is missing." : "";
  return `<context-notice>${what} hidden here because the conversation is long.${how}</context-notice>`;
}
