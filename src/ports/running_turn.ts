/** What capabilities and tools may know of the turn they run in, and ask of it. */

import type { EventDataMap } from "../records/event_data.ts";
import type { ModelId, TurnId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { Usage } from "../records/usage.ts";
import type { ModelMessage } from "./driver.ts";
import type { SessionStorageStore } from "./session_storage_store.ts";

/** A question to the model beside the conversation: no tools, nothing of it is stored as a message. */
export interface SideModelRequest {
  /**
   * Whether the session's own system prompt and conversation come first.
   *
   * @default {false}
   */
  readonly asSession?: boolean;
  /**
   * The system prompt, before the session's own if that is sent too.
   *
   * @default {none}
   */
  readonly systemPrompt?: string;
  /**
   * Stored messages, sent as the model would get them; calls without results are closed.
   *
   * @default {none}
   */
  readonly history?: readonly Message[];
  /**
   * What comes last.
   *
   * @default {none}
   */
  readonly messages?: readonly ModelMessage[];
  /**
   * Id of another model.
   *
   * @default {the model of the session}
   */
  readonly modelId?: ModelId;
  /**
   * Most tokens of the answer.
   *
   * @default {2000}
   */
  readonly maxTokens?: number;
  /**
   * Sampling temperature.
   *
   * @default {the provider's}
   */
  readonly temperature?: number;
  /**
   * Longest wait, tries included, in milliseconds; at most 120,000.
   *
   * @default {60000}
   */
  readonly timeoutMs?: number;
  /** Ends the wait; the end of the turn does so too. */
  readonly signal?: AbortSignal;
}

/** The answer to a side question. */
export interface SideModelReply {
  /** The text; at most 262,144 characters. */
  readonly text: string;
  /** Why the model stopped. */
  readonly finishReason: string;
  /** Tokens and cost, when the provider says. */
  readonly usage?: Usage;
}

/** Durable events a capability may add to the turn's next commit. */
export type CapabilityEventType =
  | "context.compacting"
  | "context.compacted"
  | "budget.warning"
  | "budget.paused"
  | "budget.exhausted"
  | "budget.resumed";

/** The running turn. Its getters cost nothing until they are read. */
export interface RunningTurn {
  /** The turn. */
  readonly turnId: TurnId;
  /** The current reason step, from 1. */
  readonly iteration: number;
  /** Most reason steps. */
  readonly maxIterations: number;
  /** Tokens and cost of the turn so far, side questions included. */
  readonly usage: Usage;
  /** Model calls of the turn so far. */
  readonly llmCallCount: number;
  /** Milliseconds since the turn was accepted, also across a restart. */
  readonly elapsedMs: number;
  /** The stored conversation as it is now, oldest first: a frozen copy of the list; read it again for what came since. */
  readonly messages: readonly Message[];
  /** The session's key-value and secret storage, if the host gave one. */
  readonly storage: SessionStorageStore | undefined;
  /** Tokens and cost of the whole session so far; its events are read once and then followed. */
  sessionUsage(): Promise<Usage>;
  /**
   * Asks the model beside the conversation; what it used counts for the turn.
   *
   * @throws {ProviderError} when the provider fails, or `deadline_exceeded` as a RuntimeError
   */
  complete(request: SideModelRequest): Promise<SideModelReply>;
  /** Adds a durable event to the turn's next commit. */
  record<T extends CapabilityEventType>(type: T, data: EventDataMap[T]): void;
  /** Tells live subscribers something the host should know (`runtime.warning`). */
  warn(code: string, message: string): void;
}
