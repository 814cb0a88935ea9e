/** Message histories in memory. */

import type { MessageId, SessionId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { MessageQuery, RuntimeMessageStore } from "../ports/stores.ts";

/** Up to so many messages an id is found by looking at each: most sessions never need an index. */
const UNINDEXED = 16;

interface History {
  /** In order: those without a sequence as they came, then the others by sequence. */
  readonly messages: Message[];
  /** How many have no sequence. */
  unnumbered: number;
  /** Made when there are more than {@linkcode UNINDEXED}. */
  byId: Map<MessageId, Message> | undefined;
}

/**
 * Keeps message histories in arrays; gone with the process.
 *
 * Appending in order costs the same however long the history is; a cursor is found by binary search.
 *
 * @example
 * ```ts
 * import { IdSource, InMemoryMessageStore, systemClock, systemRandom } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const ids = new IdSource(systemClock(), systemRandom());
 * const sessionId = ids.next("session");
 * const store = new InMemoryMessageStore();
 * await store.storeMessages(sessionId, [
 *   { id: ids.next("message"), role: "user", content: [{ type: "text", text: "hi" }], createdAt: 0 },
 * ]);
 * assert.equal((await store.loadMessages(sessionId, { limit: 20 })).length, 1);
 * ```
 */
export class InMemoryMessageStore implements RuntimeMessageStore {
  readonly #histories = new Map<SessionId, History>();

  /** Appends messages; one whose id is already there is left as it is. */
  storeMessages(sessionId: SessionId, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return Promise.resolve();
    let history = this.#histories.get(sessionId);
    if (history === undefined) {
      this.#histories.set(sessionId, history = { messages: [], unnumbered: 0, byId: undefined });
    }
    for (const message of messages) {
      if (find(history, message.id) === undefined) {
        insert(history, Object.isFrozen(message) ? message : Object.freeze({ ...message }));
      }
    }
    return Promise.resolve();
  }

  /** One message, or undefined. */
  getMessage(sessionId: SessionId, id: MessageId): Promise<Message | undefined> {
    const history = this.#histories.get(sessionId);
    return Promise.resolve(history === undefined ? undefined : find(history, id));
  }

  /**
   * Messages, oldest first.
   *
   * @throws {RangeError} when `limit` or `keepHead` is not a whole number of 0 or more, or `after` is not a number
   */
  loadMessages(sessionId: SessionId, query: MessageQuery = {}): Promise<readonly Message[]> {
    return Promise.try(() => {
      const { after, limit, keepHead = 0 } = query;
      checkCount("limit", limit);
      checkCount("keepHead", keepHead);
      if (after !== undefined && Number.isNaN(after)) {
        throw new RangeError("Cannot load messages: `after` is not a number");
      }
      const messages = this.#histories.get(sessionId)?.messages ?? [];
      const start = after === undefined ? 0 : firstAfter(messages, after);
      if (limit === undefined || start + keepHead + limit >= messages.length) return messages.slice(start);
      const tail = messages.slice(messages.length - limit);
      return keepHead === 0 ? tail : [...messages.slice(start, start + keepHead), ...tail];
    });
  }

  /** How many there are. */
  countMessages(sessionId: SessionId): Promise<number> {
    return Promise.resolve(this.#histories.get(sessionId)?.messages.length ?? 0);
  }
}

function find(history: History, id: MessageId): Message | undefined {
  if (history.byId !== undefined) return history.byId.get(id);
  return history.messages.find((message) => message.id === id);
}

function insert(history: History, message: Message): void {
  const { messages } = history;
  if (message.sequence === undefined) {
    insertAt(messages, history.unnumbered++, message);
  } else {
    insertAt(messages, Math.max(history.unnumbered, firstAfter(messages, message.sequence)), message);
  }
  if (history.byId !== undefined) history.byId.set(message.id, message);
  else if (messages.length > UNINDEXED) history.byId = new Map(messages.map((each) => [each.id, each]));
}

/** Appends where it can: only a message that comes late has to move others. */
function insertAt(messages: Message[], index: number, message: Message): void {
  if (index === messages.length) messages.push(message);
  else messages.splice(index, 0, message);
}

/** Index of the first message whose sequence is greater. */
function firstAfter(messages: readonly Message[], sequence: number): number {
  const last = messages.at(-1);
  if (last === undefined || (last.sequence ?? 0) <= sequence) return messages.length;
  let low = 0;
  let high = messages.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.sequence ?? 0) > sequence) high = middle;
    else low = middle + 1;
  }
  return low;
}

function checkCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return;
  throw new RangeError(`Cannot load messages: ${name} is ${value}, expected a whole number of 0 or more`);
}
