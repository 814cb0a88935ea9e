/** The input step: from what a caller hands in to a stored message. */

import type { EventContext, EventDraft } from "../records/event.ts";
import type { MessageId } from "../records/ids.ts";
import type { InputMessage, Message } from "../records/message.ts";
import type { TurnFacts } from "../records/turn.ts";
import type { Clock } from "../ports/clock.ts";
import type { Mutable } from "../kit/mutable.ts";

/** The message an input becomes; what a model gets instead is kept beside the original, null for nothing at all. */
export function toMessage(input: InputMessage, id: MessageId, createdAt: number, rewritten?: string | null): Message {
  const role = input.role === "assistant" ? "agent" : input.role ?? "user";
  // The parts are nobody else's; frozen, they stay what was stored whoever looks at them.
  const content = Object.freeze(input.content.map((part) => Object.freeze(part)));
  const message: Mutable<Message> = { id, role, content, createdAt };
  if (rewritten === null) message.modelContent = [];
  else if (rewritten !== undefined) message.modelContent = rewrittenContent(input, rewritten);
  if (input.controls !== undefined) message.controls = input.controls;
  if (input.metadata !== undefined) message.metadata = input.metadata;
  if (input.externalActor !== undefined) message.externalActor = input.externalActor;
  if (input.tags !== undefined) message.tags = input.tags;
  return Object.freeze(message);
}

/** A rewritten prompt: the new text in place of the old one, with the images that came along. */
export function rewrittenContent({ content }: InputMessage, text: string): InputMessage["content"] {
  return [{ type: "text", text }, ...content.filter((part) => part.type !== "text")];
}

/** The event that stores a message. */
export function inputMessageEvent(message: Message, context: EventContext): EventDraft {
  return { type: "input.message", context, data: { message } };
}

/** The facts of a turn that is accepted now. */
export function captureFacts(clock: Clock, locale: string | undefined): TurnFacts {
  const acceptedAt = clock.now();
  const timeZone = clock.timeZone();
  const facts = { acceptedAt, date: dateIn(timeZone, acceptedAt), timeZone };
  return locale === undefined ? facts : { ...facts, locale };
}

const DAY = 86_400_000;
const HOUR = 3_600_000;
let known: { readonly zone: string; readonly from: number; readonly to: number; readonly date: string } | undefined;

/** The date in a zone, `YYYY-MM-DD`; the answer is remembered to the end of the quarter of an hour. */
function dateIn(zone: string, instant: number): string {
  if (known !== undefined && known.zone === zone && instant >= known.from && instant < known.to) return known.date;
  // Temporal, because the first use of Intl costs 38 ms (Deno 2.9.6).
  const date = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDate().toString();
  // Zones are offset by quarters of an hour, so a date holds to the end of the quarter at least.
  const quarter = HOUR / 4;
  known = { zone, from: instant, to: Math.min(instant - (instant % quarter) + quarter, instant + DAY), date };
  return date;
}
