/** What runs background tools in this process. */

import { AsyncLocalStorage } from "node:async_hooks";
import type { TaskId } from "../../records/ids.ts";
import type { SessionTask } from "../../records/task.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SessionHost } from "../../ports/session_host.ts";
import type { SessionTaskRegistry, TaskExecutor } from "../../ports/task_registry.ts";
import { permitsOf } from "../../kit/background_permits.ts";
import { systemClock } from "../../kit/clock.ts";
import { isFinalState } from "../../kit/task_state.ts";
import { BACKGROUND_KIND, backgroundCallOf } from "./background_call.ts";
import { BackgroundRun } from "./background_run.ts";

/** Longest run of a background tool. */
const LIMIT_MS = 6 * 60 * 60 * 1_000;

/** Options of {@linkcode backgroundToolExecutor}. */
export interface BackgroundToolExecutorOptions {
  /** Measures waits. @default the host's clock */
  readonly clock?: Clock;
  /** Longest run of a tool, in milliseconds; then it is stopped and its task failed. @default {21600000} */
  readonly limitMs?: number;
}

/**
 * Runs tasks that `spawn_background` made, each beside the turns of its session.
 *
 * A run prints to `/.background/<task id>/output.log` of the session's files, leaves `result.json` beside it and settles
 * its task; the registry tells the session. When the runtime closes the task is left as it is: once its process is
 * gone, it is started again if the tool may be run twice, else it has failed.
 */
export function backgroundToolExecutor(
  registry: SessionTaskRegistry,
  host: SessionHost,
  options: BackgroundToolExecutorOptions = {},
): TaskExecutor {
  return new BackgroundToolExecutor(registry, host, options);
}

class BackgroundToolExecutor implements TaskExecutor {
  readonly kind = BACKGROUND_KIND;
  readonly #registry: SessionTaskRegistry;
  readonly #host: SessionHost;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #runs = new Map<TaskId, BackgroundRun>();
  /** Whoever starts a task may be inside a turn; the run is no part of that turn. */
  readonly #outside: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot();

  constructor(registry: SessionTaskRegistry, host: SessionHost, options: BackgroundToolExecutorOptions) {
    this.#registry = registry;
    this.#host = host;
    this.#clock = options.clock ?? systemClock();
    this.#limitMs = options.limitMs ?? LIMIT_MS;
  }

  /** Begins at once: the permit is taken before this returns, see `spawn_background`. */
  start(task: SessionTask): Promise<void> {
    return Promise.try(() => {
      const call = backgroundCallOf(task);
      if (isFinalState(task.state)) return;
      const known = this.#runs.get(task.id);
      if (known !== undefined && known.task.attempt >= task.attempt) return;
      known?.leave();
      const run = this.#outside(() =>
        new BackgroundRun(task, call, {
          registry: this.#registry,
          host: this.#host,
          clock: this.#clock,
          limitMs: this.#limitMs,
          permit: permitsOf(this.#registry).resume(task.sessionId),
        })
      );
      this.#runs.set(task.id, run);
      this.#outside(() => void this.#follow(run));
    });
  }

  /** Stops a run of this process and waits for the end of its task; the wish is noticed by any other process. */
  async cancel(task: SessionTask): Promise<string> {
    const run = this.#runs.get(task.id);
    if (run !== undefined) {
      run.cancel();
      await run.run();
      return "The run was stopped.";
    }
    if (task.workerId !== undefined && task.workerId !== this.#registry.workerId) {
      return "The tool runs in another process, which stops it within a few seconds.";
    }
    await this.#registry.update(task.sessionId, task.id, { expectedAttempt: task.attempt, state: "canceled" });
    return "The tool was not running.";
  }

  /** Only when the tool may be run twice. */
  canReattach({ spec }: SessionTask): boolean {
    return spec["reattachable"] === true;
  }

  async #follow(run: BackgroundRun): Promise<void> {
    await run.run();
    if (this.#runs.get(run.task.id) === run) this.#runs.delete(run.task.id);
  }
}
