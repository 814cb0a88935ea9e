/** Looking after tasks whose process is gone, and after old ones. */

import { RuntimeError } from "../../src/errors.ts";
import type { TaskId } from "../../src/records/ids.ts";
import type { SessionTask } from "../../src/records/task.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { TaskExecutor, TaskUpdate } from "../../src/ports/task_registry.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { applyTaskUpdate } from "../../src/kit/task_update.ts";
import { toldToModel } from "../../src/kit/told_to_model.ts";
import type { Owners } from "../owners.ts";
import type { Connection } from "../sqlite/connection.ts";
import { claimIn, deleteFinishedIn, type NextTask, staleTasks, takenOver, type TaskRef } from "./claims.ts";
import { withDeadline } from "./deadline.ts";
import { type PeriodicHandle, startPeriodic } from "./periodic.ts";
import type { LocalSessionTaskRegistry } from "./registry.ts";
import { readTask } from "./task_rows.ts";

/** Options of {@linkcode TaskSupervisor}. */
export interface TaskSupervisorOptions {
  /** The store. */
  readonly connection: Connection;
  /** Knows which workers live. */
  readonly owners: Owners;
  /** The registry of this process: its worker takes tasks over, its executors go on with them. */
  readonly registry: LocalSessionTaskRegistry;
  /** Where times come from. @default the host's clock */
  readonly clock?: Clock;
  /**
   * Milliseconds after which a final task is deleted, once its session was told of its end; 0 keeps all.
   *
   * @default {2592000000} (30 days)
   */
  readonly retentionMs?: number;
  /** Milliseconds without a sign of life after which an outside executor is gone. @default {300000} */
  readonly staleMs?: number;
  /** Most attempts of a task, the first one included. @default {3} */
  readonly maxAttempts?: number;
  /** Longest wait for an executor that goes on with a task, in milliseconds. @default {30000} */
  readonly startTimeoutMs?: number;
  /** Called when a wake was stored; whatever it throws is ignored. @default nothing */
  readonly onWake?: () => void;
  /** Called with what a pass could not do; whatever it throws is ignored. @default nothing */
  readonly reportError?: (error: unknown) => void;
}

/** Options of {@linkcode TaskSupervisor.start}. */
export interface TaskSupervisorStartOptions {
  /** Milliseconds between two passes. @default {60000} */
  readonly intervalMs?: number;
}

/** What a pass did. */
export interface SupervisorPass {
  /** Tasks this process took over and went on with. */
  readonly reattached: readonly TaskId[];
  /** Tasks that ended because nobody could go on with them. */
  readonly ended: readonly TaskId[];
  /** How many old tasks were deleted. */
  readonly deleted: number;
}

const DAY_MS = 86_400_000;
const RETENTION_MS = 30 * DAY_MS;
const RETENTION_BATCH = 100;
const STALE_MS = 300_000;
const MAX_ATTEMPTS = 3;
const START_TIMEOUT_MS = 30_000;
const INTERVAL_MS = 60_000;

/**
 * Ends or goes on with the tasks of processes that died, and deletes old ones.
 *
 * A task is looked at when the lock of its worker is free, or, for an outside executor, after five minutes without a
 * sign of life; one without a worker is left alone. Of all supervisors of a data folder one takes it: a single
 * transaction compares the attempt and raises it, so that late updates of the old worker are dropped. If somebody wished
 * it cancelled, it is `canceled`. If its executor can go on with it and it had fewer than three attempts, it is started
 * again here. Otherwise it is `failed` with the error kind `orphaned`.
 *
 * @example
 * ```ts ignore
 * const supervisor = new TaskSupervisor({ connection, owners, registry });
 * await using running = supervisor.start();
 * ```
 */
export class TaskSupervisor {
  readonly #options: TaskSupervisorOptions;
  readonly #clock: Clock;

  /**
   * Does nothing until it is asked to.
   *
   * @throws {RangeError} when a limit is negative or no number
   */
  constructor(options: TaskSupervisorOptions) {
    for (const name of ["retentionMs", "staleMs", "maxAttempts", "startTimeoutMs"] as const) {
      const value = options[name];
      if (value !== undefined && !(value >= 0)) {
        throw new RangeError(`Cannot use ${value} as ${name}: expected a number of 0 or more`);
      }
    }
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
  }

