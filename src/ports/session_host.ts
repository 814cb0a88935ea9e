/** The session host port: what background work may ask of the runtime. */

import type { AgentId, HarnessId, SessionId } from "../records/ids.ts";
import type { InputMessage, Message } from "../records/message.ts";
import type { Session, SessionStatus } from "../records/session.ts";
import type { TurnResult } from "../records/turn.ts";
import type { MessageQuery } from "./stores.ts";

/** What a new session is made of. */
export interface NewSession {
  /** Its id. @default a new one */
  readonly id?: SessionId;
  /** Its harness. */
  readonly harnessId: HarnessId;
  /** Its agent. */
  readonly agentId?: AgentId;
  /** Its title. */
  readonly title?: string;
  /** Its locale. */
  readonly locale?: string;
  /** The session that creates it. */
  readonly parentSessionId?: SessionId;
}

/** Options of a delivered input. */
export interface DeliverOptions {
  /** A repeat of the key returns the first turn. */
  readonly idempotencyKey?: string;
  /** Ends the wait, not the turn. */
  readonly signal?: AbortSignal;
}

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
}

/** A backend that wants the session host. */
export interface BindsSessionHost {
  /** Called once by `build()`. */
  bind(host: SessionHost): void;
}
