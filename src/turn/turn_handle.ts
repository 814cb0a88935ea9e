/** The handle of a started turn. */

import type { Event } from "../records/event.ts";
import type { SessionId, TurnId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { InputMessage } from "../records/message.ts";
import type { TurnResult } from "../records/turn.ts";

/** Options of {@linkcode TurnHandle.steer}. */
export interface SteerOptions {
  /** A repeat of the key is accepted without being stored again. */
  readonly idempotencyKey?: string;
}

/** What became of a steering input. */
export type SteerReceipt =
  | {
    /** It joined the turn and is stored. */
    readonly joined: true;
  }
  | {
    /** The turn's end was decided already: the input started the next turn. */
    readonly joined: false;
    /** The next turn. */
    readonly turn: TurnHandle;
  };

/** A turn that was started; `Output` is the type of its answer where a form was asked for. */
export interface TurnHandle<Output = JsonValue> {
  /** Its session. */
  readonly sessionId: SessionId;
  /** The turn; once `accepted`, the earlier one when the input repeats an `idempotencyKey`. */
  readonly turnId: TurnId;
  /** Resolves when the input is stored; rejects when it cannot be. */
  readonly accepted: Promise<void>;
  /** What the turn came to. */
  readonly result: Promise<TurnResult<Output>>;
  /** The turn's events, live ones included, to its end; call it at once to miss nothing. */
  events(): AsyncIterableIterator<Event>;
  /** Adds an input at the next step boundary; resolves when it is stored. */
  steer(input: string | InputMessage, options?: SteerOptions): Promise<SteerReceipt>;
  /** Ends the turn as cancelled, within 250 ms; harmless when it is over. */
  cancel(reason?: string): void;
}

/** What `recover()` did. */
export interface Recovered {
  /** The session. */
  readonly sessionId: SessionId;
  /** What its turn came to; absent when it could not be finished. */
  readonly result?: TurnResult;
  /** Why it could not be finished. */
  readonly error?: unknown;
}
