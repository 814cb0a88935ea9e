/** The tool `query_history`. */

import { ToolError } from "../../errors.ts";
import type { JsonObject, JsonValue } from "../../records/json.ts";
import { type Message, metadataOf } from "../../records/message.ts";
import type { Tool } from "../../ports/tool.ts";
import { defineTool } from "../../kit/define_tool.ts";
import { ownMember } from "../../kit/json_object.ts";
import { measureJsonText } from "../../kit/json_size.ts";
import { excerptOf, scoreOf, termsOf } from "./search_terms.ts";

const NAME = "query_history";
const TYPES = ["user", "agent", "tool_result", "system"] as const;
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const DEFAULT_LINES = 3;
const MAX_LINES = 20;
/** From the start of a day to its last millisecond. */
const LAST_OF_DAY = 24 * 60 * 60 * 1_000 - 1;
/** Bytes of all excerpts of one answer as JSON: the kernel cuts off what is beyond 64 KiB. */
const MAX_ANSWER = 40_000;

/**
 * Searches the whole stored conversation: best matches first, each with its number, role, time and an excerpt.
 *
 * What the model was not given when it was said (a refused prompt, the words of a failed turn) is not found, nor are
 * earlier searches. It only reads, so it is `pure`.
 */
export const queryHistory: Tool = defineTool({
  name: NAME,
  displayName: "Search the conversation",
  description: "Searches the whole conversation, also the part that is hidden. Without a query it lists the newest " +
    "messages of the given ranges; a message_range of one message gives that message whole, a long one in parts: go on " +
    "with start_index = next_index.",
  parameters: {
    type: "object",
    properties: {
      query: { type: "string", description: "Words to find; the whole phrase ranks highest." },
      message_range: {
        type: "object",
        description: "Only messages with these numbers; the first message is 1.",
        properties: { from: { type: "integer", minimum: 1 }, to: { type: "integer", minimum: 1 } },
        additionalProperties: false,
      },
      start_index: {
        type: "integer",
        minimum: 0,
        description: "First character, when message_range names one message. Default: 0.",
      },
      time_range: {
        type: "object",
        description: "Only messages from these times, in ISO 8601; a day without a time counts whole.",
        properties: { from: { type: "string" }, to: { type: "string" } },
        additionalProperties: false,
      },
      message_types: { type: "array", items: { type: "string", enum: TYPES }, description: "Only these kinds." },
      limit: { type: "integer", minimum: 1, maximum: MAX_LIMIT, description: `Default: ${DEFAULT_LIMIT}.` },
      context_lines: {
        type: "integer",
        minimum: 0,
        maximum: MAX_LINES,
        description: `Lines before and after the match. Default: ${DEFAULT_LINES}.`,
      },
    },
    additionalProperties: false,
  },
  category: "context",
  effect: "pure",
  deferrable: "never",
  hints: { readonly: true, persistOutput: false },
  permissions: {},
  execute: (args, { turn }) => {
    if (turn === undefined) throw new ToolError("the conversation can only be searched during a turn");
    return search(turn.messages, args);
  },
  narrate: () => "Searching the conversation",
});

interface Found {
  readonly index: number;
  readonly text: string;
  readonly score: number;
}

function search(messages: readonly Message[], args: JsonObject): JsonObject {
  const query = ownMember(args, "query");
  const terms = termsOf(typeof query === "string" ? query : "");
  const numbers = rangeOf(args, "message_range", (value) => typeof value === "number" ? value : undefined);
  const times = rangeOf(args, "time_range", instant);
  const types = ownMember(args, "message_types");
  const own = new Set<string>();
  const found: Found[] = [];
  messages.forEach((message, index) => {
    const text = textFor(message, own);
    if (text === undefined || index + 1 < numbers.from || index + 1 > numbers.to) return;
    if (message.createdAt < times.from || message.createdAt > times.to) return;
    if (Array.isArray(types) && types.length > 0 && !types.includes(message.role)) return;
    const score = scoreOf(text, message.role, (index + 1) / messages.length, terms);
    if (score !== undefined) found.push({ index, text, score });
  });
  // Without words to find it is a list: in order of time.
  found.sort((a, b) => terms.phrase === "" ? b.index - a.index : b.score - a.score || b.index - a.index);
  const lines = numberOr(ownMember(args, "context_lines"), DEFAULT_LINES);
  const isWhole = terms.phrase === "" && numbers.from === numbers.to;
  const start = numberOr(ownMember(args, "start_index"), 0);
  const results: JsonObject[] = [];
  let room = MAX_ANSWER;
  for (const { index, text } of found.slice(0, numberOr(ownMember(args, "limit"), DEFAULT_LIMIT))) {
    const message = messages[index]!;
    const excerpt = isWhole ? partOf(text, start) : excerptOf(text, terms, lines);
    room -= measureJsonText(excerpt, MAX_ANSWER).bytes;
    if (room < 0) break;
    const next = start + excerpt.length;
    const time = new Date(message.createdAt);
    results.push({
      number: index + 1,
      type: message.role,
      ...(Number.isNaN(time.getTime()) ? {} : { time: time.toISOString() }),
      excerpt,
      ...(isWhole && next < text.length ? { next_index: next, total_length: text.length } : {}),
    });
  }
  const omitted = found.length - results.length;
  return {
    results,
    total_matches: found.length,
    total_messages: messages.length,
    ...(omitted > 0 ? { omitted_matches: omitted } : {}),
  };
}

/** As much of a message as fits, from a character on. */
function partOf(text: string, start: number): string {
  const rest = text.slice(start);
  return rest.slice(0, measureJsonText(rest, MAX_ANSWER).units);
}

/** What the model was given of a message; undefined for what it never saw, and for searches, whose ids are noted. */
function textFor(message: Message, own: Set<string>): string | undefined {
  if (metadataOf(message, "errorCode") !== undefined) return undefined;
  const texts: string[] = [];
  for (const part of message.modelContent ?? message.content) {
    if (part.type === "text") texts.push(part.text);
    else if (part.type === "tool_call") {
      if (part.name === NAME) own.add(part.id);
      else texts.push(`${part.name} ${asText(part.arguments)}`);
    } else if (part.type === "tool_result" && !own.has(part.toolCallId)) {
      texts.push(part.error ?? asText(part.result ?? null));
    }
  }
  return texts.length === 0 ? undefined : texts.join("\n");
}

function asText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function rangeOf(
  args: JsonObject,
  name: string,
  read: (value: JsonValue, where: string) => number | undefined,
): { readonly from: number; readonly to: number } {
  const range = ownMember(args, name);
  if (typeof range !== "object" || range === null || Array.isArray(range)) return { from: -Infinity, to: Infinity };
  const end = (member: string): number | undefined => {
    const value = ownMember(range as JsonObject, member);
    return value === undefined ? undefined : read(value, `${name}.${member}`);
  };
  return { from: end("from") ?? -Infinity, to: end("to") ?? Infinity };
}

function instant(value: JsonValue, where: string): number {
  const at = typeof value === "string" ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) {
    throw new ToolError(`${where} is ${JSON.stringify(value)}, not a time such as 2026-01-31T12:00:00Z`);
  }
  return where.endsWith(".to") && /^\d{4}-\d\d-\d\d$/.test(String(value)) ? at + LAST_OF_DAY : at;
}

function numberOr(value: JsonValue | undefined, byDefault: number): number {
  return typeof value === "number" ? value : byDefault;
}
