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
