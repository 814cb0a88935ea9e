/** What a capability may say before a model call, about its answer, and about calls it cannot use. */

import type { ReasoningPart } from "../records/content.ts";
import type { JsonValue } from "../records/json.ts";
import type { ToolDefinition } from "../records/tool.ts";

/** Whether the model is asked. */
export type ModelCallDecision =
  | { readonly action: "proceed" }
  | {
    /** The turn ends as `sealed`, its open calls closed. */
    readonly action: "stop";
    /** Which kind of guard, such as `budget` or `no_progress`. */
    readonly reason: string;
    /** What it saw, for people. */
    readonly detail?: string;
  };

/** An answer of the model, while it is streamed or as a whole. */
export interface ModelOutput {
  /** The text so far. */
  readonly text: string;
  /** Visible thinking so far. */
  readonly thinking: string;
  /** Characters of the text that were looked at before: only what reaches over that edge is new. */
  readonly checked: number;
  /** Whether the answer is complete: asked exactly once, also for an answer without text. */
  readonly complete: boolean;
}

/** Whether an answer may be shown and stored. */
export type OutputDecision =
  | { readonly action: "allow" }
  | {
    /** The stream is given up; calls, thinking and reasoning are dropped; only `text` is stored. */
    readonly action: "replace";
    /** What is shown and stored instead. */
    readonly text: string;
    /** Why, for programs. */
    readonly reasonCode: string;
    /** Which of the capability's checks. */
    readonly guardrailId?: string;
  };

/** Whether a call may run. */
export type ApprovalDecision =
  | {
    /** The hook has nothing to say about it. */
    readonly action: "abstain";
  }
  | {
    /** Somebody agreed to these very arguments. */
    readonly action: "allow";
  }
  | {
    /** The turn waits for a decision given to `resumeTurn`. */
    readonly action: "ask";
  }
  | {
    /** It does not run. */
    readonly action: "deny";
    /** Why, for the model. */
    readonly reason: string;
  };

/** What is wrong with a call. */
export interface CallProblem {
  /** Whether the arguments are no JSON object, or one that does not fit the tool's schema. */
  readonly kind: "not_json" | "schema";
  /** What the model would be told. */
  readonly message: string;
  /** The tool. */
  readonly tool: ToolDefinition;
}

/** What becomes of a call whose arguments cannot be used. */
export type CallRepair =
  | {
    /** It runs with these instead, once hooks and schema agree. */
    readonly action: "repair";
    /** The arguments. */
    readonly arguments: JsonValue;
  }
  | {
    /** The model gets these words as the error and may call again. */
    readonly action: "ask_again";
    /** The words. */
    readonly message: string;
  }
  | {
    /** The model gets the error as it is. */
    readonly action: "give_up";
  };

/** What a model view is asked for. */
export interface ModelViewRequest {
  /** `too_large`: the provider refused the request before; the view should leave out as much as it can bear. */
  readonly reason: "normal" | "too_large";
  /** Whether a view of the session can make a refused request smaller: the others leave it to that one. */
  readonly shrinks: boolean;
  /** Tokens of prompt and reply together, when the model is known. */
  readonly contextWindow: number | undefined;
  /** Most tokens of the reply, when the model is known. */
  readonly maxOutputTokens: number | undefined;
  /** The system prompt that is sent too. */
  readonly systemPrompt: string;
  /** The tools that are offered too. */
  readonly tools: readonly ToolDefinition[];
  /** Compaction by the provider itself; absent where the model has none. */
  readonly native?: NativeCompaction;
}

/** Compaction by the provider itself. */
export interface NativeCompaction {
  /**
   * Whether an item of an earlier answer is a compaction that this model takes back.
   *
   * What came before the newest of these need not be sent; the item is sent back only in requests that ask for
   * compaction.
   */
  takes(part: ReasoningPart): boolean;
  /** Asks for it: from so many tokens of the whole prompt on. */
  askAt(tokens: number): void;
}
