/** What runs beside turns: schedules, wakes that were left, and tasks of dead processes. */

import type { OrgId } from "../src/records/ids.ts";
import type { Clock } from "../src/ports/clock.ts";
import type { Owners } from "./owners.ts";
import type { SettleMonitor } from "./schedules/monitor.ts";
import { LocalScheduleRunner, type LocalScheduleRunnerOptions } from "./schedules/runner.ts";
import type { ScheduleRun } from "./schedules/schedule_run.ts";
import type { Connection } from "./sqlite/connection.ts";
import type { PeriodicHandle } from "./tasks/periodic.ts";
import type { LocalSessionTaskRegistry } from "./tasks/registry.ts";
import { TaskSupervisor } from "./tasks/supervisor.ts";
import type { TaskWakes } from "./tasks/wakes.ts";
import type { WakeDelivery } from "./wakes/delivery.ts";

/** How schedules are polled and delivered. */
export type ScheduleRunnerConfig = Omit<LocalScheduleRunnerOptions, keyof BackgroundParts | "random">;

/** Options of background work; schedules and tasks can be left out with `false`. */
export interface BackgroundOptions {
  /** How schedules are polled and delivered. @default the defaults of the runner */
  readonly schedules?: ScheduleRunnerConfig | false;
  /** How tasks are looked after. @default every 60 s, kept for 30 days */
  readonly tasks?: TaskCare | false;
  /** Milliseconds between two looks for wakes that other processes left. @default {1000} */
  readonly wakesIntervalMs?: number;
}

/** How tasks are looked after. */
export interface TaskCare {
  /** Milliseconds between two passes. @default {60000} */
  readonly intervalMs?: number;
  /** Milliseconds after which a final task is deleted; 0 keeps all. @default {2592000000} (30 days) */
  readonly retentionMs?: number;
  /** Called with what a pass could not do; whatever it throws is ignored. @default nothing */
  readonly reportError?: (error: unknown) => void;
}

/** What background work runs on. */
export interface BackgroundParts {
  /** The store. */
  readonly connection: Connection;
  /** Who lives. */
  readonly owners: Owners;
  /** Where texts go. */
  readonly delivery: WakeDelivery;
  /** The tasks. */
  readonly taskRegistry: LocalSessionTaskRegistry;
  /** Their wakes. */
  readonly wakes: TaskWakes;
  /** Time. */
  readonly clock: Clock;
  /** Whose schedules fire. */
  readonly orgId: OrgId;
  /** Settles the monitor task of a schedule, inside the transaction that ends it. */
  readonly settleMonitor: SettleMonitor;
}

/** Running background work; it keeps the program alive until it is stopped. */
export class Background implements AsyncDisposable {
  readonly #schedules: ScheduleRun | undefined;
  readonly #others: readonly PeriodicHandle[];

  /** Starts it. */
  constructor(parts: BackgroundParts, options: BackgroundOptions = {}) {
    const { connection, owners, clock, taskRegistry: registry, wakes } = parts;
    const { schedules = {}, tasks = {}, wakesIntervalMs } = options;
    const runner = schedules === false ? undefined : new LocalScheduleRunner({ ...schedules, ...parts });
    const others: PeriodicHandle[] = [];
    try {
      others.push(wakes.start(wakesIntervalMs === undefined ? {} : { intervalMs: wakesIntervalMs }));
      if (tasks !== false) {
        const { intervalMs, retentionMs, reportError } = tasks;
        const supervisor = new TaskSupervisor({
          connection,
          owners,
          registry,
          clock,
          onWake: () => wakes.kick(),
          ...(retentionMs === undefined ? {} : { retentionMs }),
          ...(reportError === undefined ? {} : { reportError }),
        });
        others.push(supervisor.start(intervalMs === undefined ? {} : { intervalMs }));
      }
      this.#schedules = runner?.start();
    } catch (error) {
      // Nobody gets the handle that would stop them.
      for (const other of others) void other.shutdown();
      throw error;
    }
    this.#others = others;
  }

  /** Claims nothing more, waits for what is being delivered, and stops. */
  async shutdown(): Promise<void> {
    await this.#schedules?.shutdown();
    await Promise.all(this.#others.map((other) => other.shutdown()));
  }

  /** Stops at once; what was being delivered is delivered again later, with the same key. */
  async abort(): Promise<void> {
    await this.#schedules?.abort();
    await Promise.all(this.#others.map((other) => other.shutdown()));
  }

  /** See {@linkcode shutdown}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}
