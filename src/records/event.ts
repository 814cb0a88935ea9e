/** Events: everything that happens in a session. */

import type { JsonObject, JsonValue } from "./json.ts";
import type { EventId, ExecId, MessageId, SessionId, TurnId } from "./ids.ts";
import type { EventDataMap } from "./event_data.ts";

/** The known event types. */
export type EventType = keyof EventDataMap;

/** What an event belongs to. */
export interface EventContext {
  /** The turn. */
  readonly turnId?: TurnId;
  /** The message that started the turn. */
  readonly inputMessageId?: MessageId;
  /** The execution of a reason or act step. */
  readonly execId?: ExecId;
}

/** One event of one type. */
export interface EventOf<T extends EventType> {
  /** Its id. */
  readonly id: EventId;
  /** What happened. */
  readonly type: T;
  /** When, in milliseconds since the epoch; orders nothing. */
  readonly ts: number;
  /** The session. */
  readonly sessionId: SessionId;
  /** What it belongs to. */
  readonly context: EventContext;
  /** The details. */
  readonly data: EventDataMap[T];
  /** Its place in the session, from 1; absent on ephemeral events. */
  readonly sequence?: number;
}

/** Any event. */
export type Event = { [T in EventType]: EventOf<T> }[EventType];

/** An event before the journal gave it an id, a time and a sequence. */
export type EventDraft = {
  [T in EventType]: {
    /** What happened. */
    readonly type: T;
    /** The details. */
    readonly data: EventDataMap[T];
    /** What it belongs to. */
    readonly context: EventContext;
  };
}[EventType];

/** An event of a type this version does not know. */
export interface RawEvent extends Omit<EventOf<EventType>, "type" | "data"> {
  /** The unknown type. */
  readonly type: string;
  /** Its details as they are. */
  readonly data: JsonObject;
}

/** Tells whether an event is stored and numbered. */
export function isDurable(event: Event): boolean {
  return event.sequence !== undefined;
}

/**
 * Reads an event back from JSON; an unknown type becomes a {@linkcode RawEvent}.
 *
 * @throws {TypeError} when it is not an event at all
 */
export function parseEvent(value: JsonValue): Event | RawEvent {
  const event = value as unknown;
  if (
    typeof event !== "object" || event === null || Array.isArray(event) || !("type" in event) ||
    typeof event.type !== "string" || !("id" in event) || !("sessionId" in event) || !("data" in event)
  ) throw new TypeError("Cannot read an event: expected an object with id, type, sessionId and data");
  return event as Event | RawEvent;
}
