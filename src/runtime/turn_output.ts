/** The type of a turn's `output`, from the schema that was asked for; types only. */

import type { JsonSchema, JsonValue } from "../records/json.ts";
import type { ResponseFormat } from "../records/response_format.ts";
import type { ToolParameters } from "../kit/define_tool.ts";
import type { StandardInput, StandardSchema } from "../kit/standard_schema.ts";
import type { TurnOptions } from "../turn/kernel.ts";

/** Options of a turn, with the schema its answer has to have. */
export type TypedTurnOptions<Schema extends ToolParameters = JsonSchema> = TurnOptions & {
  /** The form of the final answer; its schema gives the result's `output` its type. @default {any text} */
  readonly responseFormat?: ResponseFormat<Schema>;
};

/**
 * What `output` is: what a Standard Schema takes in, or any JSON value where the schema is plain or says nothing.
 *
 * Defaults and transforms of the schema are not applied: parse `output` with it for what comes out of them.
 */
export type TurnOutput<Schema extends ToolParameters> = Schema extends StandardSchema
  ? unknown extends StandardInput<Schema> ? JsonValue : StandardInput<Schema>
  : JsonValue;
