/** A line in the place of an old tool output. */

import type { ContentPart } from "../../records/content.ts";
import type { JsonValue } from "../../records/json.ts";
import type { Message } from "../../records/message.ts";
import { isJsonObject } from "../../kit/json_object.ts";
import { tokensOf } from "../conversation/message_tokens.ts";

/** What is left of a hidden output: a line, or its start and its end too. */
export type MaskFormat = "one_line" | "head_tail";

/** What the line says besides the size. */
export interface HiddenOutput {
  /** The tool. */
  readonly tool: string;
  /** Number of the message in the stored conversation, where `query_history` finds it. */
  readonly number: number | undefined;
  /** Whether calling the tool again changes nothing. */
  readonly isRepeatable: boolean;
}

/** Outputs of no more tokens stay: a line would take as many. */
const SMALL_TOKENS = 60;
/** Characters of the start and of the end. */
const END_LENGTH = 200;
/** Members in which results say where their whole text is. */
const FILE_MEMBERS = ["output_file", "stdout_file", "stderr_file", "whole_result_file"] as const;

/** Making a line reads the whole output: what was made of a stored message is kept as long as it. */
const made = {
  one_line: new WeakMap<Message, Message>(),
  head_tail: new WeakMap<Message, Message>(),
};

/** The message with a line instead of its output; the message itself when that is small. */
export function maskedResult(message: Message, hidden: HiddenOutput, format: MaskFormat): Message {
  if (tokensOf(message) <= SMALL_TOKENS) return message;
  let masked = made[format].get(message);
  if (masked === undefined) made[format].set(message, masked = mask(message, hidden, format));
  return masked;
}

function mask(message: Message, hidden: HiddenOutput, format: MaskFormat): Message {
  const content: ContentPart[] = [];
  for (const part of message.content) {
    // Images of a result go with it.
    if (part.type !== "tool_result") continue;
    const output = part.error ?? asText(part.result ?? null);
    const line = lineFor(output, part.result, hidden);
    const text = format === "one_line" || output.length <= 3 * END_LENGTH
      ? line
      : `${line}\n${output.slice(0, END_LENGTH)}\n…\n${output.slice(-END_LENGTH)}`;
    const { toolCallId } = part;
    content.push({
      type: "tool_result",
      toolCallId,
      ...(part.error === undefined ? { result: text } : { error: text }),
    });
  }
  return Object.freeze({ ...message, content: Object.freeze(content) });
}

function lineFor(output: string, result: JsonValue | undefined, { tool, number, isRepeatable }: HiddenOutput): string {
  const files = isJsonObject(result)
    ? FILE_MEMBERS.flatMap((name) => typeof result[name] === "string" ? [result[name]] : [])
    : [];
  const ways = files.length > 0
    ? [`read ${files.join(", ")}`]
    : number === undefined
    ? []
    : [`query_history with message_range ${number} to ${number}`];
  if (isRepeatable) ways.push("call the tool again");
  const how = ways.length === 0 ? "" : ` To see it: ${ways.join(", or ")}.`;
  return `[Output of ${tool} hidden to save room: ${output.length} characters.${how}]`;
}

function asText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
