/** Wakes of sessions by tasks that are kept in memory. */

import { AsyncLocalStorage } from "node:async_hooks";
import { RuntimeError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { SessionHost } from "../ports/session_host.ts";

/** Most wakes that wait; the oldest ones are lost first. */
const MAX_PENDING = 1_000;
/** Tries in a row; after them a wake waits for the next one of its session. */
const MAX_TRIES = 10;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** A text for a session. */
export interface MemoryWake {
  /** The session. */
  readonly sessionId: SessionId;
  /** Equal for every try. */
  readonly key: string;
  /** What it says. */
  readonly text: string;
}

interface Pending {
  readonly wake: MemoryWake;
  tries: number;
  state: "idle" | "delivering" | "waiting";
  timer?: Timer;
}

/**
 * Hands wakes to the session host as soon as it is bound and takes them; gone with the process.
 *
 * A session that cannot take one now, because its turn waits for a client for example, is asked again after 1 s, 2 s,
 * and so on up to a minute, ten times in all.
 */
export class InMemoryTaskWakes implements Disposable {
  readonly #clock: Clock;
  /** Whoever settles a task may be inside a turn; a wake is not part of that turn. */
  readonly #outside: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot();
  readonly #pending = new Map<string, Pending>();
  #host: SessionHost | undefined;

  /** Waits on a clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wakes wait. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Sets where wakes go, and sends those that wait. */
  bind(host: SessionHost): void {
    this.#host = host;
    for (const pending of [...this.#pending.values()]) this.#retry(pending);
  }

  /** Sends a wake, once per key; never throws and never waits. */
  add(wake: MemoryWake): void {
    if (this.#pending.has(wake.key)) return;
    for (const pending of [...this.#pending.values()]) {
      if (pending.wake.sessionId === wake.sessionId && pending.state === "idle") this.#retry(pending);
    }
    const pending: Pending = { wake, tries: 0, state: "idle" };
    this.#pending.set(wake.key, pending);
    if (this.#pending.size > MAX_PENDING) this.#forgetOldest();
    this.#retry(pending);
  }

  /** Forgets every wake that waits. */
  [Symbol.dispose](): void {
    for (const { timer } of this.#pending.values()) timer?.cancel();
    this.#pending.clear();
    this.#host = undefined;
  }

  #retry(pending: Pending): void {
    if (pending.state === "delivering") return;
    pending.timer?.cancel();
    pending.tries = 0;
    this.#outside(() => this.#deliver(pending));
  }

  async #deliver(pending: Pending): Promise<void> {
    const { sessionId, text, key } = pending.wake;
    const host = this.#host;
    if (host === undefined) return;
    pending.state = "delivering";
    pending.tries++;
    try {
      await host.deliver(sessionId, text, { idempotencyKey: key });
      this.#pending.delete(key);
    } catch (error) {
      pending.state = "idle";
      const isOver = error instanceof RuntimeError && error.code === "runtime_closed";
      if (!isOver && pending.tries < MAX_TRIES && this.#pending.get(key) === pending) this.#wait(pending);
    }
  }

  #wait(pending: Pending): void {
    pending.state = "waiting";
    const milliseconds = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (pending.tries - 1));
    pending.timer = this.#clock.setTimer(() => void this.#deliver(pending), milliseconds);
  }

  #forgetOldest(): void {
    for (const [key, { timer }] of this.#pending) {
      timer?.cancel();
      this.#pending.delete(key);
      return;
    }
  }
}
