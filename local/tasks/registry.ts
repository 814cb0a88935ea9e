/** Background tasks in `local.db`. */

import { RuntimeClosedError } from "../../src/errors.ts";
import { isId, type SessionId, type TaskId } from "../../src/records/ids.ts";
import type { SessionTask, TaskMessage } from "../../src/records/task.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { BindsSessionHost, SessionHost } from "../../src/ports/session_host.ts";
import type {
  NewTask,
  NewTaskMessage,
  SessionTaskRegistry,
  TaskExecutors,
  TaskFilter,
  TaskMessageQuery,
  TaskUpdate,
} from "../../src/ports/task_registry.ts";
import { announcedMessage, Announcer } from "../../src/kit/announcer.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { IdSource, systemRandom } from "../../src/kit/ids.ts";
import { TaskExecutorMap } from "../../src/kit/task_executor_map.ts";
import { checkNewTask, checkTaskMessage, checkTaskUpdate } from "../../src/kit/task_input.ts";
import { checkMessageQuery, taskNotFound } from "../../src/kit/task_message.ts";
import type { Owners } from "../owners.ts";
import type { Connection } from "../sqlite/connection.ts";
import { readMessage, readThread } from "./message_rows.ts";
import { applyUpdateIn, createTaskIn, recordMessageIn, requestCancelIn } from "./task_changes.ts";
import type { StoredTaskMessage, TaskChange } from "./task_changes.ts";
import { isTaskStored, readTask, readTasks, sessionOfTask } from "./task_rows.ts";

/** Options of {@linkcode LocalSessionTaskRegistry}. */
export interface LocalTaskRegistryOptions {
  /** The store. */
  readonly connection: Connection;
  /** Proves that the process behind a worker id lives. */
  readonly owners: Owners;
  /** The owner id that names this process as the one that runs a task; never one that was used before. */
  readonly workerId: string;
  /** Where times come from. @default the host's clock */
  readonly clock?: Clock;
  /** Mints ids. @default a source on the clock and the platform's randomness */
  readonly ids?: IdSource;
  /** What runs tasks. @default none yet */
  readonly executors?: TaskExecutors;
  /**
   * Called when a change has stored a wake; whatever it throws is ignored.
   *
   * @default nothing: wakes wait for a {@linkcode TaskWakes} that looks for them
   */
  readonly onWake?: () => void;
}

/**
 * Keeps tasks in the data folder; several processes may share it.
 *
 * Every change is one IMMEDIATE transaction, and what it causes, a wake for example, is stored with it: of concurrent
 * changes none is lost, and of two that end a task one decides. A damaged row is left out of lists; reading that task
 * throws.
 *
 * The lock file of {@linkcode workerId} is made before the id enters a row, so that whoever finds the id knows whether
 * its process lives. An executor outside our processes names itself with {@linkcode TaskUpdate.workerId} and
 * `heartbeatAt` in one change, and goes on sending `heartbeatAt` at least every few minutes.
 *
 * @example
 * ```ts ignore
 * using registry = new LocalSessionTaskRegistry({ connection, owners, workerId: ids.next("exec") });
 * const task = await registry.create({ sessionId, kind: "subagent", displayName: "Look it up" });
 * ```
 */
export class LocalSessionTaskRegistry implements SessionTaskRegistry, BindsSessionHost, Disposable {
  /** Names this process as the one that runs a task. */
  readonly workerId: string;
  /** What runs tasks in this process. */
  readonly executors: TaskExecutors;
  readonly #connection: Connection;
  readonly #owners: Owners;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #onWake: () => void;
  readonly #announcer = new Announcer();
  /** Changed by transactions that may not be stored yet. */
  readonly #unsettled = new Map<TaskId, SessionTask>();
  #ownsWorker = false;
  #closed = false;

  /** Works on an open store. */
  constructor(options: LocalTaskRegistryOptions) {
    this.#connection = options.connection;
    this.#owners = options.owners;
    this.workerId = options.workerId;
    this.#clock = options.clock ?? systemClock();
    this.#ids = options.ids ?? new IdSource(this.#clock, systemRandom());
    this.executors = options.executors ?? new TaskExecutorMap();
    this.#onWake = options.onWake ?? (() => {});
  }

  /** Sets where announcements go: changes that this process makes, once they are stored. */
  bind(host: SessionHost): void {
    this.#announcer.bind(host);
  }

  /** See {@linkcode SessionTaskRegistry.create}. */
  async create(task: NewTask): Promise<SessionTask> {
    const input = checkNewTask(task);
    this.#beforeNaming(input.workerId);
    const facts = { id: input.id ?? this.#ids.next("task"), now: this.#clock.now() };
    let last: Pick<TaskChange, "task" | "changed"> | undefined;
    const made = await this.#connection.write(() => last = createTaskIn(this.#connection, input, facts), {
      verify: () => {
        const found = readTask(this.#connection, input.sessionId, facts.id)?.task;
        return found === undefined ? undefined : { task: found, changed: last?.changed === true };
      },
    });
    if (made.changed) this.#announcer.announce(input.sessionId, { type: "task.created", task: made.task });
    return made.task;
  }

