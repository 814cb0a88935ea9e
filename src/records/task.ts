/** Background tasks and their two-way message thread. */

import type { JsonObject, JsonValue } from "./json.ts";
import type { SessionId, TaskId, TaskMessageId } from "./ids.ts";

/** Where a task is; the last three are final. */
export type TaskState = "queued" | "running" | "awaiting_input" | "succeeded" | "failed" | "canceled";

/** When a task wakes its session. */
export type WakePolicy = "silent" | "on_terminal" | "on_activity";

/** A question a task asks. */
export interface TaskInputRequest {
  /** Id of the question. */
  readonly id: string;
  /** The question. */
  readonly prompt: string;
  /** What kind of answer is expected. */
  readonly expected?: JsonValue;
}

/** Something a task produced. */
export interface TaskArtifact {
  /** Its name. */
  readonly name: string;
  /** What it is. */
  readonly type: string;
  /** Where it is in the session's files. */
  readonly path?: string;
  /** Where it is on the network. */
  readonly url?: string;
}

/** One background task of a session. */
export interface SessionTask {
  /** Its id. */
  readonly id: TaskId;
  /** Its session. */
  readonly sessionId: SessionId;
  /** What runs it: `subagent`, `background_tool`, `monitor`, ... */
  readonly kind: string;
  /** Name for people. */
  readonly displayName: string;
  /** What to do, for the executor. */
  readonly spec: JsonObject;
  /** Where it is. */
  readonly state: TaskState;
  /** A few words about the state. */
  readonly stateDetail?: string;
  /** How far it is. */
  readonly progress?: JsonValue;
  /** The open question. */
  readonly inputRequest?: TaskInputRequest;
  /** When somebody wished it cancelled; milliseconds since the epoch. */
  readonly cancelRequestedAt?: number;
  /** Its result in a few words. */
  readonly summary?: string;
  /** Where its result is in the session's files. */
  readonly resultPath?: string;
  /** What it produced. */
  readonly artifacts: readonly TaskArtifact[];
  /** Why it failed. */
  readonly error?: {
    /** A stable word. */
    readonly kind: string;
    /** For people. */
    readonly message: string;
  };
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** Who runs it. */
  readonly workerId?: string;
  /** Last sign of life of an outside executor; milliseconds since the epoch. */
  readonly heartbeatAt?: number;
  /** What it is connected with. */
  readonly links: {
    /** The session a subagent runs in. */
    readonly childSessionId?: SessionId;
    /** Its id elsewhere. */
    readonly remoteTaskId?: string;
    /** Resources it holds. */
    readonly resourceIds: readonly string[];
  };
  /** When it wakes its session. */
  readonly wakePolicy: WakePolicy;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  /** When it left the queue; milliseconds since the epoch. */
  readonly startedAt?: number;
  /** When it ended; milliseconds since the epoch. */
  readonly finishedAt?: number;
}

/** One message of a task's thread. */
export interface TaskMessage {
  /** Its id. */
  readonly id: TaskMessageId;
  /** Its task. */
  readonly taskId: TaskId;
  /** To the task, or from it. */
  readonly direction: "inbound" | "outbound";
  /** What it says. */
  readonly content: readonly (
    | { readonly type: "text"; readonly text: string }
    | { readonly type: "data"; readonly data: JsonValue }
  )[];
  /** The message or question it answers. */
  readonly inReplyTo?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}
