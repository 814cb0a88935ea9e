/** The platform store port: what a capability may do with other sessions. */

import type { AgentId, HarnessId, SessionId } from "../records/ids.ts";
import type { Agent, Harness } from "../records/harness.ts";
import type { Message } from "../records/message.ts";
import type { Session } from "../records/session.ts";
import type { TurnResult } from "../records/turn.ts";
import type { SessionFiles } from "./file_store.ts";
import type { DeliverOptions, NewSession } from "./new_session.ts";

/** What a session is doing, or how its last turn ended. */
export type SessionOutcome =
  | "started"
  | "active"
  | "waiting_for_tool_results"
  | "completed"
  | "failed"
  | "cancelled"
  | "max_iterations_reached"
  | "sealed";

/** How long to wait for a session. */
export interface WaitOptions {
  /** Longest wait, in milliseconds. @default {300000} */
  readonly timeoutMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** Which messages of a session to read. */
export interface RecentMessages {
  /** Only the newest so many. @default {20} */
  readonly limit?: number;
}

/**
 * Creates and talks to sessions.
 *
 * The last group manages records of a platform; a store that cannot throws `unsupported_operation`.
 */
export interface PlatformStore {
  /** Where people find this platform, for links. */
  readonly baseUrl: string;
  /** Creates a session. */
  createSession(session: NewSession): Promise<Session>;
  /** The session, or undefined. */
  getSession(id: SessionId): Promise<Session | undefined>;
  /** All sessions, newest first. */
  listSessions(): Promise<readonly Session[]>;
  /** Runs a turn on a text to its end; waits for turns of the session that came before. */
  sendMessage(id: SessionId, text: string, options?: DeliverOptions): Promise<TurnResult>;
  /** Hands a text to the session's running turn, or starts one; resolves when it is stored. */
  deliverMessage(id: SessionId, text: string, options?: DeliverOptions): Promise<void>;
  /** Waits until no turn of the session runs, or the time is over; returns what it is doing then. */
  waitForIdle(id: SessionId, options?: WaitOptions): Promise<SessionOutcome>;
  /** What the session is doing, or how its last turn ended. */
  getStatus(id: SessionId): Promise<SessionOutcome>;
  /** The newest messages, oldest first. */
  getMessages(id: SessionId, query?: RecentMessages): Promise<readonly Message[]>;
  /** Cancels the session's turn; tells whether there was one. */
  cancelTurn(id: SessionId, reason?: string): Promise<boolean>;
  /** The files of a session. */
  files(id: SessionId): Promise<SessionFiles>;

  /** Deletes a session. */
  deleteSession(id: SessionId): Promise<void>;
  /** All harnesses. */
  listHarnesses(): Promise<readonly Harness[]>;
  /** Stores a harness. */
  createHarness(harness: Harness): Promise<Harness>;
  /** Deletes a harness. */
  deleteHarness(id: HarnessId): Promise<void>;
  /** All agents. */
  listAgents(): Promise<readonly Agent[]>;
  /** Stores an agent. */
  createAgent(agent: Agent): Promise<Agent>;
  /** Deletes an agent. */
  deleteAgent(id: AgentId): Promise<void>;
}
