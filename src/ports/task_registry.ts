/** The task registry port: background work of sessions, and what runs it. */

import type { JsonObject } from "../records/json.ts";
import type { SessionId, TaskId } from "../records/ids.ts";
import type {
  SessionTask,
  TaskArtifact,
  TaskInputRequest,
  TaskMessage,
  TaskState,
  WakePolicy,
} from "../records/task.ts";

/** What a new task is made of. */
export interface NewTask {
  /** Its id; creating it again with the same id returns the stored task. @default a new one */
  readonly id?: TaskId;
  /** Its session. */
  readonly sessionId: SessionId;
  /** What runs it: `subagent`, `background_tool`, `monitor`, ... */
  readonly kind: string;
  /** Name for people. */
  readonly displayName: string;
  /** What to do, for the executor. @default {} */
  readonly spec?: JsonObject;
  /** Where it starts. @default {"queued"} */
  readonly state?: TaskState;
  /** When it wakes its session. @default {"silent"} */
  readonly wakePolicy?: WakePolicy;
  /** What it is connected with. @default no links */
  readonly links?: Partial<SessionTask["links"]>;
  /** Who runs it; {@linkcode SessionTaskRegistry.workerId} for work of this process. */
  readonly workerId?: string;
}

/** A change of a task; absent members stay as they are. */
export interface TaskUpdate {
  /** The attempt it speaks for; when the task has another one the whole update is dropped. */
  readonly expectedAttempt?: number;
  /** Where it is now; another state than a final one it has drops the whole update. */
  readonly state?: TaskState;
  /** A few words about the state. */
  readonly stateDetail?: string;
  /** How far it is. */
  readonly progress?: SessionTask["progress"];
  /** A question; the task then awaits input. */
  readonly inputRequest?: TaskInputRequest;
  /** Its result in a few words. */
  readonly summary?: string;
  /** Where its result is in the session's files. */
  readonly resultPath?: string;
  /** Replaces what it produced. */
  readonly artifacts?: readonly TaskArtifact[];
  /** Adds to what it produced. */
  readonly appendArtifact?: TaskArtifact;
  /** Why it failed. */
  readonly error?: NonNullable<SessionTask["error"]>;
  /** Supersedes the executor that ran it: its later updates are dropped. */
  readonly incrementAttempt?: boolean;
  /** Who runs it now. */
  readonly workerId?: string;
  /** A sign of life of an outside executor; milliseconds since the epoch. */
  readonly heartbeatAt?: number;
  /** Links to add; `resourceIds` are united. */
  readonly links?: Partial<SessionTask["links"]>;
}

/** Which tasks to list. */
export interface TaskFilter {
  /** Only of this kind. */
  readonly kind?: string;
  /** Only in this state. */
  readonly state?: TaskState;
}

/** What a new message of a thread is made of. */
export interface NewTaskMessage {
  /** To the task, or from it. */
  readonly direction: TaskMessage["direction"];
  /** What it says. */
  readonly content: TaskMessage["content"];
  /** The message or question it answers. */
  readonly inReplyTo?: string;
  /** The attempt it speaks for. */
  readonly expectedAttempt?: number;
}

/** Which messages of a thread to read. */
export interface TaskMessageQuery {
  /** Only the newest so many, oldest first. @default all */
  readonly limit?: number;
  /** Only those after this message, which is not among them; with `limit` the first so many after it. */
  readonly after?: string;
}

/** Runs tasks of one kind. */
export interface TaskExecutor {
  /** The kind. */
  readonly kind: string;
  /** Begins the work of a task, or goes on with it after a crash; resolves when it runs, not when it is done. */
  start(task: SessionTask): Promise<void>;
  /** Hands a message to running work; it is stored already. */
  deliver?(task: SessionTask, text: string): Promise<void>;
  /** Stops running work; the wish is stored already. Returns a few words for the model. */
  cancel?(task: SessionTask): Promise<string>;
  /** Looks at work that runs elsewhere and settles the task if it has ended. */
  reconcile?(task: SessionTask): Promise<void>;
  /** Whether `start` may be called for a task that a dead process left running. @default never */
  canReattach?(task: SessionTask): boolean;
}

/** The executors of a process, by kind. */
export interface TaskExecutors {
  /** Adds one; a later one of the same kind replaces it. */
  register(executor: TaskExecutor): void;
  /** The executor of a kind, or undefined. */
  get(kind: string): TaskExecutor | undefined;
}

/**
 * Keeps the tasks of sessions.
 *
 * A task of another session behaves as if it were not there. Every change goes through `applyTaskUpdate` and is one
 * atomic act, also between processes. A registry that has `bind(host)` announces what it stored to that session host:
 * each new task, changed task and message once, in the order they were stored.
 */
export interface SessionTaskRegistry {
  /** Names this process as the one that runs a task. */
  readonly workerId: string;
  /** What runs tasks in this process. */
  readonly executors: TaskExecutors;
  /**
   * Stores a task; with the id of a stored one of the same session returns that one unchanged.
   *
   * @throws {RuntimeError} `task_conflict` when the id belongs to another session
   */
  create(task: NewTask): Promise<SessionTask>;
  /** Changes a task and returns it as it is then; undefined when it is not there. */
  update(sessionId: SessionId, id: TaskId, update: TaskUpdate): Promise<SessionTask | undefined>;
  /** The task, or undefined. */
  get(sessionId: SessionId, id: TaskId): Promise<SessionTask | undefined>;
  /** The session's tasks, in the order they were created. */
  list(sessionId: SessionId, filter?: TaskFilter): Promise<readonly SessionTask[]>;
  /** Notes the wish to cancel, the first time with its instant; the state stays. */
  requestCancel(sessionId: SessionId, id: TaskId): Promise<SessionTask | undefined>;
  /**
   * Appends to a task's thread; an inbound answer to the open question sets the task running in the same act.
   *
   * @throws {RuntimeError} `task_not_found`, or `task_attempt_stale` when `expectedAttempt` is not the task's
   */
  recordMessage(sessionId: SessionId, id: TaskId, message: NewTaskMessage): Promise<TaskMessage>;
  /**
   * Messages of a thread, oldest first; none for a task that is not there.
   *
   * @throws {RuntimeError} `cursor_unknown` when `after` names no message of the thread
   */
  listMessages(sessionId: SessionId, id: TaskId, query?: TaskMessageQuery): Promise<readonly TaskMessage[]>;
}
