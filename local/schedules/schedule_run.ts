/** A schedule runner at work. */

import type { OrgId, ScheduleId, SessionId } from "../../src/records/ids.ts";
import type { SessionSchedule } from "../../src/records/schedule.ts";
import { messageOf } from "../../src/errors.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { sleep } from "../../src/kit/clock.ts";
import type { Owners } from "../owners.ts";
import type { Connection } from "../sqlite/connection.ts";
import type { WakeDelivery } from "../wakes/delivery.ts";
import { tryDelivery } from "../wakes/try_delivery.ts";
import { type NextFire, type ScheduleClaim, ScheduleClaims } from "./claims.ts";
import { parseCron } from "./cron.ts";
import type { SettleMonitor } from "./monitor.ts";
import { ReadySessions } from "./ready_sessions.ts";

/** What a {@linkcode ScheduleRun} is made of: the runner's options, complete. */
export interface ScheduleRunOptions {
  /** The store. */
  readonly connection: Connection;
  /** The owners of its data folder. */
  readonly owners: Owners;
  /** The owner it claims as, alive; it is disconnected at the end. */
  readonly owner: string;
  /** Where the texts go. */
  readonly delivery: WakeDelivery;
  /** Whose schedules it runs. */
  readonly orgId: OrgId;
  /** Where times come from. */
  readonly clock: Clock;
  /** The sessions this host serves. */
  readonly routableSessions?: () => readonly SessionId[] | undefined;
  /** Whether it polls by itself. */
  readonly poll: boolean;
  /** Time between two polls, in milliseconds. */
  readonly pollIntervalMs: number;
  /** Most schedules of one poll. */
  readonly batchSize: number;
  /** Longest delivery, in milliseconds. */
  readonly deliveryTimeoutMs: number;
  /** Failed deliveries after which an occurrence is given up. */
  readonly maxAttempts: number;
  /** Settles the monitor task of a schedule that ends. */
  readonly settleMonitor?: SettleMonitor;
  /** Told about what went wrong in the background. */
  readonly reportError?: (error: unknown) => void;
}

/** A runner at work; `LocalScheduleRunner.start()` makes it. */
export class ScheduleRun implements AsyncDisposable {
  readonly #options: ScheduleRunOptions;
  readonly #claims: ScheduleClaims;
  readonly #ready: ReadySessions;
  readonly #inFlight = new Map<ScheduleId, Promise<void>>();
  /** No more claims. */
  readonly #stop = new AbortController();
  /** No more deliveries. */
  readonly #abort = new AbortController();
  readonly #polling: Promise<void>;
  #ticking: Promise<number> | undefined;
  #ending: Promise<void> | undefined;

  /** Begins at once. */
  constructor(options: ScheduleRunOptions) {
    const { connection, owners, owner, orgId, maxAttempts, delivery, clock } = options;
    const isAlive = (id: string): boolean => owners.isAlive(id);
    this.#options = options;
    this.#claims = new ScheduleClaims({ connection, orgId, owner, isAlive, maxAttempts });
    this.#ready = new ReadySessions(delivery, clock);
    this.#polling = options.poll ? this.#poll() : Promise.resolve();
  }

  /**
   * Claims what is due and starts to deliver it; resolves with how many, once they are claimed.
   *
   * For tests, and for hosts without timers. A call while another one runs is that one.
   *
   * @throws {StoreBusyError} when other processes kept the store locked
   */
  tick(): Promise<number> {
    return this.#ticking ??= this.#tick().finally(() => this.#ticking = undefined);
  }

  /** Resolves when every delivery that is under way now has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#inFlight.values());
  }

  /** Claims nothing more and resolves when the deliveries under way have ended: after their deadline at the latest. */
  shutdown(): Promise<void> {
    this.#stop.abort();
    return this.#ending ??= this.#end();
  }

  /** Stops at once: deliveries under way are aborted, their schedules are free again. */
  abort(): Promise<void> {
    this.#abort.abort();
    return this.shutdown();
  }

