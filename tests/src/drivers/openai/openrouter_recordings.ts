/**
 * Replies as OpenRouter streams them, with the events its driver must make of them.
 *
 * @module
 */

import type { RecordedStream } from "../../../net/fault_table.ts";
import { completionsChunk, completionsDelta, responsesEvent } from "./recordings.ts";

const REASONING = {
  type: "reasoning",
  id: "rs_1",
  summary: [],
  content: [{ type: "reasoning_text", text: "Hm." }],
  signature: "c2ln",
  format: "anthropic-claude-v1",
};
const WEATHER = {
  type: "function_call",
  id: "fc_1",
  call_id: "toolu_1",
  name: "weather",
  arguments: '{"city":"Zürich"}',
  status: "completed",
};

/** Thinking of Claude and a call, with the price, of the Responses API. */
export const OPENROUTER_RESPONSES: RecordedStream = {
  name: "openrouter responses",
  pieces: [
    ": OPENROUTER PROCESSING\n\n",
    responsesEvent("response.created", { response: { id: "gen-1", status: "in_progress" } }),
    responsesEvent("response.reasoning_text.delta", { output_index: 0, delta: "Hm." }),
    responsesEvent("response.output_item.done", { output_index: 0, item: REASONING }),
    responsesEvent("response.output_item.done", { output_index: 1, item: WEATHER }),
    responsesEvent("response.completed", {
      response: {
        id: "gen-1",
        model: "anthropic/claude-sonnet-4.5",
        status: "completed",
        output: [REASONING, WEATHER],
        usage: {
          input_tokens: 100,
          input_tokens_details: { cached_tokens: 64 },
          output_tokens: 20,
          total_tokens: 120,
          cost: 0.00123,
          is_byok: false,
          cost_details: { upstream_inference_cost: null },
        },
      },
    }),
    "data: [DONE]\n\n",
  ],
  terminal: 5,
  events: [
    { type: "thinking", delta: "Hm." },
    {
      type: "reasoning_item",
      item: { type: "reasoning", provider: "openrouter", itemId: "rs_1", encryptedContent: JSON.stringify(REASONING) },
    },
    { type: "tool_call", providerCallId: "toolu_1", name: "weather", arguments: '{"city":"Zürich"}' },
    {
      type: "done",
      finishReason: "tool_calls",
      usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 64, actualCostUsd: 0.00123 },
      responseId: "gen-1",
      model: "anthropic/claude-sonnet-4.5",
    },
  ],
};

const KEPT = [
  { type: "reasoning.text", text: "Hm, weather.", signature: "c2ln", format: "anthropic-claude-v1", index: 0 },
  { type: "reasoning.encrypted", data: "AAAA", id: "call#0", format: "google-gemini-v1", index: 1 },
];

/** Thinking in pieces, a detail that belongs to a call, and the call, of the Chat API. */
export const OPENROUTER_COMPLETIONS: RecordedStream = {
  name: "openrouter completions",
  pieces: [
    ": OPENROUTER PROCESSING\n\n",
    completionsDelta({ role: "assistant", content: "", reasoning: "Hm, ", reasoning_details: [detail("Hm, ")] }),
    completionsDelta({ content: "", reasoning: "weather.", reasoning_details: [detail("weather.")] }),
    completionsDelta({ content: "", reasoning_details: [{ type: "reasoning.text", signature: "c2ln", index: 0 }] }),
    completionsDelta({
      reasoning_details: [{
        type: "reasoning.encrypted",
        data: "AAAA",
        id: "tool_0",
        format: "google-gemini-v1",
        index: 1,
      }],
    }),
    completionsDelta({
      tool_calls: [{ index: 0, id: "tool_0", type: "function", function: { name: "weather", arguments: "{}" } }],
    }),
    completionsDelta({}, "tool_calls"),
    completionsChunk({
      choices: [],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 20,
        prompt_tokens_details: { cached_tokens: 64, cache_write_tokens: 8 },
        cost: 0.0005,
      },
    }),
    "data: [DONE]\n\n",
  ],
  terminal: 8,
  endable: 6,
  events: [
    { type: "thinking", delta: "Hm, " },
    { type: "thinking", delta: "weather." },
    {
      type: "reasoning_item",
      item: { type: "reasoning", provider: "openrouter", encryptedContent: JSON.stringify(KEPT) },
    },
    { type: "tool_call", providerCallId: "tool_0", name: "weather", arguments: "{}" },
    {
      type: "done",
      finishReason: "tool_calls",
      usage: {
        inputTokens: 100,
        outputTokens: 20,
        cacheReadTokens: 64,
        cacheCreationTokens: 8,
        actualCostUsd: 0.0005,
      },
      responseId: "chatcmpl-1",
      model: "m-1",
    },
  ],
};

function detail(text: string): object {
  return { type: "reasoning.text", text, signature: null, format: "anthropic-claude-v1", index: 0 };
}
