/** The session host port: what background work may ask of the runtime. */

import type { SessionId, TaskId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { InputMessage, Message } from "../records/message.ts";
import type { TriggeredSchedule } from "../records/schedule.ts";
import type { Session, SessionStatus } from "../records/session.ts";
import type { SessionTask, TaskMessage } from "../records/task.ts";
import type { TurnResult } from "../records/turn.ts";
import type { SessionFiles } from "./file_store.ts";
import type { DeliverOptions, NewSession } from "./new_session.ts";
import type { MessageQuery } from "./stores.ts";
import type { ToolOutcome } from "./tool.ts";

/** A tool run without a turn. */
export interface HostedToolCall {
  /** The tool, one the runtime runs. */
  readonly name: string;
  /** Its arguments. */
  readonly arguments: JsonValue;
  /** Equal for every run of the same call, also after a crash. */
  readonly idempotencyKey: string;
  /** Aborted when nobody wants the result any more. */
  readonly signal?: AbortSignal;
  /** Longest run, in milliseconds. @default no limit */
  readonly timeoutMs?: number;
  /** Gets the tool's output as it comes. */
  output?(delta: string, stream: "stdout" | "stderr"): void;
  /** Gets the tool's reports of progress. */
  progress?(message: string, data?: JsonValue): void;
}

/** What backends tell a session's live subscribers, about what is stored already; see the events of the same types. */
export type Announcement =
  | { readonly type: "session.title.updated"; readonly title: string }
  | { readonly type: "task.created" | "task.updated"; readonly task: SessionTask }
  | {
    readonly type: "task.message.sent" | "task.message.received";
    readonly taskId: TaskId;
    readonly message: TaskMessage;
  }
  | { readonly type: "schedule.triggered"; readonly schedule: TriggeredSchedule };

/** Runs sessions; `build()` binds the runtime as host to every backend that has `bind(host)`. */
export interface SessionHost {
  /** Creates a session. */
  createSession(session: NewSession): Promise<Session>;
  /** Runs a turn to its end. */
  run(sessionId: SessionId, input: string | InputMessage, options?: DeliverOptions): Promise<TurnResult>;
  /** Hands an input to the running turn, or starts one; resolves when it is stored. */
  deliver(sessionId: SessionId, input: string | InputMessage, options?: DeliverOptions): Promise<void>;
  /** Cancels the open turn, also a waiting one; tells whether there was one. */
  cancel(sessionId: SessionId, reason?: string): Promise<boolean>;
  /** What the session is doing. */
  status(sessionId: SessionId): Promise<SessionStatus>;
  /** The conversation, oldest first. */
  messages(sessionId: SessionId, query?: MessageQuery): Promise<readonly Message[]>;
  /** The session's files. */
  files(sessionId: SessionId): Promise<SessionFiles>;
  /**
   * Runs one of the session's tools outside a turn, for background work; nothing of it enters the conversation.
   *
   * @throws {NotFoundError} `tool_not_found` when the session offers no such tool
   */
  runTool(sessionId: SessionId, call: HostedToolCall): Promise<ToolOutcome>;
  /**
   * Shows live subscribers of a session what happened to it, as an ephemeral event; nothing of it is stored.
   *
   * Events come in the order of the calls, soon after them. It never throws: what cannot be shown is dropped. The host
   * cuts what is too long and takes known secrets out.
   *
   * @default nothing is shown
   */
  announce?(sessionId: SessionId, announcement: Announcement): void;
}

/** A backend that wants the session host. */
export interface BindsSessionHost {
  /** Called once by `build()`. */
  bind(host: SessionHost): void;
}
