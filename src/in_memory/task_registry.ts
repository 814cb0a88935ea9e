/** Background tasks in memory. */

import { isId, type SessionId, type TaskId, type TaskMessageId } from "../records/ids.ts";
import type { SessionTask, TaskMessage } from "../records/task.ts";
import type { Clock } from "../ports/clock.ts";
import type { BindsSessionHost, SessionHost } from "../ports/session_host.ts";
import type {
  NewTask,
  NewTaskMessage,
  SessionTaskRegistry,
  TaskExecutors,
  TaskFilter,
  TaskMessageQuery,
  TaskUpdate,
} from "../ports/task_registry.ts";
import { announcedMessage, Announcer } from "../kit/announcer.ts";
import { systemClock } from "../kit/clock.ts";
import { IdSource, systemRandom } from "../kit/ids.ts";
import { TaskExecutorMap } from "../kit/task_executor_map.ts";
import { checkNewTask, checkTaskMessage, checkTaskUpdate } from "../kit/task_input.ts";
import {
  answersOpenQuestion,
  checkMessageQuery,
  cursorUnknown,
  newTaskMessage,
  taskConflict,
  taskNotFound,
} from "../kit/task_message.ts";
import { applyTaskUpdate, newTaskRecord, requestTaskCancel, taskTransition } from "../kit/task_update.ts";
import { type TaskTransition, wakesOn, wakeText } from "../kit/task_wake.ts";
import { InMemoryTaskWakes } from "./task_wakes.ts";

/** Options of {@linkcode InMemorySessionTaskRegistry}. */
export interface InMemoryTaskRegistryOptions {
  /** Where times come from. @default the host's clock */
  readonly clock?: Clock;
  /** Mints ids. @default a source on the clock and the platform's randomness */
  readonly ids?: IdSource;
  /** Names this process as the one that runs a task. @default {"in-memory"} */
  readonly workerId?: string;
  /** What runs tasks. @default none yet */
  readonly executors?: TaskExecutors;
}

/** A task and its thread. */
interface Entry {
  task: SessionTask;
  readonly thread: TaskMessage[];
  /** Where each message is in the thread. */
  readonly positions: Map<string, number>;
  /** Wakes so far; tells them apart. */
  wakes: number;
}

/**
 * Keeps tasks in maps; gone with the process.
 *
 * Every change is one synchronous act, so that none is lost. Once it is bound to a session host, tasks wake their
 * sessions as their policy says.
 *
 * @example
 * ```ts ignore
 * await using registry = new InMemorySessionTaskRegistry();
 * const task = await registry.create({ sessionId, kind: "subagent", displayName: "Look it up" });
 * await registry.update(sessionId, task.id, { state: "succeeded", summary: "42" });
 * ```
 */
export class InMemorySessionTaskRegistry implements SessionTaskRegistry, BindsSessionHost, AsyncDisposable {
  /** Names this process as the one that runs a task. */
  readonly workerId: string;
  /** What runs tasks in this process. */
  readonly executors: TaskExecutors;
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #wakes: InMemoryTaskWakes;
  readonly #announcer = new Announcer();
  readonly #tasks = new Map<TaskId, Entry>();
  /** The tasks of each session, in the order they were created. */
  readonly #sessions = new Map<SessionId, Entry[]>();

  /** Creates an empty registry. */
  constructor(options: InMemoryTaskRegistryOptions = {}) {
    this.#clock = options.clock ?? systemClock();
    this.#ids = options.ids ?? new IdSource(this.#clock, systemRandom());
    this.workerId = options.workerId ?? "in-memory";
    this.executors = options.executors ?? new TaskExecutorMap();
    this.#wakes = new InMemoryTaskWakes(this.#clock);
  }

  /** Sets where wakes and announcements go. */
  bind(host: SessionHost): void {
    this.#wakes.bind(host);
    this.#announcer.bind(host);
  }

