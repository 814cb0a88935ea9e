/** How a tool says what a call came to, when returning a plain value is not enough. */

import type { ImagePart } from "../records/content.ts";
import type { ToolOutcome } from "../ports/tool.ts";

/** Options of {@linkcode toolSuccess}. */
export interface ToolSuccessOptions {
  /** Images that belong to the result. */
  readonly images?: readonly ImagePart[];
}

/** Options of {@linkcode connectionRequired}. */
export interface ConnectionRequiredOptions {
  /** The service to connect. */
  readonly provider: string;
  /** Whose account. */
  readonly subject?: string;
  /** Where to set it up. */
  readonly setupUrl?: string;
}

/** Outcomes made here; a value that only looks like one, perhaps foreign data, is an ordinary result. */
const made = new WeakSet<object>();

/**
 * Says that a call worked, with images beside the value.
 *
 * Without images, returning the value itself does the same.
 *
 * @throws {TypeError} when `images` is not an array
 */
export function toolSuccess(value: unknown, options: ToolSuccessOptions = {}): ToolOutcome {
  const { images } = options;
  if (images === undefined) return mark({ type: "success", value });
  if (!Array.isArray(images)) throw new TypeError("Cannot make a tool result: `images` is not an array of image parts");
  return mark({ type: "success", value, images });
}

/**
 * Says that a call failed in a way the model may know.
 *
 * @throws {TypeError} when the message is not a string
 */
export function toolFailure(message: string): ToolOutcome {
  if (typeof message !== "string") throw new TypeError("Cannot make a tool failure: the message is not a string");
  return mark({ type: "error", message });
}

/**
 * Says that the user has to connect a service before the call can work.
 *
 * @throws {TypeError} when no provider is named
 */
export function connectionRequired(options: ConnectionRequiredOptions): ToolOutcome {
  const { provider, subject, setupUrl } = options;
  if (typeof provider !== "string" || provider === "") {
    throw new TypeError("Cannot ask for a connection: `provider` is not a non-empty string");
  }
  return mark({
    type: "connection_required",
    provider,
    ...(subject === undefined ? {} : { subject }),
    ...(setupUrl === undefined ? {} : { setupUrl }),
  });
}

/**
 * The outcome of what a tool returned: an outcome made by the helpers as it is, anything else as a success.
 *
 * Stays synchronous for a synchronous value, so that a fast tool costs no promise.
 */
export function toToolOutcome(returned: unknown): ToolOutcome | Promise<ToolOutcome> {
  if (typeof returned !== "object" || returned === null) {
    return isThenable(returned) ? Promise.resolve(returned).then(toToolOutcome) : { type: "success", value: returned };
  }
  if (isMade(returned)) return returned;
  return isThenable(returned) ? Promise.resolve(returned).then(toToolOutcome) : { type: "success", value: returned };
}

function isMade(value: object): value is ToolOutcome {
  return made.has(value);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return false;
  return "then" in value && typeof value.then === "function";
}

function mark(outcome: ToolOutcome): ToolOutcome {
  made.add(outcome);
  return Object.freeze(outcome);
}
