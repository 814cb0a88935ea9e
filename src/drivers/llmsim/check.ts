/** Checks of what a caller configures; every check also copies, so that nobody changes it later. */

import type { ProviderError } from "../../errors.ts";
import type { JsonValue } from "../../records/json.ts";
import { lazy } from "../../kit/lazy.ts";
import type { FailureDetails, LlmSimErrorKind, SimFailure } from "./failure.ts";
import type { LlmSimErrorTurn, LlmSimToolCall, LlmSimTurn } from "./script.ts";

/** A checked call. */
export interface CheckedToolCall {
  /** The tool. */
  readonly name: string;
  /** Its arguments. */
  readonly arguments: JsonValue;
  /** The provider's id of the call; undefined lets the driver make one. */
  readonly id: string | undefined;
}

/** How a stream ends. */
export type Ending =
  | { readonly type: "done" | "stall" | "drop" }
  | { readonly type: "error"; readonly error: SimFailure };

/** A checked turn: what one model call answers. */
export interface Reply {
  /** Text, before anything else. */
  readonly text: string;
  /** Calls, after the text. */
  readonly toolCalls: readonly CheckedToolCall[];
  /** What comes then. */
  readonly ending: Ending;
}

const DONE: Ending = Object.freeze({ type: "done" });
const STALL: Ending = Object.freeze({ type: "stall" });
const DROP: Ending = Object.freeze({ type: "drop" });

const failures = lazy(() => import("./failure.ts"));
const ERROR_KINDS: Readonly<Record<LlmSimErrorKind, true>> = {
  rate_limit: true,
  timeout: true,
  invalid_response: true,
  other: true,
  transport: true,
  overloaded: true,
  authentication: true,
  quota_exhausted: true,
  unsupported_model: true,
};

/** Tells whether a value names a kind of failure. */
export function isLlmSimErrorKind(value: unknown): value is LlmSimErrorKind {
  return typeof value === "string" && Object.hasOwn(ERROR_KINDS, value);
}

/** A new error of one kind of failure; most models have none, so that it is imported when it is due. */
export async function failureOf(kind: LlmSimErrorKind, details?: FailureDetails): Promise<ProviderError> {
  return (await failures()).failureOfKind(kind, details);
}

/** A reply of nothing but text. */
export function textReply(text: string): Reply {
  return { text, toolCalls: [], ending: DONE };
}

/** A reply that fails. */
export function errorReply(error: SimFailure, text = ""): Reply {
  return { text, toolCalls: [], ending: { type: "error", error } };
}

/**
 * The reply an entry of a script stands for; a plain string is an `assistant` turn.
 *
 * @throws {TypeError} when its shape is wrong, naming the offending member
 */
export function checkTurn(turn: string | LlmSimTurn): Reply {
  if (typeof turn === "string") return textReply(turn);
  if (typeof turn !== "object" || turn === null) {
    throw new TypeError(`Cannot use ${String(turn)} as a scripted turn: expected a string or an object with a type`);
  }
  switch (turn.type) {
    case "assistant":
      return textReply(checkText(turn.text, "text"));
    case "tool_calls":
      return { text: "", toolCalls: checkToolCalls(turn.toolCalls), ending: DONE };
    case "mixed":
      return { text: checkText(turn.text, "text"), toolCalls: checkToolCalls(turn.toolCalls), ending: DONE };
    case "error":
      return checkErrorTurn(turn);
    case "stream_stall":
      return { text: checkText(turn.text ?? "", "text"), toolCalls: [], ending: STALL };
    case "stream_drop":
      return { text: checkText(turn.text ?? "", "text"), toolCalls: [], ending: DROP };
    default: {
      const unknown: { readonly type?: unknown } = turn;
      throw new TypeError(`Cannot use a scripted turn of type "${String(unknown.type)}": it is unknown`);
    }
  }
}

function checkErrorTurn({ kind, message, retryAfterMs, text }: LlmSimErrorTurn): Reply {
  if (!isLlmSimErrorKind(kind)) throw new TypeError(`Cannot script the error kind "${String(kind)}": it is unknown`);
  if (message !== undefined) checkText(message, "message");
  if (retryAfterMs !== undefined) checkMilliseconds(retryAfterMs, "retryAfterMs");
  return errorReply(() => failureOf(kind, { message, retryAfterMs }), checkText(text ?? "", "text"));
}

/**
 * Checks a list of calls.
 *
 * @throws {TypeError} when it is no list of calls, naming the offending member
 */
export function checkToolCalls(calls: readonly LlmSimToolCall[]): readonly CheckedToolCall[] {
  return checkArray(calls, "toolCalls").map(checkToolCall);
}

function checkToolCall(call: LlmSimToolCall): CheckedToolCall {
  if (typeof call !== "object" || call === null) {
    throw new TypeError(`Cannot use ${String(call)} as a tool call: expected an object with a name`);
  }
  const name = checkName(call.name, "name");
  if (call.id !== undefined) checkName(call.id, "id");
  return { name, arguments: copyJson(call.arguments ?? {}, name), id: call.id };
}

function copyJson(value: JsonValue, name: string): JsonValue {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError(`Cannot use the arguments of the call to "${name}": they are not JSON`, { cause });
  }
  if (text === undefined) throw new TypeError(`Cannot use the arguments of the call to "${name}": they are not JSON`);
  const copy: JsonValue = JSON.parse(text);
  return copy;
}

/**
 * Checks that a value is an array.
 *
 * @throws {TypeError} when it is not, naming the member
 */
export function checkArray<T>(value: readonly T[], member: string): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError(`Cannot use ${typeof value} as \`${member}\`: expected an array`);
  return value;
}

/**
 * Checks that a value is a string.
 *
 * @throws {TypeError} when it is not, naming the member
 */
export function checkText(value: string, member: string): string {
  if (typeof value !== "string") throw new TypeError(`Cannot use ${typeof value} as \`${member}\`: expected a string`);
  return value;
}

/**
 * Checks that a value is a string with something in it.
 *
 * @throws {TypeError} when it is not a string, naming the member
 * @throws {RangeError} when it is empty
 */
export function checkName(value: string, member: string): string {
  if (checkText(value, member) === "") throw new RangeError(`Cannot use an empty string as \`${member}\``);
  return value;
}

/**
 * Checks that a value is a length of time.
 *
 * @throws {TypeError} when it is not a number, naming the member
 * @throws {RangeError} when it is negative or not finite
 */
export function checkMilliseconds(value: number, member: string): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use ${typeof value} as \`${member}\`: expected milliseconds`);
  }
  if (!Number.isFinite(value) || value < 0) {
    throw new RangeError(`Cannot use ${value} as \`${member}\`: expected milliseconds of 0 or more`);
  }
  return value;
}

/**
 * Checks that a value is a count of 1 or more.
 *
 * @throws {TypeError} when it is not a number, naming the member
 * @throws {RangeError} when it is not whole, below 1 or above the limit
 */
export function checkCount(value: number, member: string, limit: number): number {
  if (typeof value !== "number") throw new TypeError(`Cannot use ${typeof value} as \`${member}\`: expected a number`);
  if (!Number.isSafeInteger(value) || value < 1 || value > limit) {
    throw new RangeError(`Cannot use ${value} as \`${member}\`: expected a whole number from 1 to ${limit}`);
  }
  return value;
}