  /** See {@linkcode SessionTaskRegistry.create}. */
  create(task: NewTask): Promise<SessionTask> {
    return Promise.try(() => this.#create(checkNewTask(task)));
  }

  /** See {@linkcode SessionTaskRegistry.update}. */
  update(sessionId: SessionId, id: TaskId, update: TaskUpdate): Promise<SessionTask | undefined> {
    return Promise.try(() => {
      const change = checkTaskUpdate(update);
      const entry = this.#entry(sessionId, id);
      if (entry !== undefined) this.#apply(entry, change);
      return entry?.task;
    });
  }

  /** See {@linkcode SessionTaskRegistry.get}. */
  get(sessionId: SessionId, id: TaskId): Promise<SessionTask | undefined> {
    return Promise.resolve(this.#entry(sessionId, id)?.task);
  }

  /** See {@linkcode SessionTaskRegistry.list}. */
  list(sessionId: SessionId, filter: TaskFilter = {}): Promise<readonly SessionTask[]> {
    const { kind, state } = filter;
    const tasks = (this.#sessions.get(sessionId) ?? []).map(({ task }) => task);
    return Promise.resolve(
      tasks.filter((task) =>
        (kind === undefined || task.kind === kind) && (state === undefined || task.state === state)
      ),
    );
  }

  /** See {@linkcode SessionTaskRegistry.requestCancel}. */
  requestCancel(sessionId: SessionId, id: TaskId): Promise<SessionTask | undefined> {
    const entry = this.#entry(sessionId, id);
    if (entry !== undefined) this.#store(entry, requestTaskCancel(entry.task, this.#clock.now()));
    return Promise.resolve(entry?.task);
  }

  /** See {@linkcode SessionTaskRegistry.recordMessage}. */
  recordMessage(sessionId: SessionId, id: TaskId, message: NewTaskMessage): Promise<TaskMessage> {
    return Promise.try(() => {
      const input = checkTaskMessage(message);
      const entry = this.#entry(sessionId, id);
      if (entry === undefined) throw taskNotFound(id);
      const stored = newTaskMessage(entry.task, input, { id: this.#ids.next("tmsg"), now: this.#clock.now() });
      entry.positions.set(stored.id, entry.thread.push(stored));
      this.#announcer.announce(sessionId, announcedMessage(stored));
      if (answersOpenQuestion(entry.task, stored)) this.#apply(entry, { state: "running" });
      if (stored.direction === "outbound") this.#wake(entry, "message", stored);
      return stored;
    });
  }

  /** See {@linkcode SessionTaskRegistry.listMessages}. */
  listMessages(sessionId: SessionId, id: TaskId, query: TaskMessageQuery = {}): Promise<readonly TaskMessage[]> {
    return Promise.try(() => {
      checkMessageQuery(query);
      const entry = this.#entry(sessionId, id);
      if (entry === undefined) return [];
      const { after, limit = entry.thread.length } = query;
      if (after === undefined) return entry.thread.slice(Math.max(0, entry.thread.length - limit));
      const start = entry.positions.get(after);
      if (start === undefined) throw cursorUnknown(id, after);
      return entry.thread.slice(start, start + limit);
    });
  }

  /** Forgets the wakes that wait. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#wakes[Symbol.dispose]();
    return Promise.resolve();
  }

  #create(input: NewTask): SessionTask {
    const stored = input.id === undefined ? undefined : this.#tasks.get(input.id);
    if (stored !== undefined) {
      if (stored.task.sessionId !== input.sessionId) throw taskConflict(stored.task.id);
      return stored.task;
    }
    const task = newTaskRecord(input, { id: input.id ?? this.#ids.next("task"), now: this.#clock.now() });
    const entry: Entry = { task, thread: [], positions: new Map<TaskMessageId, number>(), wakes: 0 };
    this.#tasks.set(task.id, entry);
    const ofSession = this.#sessions.get(task.sessionId);
    if (ofSession === undefined) this.#sessions.set(task.sessionId, [entry]);
    else ofSession.push(entry);
    this.#announcer.announce(task.sessionId, { type: "task.created", task });
    return task;
  }

  #entry(sessionId: SessionId, id: TaskId): Entry | undefined {
    const entry = isId("task", id) ? this.#tasks.get(id) : undefined;
    return entry?.task.sessionId === sessionId ? entry : undefined;
  }

  #apply(entry: Entry, update: TaskUpdate): void {
    const before = entry.task;
    this.#store(entry, applyTaskUpdate(before, update, this.#clock.now()));
    const transition = taskTransition(before, entry.task, update);
    if (transition !== undefined) this.#wake(entry, transition);
  }

  #store(entry: Entry, task: SessionTask): void {
    if (task === entry.task) return;
    entry.task = task;
    this.#announcer.announce(task.sessionId, { type: "task.updated", task });
  }

  #wake(entry: Entry, transition: TaskTransition, message?: TaskMessage): void {
    const { task } = entry;
    if (!wakesOn(task.wakePolicy, transition)) return;
    const key = `wake:${task.id}:${++entry.wakes}`;
    this.#wakes.add({ sessionId: task.sessionId, key, text: wakeText(task, transition, message) });
  }
}
