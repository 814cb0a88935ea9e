/** The record stores a host may replace. */

import type { CapabilityRef } from "../records/capability_ref.ts";
import type { Agent, Harness } from "../records/harness.ts";
import type { AgentId, HarnessId, MessageId, ModelId, SessionId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { ModelProfile, ResolvedModel } from "../records/model.ts";
import type { Session } from "../records/session.ts";

/** Keeps harness definitions. */
export interface RuntimeHarnessStore {
  /** The harness and its parents, root first; empty when it is not there. */
  getHarnessChain(id: HarnessId): Promise<readonly Harness[]>;
  /** Inserts or replaces a harness. */
  addHarness(harness: Harness): Promise<void>;
}

/** Keeps agent definitions. */
export interface RuntimeAgentStore {
  /** The agent, or undefined. */
  getAgent(id: AgentId): Promise<Agent | undefined>;
  /** Inserts or replaces an agent. */
  addAgent(agent: Agent): Promise<void>;
}

/** Keeps sessions. */
export interface RuntimeSessionStore {
  /** The session, or undefined. */
  getSession(id: SessionId): Promise<Session | undefined>;
  /** Inserts or replaces a session. */
  addSession(session: Session): Promise<void>;
  /** All sessions, newest first. */
  listSessions?(): Promise<readonly Session[]>;
  /** Changes the title. */
  updateSessionTitle?(id: SessionId, title: string): Promise<void>;
  /** Adds or replaces a capability of the session's own layer, as one atomic act. */
  upsertSessionCapability?(id: SessionId, capability: CapabilityRef): Promise<void>;
  /** Removes a capability of the session's own layer; tells whether it was there. */
  removeSessionCapability?(id: SessionId, ref: string): Promise<boolean>;
}

/** Which messages to read. */
export interface MessageQuery {
  /** Only messages whose sequence is greater; messages without one count as 0. */
  readonly after?: number;
  /** Only the newest so many. */
  readonly limit?: number;
  /** With `limit`: also the first so many. */
  readonly keepHead?: number;
}

/** Keeps the message history. */
export interface RuntimeMessageStore {
  /** Appends messages; one whose id is already there is left as it is. */
  storeMessages(sessionId: SessionId, messages: readonly Message[]): Promise<void>;
  /** One message, or undefined. */
  getMessage(sessionId: SessionId, id: MessageId): Promise<Message | undefined>;
  /**
   * Messages by ascending sequence; those without one come first, as they were stored.
   *
   * The order is not that of storing: a step that was stored late still stands in its place.
   */
  loadMessages(sessionId: SessionId, query?: MessageQuery): Promise<readonly Message[]>;
  /** How many there are. */
  countMessages(sessionId: SessionId): Promise<number>;
}

/** Keeps models and providers. */
export interface RuntimeProviderStore {
  /** A model by id, or undefined. */
  getResolvedModel(id: ModelId): Promise<ResolvedModel | undefined>;
  /** The platform's fallback model, or undefined. */
  getDefaultModel(): Promise<ResolvedModel | undefined>;
  /** Sets the fallback model. */
  setDefaultModel(model: ResolvedModel): Promise<void>;
  /** Inserts or replaces a model. */
  addModel(id: ModelId, model: ResolvedModel): Promise<void>;
  /** What is known about a model, when the host knows better than its driver. */
  getModelProfile?(model: ResolvedModel): Promise<ModelProfile | undefined>;
}
