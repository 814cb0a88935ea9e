/** What a model call comes to, and who may look at it before. */

import type { ImagePart, ReasoningPart } from "../records/content.ts";
import type { ModelEvent } from "../ports/driver.ts";
import type { ModelOutput } from "../ports/model_hooks.ts";
import type { RawCall } from "./call_parts.ts";

/** A complete reply. */
export interface Reply {
  /** The text. */
  readonly text: string;
  /** Visible thinking. */
  readonly thinking: string;
  /** Proof of the thinking. */
  readonly thinkingSignature: string | undefined;
  /** Images the model made. */
  readonly images: readonly ImagePart[];
  /** Opaque reasoning items. */
  readonly reasoning: readonly ReasoningPart[];
  /** Calls, in order. */
  readonly calls: readonly RawCall[];
  /** The terminal event. */
  readonly done: Extract<ModelEvent, { type: "done" }>;
  /** Milliseconds from the first try to the first text. */
  readonly timeToFirstTokenMs: number | undefined;
  /** When the first text came, on the monotonic clock. */
  readonly firstTextAt: number | undefined;
  /** Why the text is not the model's. */
  readonly replaced?: Omit<Replacement, "text">;
}

/** What takes the place of an answer, and why. */
export interface Replacement {
  /** What is shown and stored. */
  readonly text: string;
  /** Why, for programs. */
  readonly reasonCode: string;
  /** Whose guard it was. */
  readonly capabilityId: string;
  /** Which of its checks. */
  readonly guardrailId?: string;
}

/** Looks at an answer; what it returns takes the answer's place, and live subscribers know already. */
export type OutputGuard = (output: ModelOutput) => Promise<Replacement | undefined>;

/** What a model call came to. */
export type ModelCallResult =
  & {
    /** Milliseconds for all tries. */
    readonly durationMs: number;
    /** Failed tries that were repeated, and the time waited. */
    readonly retry: { readonly attempts: number; readonly totalWaitMs: number } | undefined;
  }
  & ({ readonly ok: true; readonly reply: Reply } | { readonly ok: false; readonly error: unknown });
