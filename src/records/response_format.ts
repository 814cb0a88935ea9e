/** The form a host asks the final answer of a turn to have. */

import type { JsonSchema } from "./json.ts";

/** A schema for the final answer of a turn. */
export interface ResponseFormat<Schema = JsonSchema> {
  /** What the answer is, for the model and the provider: 1 to 64 letters, digits, `_` and `-`. */
  readonly name: string;
  /** It describes an object; its descriptions are read by the model. */
  readonly schema: Schema;
}
