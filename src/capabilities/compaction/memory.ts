/** What compaction remembers of a session. */

import { messageOf } from "../../errors.ts";
import { isId, type MessageId, type SessionId, type TurnId } from "../../records/ids.ts";
import type { JsonValue } from "../../records/json.ts";
import type { CapabilityContext } from "../../ports/capability.ts";
import { isJsonObject } from "../../kit/json_object.ts";

/** A summary, and how far it reaches. */
export interface Checkpoint {
  /** The last message it covers. */
  readonly messageId: MessageId;
  /** Sequence of that message; 0 when it has none. */
  readonly sequence: number;
  /** The summary. */
  readonly text: string;
}

/** The last request of a session. */
export interface Remembered {
  /** The newest summary; the only thing that is also stored. */
  readonly checkpoint?: Checkpoint;
  /** The turn of the request. */
  readonly turnId?: TurnId;
  /** The turn in which a summary could not be made: it is not tried twice. */
  readonly failedTurn?: TurnId | undefined;
  /** The model it was for: another one may take more, or less. */
  readonly model?: string | undefined;
  /** First message that was shown with all that followed it. */
  readonly cut?: MessageId | undefined;
  /** Message with the compaction of the provider's own that was sent. */
  readonly native?: MessageId | undefined;
  /** Tokens that were sent. */
  readonly sent?: number;
  /** Tokens the provider is not known to refuse, once it refused some. */
  readonly ceiling?: number | undefined;
  /** How it was shortened, for telling what is new. */
  readonly strategies?: readonly string[];
}

const MAX_SESSIONS = 256;
const KEY = "compaction.checkpoint";
const NOTHING: Remembered = Object.freeze({});

/** Remembers the newest 256 sessions; the rest is read from the session storage, or made again. */
export class CompactionMemory {
  readonly #sessions = new Map<SessionId, Remembered>();

  /** What is known of a session; the storage is asked once a turn, since another process may have gone on. */
  async recall({ session, model, turn }: CapabilityContext): Promise<Remembered> {
    let known = this.#sessions.get(session.id) ?? NOTHING;
    if (turn !== undefined && turn.storage !== undefined && known.turnId !== turn.turnId) {
      try {
        const stored = toCheckpoint(await turn.storage.getValue(session.id, KEY));
        // Of two, the one that reaches further: storing the newer one may have failed.
        if (stored !== undefined && stored.sequence >= (known.checkpoint?.sequence ?? 0)) {
          known = { ...known, checkpoint: stored };
        }
      } catch (error) {
        turn.warn("compaction_failed", `Cannot read the stored summary: ${messageOf(error)}`);
      }
    }
    return known.model === model ? known : { ...known, cut: undefined, ceiling: undefined };
  }

  /** Keeps what a request came to. */
  keep(sessionId: SessionId, remembered: Remembered): void {
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, remembered);
    if (this.#sessions.size <= MAX_SESSIONS) return;
    for (const oldest of this.#sessions.keys()) return void this.#sessions.delete(oldest);
  }

  /** Stores a summary; one that cannot be stored is made again after a restart. */
  async store({ session, turn }: CapabilityContext, { messageId, sequence, text }: Checkpoint): Promise<void> {
    try {
      await turn?.storage?.setValue(session.id, KEY, { messageId, sequence, text });
    } catch (error) {
      turn?.warn("compaction_failed", `Cannot store the summary: ${messageOf(error)}`);
    }
  }
}

/** The model may write to the storage too: what is there need not be what was stored. */
function toCheckpoint(value: JsonValue | undefined): Checkpoint | undefined {
  if (!isJsonObject(value)) return undefined;
  const { messageId, sequence, text } = value;
  if (!isId("message", messageId) || typeof sequence !== "number" || typeof text !== "string") return undefined;
  return { messageId, sequence, text };
}
