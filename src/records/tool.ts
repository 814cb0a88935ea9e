/** Tools as data: definitions, calls and results. */

import type { JsonObject, JsonSchema, JsonValue } from "./json.ts";
import type { CallId } from "./ids.ts";
import type { ImagePart } from "./content.ts";

/**
 * What repeating a call may do outside.
 *
 * `pure` touches nothing outside; `idempotent` is safe to repeat with the same idempotency key; `at_most_once` is
 * never repeated by the runtime, also not after a crash.
 */
export type ToolEffect = "pure" | "idempotent" | "at_most_once";

/** Whether a tool may be left out of the prompt until it is searched for. */
export type Deferrable = "never" | "automatic" | "always";

/** Facts about a tool, for hosts, hooks and the scheduler. */
export interface ToolHints {
  /** Changes nothing. */
  readonly readonly?: boolean;
  /** May destroy something. */
  readonly destructive?: boolean;
  /** Reaches beyond the host. */
  readonly openWorld?: boolean;
  /** Needs credentials. */
  readonly requiresSecrets?: boolean;
  /** May take minutes. */
  readonly longRunning?: boolean;
  /** May be run as a background task: where tasks are kept, its sessions have `spawn_background`. */
  readonly supportsBackground?: boolean;
  /** Whether large results may be stored aside; false for tools that read what was. @default {true} */
  readonly persistOutput?: boolean;
  /** The capability that brought it. */
  readonly capabilityId?: string;
  /** That capability's name. */
  readonly capabilityName?: string;
  /** Anything of the host. */
  readonly metadata?: JsonObject;
}

/** A tool as the model and the host see it. */
export interface ToolDefinition {
  /** Who runs it: the runtime, or the client that called `runTurn`. */
  readonly type: "builtin" | "client_side";
  /** Its name, unique within a turn. */
  readonly name: string;
  /** Name for people. */
  readonly displayName?: string;
  /** What it does, for the model. */
  readonly description: string;
  /** JSON Schema of its arguments, an object. */
  readonly parameters: JsonSchema;
  /** Whether somebody must agree before it runs. @default {"auto"} */
  readonly policy?: "auto" | "requires_approval";
  /** Group for people. */
  readonly category?: string;
  /** Whether it may be left out of the prompt. @default {"automatic"} */
  readonly deferrable?: Deferrable;
  /**
   * Whether the model finds it with the provider's own search, where the model has one; else it is offered as any other.
   *
   * For `toolDefinitions` hooks, which know what a model has.
   *
   * @default {false}
   */
  readonly deferred?: boolean;
  /** What repeating it may do. @default {"at_most_once"} */
  readonly effect?: ToolEffect;
  /** Calls sharing a class run one after another. */
  readonly concurrencyClass?: string;
  /** Facts about it. */
  readonly hints?: ToolHints;
}

/** One call the model made. */
export interface ToolCall {
  /** Id minted by the runtime. */
  readonly id: CallId;
  /** The tool. */
  readonly name: string;
  /** Its arguments; a string when the model sent text that is not JSON. */
  readonly arguments: JsonValue;
}

/** How a call ended. */
export type ToolStatus = "success" | "error" | "timeout" | "cancelled" | "interrupted";

/** The answer to a call. */
export interface ToolResult {
  /** The call. */
  readonly toolCallId: CallId;
  /** How it ended. */
  readonly status: ToolStatus;
  /** What the tool returned, when it succeeded. */
  readonly result?: JsonValue;
  /** Why it failed, in words for the model. */
  readonly error?: string;
  /** Images that belong to the result. */
  readonly images?: readonly ImagePart[];
  /** A connection the user has to set up first. */
  readonly connectionRequired?: {
    /** The service to connect. */
    readonly provider: string;
    /** Whose account. */
    readonly subject?: string;
    /** Where to set it up. */
    readonly setupUrl?: string;
  };
}
