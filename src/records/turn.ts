/** Turns: the planner's state, the checkpoint and the result. */

import type { FailureCode } from "../errors.ts";
import type { JsonValue } from "./json.ts";
import type { AgentId, HarnessId, MessageId, SessionId, TurnId } from "./ids.ts";
import type { ResponseFormat } from "./response_format.ts";
import type { ToolCall } from "./tool.ts";
import type { Usage } from "./usage.ts";

/** Why a turn ended. */
export type StopReason =
  | "end_turn"
  | "max_turn_requests"
  | "max_tokens"
  | "refusal"
  | "error"
  | "cancelled"
  | "sealed"
  | "blocked"
  | "waiting";

/** Facts captured when the turn was accepted; every request of the turn uses them unchanged. */
export interface TurnFacts {
  /** The instant, in milliseconds since the epoch. */
  readonly acceptedAt: number;
  /** The date in the host's zone, `YYYY-MM-DD`. */
  readonly date: string;
  /** The host's IANA time zone. */
  readonly timeZone: string;
  /** The resolved locale. */
  readonly locale?: string;
}

/** What a step of the turn does next. */
export type TurnPhase = "reason" | "act" | "wait" | "done";

/** The form a turn's final answer must have, and how far that is. */
export interface TurnForm {
  /** What was asked for. */
  readonly format: ResponseFormat;
  /** What is wrong with the last answer. */
  readonly problem?: string;
  /** The one round of repair: under way, or used up. */
  readonly repair?: "now" | "used";
}

/** The planner's whole state: plain JSON, equal after a round trip through text. */
export interface TurnState {
  /** Form of this record. */
  readonly version: 1;
  /** The turn. */
  readonly turnId: TurnId;
  /** Its session. */
  readonly sessionId: SessionId;
  /** Its harness. */
  readonly harnessId: HarnessId;
  /** Its agent. */
  readonly agentId?: AgentId;
  /** The message that started it. */
  readonly inputMessageId: MessageId;
  /** The facts captured at its start. */
  readonly facts: TurnFacts;
  /** Sequence before the turn's first event. */
  readonly baseSequence: number;
  /** What comes next. */
  readonly phase: TurnPhase;
  /** The current reason step, from 1. */
  readonly iteration: number;
  /** Most reason steps. */
  readonly maxIterations: number;
  /** Tokens so far. */
  readonly usage: Usage;
  /** Calls requested so far. */
  readonly toolCallCount: number;
  /** Calls acted on so far. */
  readonly toolCallsActed: number;
  /** Model calls so far. */
  readonly llmCallCount: number;
  /** Time from accept to the first text of the turn. */
  readonly timeToFirstTokenMs?: number;
  /** The provider's id of the last response. */
  readonly previousResponseId?: string;
  /** The last agent message with text. */
  readonly finalMessageId?: MessageId;
  /** First 2,000 characters of its text. */
  readonly finalAnswerPreview?: string;
  /** Id of the agent message whose calls are open, in phases `act` and `wait`. */
  readonly callMessageId?: MessageId;
  /** The provider wants to be asked again: the newest agent message is not its last word. */
  readonly paused?: true;
  /** The form of the final answer, when one was asked for. */
  readonly form?: TurnForm;
}

/** Why a turn failed. */
export interface TurnFailure {
  /** Stable code. */
  readonly code: FailureCode;
  /** What happened, with the provider's words. */
  readonly message: string;
  /** Machine-readable details. */
  readonly fields?: Readonly<Record<string, string | number>>;
}

/** What a turn came to; `Output` is the type of its answer where a form was asked for. */
export interface TurnResult<Output = JsonValue> {
  /** The turn. */
  readonly turnId: TurnId;
  /** Its session. */
  readonly sessionId: SessionId;
  /** How it ended, or that it waits. */
  readonly status: "completed" | "failed" | "cancelled" | "sealed" | "waiting";
  /** The last non-empty assistant text; empty when the turn failed. */
  readonly response: string;
  /** The value of the final answer, when a form was asked for and the answer has it. */
  readonly output?: Output;
  /** Whether it completed, or waits as it should; also when it was cut short: see `stopReason`. */
  readonly success: boolean;
  /** Why it failed. */
  readonly error?: TurnFailure;
  /** Why a guard ended it, when it is `sealed`. */
  readonly sealed?: {
    /** Which kind of guard, such as `budget` or `no_progress`. */
    readonly reason: string;
    /** What it saw, for people. */
    readonly detail?: string;
  };
  /** Reason steps taken. */
  readonly iterations: number;
  /** Tool calls acted on; 0 when the turn failed. */
  readonly toolCallsCount: number;
  /** Why it ended; `max_turn_requests` and `max_tokens` cut an answer short. */
  readonly stopReason: StopReason;
  /** Tokens spent. */
  readonly usage: Usage;
  /** Calls the client has to answer, when the turn waits. */
  readonly waitingFor: readonly WaitingCall[];
}

/** A call a turn waits for. */
export interface WaitingCall extends ToolCall {
  /** True when it is answered by one of `decisions`; absent when by one of `toolResults`. */
  readonly needsApproval?: true;
}

/** A decision about a call of a waiting turn that needs approval. */
export interface ToolDecision {
  /** The call. */
  readonly toolCallId: string;
  /** Whether it may run. */
  readonly approved: boolean;
  /** Why not, for the model. */
  readonly reason?: string;
}

/** One answer of a client to a call of a waiting turn. */
export interface ClientToolResult {
  /** The call. */
  readonly toolCallId: string;
  /** What the tool returned. */
  readonly result?: JsonValue;
  /** Why it failed, instead of `result`. */
  readonly error?: string;
}
