/** References to capabilities, as layers carry them. */

import type { JsonObject } from "./json.ts";

/** One capability a layer switches on. */
export interface CapabilityRef {
  /** Id or alias: a plain id, or `declarative:name` / `plugin:name` whose config carries the definition. */
  readonly ref: string;
  /** Its configuration; replaces, never merges with, an earlier layer's. @default {{}} */
  readonly config?: JsonObject;
}

/** A reference, or just its id. */
export type CapabilityRefInput = string | CapabilityRef;

/**
 * The full form of a reference.
 *
 * @throws {TypeError} when it names no capability
 */
export function toCapabilityRef(input: CapabilityRefInput): CapabilityRef {
  const ref: CapabilityRef = typeof input === "string" ? { ref: input } : input;
  if (typeof ref !== "object" || ref === null || typeof ref.ref !== "string" || ref.ref.trim() === "") {
    throw new TypeError("Cannot use a capability reference: expected an id, or an object with a non-empty `ref`");
  }
  return ref;
}
