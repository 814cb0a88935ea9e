/**
 * Replies as the two APIs stream them, with the events a driver must make of them.
 *
 * @module
 */

import type { RecordedStream } from "../../../net/fault_table.ts";

/** One event of the Responses API. */
export function responsesEvent(type: string, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

/** One chunk of the Chat Completions API. */
export function completionsChunk(fields: object): string {
  return `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "m-1", ...fields })}\n\n`;
}

/** A chunk with one choice. */
export function completionsDelta(delta: object, finishReason: string | null = null): string {
  return completionsChunk({ choices: [{ index: 0, delta, finish_reason: finishReason }] });
}

const RESPONSES_USAGE = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 64, cache_write_tokens: 8 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 120,
};
const COMPLETIONS_USAGE = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 64 },
};

const MESSAGE = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  status: "completed",
  phase: "final_answer",
  content: [{ type: "output_text", text: "Grüße, 世界 👋", annotations: [] }],
};
const REASONING = {
  type: "reasoning",
  id: "rs_1",
  summary: [{ type: "summary_text", text: "First." }, { type: "summary_text", text: "Second." }],
  encrypted_content: "gAAAA==",
};
const WEATHER = { type: "function_call", id: "fc_1", call_id: "call_a", name: "weather", status: "completed" };
const CLOCK = { type: "function_call", id: "fc_2", call_id: "call_b", name: "clock", status: "completed" };

/** Text of the Responses API. */
export const RESPONSES_TEXT: RecordedStream = {
  name: "responses text",
  pieces: [
    responsesEvent("response.created", { response: { id: "resp_1", status: "in_progress" } }),
    responsesEvent("response.in_progress", { response: { id: "resp_1", status: "in_progress" } }),
    responsesEvent("response.output_item.added", { output_index: 0, item: { ...MESSAGE, content: [] } }),
    responsesEvent("response.content_part.added", { output_index: 0, content_index: 0 }),
    responsesEvent("response.output_text.delta", { output_index: 0, delta: "Grüße, " }),
    responsesEvent("response.some_new_event", { anything: true }),
    responsesEvent("response.output_text.delta", { output_index: 0, delta: "世界 👋" }),
    responsesEvent("response.output_text.done", { output_index: 0, text: "Grüße, 世界 👋" }),
    responsesEvent("response.output_item.done", { output_index: 0, item: MESSAGE }),
    responsesEvent("response.completed", {
      response: { id: "resp_1", model: "m-1", status: "completed", output: [MESSAGE], usage: RESPONSES_USAGE },
    }),
  ],
  terminal: 9,
  events: [
    { type: "text", delta: "Grüße, " },
    { type: "text", delta: "世界 👋" },
    {
      type: "done",
      finishReason: "stop",
      usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 64, cacheCreationTokens: 8 },
      responseId: "resp_1",
      model: "m-1",
      phase: "final_answer",
    },
  ],
};

/** Reasoning and two calls of the Responses API. */
export const RESPONSES_CALLS: RecordedStream = {
  name: "responses calls",
  pieces: [
    responsesEvent("response.created", { response: { id: "resp_2" } }),
    responsesEvent("response.output_item.added", {
      output_index: 0,
      item: { type: "reasoning", id: "rs_1", summary: [] },
    }),
    responsesEvent("response.reasoning_summary_part.added", { summary_index: 0 }),
    responsesEvent("response.reasoning_summary_text.delta", { summary_index: 0, delta: "First." }),
    responsesEvent("response.reasoning_summary_part.added", { summary_index: 1 }),
    responsesEvent("response.reasoning_summary_text.delta", { summary_index: 1, delta: "Second." }),
    responsesEvent("response.output_item.done", { output_index: 0, item: REASONING }),
    responsesEvent("response.output_item.added", { output_index: 1, item: { ...WEATHER, arguments: "" } }),
    responsesEvent("response.function_call_arguments.delta", { output_index: 1, delta: '{"city":' }),
    responsesEvent("response.function_call_arguments.delta", { output_index: 1, delta: '"Zürich"}' }),
    responsesEvent("response.output_item.done", {
      output_index: 1,
      item: { ...WEATHER, arguments: '{"city":"Zürich"}' },
    }),
    responsesEvent("response.output_item.done", { output_index: 2, item: { ...CLOCK, arguments: "" } }),
    responsesEvent("response.completed", {
      response: { id: "resp_2", status: "completed", output: [REASONING, WEATHER, CLOCK], usage: null },
    }),
  ],
  terminal: 12,
  events: [
    { type: "thinking", delta: "First." },
    { type: "thinking", delta: "\n\n" },
    { type: "thinking", delta: "Second." },
    {
      type: "reasoning_item",
      item: {
        type: "reasoning",
        provider: "openai",
        itemId: "rs_1",
        encryptedContent: "gAAAA==",
        summary: ["First.", "Second."],
      },
    },
    { type: "tool_call", providerCallId: "call_a", name: "weather", arguments: '{"city":"Zürich"}' },
    { type: "tool_call", providerCallId: "call_b", name: "clock", arguments: "{}" },
    { type: "done", finishReason: "tool_calls", responseId: "resp_2" },
  ],
};