  /** Does one pass; what cannot be done for one task does not keep it from the others. */
  async pass(signal?: AbortSignal): Promise<SupervisorPass> {
    const reattached: TaskId[] = [];
    const ended: TaskId[] = [];
    const stale = this.#attempt(() => this.#staleTasks()) ?? [];
    await Promise.all(stale.map(async (ref) => {
      try {
        const outcome = await this.#takeOver(ref, signal);
        if (outcome !== undefined) (outcome === "reattached" ? reattached : ended).push(ref.id);
      } catch (error) {
        if (!signal?.aborted) this.#report(error);
      }
    }));
    const deleted = await this.#deleteOld(signal).catch((error) => {
      this.#report(error);
      return 0;
    });
    return { reattached, ended, deleted };
  }

  /** Does a pass now and then regularly, until the handle is shut down. */
  start(options: TaskSupervisorStartOptions = {}): PeriodicHandle {
    const pass = async (signal: AbortSignal): Promise<void> => void await this.pass(signal);
    return startPeriodic(pass, { clock: this.#clock, intervalMs: options.intervalMs ?? INTERVAL_MS });
  }

  #staleTasks(): TaskRef[] {
    const { connection, owners, staleMs = STALE_MS } = this.#options;
    return staleTasks(connection, this.#clock.now(), { owners, staleMs });
  }

  async #takeOver(ref: TaskRef, signal?: AbortSignal): Promise<"reattached" | "ended" | undefined> {
    signal?.throwIfAborted();
    const { connection, owners, registry } = this.#options;
    const seen = readTask(connection, ref.sessionId, ref.id)?.task;
    // The record has a hash, the column it was found by has none.
    if (seen?.workerId === undefined || owners.isAlive(seen.workerId)) return undefined;
    const now = this.#clock.now();
    const executor = this.#executorFor(takenOver(seen, registry.workerId, now));
    if (executor !== undefined) registry.connectWorker();
    const next = (task: SessionTask): NextTask =>
      executor === undefined
        ? updated(task, this.#ending(task), now)
        : { task: takenOver(task, registry.workerId, now), update: {} };
    const change = await connection.write(() => claimIn(connection, seen, next, now));
    if (change === undefined) return undefined;
    if (change.changed) registry.announceUpdate(change.task);
    if (change.woke) this.#attempt(() => this.#options.onWake?.());
    if (executor === undefined) return "ended";
    return await this.#startAgain(executor, change.task, signal) ? "reattached" : "ended";
  }

  /** What can go on with a task that was taken over; undefined when it has to end. */
  #executorFor(task: SessionTask): TaskExecutor | undefined {
    const { registry, maxAttempts = MAX_ATTEMPTS } = this.#options;
    if (task.cancelRequestedAt !== undefined || task.attempt > maxAttempts) return undefined;
    const executor = registry.executors.get(task.kind);
    return this.#attempt(() => executor?.canReattach?.(task)) === true ? executor : undefined;
  }

  #ending(task: SessionTask): TaskUpdate {
    if (task.cancelRequestedAt !== undefined) {
      return { incrementAttempt: true, state: "canceled", stateDetail: "The process that ran it has ended." };
    }
    const message = `The process that ran attempt ${task.attempt} ended before the task did; its effects are unknown.`;
    return { incrementAttempt: true, state: "failed", error: { kind: "orphaned", message } };
  }

  /** Lets an executor go on with a task; false when it could not and the task was ended. */
  async #startAgain(executor: TaskExecutor, task: SessionTask, signal?: AbortSignal): Promise<boolean> {
    const { registry, startTimeoutMs = START_TIMEOUT_MS } = this.#options;
    try {
      await withDeadline(() => executor.start(task), {
        clock: this.#clock,
        milliseconds: startTimeoutMs,
        action: `start task "${task.id}" again`,
        signal: signal ?? new AbortController().signal,
      });
      return true;
    } catch (error) {
      // This process is about to end: the next one finds the task as this one did.
      if (signal?.aborted || error instanceof RuntimeError && error.code === "runtime_closed") return true;
      this.#report(error);
      const message = `Attempt ${task.attempt} could not be started: ${toldToModel(error)}`;
      await registry.update(task.sessionId, task.id, {
        expectedAttempt: task.attempt,
        state: "failed",
        error: { kind: "orphaned", message },
      });
      return false;
    }
  }

  async #deleteOld(signal?: AbortSignal): Promise<number> {
    const { connection, retentionMs = RETENTION_MS } = this.#options;
    if (retentionMs === 0 || signal?.aborted) return 0;
    const before = this.#clock.now() - retentionMs;
    return await connection.write(() => deleteFinishedIn(connection, before, RETENTION_BATCH));
  }

  /** The result of a call that may fail; its error is reported. */
  #attempt<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }

  #report(error: unknown): void {
    try {
      this.#options.reportError?.(error);
    } catch {
      // A listener's errors are its own affair.
    }
  }
}

function updated(task: SessionTask, update: TaskUpdate, now: number): NextTask {
  return { task: applyTaskUpdate(task, update, now), update };
}
