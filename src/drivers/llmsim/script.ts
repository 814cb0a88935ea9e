/** What a simulated model may be told to say: tool calls and the turns of a script. */

import type { JsonValue } from "../../records/json.ts";
import type { LlmSimErrorKind } from "./failure.ts";

/** A tool call the simulated model makes. */
export interface LlmSimToolCall {
  /** The tool. */
  readonly name: string;
  /**
   * Its arguments; a string is taken as the JSON text the model wrote, so a broken one simulates broken JSON.
   *
   * @default {{}}
   */
  readonly arguments?: JsonValue;
  /**
   * The provider's id of the call.
   *
   * @default an id made of the number of the model call and the call's place in it
   */
  readonly id?: string;
}

/** Text only. */
export interface LlmSimAssistantTurn {
  /** Tag of this turn. */
  readonly type: "assistant";
  /** The text; empty for a reply without any. */
  readonly text: string;
}

/** Tool calls only. */
export interface LlmSimToolCallsTurn {
  /** Tag of this turn. */
  readonly type: "tool_calls";
  /** The calls. */
  readonly toolCalls: readonly LlmSimToolCall[];
}

/** Text, then tool calls. */
export interface LlmSimMixedTurn {
  /** Tag of this turn. */
  readonly type: "mixed";
  /** The text. */
  readonly text: string;
  /** The calls. */
  readonly toolCalls: readonly LlmSimToolCall[];
}

/** A failure of the provider. */
export interface LlmSimErrorTurn {
  /** Tag of this turn. */
  readonly type: "error";
  /** What goes wrong. */
  readonly kind: LlmSimErrorKind;
  /**
   * What the error says.
   *
   * @default a sentence naming the kind
   */
  readonly message?: string;
  /**
   * Text that is streamed before the failure.
   *
   * @default {""}
   */
  readonly text?: string;
  /** How long the provider asks to wait before a retry, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** A stream that goes silent and ends only when it is aborted. */
export interface LlmSimStreamStallTurn {
  /** Tag of this turn. */
  readonly type: "stream_stall";
  /**
   * Text that is streamed before.
   *
   * @default {""}
   */
  readonly text?: string;
}

/** A stream that ends without its terminal event. */
export interface LlmSimStreamDropTurn {
  /** Tag of this turn. */
  readonly type: "stream_drop";
  /**
   * Text that is streamed before.
   *
   * @default {""}
   */
  readonly text?: string;
}

/** One entry of a script: how the simulated model answers one model call. */
export type LlmSimTurn =
  | LlmSimAssistantTurn
  | LlmSimToolCallsTurn
  | LlmSimMixedTurn
  | LlmSimErrorTurn
  | LlmSimStreamStallTurn
  | LlmSimStreamDropTurn;
