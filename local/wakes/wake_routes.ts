/** Routes of wakes to hosts that run their sessions' turns themselves. */

import { QueueFullError } from "../../src/errors.ts";
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
 * A wake that was sent is not lost when its route ends unread: the session's next route begins with it. Across a crash
 * a route promises nothing.
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
  /** What routes that ended had not given to their readers. */
  readonly #unread = new Map<SessionId, SessionWake[]>();

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
    const unread = this.#unread.get(sessionId) ?? [];
    this.#unread.delete(sessionId);
    const route = new Route(unread, this.#capacity, () => this.#forget(sessionId, route));
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
   * Hands a wake to the host of a session; false when the session has no route.
   *
   * A key that still waits to be read is not added again.
   *
   * @throws {QueueFullError} when the host has not read for too long; the wake is to be kept and sent later
   */
  trySend(sessionId: SessionId, wake: SessionWake): boolean {
    const route = this.#routes.get(sessionId);
    route?.send(wake);
    return route !== undefined;
  }

  /** Forgets a route when it ends: that is before a newer one is registered, and only once. */
  #forget(sessionId: SessionId, route: Route): void {
    this.#routes.delete(sessionId);
    const unread = route.takeUnread();
    if (unread.length > 0) this.#unread.set(sessionId, unread);
  }
}

/** A bounded buffer with one reader. */
class Route implements WakeRoute {
  readonly #capacity: number;
  readonly #closed: () => void;
  #unread: SessionWake[];
  #readers: ((result: IteratorResult<SessionWake, undefined>) => void)[] = [];
  #isClosed = false;

  constructor(unread: SessionWake[], capacity: number, closed: () => void) {
    this.#unread = unread;
    this.#capacity = capacity;
    this.#closed = closed;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(wake: SessionWake): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader({ done: false, value: wake });
    if (this.#unread.some(({ key }) => key === wake.key)) return;
    if (this.#unread.length >= this.#capacity) throw new QueueFullError("wake of a session", this.#capacity);
    this.#unread.push(wake);
  }

  takeUnread(): SessionWake[] {
    return this.#unread.splice(0);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
    this.#closed();
  }

  next(): Promise<IteratorResult<SessionWake, undefined>> {
    const wake = this.#unread.shift();
    if (wake !== undefined) return Promise.resolve({ done: false, value: wake });
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
}
