/** What a provider wants in its requests beyond the API it speaks. */

import type { JsonObject } from "../../records/json.ts";
import type { ModelRequest } from "../../ports/driver.ts";

/** Members and headers of requests that only one provider knows; both are pure. */
export interface Additions {
  /** Members of the body. */
  members(request: ModelRequest): JsonObject;
  /** Headers, names in lower case; none of them a credential. */
  headers(request: ModelRequest): Readonly<Record<string, string>>;
}

/** The text as the value of a header: what no header may hold is left out, as it is mere decoration. */
export function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "").trim();
}
