/** Turn heads and durable events in memory. */

import type { Event } from "../records/event.ts";
import type { SessionId } from "../records/ids.ts";
import type { EventQuery, KeyedTurn, OwnerId, RuntimeTurnStore, SessionHead, TurnStoreStep } from "../ports/journal.ts";

interface SessionRows {
  head: SessionHead;
  readonly events: Event[];
  keys: Map<string, KeyedTurn> | undefined;
}

/** Keeps heads and events in maps; gone with the process. */
export class InMemoryTurnStore implements RuntimeTurnStore {
  /** A step is one synchronous change. */
  readonly atomic: boolean = true;
  readonly #sessions = new Map<SessionId, SessionRows>();
  readonly #open = new Set<SessionId>();
  readonly #owners = new Set<OwnerId>();

  /** The head, or undefined. */
  getHead(sessionId: SessionId): Promise<SessionHead | undefined> {
    return Promise.resolve(this.#sessions.get(sessionId)?.head);
  }

  /** Stores a step if the head is the expected one. */
  compareAndAppend(step: TurnStoreStep): Promise<boolean> {
    let rows = this.#sessions.get(step.sessionId);
    const head = rows?.head;
    const expected = step.expected;
    if (
      head?.fence !== expected?.fence || head?.lastSequence !== expected?.lastSequence ||
      head?.owner !== expected?.owner
    ) return Promise.resolve(false);
    if (rows === undefined) {
      rows = { head: step.head, events: [], keys: undefined };
      this.#sessions.set(step.sessionId, rows);
    }
    rows.head = step.head;
    for (const event of step.events) rows.events.push(event);
    if (step.key !== undefined) {
      rows.keys ??= new Map();
      rows.keys.set(step.key.key, { turnId: step.key.turnId, sequence: (expected?.lastSequence ?? 0) + 1 });
    }
    if (step.head.checkpoint === undefined) this.#open.delete(step.sessionId);
    else this.#open.add(step.sessionId);
    return Promise.resolve(true);
  }

  /** Durable events, oldest first. */
  loadEvents(sessionId: SessionId, query: EventQuery = {}): Promise<readonly Event[]> {
    const events = this.#sessions.get(sessionId)?.events ?? [];
    // Sequences count from 1 without gaps, so an event's index is its sequence - 1.
    const start = Math.max(0, query.after ?? 0);
    return Promise.resolve(events.slice(start, query.limit === undefined ? undefined : start + query.limit));
  }

  /** The turn that took an input with this key. */
  turnForKey(sessionId: SessionId, key: string): Promise<KeyedTurn | undefined> {
    return Promise.resolve(this.#sessions.get(sessionId)?.keys?.get(key));
  }

  /** Sessions with an open turn. */
  openSessions(limit: number): Promise<readonly SessionId[]> {
    return Promise.resolve([...this.#open].slice(0, limit));
  }

  /** Whether an owner lives. */
  isAlive(owner: OwnerId): Promise<boolean> {
    return Promise.resolve(this.#owners.has(owner));
  }

  /** Declares an owner alive. */
  connect(owner: OwnerId): Promise<void> {
    this.#owners.add(owner);
    return Promise.resolve();
  }

  /** Declares an owner dead. */
  disconnect(owner: OwnerId): Promise<void> {
    this.#owners.delete(owner);
    return Promise.resolve();
  }
}
