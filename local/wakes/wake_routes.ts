/** Routes of wakes to hosts that run their sessions' turns themselves. */

import { QueueFullError, RuntimeError } from "../../src/errors.ts";
import type { SessionId } from "../../src/records/ids.ts";

/** Most wakes a route keeps for its reader. */
const DEFAULT_CAPACITY = 1024;

/** A text for a session, on its way to a host. */
export interface SessionWake {
  /** What it says. */
  readonly text: string;
  /** Equal for every delivery of the same wake: a host that has seen the key has seen the wake. */
  readonly key: string;
}

/** Options of {@linkcode WakeRoutes}. */
export interface WakeRoutesOptions {
  /** Most wakes of a session that wait to be read. @default {1024} */
  readonly capacity?: number;
}

/**
 * The receiving end of a session's wakes; `WakeRoutes.register()` makes it.
 *
 * It has one reader. Leaving a `for await` loop over it, disposing of it or registering another one ends it.
 */
export interface WakeRoute extends AsyncIterableIterator<SessionWake, undefined, void>, Disposable {
  /** Whether it takes no more wakes. */
  readonly isClosed: boolean;
}

/**
 * Which sessions have a live host in this process, and the way to it.
 *
 * A host that runs the turns of a session itself, such as an interactive program, registers a route: wakes of the
 * session go there and no turn is run for them. What to do with one is up to the host. The newest registration of a
 * session wins and ends the one before.
 *
 * A wake is stored until its host is done with it, which it says by asking for the next one or by ending the route. What
 * a crash or the end of a route leaves is sent again, with the same key, to the next route or as an input of the session:
 * every wake arrives at least once.
 *
 * @example
 * ```ts ignore
 * using route = routes.register(sessionId);
 * for await (const wake of route) console.log(wake.text);
 * ```
 */
export class WakeRoutes {
  readonly #capacity: number;
  readonly #routes = new Map<SessionId, Route>();

  /**
   * Begins without routes.
   *
   * @throws {RangeError} when the capacity is no whole number of 1 or more
   */
  constructor(options: WakeRoutesOptions = {}) {
    const { capacity = DEFAULT_CAPACITY } = options;
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`Cannot use ${capacity} as \`capacity\`: expected a whole number of 1 or more`);
    }
    this.#capacity = capacity;
  }

  /** Opens a route to the host of a session and ends the one it had. */
  register(sessionId: SessionId): WakeRoute {
    this.unregister(sessionId);
    // It ends before a newer one is registered, and only once.
    const route = new Route(this.#capacity, () => this.#routes.delete(sessionId));
    this.#routes.set(sessionId, route);
    return route;
  }

  /** Ends the route of a session; tells whether it had one. */
  unregister(sessionId: SessionId): boolean {
    const route = this.#routes.get(sessionId);
    route?.close();
    return route !== undefined;
  }

  /** The sessions with a route. */
  liveSessions(): SessionId[] {
    return [...this.#routes.keys()];
  }

  /**
   * Hands a wake to the host of a session; undefined when the session has no route.
   *
   * Resolves when the host is done with it. A key that is on its way is not sent again.
   *
   * @throws {QueueFullError} when the host has not read for too long; the wake is to be kept and sent later
   * @throws {RuntimeError} `route_closed`, later, when the route ends before the wake was read
   */
  send(sessionId: SessionId, wake: SessionWake): Promise<void> | undefined {
    return this.#routes.get(sessionId)?.send(wake);
  }
}

/** A wake on its way. */
interface Sent {
  readonly wake: SessionWake;
  readonly done: PromiseWithResolvers<void>;
}

/** A bounded buffer with one reader. */
class Route implements WakeRoute {
  readonly #capacity: number;
  readonly #closed: () => void;
  readonly #unread: Sent[] = [];
  /** What the reader has and is not done with. */
  readonly #read: Sent[] = [];
  readonly #readers: ((result: IteratorResult<SessionWake, undefined>) => void)[] = [];
  #isClosed = false;

  constructor(capacity: number, closed: () => void) {
    this.#capacity = capacity;
    this.#closed = closed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(wake: SessionWake): Promise<void> {
    const known = [...this.#read, ...this.#unread].find((sent) => sent.wake.key === wake.key);
    if (known !== undefined) return known.done.promise;
    if (this.#unread.length >= this.#capacity) throw new QueueFullError("wake of a session", this.#capacity);
    const sent: Sent = { wake, done: Promise.withResolvers() };
    // Whoever sent it may have stopped waiting.
    sent.done.promise.catch(() => {});
    this.#unread.push(sent);
    const reader = this.#readers.shift();
    if (reader !== undefined) this.next().then(reader);
    return sent.done.promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#finishRead();
    for (const { done } of this.#unread.splice(0)) done.reject(routeClosed());
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
    this.#closed();
  }

  next(): Promise<IteratorResult<SessionWake, undefined>> {
    this.#finishRead();
    const sent = this.#unread.shift();
    if (sent !== undefined) {
      this.#read.push(sent);
      return Promise.resolve({ done: false, value: sent.wake });
    }
    if (this.#isClosed) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<SessionWake, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #finishRead(): void {
    for (const { done } of this.#read.splice(0)) done.resolve();
  }
}

function routeClosed(): RuntimeError {
  return new RuntimeError(
    "route_closed",
    "Cannot hand a wake to its host: the host left before it read it; send it again",
  );
}