/** Text and thinking of the Chat Completions API. */
export const COMPLETIONS_TEXT: RecordedStream = {
  name: "completions text",
  pieces: [
    completionsDelta({ role: "assistant", content: "" }),
    completionsDelta({ reasoning: "Greet." }),
    completionsDelta({ content: "Grüße, " }),
    ": keep-alive\n\n",
    completionsDelta({ content: "世界 👋" }),
    completionsDelta({}, "stop"),
    completionsChunk({ choices: [], usage: COMPLETIONS_USAGE }),
    "data: [DONE]\n\n",
  ],
  terminal: 7,
  endable: 5,
  events: [
    { type: "thinking", delta: "Greet." },
    { type: "text", delta: "Grüße, " },
    { type: "text", delta: "世界 👋" },
    {
      type: "done",
      finishReason: "stop",
      usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 64 },
      responseId: "chatcmpl-1",
      model: "m-1",
    },
  ],
};

/** Two calls of the Chat Completions API, their pieces interleaved. */
export const COMPLETIONS_CALLS: RecordedStream = {
  name: "completions calls",
  pieces: [
    completionsDelta({ role: "assistant", content: null, tool_calls: [call(0, "call_a", "weather", "")] }),
    completionsDelta({ tool_calls: [piece(0, '{"city":')] }),
    completionsDelta({ tool_calls: [call(1, "call_b", "clock", "")] }),
    completionsDelta({ tool_calls: [piece(0, '"Zürich"}')] }),
    completionsDelta({}, "tool_calls"),
    "data: [DONE]\n\n",
  ],
  terminal: 5,
  endable: 4,
  events: [
    { type: "tool_call", providerCallId: "call_a", name: "weather", arguments: '{"city":"Zürich"}' },
    { type: "tool_call", providerCallId: "call_b", name: "clock", arguments: "{}" },
    { type: "done", finishReason: "tool_calls", responseId: "chatcmpl-1", model: "m-1" },
  ],
};

/** Thinking that has to come back with the call it led to, as DeepSeek and Kimi stream it. */
export const COMPLETIONS_THOUGHT: RecordedStream = {
  name: "completions thinking and a call",
  pieces: [
    completionsDelta({ role: "assistant", content: null, reasoning_content: "" }),
    completionsDelta({ content: null, reasoning_content: "Look " }),
    completionsDelta({ content: null, reasoning_content: "it up." }),
    completionsDelta({ content: null, reasoning_content: null, tool_calls: [call(0, "call_a", "weather", "")] }),
    completionsDelta({ tool_calls: [piece(0, "{}")] }),
    completionsDelta({ content: "", reasoning_content: null }, "tool_calls"),
    completionsChunk({ choices: [], usage: COMPLETIONS_USAGE }),
    "data: [DONE]\n\n",
  ],
  terminal: 7,
  endable: 5,
  events: [
    { type: "thinking", delta: "Look " },
    { type: "thinking", delta: "it up." },
    {
      type: "reasoning_item",
      item: { type: "reasoning", provider: "openai_completions", itemId: "reasoning_content", model: "gpt-5.5" },
    },
    { type: "tool_call", providerCallId: "call_a", name: "weather", arguments: "{}" },
    {
      type: "done",
      finishReason: "tool_calls",
      usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 64 },
      responseId: "chatcmpl-1",
      model: "m-1",
    },
  ],
};

function call(index: number, id: string, name: string, text: string): object {
  return { index, id, type: "function", function: { name, arguments: text } };
}

function piece(index: number, text: string): object {
  return { index, function: { arguments: text } };
}
