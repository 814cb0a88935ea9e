/** The calls of a reply as content parts. */

import type { ContentPart } from "../records/content.ts";
import type { JsonValue } from "../records/json.ts";
import { copyForeign, parseArguments, parseArgumentsText } from "../kit/parse_arguments.ts";
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

/** Stands for arguments that cannot even be written down. */
const UNREADABLE = "[arguments nested too deeply]";

/** Gives every call an id of ours and its arguments as harmless JSON. */
export function toCallParts(calls: readonly RawCall[], ids: IdSource): ContentPart[] {
  return calls.map((call) => {
    // What is no object of bounded depth is kept as text: the tool answers with an error the model can act on.
    const parsed = typeof call.arguments === "string"
      ? parseArgumentsText(call.arguments)
      : parseArguments(call.arguments);
    const args = parsed.ok ? frozen(parsed.value) : asText(call.arguments);
    const part = { type: "tool_call" as const, id: ids.next("call"), name: call.name, arguments: args };
    return Object.freeze(call.providerCallId === undefined ? part : { ...part, providerCallId: call.providerCallId });
  });
}

/** What the model wrote in place of an object, for the tool's answer to name it. */
function asText(value: JsonValue): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(copyForeign(value));
  } catch {
    return UNREADABLE;
  }
}

/** Freezes a value of bounded depth all the way down: what is stored is also what readers of the messages get. */
export function frozen<T extends JsonValue>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
