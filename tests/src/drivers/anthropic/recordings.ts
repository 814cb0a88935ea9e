/**
 * Replies as the Messages API streams them, with the events the driver must make of them.
 *
 * @module
 */

import type { RecordedStream } from "../../../net/fault_table.ts";

/** The model every request of the tests asks for. */
export const MODEL = "claude-opus-4-6";

/** One event of the Messages API. */
export function messagesEvent(type: string, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

/** The beginning of a block. */
export function blockStart(index: number, block: object): string {
  return messagesEvent("content_block_start", { index, content_block: block });
}

/** A piece of a block. */
export function blockDelta(index: number, delta: object): string {
  return messagesEvent("content_block_delta", { index, delta });
}

/** The end of a block. */
export function blockStop(index: number): string {
  return messagesEvent("content_block_stop", { index });
}

/** The beginning of a reply. */
export function messageStart(usage: object = {}): string {
  return messagesEvent("message_start", {
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-opus-4-6",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 100, output_tokens: 1, ...usage },
    },
  });
}

/** The end of a reply. */
export function messageEnd(stopReason: string, usage: object = { output_tokens: 20 }): readonly string[] {
  return [
    messagesEvent("message_delta", { delta: { stop_reason: stopReason, stop_sequence: null }, usage }),
    messagesEvent("message_stop"),
  ];
}

const CACHED = { cache_read_input_tokens: 1000, cache_creation_input_tokens: 200 };

/** Text. */
export const TEXT: RecordedStream = {
  name: "messages text",
  pieces: [
    messageStart(CACHED),
    blockStart(0, { type: "text", text: "" }),
    messagesEvent("ping"),
    blockDelta(0, { type: "text_delta", text: "Grüße, " }),
    blockDelta(0, { type: "text_delta", text: "世界 👋" }),
    blockStop(0),
    ...messageEnd("end_turn"),
  ],
  terminal: 7,
  events: [
    { type: "text", delta: "Grüße, " },
    { type: "text", delta: "世界 👋" },
    {
      type: "done",
      finishReason: "stop",
      responseId: "msg_1",
      model: "claude-opus-4-6",
      usage: {
        inputTokens: 1300,
        outputTokens: 20,
        cacheReadTokens: 1000,
        cacheCreationTokens: 200,
        estimatedCostUsd: (100 * 5 + 1000 * 0.5 + 200 * 6.25 + 20 * 25) / 1_000_000,
      },
    },
  ],
};

/** Thinking of every kind around text and two calls. */
export const CALLS: RecordedStream = {
  name: "messages calls",
  pieces: [
    messageStart(),
    blockStart(0, { type: "thinking", thinking: "", signature: "" }),
    blockDelta(0, { type: "thinking_delta", thinking: "First, " }),
    blockDelta(0, { type: "thinking_delta", thinking: "the weather." }),
    blockDelta(0, { type: "signature_delta", signature: "c2ln" }),
    blockStop(0),
    blockStart(1, { type: "redacted_thinking", data: "c2VjcmV0" }),
    blockStop(1),
    blockStart(2, { type: "text", text: "" }),
    blockDelta(2, { type: "text_delta", text: "Looking." }),
    blockStop(2),
    blockStart(3, { type: "tool_use", id: "toolu_a", name: "weather", input: {} }),
    blockDelta(3, { type: "input_json_delta", partial_json: "" }),
    blockDelta(3, { type: "input_json_delta", partial_json: '{"city": "Zü' }),
    blockDelta(3, { type: "input_json_delta", partial_json: 'rich"}' }),
    blockStop(3),
    blockStart(4, { type: "thinking", thinking: "", signature: "" }),
    blockDelta(4, { type: "signature_delta", signature: "bW9yZQ==" }),
    blockStop(4),
    blockStart(5, { type: "tool_use", id: "toolu_b", name: "clock", input: {} }),
    blockStop(5),
    ...messageEnd("tool_use"),
  ],
  terminal: 22,
  events: [
    { type: "thinking", delta: "First, " },
    { type: "thinking", delta: "the weather." },
    { type: "reasoning_item", item: item("thinking:0:0:19", "c2ln") },
    { type: "reasoning_item", item: item("redacted_thinking:0:0:0", "c2VjcmV0") },
    { type: "text", delta: "Looking." },
    { type: "reasoning_item", item: item("thinking:8:1:0", "bW9yZQ==") },
    { type: "tool_call", providerCallId: "toolu_a", name: "weather", arguments: '{"city": "Zürich"}' },
    { type: "tool_call", providerCallId: "toolu_b", name: "clock", arguments: "{}" },
    {
      type: "done",
      finishReason: "tool_calls",
      responseId: "msg_1",
      model: "claude-opus-4-6",
      usage: { inputTokens: 100, outputTokens: 20, estimatedCostUsd: (100 * 5 + 20 * 25) / 1_000_000 },
    },
  ],
};

function item(id: string, encryptedContent: string) {
  return { type: "reasoning", provider: "anthropic", itemId: `${id}:${MODEL}`, encryptedContent } as const;
}
