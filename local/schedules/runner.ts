/** Delivers what is due. */

import { DEFAULT_ORG_ID, type OrgId, parseId, type SessionId } from "../../src/records/ids.ts";
import type { Clock, RandomSource } from "../../src/ports/clock.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { systemRandom } from "../../src/kit/ids.ts";
import type { Owners } from "../owners.ts";
import type { Connection } from "../sqlite/connection.ts";
import type { WakeDelivery } from "../wakes/delivery.ts";
import type { SettleMonitor } from "./monitor.ts";
import { ScheduleRun } from "./schedule_run.ts";

/** Most schedules of one poll. */
const MAX_BATCH = 1_000;
/** Longest time a number of milliseconds may name: a day. */
const MAX_WAIT_MS = 86_400_000;

/** Options of {@linkcode LocalScheduleRunner}. */
export interface LocalScheduleRunnerOptions {
  /** The store. */
  readonly connection: Connection;
  /** The owners of its data folder. */
  readonly owners: Owners;
  /** Where the texts go. */
  readonly delivery: WakeDelivery;
  /** Whose schedules it runs. @default the organisation of a runtime that was given none */
  readonly orgId?: OrgId;
  /** Where times come from. @default the host's clock */
  readonly clock?: Clock;
  /** Makes the names of owners. @default the platform's randomness */
  readonly random?: RandomSource;
  /** The sessions this host serves; undefined means all of them, an empty list none. @default all */
  readonly routableSessions?: () => readonly SessionId[] | undefined;
  /** Time between two looks at the store, in milliseconds, at most a day. @default {1000} */
  readonly pollIntervalMs?: number;
  /** Most schedules claimed by one poll, at most 1,000. @default {32} */
  readonly batchSize?: number;
  /** Longest delivery, in milliseconds, at most a day; then it has failed. @default {30000} */
  readonly deliveryTimeoutMs?: number;
  /** Failed deliveries after which an occurrence is given up. @default {8} */
  readonly maxAttempts?: number;
  /** Settles the monitor task of a schedule that ends. @default tasks are left alone */
  readonly settleMonitor?: SettleMonitor;
  /** Told about what went wrong in the background; what it throws is ignored. @default nobody is told */
  readonly reportError?: (error: unknown) => void;
}

/** How {@linkcode LocalScheduleRunner.start} begins. */
export interface StartOptions {
  /** Whether it polls by itself; without it the host calls `tick()`. @default {true} */
  readonly poll?: boolean;
}

/**
 * Delivers the texts of due schedules to their sessions.
 *
 * - Any number of runners may share a store: an occurrence is claimed in one transaction, by a runner whose delivery can
 *   reach the session right now, and earliest first. A claim holds as long as its process lives; there are no
 *   heartbeats.
 * - An occurrence is delivered with a key of its own (`schedule:<id>:<instant>`), also when a crash or a lost answer makes
 *   it delivered again. A delivery that stores each key once, as that to a session does, makes it exactly once.
 * - A schedule that is overdue fires once, promptly, and then at its next future time: missed fires are not caught up.
 * - A session that is busy or waits for its client is asked again a second later, and so is one whose disk is full; that
 *   is no failure.
 * - A delivery that fails is tried again after 1 s, 2 s, and so on up to 5 min. After `maxAttempts` the occurrence is
 *   given up and its error kept (`lastDeliveryError`): a recurring schedule goes on with its next time, a one-shot is
 *   switched off.
 * - Schedules fire only while some process runs a runner.
 *
 * @example
 * ```ts ignore
 * await using running = new LocalScheduleRunner({ connection, owners, delivery }).start();
 * ```
 */
export class LocalScheduleRunner {
  readonly #options: LocalScheduleRunnerOptions;

  /**
   * Describes a runner; nothing is claimed before `start()`.
   *
   * @throws {RangeError} when a number is out of range
   */
  constructor(options: LocalScheduleRunnerOptions) {
    checkWhole("pollIntervalMs", options.pollIntervalMs, MAX_WAIT_MS);
    checkWhole("batchSize", options.batchSize, MAX_BATCH);
    checkWhole("deliveryTimeoutMs", options.deliveryTimeoutMs, MAX_WAIT_MS);
    checkWhole("maxAttempts", options.maxAttempts, Number.MAX_SAFE_INTEGER);
    parseId("org", options.orgId ?? DEFAULT_ORG_ID);
    this.#options = options;
  }

  /**
   * Starts to claim and deliver, under an owner of its own; dispose what it returns.
   *
   * @throws {StoreError} when the owner's lock file cannot be made
   */
  start(options: StartOptions = {}): ScheduleRun {
    const { random = systemRandom(), clock = systemClock(), orgId = DEFAULT_ORG_ID } = this.#options;
    const owner = `schedules_${randomHex(random)}`;
    this.#options.owners.connect(owner);
    const { pollIntervalMs = 1_000, batchSize = 32, deliveryTimeoutMs = 30_000, maxAttempts = 8 } = this.#options;
    return new ScheduleRun({
      ...this.#options,
      ...{ clock, orgId, owner, pollIntervalMs, batchSize, deliveryTimeoutMs, maxAttempts },
      poll: options.poll ?? true,
    });
  }
}

function randomHex(random: RandomSource): string {
  const bytes = new Uint8Array(16);
  random.fill(bytes);
  return bytes.toHex();
}

function checkWhole(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= most)) return;
  throw new RangeError(`Cannot use ${value} as \`${name}\`: expected a whole number from 1 to ${most}`);
}
