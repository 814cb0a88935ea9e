/** What a simulated model is configured with, as plain data. */

import type { ModelRequest } from "../../ports/driver.ts";
import type { CheckedToolCall, Reply } from "./check.ts";
import type { SimFailure } from "./failure.ts";
import type { LlmSimLatency } from "./stream.ts";

/** What a script does when it has no turn left. */
export type LlmSimOnExhausted = "repeat_last" | "error" | "loop";

/** What the model answers. */
export type ResponseMode =
  | { readonly type: "constant"; readonly text: string }
  | { readonly type: "echo" }
  | { readonly type: "sequence"; readonly texts: readonly string[] }
  | { readonly type: "scripted"; readonly turns: readonly Reply[] }
  | { readonly type: "failure"; readonly error: SimFailure };

/** Which tool calls are added to the answers. */
export type ToolMode =
  | { readonly type: "none" }
  | { readonly type: "fixed"; readonly toolCalls: readonly CheckedToolCall[] }
  | { readonly type: "sequence"; readonly lists: readonly (readonly CheckedToolCall[])[] }
  | { readonly type: "conditional"; readonly rules: readonly ToolRule[] };

/** Tool calls that depend on what the user said. */
export interface ToolRule {
  /** What the last user text must contain. */
  readonly contains: string;
  /** The calls made then. */
  readonly toolCalls: readonly CheckedToolCall[];
}

/** The settings of one configuration; never changed once made. */
export interface LlmSimSettings {
  /** What is answered. */
  readonly response: ResponseMode;
  /** Tool calls added to the answers. */
  readonly toolMode: ToolMode;
  /** What a script does at its end. */
  readonly onExhausted: LlmSimOnExhausted;
  /** Speed; undefined takes it from the model's name. */
  readonly latency: Required<LlmSimLatency> | undefined;
  /** The model's name; undefined takes the request's. */
  readonly model: string | undefined;
  /** Wait before every reply, in milliseconds. */
  readonly responseDelayMs: number;
  /** Id of every response. */
  readonly responseId: string | undefined;
  /** Number of text deltas; undefined leaves it to the latency. */
  readonly chunks: number | undefined;
  /** Who sees every request. */
  readonly observers: readonly ((request: ModelRequest) => void)[];
}