  /** See {@linkcode shutdown}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #poll(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const claimed = await this.tick().catch((error) => this.#report(error));
      await this.#pause(claimed === this.#options.batchSize);
    }
  }

  /** Waits for the next poll; after a full batch there may be more, so then only until it is delivered. */
  async #pause(wasFull: boolean): Promise<void> {
    const over = new AbortController();
    const { clock, pollIntervalMs } = this.#options;
    const waits = [sleep(clock, pollIntervalMs, AbortSignal.any([this.#stop.signal, over.signal])).catch(() => {})];
    if (wasFull) waits.push(this.settled());
    await Promise.race(waits);
    over.abort();
  }

  async #tick(): Promise<number> {
    const { clock, routableSessions, pollIntervalMs, batchSize } = this.#options;
    if (this.#stop.signal.aborted) return 0;
    const routes = routableSessions?.();
    const routable = routes === undefined ? undefined : new Set(routes);
    const due = this.#claims.dueSessions(clock.now(), [...this.#inFlight.keys()]);
    const asked = due.filter((session) => routable?.has(session) ?? true);
    const sessions = await this.#ready.among(asked, pollIntervalMs, this.#stop.signal);
    if (sessions.length === 0 || this.#stop.signal.aborted) return 0;
    const inFlight = [...this.#inFlight.keys()];
    const { claims, corrupt } = await this.#claims.claim(clock.now(), sessions, { limit: batchSize, inFlight });
    for (const error of corrupt) this.#report(error);
    for (const claim of claims) this.#start(claim);
    return claims.length;
  }

  #start(claim: ScheduleClaim): void {
    const { id } = claim.record;
    // A claim whose end cannot be stored stays ours and is delivered again, with the same key, by a later tick.
    const delivering = this.#deliver(claim).catch((error) => this.#report(error));
    this.#inFlight.set(id, delivering.finally(() => this.#inFlight.delete(id)).then(() => {}));
  }

  async #deliver(claim: ScheduleClaim): Promise<void> {
    const { clock, delivery, deliveryTimeoutMs } = this.#options;
    const { record: { sessionId, description: text }, key } = claim;
    const attempt = { sessionId, text, key, timeoutMs: deliveryTimeoutMs, signal: this.#abort.signal };
    const outcome = await tryDelivery(delivery, attempt, clock);
    switch (outcome.type) {
      case "delivered": {
        const next = await nextFire(claim, clock.now());
        const fired = await this.#settle((settle) => this.#claims.succeed(claim, clock.now(), next, settle));
        if (fired) this.#announce(claim);
        return;
      }
      case "failed": {
        const next = await nextFire(claim, clock.now());
        await this.#settle((settle) => this.#claims.fail(claim, clock.now(), outcome.error, next, settle));
        return;
      }
      case "not_now":
        await this.#claims.release(claim, clock.now());
        return;
      case "aborted":
        return;
    }
  }

  /** Tells who watches the session that a schedule fired. */
  #announce({ record, occurrence }: ScheduleClaim): void {
    const { id, sessionId, scheduleType: kind, description } = record;
    const schedule = { id, kind, description, occurrence };
    this.#options.delivery.announce?.(sessionId, { type: "schedule.triggered", schedule });
  }

  /** Ends a claim; a monitor that cannot be settled must not keep its schedule from moving on. */
  async #settle(end: (settle?: SettleMonitor) => Promise<boolean>): Promise<boolean> {
    const { settleMonitor } = this.#options;
    if (settleMonitor === undefined) return await end();
    let failure: { readonly error: unknown } | undefined;
    try {
      return await end((...monitor) => {
        try {
          settleMonitor(...monitor);
        } catch (error) {
          failure = { error };
          throw error;
        }
      });
    } catch (error) {
      if (failure === undefined) throw error;
      this.#report(failure.error);
      return await end();
    }
  }

  async #end(): Promise<void> {
    const { owners, owner } = this.#options;
    await this.#polling;
    await this.#ticking?.catch(() => {});
    await this.settled();
    // What is still claimed is free when the owner is gone; this frees it also for those who look in between.
    await this.#claims.releaseAll().catch((error) => this.#report(error));
    owners.disconnect(owner);
  }

  #report(error: unknown): void {
    try {
      this.#options.reportError?.(error);
    } catch {
      // A host that cannot be told must not stop the schedules.
    }
  }
}

/** The next fire of a claimed schedule: after now, and after what was claimed if the clock was put back. */
async function nextFire({ record, occurrence }: ScheduleClaim, now: number): Promise<NextFire> {
  if (record.cronExpression === undefined) return {};
  try {
    const at = await nextOf(record, record.cronExpression, Math.max(now, occurrence));
    return at === undefined ? {} : { at };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

async function nextOf(
  { timezone }: SessionSchedule,
  expression: string,
  after: number,
): Promise<number | undefined> {
  return (await parseCron(expression, timezone)).next(after);
}
