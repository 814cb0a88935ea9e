/** The executors of a process, by kind. */

import type { TaskExecutor, TaskExecutors } from "../ports/task_registry.ts";

/** Keeps executors; the newest of a kind counts. */
export class TaskExecutorMap implements TaskExecutors {
  readonly #byKind = new Map<string, TaskExecutor>();

  /** See {@linkcode TaskExecutors.register}. */
  register(executor: TaskExecutor): void {
    this.#byKind.set(executor.kind, executor);
  }

  /** See {@linkcode TaskExecutors.get}. */
  get(kind: string): TaskExecutor | undefined {
    return this.#byKind.get(kind);
  }
}
