/** Messages: the conversation of a session. */

import type { JsonObject, JsonValue } from "./json.ts";
import type { MessageId, ModelId } from "./ids.ts";
import type { ContentPart, InputContentPart } from "./content.ts";

/** Who a message is from. */
export type MessageRole = "system" | "user" | "agent" | "tool_result";

/** How much a failed turn tells its user. */
export type ErrorDisclosure = "generic" | "standard" | "detailed";

/** How hard a model should think; drivers map it, unknown values pass through. */
export type ReasoningEffort =
  | "none"
  | "minimal"
  | "low"
  | "medium"
  | "high"
  | "xhigh"
  | (string & Record<never, never>);

/** Wishes of one user message about how it is answered. */
export interface Controls {
  /** Model to use for this turn. */
  readonly modelId?: ModelId;
  /** Locale of the answer (BCP 47). */
  readonly locale?: string;
  /** Reasoning settings. */
  readonly reasoning?: {
    /** How hard to think. */
    readonly effort?: ReasoningEffort;
  };
  /** Service tier of the provider. */
  readonly speed?: "flex" | "default" | "priority";
  /** How long answers should be. */
  readonly verbosity?: "low" | "medium" | "high";
  /** May narrow, never widen, the configured disclosure. */
  readonly errorDisclosure?: ErrorDisclosure;
  /** Merged over the session's hints. */
  readonly hints?: JsonObject;
}

/** Somebody other than the session's user who wrote a message. */
export interface ExternalActor {
  /** Id in the outside system. */
  readonly actorId: string;
  /** Display name, put before the text sent to the model. */
  readonly actorName?: string;
  /** The outside system. */
  readonly source: string;
  /** Anything else. */
  readonly metadata?: JsonObject;
}

/** One stored message. */
export interface Message {
  /** Id of the message. */
  readonly id: MessageId;
  /** Who it is from. */
  readonly role: MessageRole;
  /** What it says. */
  readonly content: readonly ContentPart[];
  /** Sequence of the event it is projected from; absent for messages a host stored itself. */
  readonly sequence?: number;
  /** Whether an agent message is an aside or the answer. */
  readonly phase?: "commentary" | "final_answer";
  /** The model's visible thinking. */
  readonly thinking?: string;
  /** Proof of the thinking, replayed to the provider. */
  readonly thinkingSignature?: string;
  /** Wishes of a user message. */
  readonly controls?: Controls;
  /** Free metadata of the host and the runtime. */
  readonly metadata?: JsonObject;
  /** What is sent to the model instead of `content`, when a hook rewrote the prompt; nothing, when it refused it. */
  readonly modelContent?: readonly ContentPart[];
  /** Somebody outside who wrote the message. */
  readonly externalActor?: ExternalActor;
  /** Labels. */
  readonly tags?: readonly string[];
  /** When it was stored, in milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A message as a host hands it in. */
export interface InputMessage {
  /**
   * Who it is from.
   *
   * @default {"user"}
   */
  readonly role?: "user" | "system" | "agent" | "assistant";
  /** Text, image and image_file parts only. */
  readonly content: readonly InputContentPart[];
  /** Wishes about the answer. */
  readonly controls?: Controls;
  /** Free metadata, stored with the message. */
  readonly metadata?: JsonObject;
  /** Somebody outside who wrote it. */
  readonly externalActor?: ExternalActor;
  /** Labels. */
  readonly tags?: readonly string[];
}

/** A user message made of one text part. */
export function userMessage(text: string, options: Omit<InputMessage, "role" | "content"> = {}): InputMessage {
  if (typeof text !== "string") throw new TypeError(`Cannot make a message of ${typeof text}: expected a string`);
  return { role: "user", content: [{ type: "text", text }], ...options };
}

const INPUT_PARTS: ReadonlySet<string> = new Set(["text", "image", "image_file"]);
const INPUT_ROLES: ReadonlySet<string> = new Set(["user", "system", "agent", "assistant"]);

/**
 * Turns a string or an input message into a checked input message that shares nothing with it.
 *
 * @throws {TypeError} when the shape is wrong, naming the offending member
 */
export function toInputMessage(input: string | InputMessage): InputMessage {
  if (typeof input === "string") return userMessage(input);
  if (typeof input !== "object" || input === null) {
    throw new TypeError(
      `Cannot use ${input === null ? "null" : typeof input} as an input: expected a string or a message`,
    );
  }
  if (!Array.isArray(input.content)) throw new TypeError("Cannot use the input: `content` is not an array of parts");
  if (input.role !== undefined && !INPUT_ROLES.has(input.role)) {
    throw new TypeError(`Cannot use the input: role "${input.role}" is not user, system, agent or assistant`);
  }
  for (const part of input.content) {
    const type: unknown = (part as { type?: unknown } | null)?.type;
    if (typeof type !== "string" || !INPUT_PARTS.has(type)) {
      throw new TypeError(`Cannot use the input: a part of type "${String(type)}" is not text, image or image_file`);
    }
    if (part.type === "text" && typeof part.text !== "string") {
      throw new TypeError("Cannot use the input: a text part has no `text` string");
    }
  }
  const { tags } = input;
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === "string"))) {
    throw new TypeError("Cannot use the input: `tags` is not an array of strings");
  }
  for (const member of ["controls", "metadata", "externalActor"] as const) {
    const value: unknown = input[member];
    if (value === undefined || typeof value === "object" && value !== null && !Array.isArray(value)) continue;
    throw new TypeError(`Cannot use the input: \`${member}\` is not an object`);
  }
  return copyPlain(input, "", 0);
}

const MAX_DEPTH = 64;

/** A frozen copy of plain JSON; its members are checked, so that it has the type of what it copies. */
function copyPlain<T>(value: T, path: string, depth: number): T {
  if (typeof value === "string" || typeof value === "boolean" || value === null || Number.isFinite(value)) return value;
  const where = path === "" ? "it" : `\`${path}\``;
  if (typeof value !== "object") throw new TypeError(`Cannot use the input: ${where} is a ${typeof value}, not JSON`);
  if (depth > MAX_DEPTH) throw new TypeError(`Cannot use the input: it is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item, index) => copyPlain(item, `${path}[${index}]`, depth + 1))) as T;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`Cannot use the input: ${where} is an object of a class, not JSON`);
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.freeze(Object.fromEntries(
    members.map(([key, member]) => [key, copyPlain(member, path === "" ? key : `${path}.${key}`, depth + 1)]),
  )) as T;
}

/** The value of a metadata member, or undefined. */
export function metadataOf(message: Message, key: string): JsonValue | undefined {
  return message.metadata !== undefined && Object.hasOwn(message.metadata, key) ? message.metadata[key] : undefined;
}
