/** Running tasks whose work is done by a child session. */

import { AsyncLocalStorage } from "node:async_hooks";
import { RuntimeError, SessionBusyError, ToolError } from "../../errors.ts";
import type { TaskId } from "../../records/ids.ts";
import type { SessionTask } from "../../records/task.ts";
import type { Clock } from "../../ports/clock.ts";
import type { PlatformStore } from "../../ports/platform_store.ts";
import type { SessionTaskRegistry, TaskExecutor } from "../../ports/task_registry.ts";
import { permitsOf } from "../../kit/background_permits.ts";
import { sleep, systemClock } from "../../kit/clock.ts";
import { isFinalState } from "../../kit/task_state.ts";
import { type ChildEnding, endingOf, endingOfError, isRuntimeClosed, runChild } from "./child_run.ts";
import { askingFor, childWorkOf, requireChildWork, settle } from "./child_task.ts";

/** Longest run of a child in the background. */
const LIMIT_MS = 6 * 60 * 60 * 1_000;
/** How often a wish to cancel that another process stored is looked for. */
const WISH_POLL_MS = 2_000;
const SETTLE_TRIES = 10;
const SETTLE_WAIT_MS = 5_000;

/** Options of {@linkcode subagentExecutor}. */
export interface SubagentExecutorOptions {
  /** The kind of its tasks: `subagent` or `agent_handoff`. @default {"subagent"} */
  readonly kind?: "subagent" | "agent_handoff";
  /** Measures waits. @default the host's clock */
  readonly clock?: Clock;
  /** Longest run of a task, in milliseconds; then it is stopped and failed. @default {21600000} */
  readonly limitMs?: number;
}

/**
 * Runs tasks that `spawn_agent` made: the child gets its instructions, and the task what its turn came to.
 *
 * The instructions carry a key made of the task's id, so starting again after a crash joins the first turn, or gets what
 * it came to; no child does its work twice. When the runtime closes, a task whose turn it could not end is left as it is,
 * for whoever goes on with it.
 */
export function subagentExecutor(
  registry: SessionTaskRegistry,
  platform: PlatformStore,
  options: SubagentExecutorOptions = {},
): TaskExecutor {
  return new SubagentExecutor(registry, platform, options);
}

/** A task that runs in this process. */
interface Watch {
  readonly task: SessionTask;
  readonly stop: AbortController;
  /** Messages on their way to the child. */
  readonly deliveries: Promise<unknown>[];
}

class SubagentExecutor implements TaskExecutor {
  readonly kind: string;
  readonly #registry: SessionTaskRegistry;
  readonly #platform: PlatformStore;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #watches = new Map<TaskId, Watch>();
  /** Whoever starts a task may be inside a turn; the task's work is no part of that turn. */
  readonly #outside: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot();

  constructor(registry: SessionTaskRegistry, platform: PlatformStore, options: SubagentExecutorOptions) {
    this.kind = options.kind ?? "subagent";
    this.#registry = registry;
    this.#platform = platform;
    this.#clock = options.clock ?? systemClock();
    this.#limitMs = options.limitMs ?? LIMIT_MS;
  }

