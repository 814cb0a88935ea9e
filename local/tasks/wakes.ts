/** Delivering stored wakes to their sessions. */

import { AsyncLocalStorage } from "node:async_hooks";
import { messageOf } from "../../src/errors.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import type { WakeDelivery } from "../wakes/delivery.ts";
import { tryDelivery } from "../wakes/try_delivery.ts";
import { type PeriodicHandle, startPeriodic } from "./periodic.ts";
import {
  deleteWake,
  dueSessions,
  dueWakes,
  type PendingWake,
  pendingWakes,
  readWakeText,
  recordWakeFailure,
} from "./wake_rows.ts";

/** Options of {@linkcode TaskWakes}. */
export interface TaskWakesOptions {
  /** The store. */
  readonly connection: Connection;
  /** Where wakes go. */
  readonly delivery: WakeDelivery;
  /** Where times come from. @default the host's clock */
  readonly clock?: Clock;
  /** Longest wait for one delivery, in milliseconds. @default {30000} */
  readonly deliveryTimeoutMs?: number;
  /** Failed tries after which a wake is given up. @default {8} */
  readonly maxTries?: number;
}

/** Options of {@linkcode TaskWakes.start}. */
export interface TaskWakesStartOptions {
  /** Milliseconds between two looks for wakes that other processes left. @default {1000} */
  readonly intervalMs?: number;
}

const DELIVERY_TIMEOUT_MS = 30_000;
const MAX_TRIES = 8;
const INTERVAL_MS = 1_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;
/** Sessions one look delivers to at the same time. */
const MAX_SESSIONS = 16;

/**
 * Delivers the wakes that tasks left in the store, in the order they came about in each session.
 *
 * A wake is stored by the transaction that causes it and removed after its delivery, whose key is `wake:` and its id:
 * delivered into the same store it arrives once, whatever crashes in between and however many processes deliver. A
 * session that is busy elsewhere, waits for its client or whose disk is full keeps its wakes, and none waits for another
 * session. Other failures are tried again after 1 s, 2 s, ... up to 5 min; after `maxTries` the wake is given up and
 * stays listed by {@linkcode TaskWakes.pending} until its task is deleted.
 *
 * @example
 * ```ts ignore
 * await using wakes = new TaskWakes({ connection, delivery });
 * const registry = new LocalSessionTaskRegistry({ connection, owners, workerId, onWake: () => wakes.kick() });
 * await using polling = wakes.start();
 * ```
 */
export class TaskWakes implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #delivery: WakeDelivery;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #maxTries: number;
  /** Whoever settles a task may be inside a turn; a wake is not part of that turn. */
  readonly #outside: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot();
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** The sessions that are delivered to. */
  readonly #lanes = new Map<SessionId, { again: boolean }>();
  #kicked = false;

  /** Delivers nothing until it is asked to. */
  constructor(options: TaskWakesOptions) {
    this.#connection = options.connection;
    this.#delivery = options.delivery;
    this.#clock = options.clock ?? systemClock();
    this.#timeoutMs = options.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS;
    this.#maxTries = options.maxTries ?? MAX_TRIES;
  }

  /** The wakes that are not delivered, given-up ones too, oldest first. */
  pending(): readonly PendingWake[] {
    return pendingWakes(this.#connection);
  }

  /** Delivers what is due soon, without waiting for it; never throws. */
  kick(): void {
    if (this.#kicked) return;
    this.#kicked = true;
    queueMicrotask(() => {
      this.#kicked = false;
      this.pump().catch(() => {
        // The store could not be read: the wakes are still there, and the next look finds them.
      });
    });
  }

  /** Delivers what is due; resolves when each of it was tried. A session that is delivered to already is left to that. */
  pump(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    const running = this.#outside(() => this.#pump());
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  /** Delivers now, and then what other processes left and what is to be tried again. */
  start(options: TaskWakesStartOptions = {}): PeriodicHandle {
    // Not waited for: a slow delivery must not keep other sessions' wakes from being found.
    const look = (): Promise<void> => {
      this.kick();
      return Promise.resolve();
    };
    return startPeriodic(look, { clock: this.#clock, intervalMs: options.intervalMs ?? INTERVAL_MS });
  }

  /** Aborts running deliveries and waits for their end; what they did not deliver stays stored. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  async #pump(): Promise<void> {
    const sessions = dueSessions(this.#connection, this.#clock.now(), LONGEST_WAIT_MS).values();
    const next = async (): Promise<void> => {
      for (const sessionId of sessions) await this.#enterLane(sessionId);
    };
    await Promise.all(Array.from({ length: MAX_SESSIONS }, next));
  }

  async #enterLane(sessionId: SessionId): Promise<void> {
    const taken = this.#lanes.get(sessionId);
    if (taken !== undefined) {
      taken.again = true;
      return;
    }
    const lane = { again: false };
    this.#lanes.set(sessionId, lane);
    try {
      do {
        lane.again = false;
        await this.#deliverTo(sessionId);
      } while (lane.again && !this.#closing.signal.aborted);
    } catch {
      // The store or the delivery's own state could not be read: the wakes stay, and the next look finds them.
    } finally {
      this.#lanes.delete(sessionId);
    }
  }

  async #deliverTo(sessionId: SessionId): Promise<void> {
    if (this.#closing.signal.aborted || !await this.#delivery.canDeliver(sessionId)) return;
    const due = (): PendingWake[] => dueWakes(this.#connection, sessionId, this.#clock.now(), LONGEST_WAIT_MS);
    // What was tried is delivered or not due any more.
    for (let wakes = due(); wakes.length > 0; wakes = due()) {
      for (const wake of wakes) if (!await this.#deliver(wake)) return;
    }
  }

  /** Delivers one wake; false when the session cannot take any now. */
  async #deliver(wake: PendingWake): Promise<boolean> {
    const { id, sessionId } = wake;
    let text: string | undefined;
    try {
      text = readWakeText(this.#connection, id);
    } catch (error) {
      if (error instanceof CorruptRecordError) return await this.#fail(wake, error);
      throw error;
    }
    if (text === undefined) return true;
    const attempt = { sessionId, text, key: `wake:${id}`, timeoutMs: this.#timeoutMs, signal: this.#closing.signal };
    const outcome = await tryDelivery(this.#delivery, attempt, this.#clock);
    switch (outcome.type) {
      case "delivered":
        await this.#connection.write(() => deleteWake(this.#connection, id));
        return true;
      case "failed":
        return await this.#fail(wake, outcome.error);
      case "not_now":
      case "aborted":
        return false;
    }
  }

  async #fail({ id, tries }: PendingWake, error: unknown): Promise<boolean> {
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
    const retryAt = tries + 1 < this.#maxTries ? this.#clock.now() + wait : null;
    await this.#connection.write(() => recordWakeFailure(this.#connection, id, messageOf(error), retryAt));
    return true;
  }
}
