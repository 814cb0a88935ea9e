/** Connections between two requests. */

import type { Clock, Timer } from "../../ports/clock.ts";

/** A connection nobody uses for the moment. */
export interface IdleConnection {
  /** The vetted address it leads to. */
  readonly address: string;
  /** Whether the other end has neither hung up nor said anything it was not asked. */
  readonly isUsable: boolean;
  /** Closes it. */
  close(): void;
}

/** Options of {@linkcode ConnectionPool}. */
export interface ConnectionPoolOptions {
  /** Time. */
  readonly clock: Clock;
  /** Longest time a connection is kept between two requests, in milliseconds. @default {4000} */
  readonly idleMs?: number;
  /** Most connections that are kept for one scheme, host and port. @default {4} */
  readonly maxIdlePerOrigin?: number;
  /** Most connections that are kept in all. @default {32} */
  readonly maxIdle?: number;
}

interface Kept<C> {
  readonly origin: string;
  readonly connection: C;
  readonly until: number;
  readonly timer: Timer;
}

/** Shorter than the five seconds after which Node and many others hang up: whoever hangs up first loses no request. */
const IDLE_MS = 4_000;
/** What a server's word about its patience is shortened by, for the way of the next request. */
const MARGIN_MS = 1_000;

/**
 * Keeps connections between two requests, for those who vetted the addresses they lead to.
 *
 * What is kept has no say about the end of the process. A pool that was disposed of keeps nothing any more.
 */
export class ConnectionPool<C extends IdleConnection> implements Disposable {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #maxIdlePerOrigin: number;
  readonly #maxIdle: number;
  #kept: readonly Kept<C>[] = [];
  #isClosed = false;

  constructor({ clock, idleMs = IDLE_MS, maxIdlePerOrigin = 4, maxIdle = 32 }: ConnectionPoolOptions) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#maxIdlePerOrigin = maxIdlePerOrigin;
    this.#maxIdle = maxIdle;
  }

  /** How many connections are kept. */
  get size(): number {
    return this.#kept.length;
  }

  /** A connection to one of the addresses, which is the caller's from then on; undefined where none is kept. */
  take(origin: string, addresses: readonly string[]): C | undefined {
    // Of the newest, the other end has forgotten the least likely.
    for (const kept of this.#kept.toReversed()) {
      if (kept.origin !== origin || !addresses.includes(kept.connection.address)) continue;
      this.#forget(kept);
      // A busy process is late with its timers, and with hearing that somebody hung up.
      if (kept.connection.isUsable && this.#clock.monotonic() < kept.until) return kept.connection;
      kept.connection.close();
    }
    return undefined;
  }

  /**
   * Keeps a connection for a while; tells whether it does.
   *
   * @param patienceMs how long the server says it keeps it
   */
  put(origin: string, connection: C, patienceMs: number = Infinity): boolean {
    const idleMs = Math.min(this.#idleMs, patienceMs - MARGIN_MS);
    const mates = this.#kept.filter((kept) => kept.origin === origin).length;
    if (this.#isClosed || idleMs <= 0 || mates >= this.#maxIdlePerOrigin || this.#kept.length >= this.#maxIdle) {
      return false;
    }
    const timer = this.#clock.setTimer(() => this.drop(connection), idleMs);
    timer.unref?.();
    this.#kept = [...this.#kept, { origin, connection, until: this.#clock.monotonic() + idleMs, timer }];
    return true;
  }

  /** Closes a connection if it is kept. */
  drop(connection: C): void {
    const kept = this.#kept.find((one) => one.connection === connection);
    if (kept === undefined) return;
    this.#forget(kept);
    connection.close();
  }

  /** Closes what is kept; what is in use is closed when it comes back. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { connection } of this.#kept) this.drop(connection);
  }

  #forget(kept: Kept<C>): void {
    kept.timer.cancel();
    this.#kept = this.#kept.filter((one) => one !== kept);
  }
}