  /** Takes a permit whatever the limits say: `spawn_agent` has asked them, and a task of a dead process must go on. */
  start(task: SessionTask): Promise<void> {
    return Promise.try(() => {
      requireChildWork(task);
      const known = this.#watches.get(task.id);
      if (known !== undefined && known.task.attempt >= task.attempt) return;
      const watch: Watch = { task, stop: new AbortController(), deliveries: known?.deliveries ?? [] };
      this.#watches.set(task.id, watch);
      const permit = permitsOf(this.#registry).resume(task.sessionId);
      this.#outside(() => void this.#run(watch, permit));
    });
  }

  /** Joins the child's running turn or starts the next one; never a second one beside it. */
  async deliver(task: SessionTask, text: string): Promise<void> {
    const { sessionId } = requireChildWork(task);
    if (isFinalState(task.state)) {
      throw new ToolError(`Cannot deliver to task "${task.id}": it has ended (${task.state}); spawn another agent`);
    }
    const delivery = this.#outside(() => this.#platform.deliverMessage(sessionId, text));
    this.#watches.get(task.id)?.deliveries.push(delivery);
    await delivery;
  }

  /** Aborts the child's turn; the task is settled by whoever watches it, or here when nobody does. */
  async cancel(task: SessionTask): Promise<string> {
    const { sessionId } = requireChildWork(task);
    let wasRunning: boolean;
    try {
      wasRunning = await this.#platform.cancelTurn(sessionId, "Its task was cancelled");
    } catch (error) {
      if (!(error instanceof SessionBusyError)) throw error;
      return "The agent runs in another process, which stops it within a few seconds.";
    }
    const watch = this.#watches.get(task.id);
    if (watch !== undefined) {
      watch.stop.abort();
      return "The agent is being stopped.";
    }
    // What it came to before the wish counts.
    if (!wasRunning) await this.reconcile(task);
    await settle(this.#registry, task, { state: "canceled", reply: "" });
    return wasRunning ? "The agent was stopped." : "The agent was not running.";
  }

  /** Settles a task nobody watches here, when its child's work has ended. */
  async reconcile(task: SessionTask): Promise<void> {
    if (isFinalState(task.state) || this.#watches.has(task.id)) return;
    const { sessionId } = requireChildWork(task);
    const ending = await endingOf(this.#platform, sessionId, await this.#platform.getStatus(sessionId));
    if (ending !== undefined) await settle(this.#registry, task, ending);
  }

  /** Always, if it is one of ours: the key of its instructions joins the first turn. */
  canReattach(task: SessionTask): boolean {
    return childWorkOf(task) !== undefined;
  }

  async #run(watch: Watch, permit: Disposable): Promise<void> {
    const { task } = watch;
    const over = new AbortController();
    try {
      this.#obeyWishes(watch, over.signal);
      const ending = await this.#work(watch);
      permit[Symbol.dispose]();
      await this.#settle(task, ending);
    } catch {
      // The runtime or the store is closed, or cannot be reached: the task stays as it is, for the reaper.
    } finally {
      over.abort();
      permit[Symbol.dispose]();
      if (this.#watches.get(task.id) === watch) this.#watches.delete(task.id);
    }
  }

  /** A store that is busy for long must not leave a task running that nobody runs any more. */
  async #settle(task: SessionTask, ending: ChildEnding): Promise<void> {
    for (let tries = 1;; tries++) {
      try {
        return void await settle(this.#registry, task, ending);
      } catch (error) {
        if (!(error instanceof RuntimeError && error.code === "store_busy") || tries === SETTLE_TRIES) throw error;
        await sleep(this.#clock, SETTLE_WAIT_MS);
      }
    }
  }

  async #work(watch: Watch): Promise<ChildEnding> {
    const { task, stop, deliveries } = watch;
    try {
      return await runChild({
        platform: this.#platform,
        clock: this.#clock,
        ...requireChildWork(task),
        ...askingFor(this.#registry, task),
        limitMs: this.#limitMs,
        signal: stop.signal,
        delivered: () => Promise.allSettled(deliveries),
      });
    } catch (error) {
      if (isRuntimeClosed(error)) throw error;
      return endingOfError(error);
    }
  }

  /** Stops the child when another process noted the wish, or has settled the task as canceled. */
  async #obeyWishes({ task, stop }: Watch, over: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await sleep(this.#clock, WISH_POLL_MS, over);
        const now = await this.#registry.get(task.sessionId, task.id).catch(() => task);
        if (now === undefined || now.attempt !== task.attempt) return;
        if (now.cancelRequestedAt !== undefined || now.state === "canceled") return stop.abort();
      }
    } catch {
      // The work is over.
    }
  }
}
