/** The calls of a reply as content parts. */

import type { ContentPart } from "../records/content.ts";
import type { JsonValue } from "../records/json.ts";
import { copyForeign, parseArgumentsText } from "../kit/parse_arguments.ts";
import type { IdSource } from "../kit/ids.ts";

/** A call as the model made it. */
export interface RawCall {
  /** The provider's id. */
  readonly providerCallId: string | undefined;
  /** The tool. */
  readonly name: string;
  /** The arguments; text when they are not parsed yet. */
  readonly arguments: JsonValue;
}

/** Gives every call an id of ours and its arguments as harmless JSON. */
export function toCallParts(calls: readonly RawCall[], ids: IdSource): ContentPart[] {
  return calls.map((call) => {
    let args = call.arguments;
    if (typeof args === "string") {
      // Text that is not JSON is kept as it is: the tool answers with an error the model can act on.
      const parsed = parseArgumentsText(args);
      if (parsed.ok) args = parsed.value;
    } else args = copyForeign(args);
    const part = { type: "tool_call" as const, id: ids.next("call"), name: call.name, arguments: args };
    return Object.freeze(call.providerCallId === undefined ? part : { ...part, providerCallId: call.providerCallId });
  });
}