  /** See {@linkcode SessionTaskRegistry.update}. */
  update(sessionId: SessionId, id: TaskId, update: TaskUpdate): Promise<SessionTask | undefined> {
    return Promise.try(() => {
      const change = checkTaskUpdate(update);
      this.#beforeNaming(change.workerId);
      const now = this.#clock.now();
      return this.#change(() => applyUpdateIn(this.#connection, sessionId, id, change, now));
    });
  }

  /** See {@linkcode SessionTaskRegistry.get}. */
  get(sessionId: SessionId, id: TaskId): Promise<SessionTask | undefined> {
    return Promise.try(() => readTask(this.#connection, sessionId, id)?.task);
  }

  /** See {@linkcode SessionTaskRegistry.list}. */
  list(sessionId: SessionId, filter: TaskFilter = {}): Promise<readonly SessionTask[]> {
    return Promise.try(() => readTasks(this.#connection, sessionId, filter));
  }

  /** See {@linkcode SessionTaskRegistry.requestCancel}. */
  requestCancel(sessionId: SessionId, id: TaskId): Promise<SessionTask | undefined> {
    const now = this.#clock.now();
    return this.#change(() => requestCancelIn(this.#connection, sessionId, id, now));
  }

  /** See {@linkcode SessionTaskRegistry.recordMessage}. */
  async recordMessage(sessionId: SessionId, id: TaskId, message: NewTaskMessage): Promise<TaskMessage> {
    const input = checkTaskMessage(message);
    if (!isId("task", id)) throw taskNotFound(id);
    const facts = { id: this.#ids.next("tmsg"), now: this.#clock.now() };
    let last: StoredTaskMessage | undefined;
    const stored = await this.#connection.write(
      () => last = recordMessageIn(this.#connection, sessionId, id, input, facts),
      { verify: () => readMessage(this.#connection, facts.id) === undefined ? undefined : last },
    );
    this.#announcer.announce(sessionId, announcedMessage(stored.message));
    if (stored.task !== undefined) this.announceUpdate(stored.task);
    if (stored.woke) this.#wake();
    return stored.message;
  }

  /** See {@linkcode SessionTaskRegistry.listMessages}. */
  listMessages(sessionId: SessionId, id: TaskId, query: TaskMessageQuery = {}): Promise<readonly TaskMessage[]> {
    return Promise.try(() => {
      checkMessageQuery(query);
      const isHere = sessionOfTask(this.#connection, id) === sessionId;
      return isHere ? readThread(this.#connection, id, query) : [];
    });
  }

  /**
   * Proves that this process lives, before its id enters a row.
   *
   * @throws {RuntimeClosedError} when the registry is closed: the id was declared dead and never comes back
   */
  connectWorker(): void {
    if (this.#closed) throw new RuntimeClosedError("run a background task");
    if (this.#owners.isOurs(this.workerId)) return;
    this.#owners.connect(this.workerId);
    this.#ownsWorker = true;
  }

  /** Declares this process dead as a worker: what it still ran is taken over or ended by a {@linkcode TaskSupervisor}. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#ownsWorker) this.#owners.disconnect(this.workerId);
  }

  /** Announces a task that somebody else changed and stored. */
  announceUpdate(task: SessionTask): void {
    this.#announcer.announce(task.sessionId, { type: "task.updated", task });
  }

  /** The same inside of the transaction that changes it: announced once that is stored. */
  announceUpdateIn(task: SessionTask): void {
    // A transaction is synchronous to its end, and may begin anew. Whoever waits for one that is stored goes first.
    if (this.#unsettled.size === 0) queueMicrotask(() => queueMicrotask(() => this.#announceStored()));
    this.#unsettled.set(task.id, task);
  }

  #beforeNaming(workerId: string | undefined): void {
    if (workerId === this.workerId) this.connectWorker();
  }

  async #change(apply: () => TaskChange | undefined): Promise<SessionTask | undefined> {
    let last: TaskChange | undefined;
    const change = await this.#connection.write(() => last = apply(), {
      verify: () => last !== undefined && isTaskStored(this.#connection, last.task) ? last : undefined,
    });
    if (change?.changed === true) this.announceUpdate(change.task);
    if (change?.woke === true) this.#wake();
    return change?.task;
  }

  #announceStored(): void {
    const tasks = [...this.#unsettled.values()];
    this.#unsettled.clear();
    try {
      for (const task of tasks) if (isTaskStored(this.#connection, task)) this.announceUpdate(task);
    } catch {
      // The store was closed meanwhile.
    }
  }

  #wake(): void {
    try {
      this.#onWake();
    } catch {
      // The change is stored, and so is the wake: whoever is told about it cannot undo that.
    }
  }
}
