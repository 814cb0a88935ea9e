/** Asking for an answer of a form in the APIs' own words, in ours, or in both. */

import type { ResponseFormat } from "../../records/response_format.ts";
import type { ModelRequest } from "../../ports/driver.ts";
import { isStrictSchema, STRICT_KEYWORDS } from "../../kit/provider/strict_schema.ts";
import { instructed } from "../../kit/response_format.ts";
import { takesSchemas } from "./models.ts";

/**
 * How a server is asked for a form: by its own member, in words, or in both.
 *
 * A server that only passes the member on, or may ignore it, is told in words as well. It gets the member for
 * requests without tools only: local servers turn it into a grammar that leaves the model no way to call one.
 */
export type FormatMode = "schema" | "both" | "words";

/** A request as it is to be encoded. */
export interface FormattedRequest {
  /** The request, with the form in words where that is needed. */
  readonly request: ModelRequest;
  /** The members of the form both APIs have; absent when the server is not to be given one. */
  readonly schema: object | undefined;
}

const RULES = { keywords: new Set(STRICT_KEYWORDS), allRequired: true };

/** Splits the asked-for form of a request into what is said in words and what is a member of the body. */
export function formatted(request: ModelRequest, mode: FormatMode): FormattedRequest {
  const { responseFormat: format } = request;
  if (format === undefined) return { request, schema: undefined };
  const alone = mode === "schema" && takesSchemas(request.model);
  const member = alone || (mode === "both" && request.tools.length === 0);
  return { request: alone ? request : instructed(request), schema: member ? schemaOf(format) : undefined };
}

/** Strict mode refuses most schemas, so it is asked for only where it cannot. */
function schemaOf({ name, schema }: ResponseFormat): object {
  return { name, schema, strict: isStrictSchema(schema, RULES) };
}
