/** The planner's words: outcomes, next steps and effects. */

import type { EventDraft } from "../records/event.ts";
import type { MessageId } from "../records/ids.ts";
import type { ErrorDisclosure } from "../records/message.ts";
import type { StopReason, TurnFailure, TurnForm, TurnResult, TurnState } from "../records/turn.ts";
import type { Usage } from "../records/usage.ts";

/** An answer that does not have the form that was asked for. */
export interface InvalidAnswer {
  /** What is wrong. */
  readonly failure: TurnFailure;
  /** What the user is told. */
  readonly disclosed: string;
  /** How much that is. */
  readonly disclosure: ErrorDisclosure;
  /** Whether asking again makes no sense. */
  readonly final: boolean;
}

/** What the last step came to. */
export type TurnOutcome =
  | {
    /** The input was accepted. */
    readonly type: "accepted";
  }
  | {
    /** A model call came to a complete reply. */
    readonly type: "reasoned";
    /** Id of the agent message. */
    readonly messageId: MessageId;
    /** Its text. */
    readonly text: string;
    /** Calls in it. */
    readonly callCount: number;
    /** Why the model stopped. */
    readonly finishReason: string;
    /** Tokens of this call. */
    readonly usage?: Usage;
    /** The provider's id of the response. */
    readonly responseId?: string;
    /** Time from accept to the first text, when this call had text. */
    readonly timeToFirstTokenMs?: number;
    /** The form that was asked for, as it stands after this reply. */
    readonly form?: TurnForm;
    /** What is wrong with the answer, when a form was asked for. */
    readonly invalid?: InvalidAnswer;
    /** Inputs that joined the turn meanwhile. */
    readonly pendingInputs: number;
    /** The instant; milliseconds since the epoch. */
    readonly at: number;
  }
  | {
    /** A model call failed for good. */
    readonly type: "reason_failed";
    /** Why. */
    readonly failure: TurnFailure;
    /** What the user is told. */
    readonly disclosed: string;
    /** How much that is. */
    readonly disclosure: ErrorDisclosure;
    /** Tokens spent. */
    readonly usage?: Usage;
  }
  | {
    /** The inputs a further reason step was for were all refused, or lost in a crash: nothing is left to answer. */
    readonly type: "nothing_left";
    /** What is wrong with the last answer, when a form was asked for. */
    readonly invalid?: InvalidAnswer;
    /** The instant; milliseconds since the epoch. */
    readonly at: number;
  }
  | {
    /** Calls were acted on. */
    readonly type: "acted";
    /** How many got a result in this step. */
    readonly acted: number;
    /** Whether some wait for the client. */
    readonly waiting: boolean;
  }
  | {
    /** The client answered; its calls are to be looked at again. */
    readonly type: "resumed";
    /** How many calls it answered itself since the turn began to wait. */
    readonly acted: number;
  }
  | {
    /** A hook refused the input. */
    readonly type: "blocked";
    /** Why. */
    readonly reason: string;
  }
  | {
    /** Somebody cancelled the turn. */
    readonly type: "cancelled";
    /** Why. */
    readonly reason?: string;
  }
  | {
    /** A guard ended the turn. */
    readonly type: "sealed";
    /** Which kind of guard. */
    readonly reason: string;
    /** What it saw. */
    readonly detail?: string;
  };

/** What the loop does next. */
export type NextStep =
  | { readonly type: "reason" }
  | { readonly type: "act" }
  | { readonly type: "wait" }
  | {
    readonly type: "complete";
    /** How the turn ended. */
    readonly status: "completed" | "failed" | "cancelled" | "sealed";
    /** Why. */
    readonly stopReason: StopReason;
    /** Why it failed. */
    readonly failure?: TurnFailure;
    /** Why a guard ended it. */
    readonly sealed?: NonNullable<TurnResult["sealed"]>;
  };

/** What the loop has to do with the closing commit, in order. */
export type TurnEffect =
  | {
    /** Give every open call a result that says why it was not executed. */
    readonly type: "close_calls";
    /** The words of the result. */
    readonly reason: string;
  }
  | {
    /** Commit an event. */
    readonly type: "event";
    /** The event. */
    readonly event: EventDraft;
  }
  | {
    /** Run the turn-end hooks before the commit. */
    readonly type: "turn_end_hooks";
    /** Whether the turn went well. */
    readonly success: boolean;
  };

/** The planner's answer. */
export interface Plan {
  /** The state afterwards. */
  readonly state: TurnState;
  /** What comes next. */
  readonly next: NextStep;
  /** What goes with it. */
  readonly effects: readonly TurnEffect[];
}
