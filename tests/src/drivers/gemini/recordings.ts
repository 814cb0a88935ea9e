/**
 * Replies as Gemini's API streams them, with the events its driver must make of them.
 *
 * @module
 */

import type { RecordedStream } from "../../../net/fault_table.ts";

/** One chunk, with the line ends of the API. */
export function chunk(fields: object): string {
  return `data: ${JSON.stringify({ ...fields, modelVersion: "gemini-x", responseId: "resp-1" })}\r\n\r\n`;
}

/** A chunk with parts of the only candidate. */
export function parts(list: readonly object[], more: object = {}, rest: object = {}): string {
  return chunk({ candidates: [{ content: { role: "model", parts: list }, index: 0, ...more }], ...rest });
}

const USAGE = {
  promptTokenCount: 100,
  cachedContentTokenCount: 64,
  candidatesTokenCount: 12,
  thoughtsTokenCount: 8,
  totalTokenCount: 120,
  promptTokensDetails: [{ modality: "TEXT", tokenCount: 100 }],
};

/** Thinking and text, whose signature comes with an empty part at the end. */
export const GEMINI_TEXT: RecordedStream = {
  name: "gemini text",
  pieces: [
    parts([{ text: "Greet.", thought: true }], {}, { usageMetadata: { promptTokenCount: 100 } }),
    parts([{ text: "Grüße, " }]),
    ": keep-alive\r\n\r\n",
    parts([{ text: "世界 👋" }]),
    parts([{ text: "", thoughtSignature: "c2lnLXQ=" }], { finishReason: "STOP" }, { usageMetadata: USAGE }),
  ],
  terminal: 4,
  events: [
    { type: "thinking", delta: "Greet." },
    { type: "text", delta: "Grüße, " },
    { type: "text", delta: "世界 👋" },
    {
      type: "reasoning_item",
      item: { type: "reasoning", provider: "gemini", itemId: "text", encryptedContent: "c2lnLXQ=" },
    },
    {
      type: "done",
      finishReason: "stop",
      usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 64 },
      responseId: "resp-1",
      model: "gemini-x",
    },
  ],
};

/** Parallel calls; the first one is signed. */
export const GEMINI_CALLS: RecordedStream = {
  name: "gemini calls",
  pieces: [
    parts([{ text: "Look.", thought: true }]),
    parts([{ functionCall: { id: "fc-1", name: "weather", args: { city: "Zürich" } }, thoughtSignature: "c2lnLTA=" }]),
    parts([{ functionCall: { name: "clock" } }]),
    parts([{ text: "" }], { finishReason: "STOP" }),
  ],
  terminal: 3,
  events: [
    { type: "thinking", delta: "Look." },
    {
      type: "reasoning_item",
      item: { type: "reasoning", provider: "gemini", itemId: "call#0", encryptedContent: "c2lnLTA=" },
    },
    { type: "tool_call", providerCallId: "fc-1", name: "weather", arguments: '{"city":"Zürich"}' },
    { type: "tool_call", name: "clock", arguments: "{}" },
    { type: "done", finishReason: "tool_calls", responseId: "resp-1", model: "gemini-x" },
  ],
};
