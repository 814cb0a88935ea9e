/** The input step: from what a caller hands in to a stored message. */

import type { EventContext, EventDraft } from "../records/event.ts";
import type { MessageId } from "../records/ids.ts";
import type { InputMessage, Message } from "../records/message.ts";
import type { TurnFacts } from "../records/turn.ts";
import type { Clock } from "../ports/clock.ts";
import type { Mutable } from "../kit/mutable.ts";
import type { PendingInput, TurnRun } from "./turn_run.ts";

/** The message an input becomes; what a model gets instead is kept beside the original, null for nothing at all. */
export function toMessage(input: InputMessage, id: MessageId, createdAt: number, rewritten?: string | null): Message {
  const role = input.role === "assistant" ? "agent" : input.role ?? "user";
  const message: Mutable<Message> = { id, role, content: Object.freeze([...input.content]), createdAt };
  if (rewritten === null) message.modelContent = [];
  else if (rewritten !== undefined) message.modelContent = [{ type: "text", text: rewritten }];
  if (input.controls !== undefined) message.controls = input.controls;
  if (input.metadata !== undefined) message.metadata = input.metadata;
  if (input.externalActor !== undefined) message.externalActor = input.externalActor;
  if (input.tags !== undefined) message.tags = input.tags;
  return Object.freeze(message);
}

/** The event that stores a message. */
export function inputMessageEvent(message: Message, context: EventContext): EventDraft {
  return { type: "input.message", context, data: { message } };
}

/**
 * Stores the inputs that joined the turn since the last step.
 *
 * Inputs with a key are stored one commit each, so that a repeat of one cannot reject the others.
 */
export async function storePending(run: TurnRun): Promise<void> {
  while (run.pending.length > 0) {
    const keyed = run.pending.findIndex((pending) => pending.key !== undefined);
    const batch = run.pending.splice(0, keyed === 0 ? 1 : keyed < 0 ? run.pending.length : keyed);
    await storeBatch(run, batch);
  }
}

async function storeBatch(run: TurnRun, batch: readonly PendingInput[]): Promise<void> {
  const { ports } = run;
  const key = batch[0]?.key;
  if (key !== undefined && await ports.journal.turnForKey(run.sessionId, key) !== undefined) {
    for (const pending of batch) pending.accepted();
    return;
  }
  const events = batch.map(({ input }) =>
    inputMessageEvent(toMessage(input, ports.ids.next("message"), ports.clock.now()), run.eventContext)
  );
  try {
    await run.commit(events, {
      checkpoint: run.checkpoint(run.state),
      ...(key === undefined ? {} : { key: { key, turnId: run.state.turnId } }),
    });
  } catch (error) {
    for (const pending of batch) pending.rejected(error);
    throw error;
  }
  for (const { input } of batch) run.controls = input.controls ?? run.controls;
  for (const pending of batch) pending.accepted();
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
