/**
 * Replies of the Responses API in which it searched tools or compacted, as its documentation describes them.
 *
 * @module
 */

import type { RecordedStream } from "../../../net/fault_table.ts";
import { responsesEvent } from "./recordings.ts";

const USAGE = { input_tokens: 100, output_tokens: 20, total_tokens: 120 };

/** The reasoning that led to the search. */
export const REASONING: object = {
  type: "reasoning",
  id: "rs_1",
  summary: [],
  encrypted_content: "gAAAA==",
};

/** The search of {@linkcode SEARCH}, as it has to be sent back. */
export const SEARCH_CALL: object = {
  type: "tool_search_call",
  id: "tsc_1",
  execution: "server",
  call_id: null,
  status: "completed",
  arguments: { paths: ["weather"] },
};

/** What it found, as it has to be sent back. */
export const SEARCH_OUTPUT: object = {
  type: "tool_search_output",
  id: "tso_1",
  execution: "server",
  call_id: null,
  status: "completed",
  tools: [{
    type: "function",
    name: "weather",
    description: "weather",
    defer_loading: true,
    parameters: { type: "object", properties: {} },
    strict: false,
  }],
};

const CALL = {
  type: "function_call",
  id: "fc_1",
  call_id: "call_a",
  name: "weather",
  namespace: "weather",
  arguments: '{"city":"Bern"}',
  status: "completed",
};

/** A compaction, as it has to be sent back. */
export const COMPACTION: object = { id: "cmp_1", type: "compaction", encrypted_content: "b3BhcXVl" };

const MESSAGE = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text: "Go on.", annotations: [] }],
};

const kept = { type: "reasoning", provider: "openai" } as const;

function done(index: number, item: object): string {
  return responsesEvent("response.output_item.done", { output_index: index, item });
}

/** Reasoning, a search, and a call of what it found. */
export const SEARCH: RecordedStream = {
  name: "responses search",
  pieces: [
    responsesEvent("response.created", { response: { id: "resp_1" } }),
    done(0, REASONING),
    responsesEvent("response.output_item.added", { output_index: 1, item: { ...SEARCH_CALL, status: "in_progress" } }),
    done(1, { ...SEARCH_CALL, created_by: "model" }),
    done(2, { ...SEARCH_OUTPUT, created_by: "server" }),
    done(3, CALL),
    responsesEvent("response.completed", {
      response: {
        id: "resp_1",
        status: "completed",
        output: [REASONING, SEARCH_CALL, SEARCH_OUTPUT, CALL],
        usage: USAGE,
      },
    }),
  ],
  terminal: 6,
  events: [
    { type: "reasoning_item", item: { ...kept, itemId: "rs_1", encryptedContent: "gAAAA==" } },
    {
      type: "reasoning_item",
      item: { ...kept, itemId: "tsc_1", encryptedContent: JSON.stringify(SEARCH_CALL), purpose: "tool_search" },
    },
    {
      type: "reasoning_item",
      item: { ...kept, itemId: "tso_1", encryptedContent: JSON.stringify(SEARCH_OUTPUT), purpose: "tool_search" },
    },
    {
      type: "reasoning_item",
      item: {
        ...kept,
        purpose: "tool_search",
        encryptedContent: JSON.stringify({ type: "function_call", index: 0, namespace: "weather" }),
      },
    },
    { type: "tool_call", providerCallId: "call_a", name: "weather", arguments: '{"city":"Bern"}' },
    {
      type: "done",
      finishReason: "tool_calls",
      usage: { inputTokens: 100, outputTokens: 20, estimatedCostUsd: (100 * 5 + 20 * 30) / 1_000_000 },
      responseId: "resp_1",
    },
  ],
};

/** A compaction and the answer after it. */
export const COMPACTED: RecordedStream = {
  name: "responses compaction",
  pieces: [
    responsesEvent("response.created", { response: { id: "resp_2" } }),
    responsesEvent("response.compaction.compacting", { item_id: "cmp_1", output_index: 0 }),
    done(0, COMPACTION),
    responsesEvent("response.output_text.delta", { output_index: 1, delta: "Go on." }),
    done(1, MESSAGE),
    responsesEvent("response.completed", {
      response: { id: "resp_2", status: "completed", output: [COMPACTION, MESSAGE], usage: USAGE },
    }),
  ],
  terminal: 5,
  events: [
    {
      type: "reasoning_item",
      item: {
        ...kept,
        itemId: "cmp_1",
        encryptedContent: JSON.stringify(COMPACTION),
        purpose: "compaction",
        model: "gpt-5.5",
      },
    },
    { type: "text", delta: "Go on." },
    {
      type: "done",
      finishReason: "stop",
      usage: { inputTokens: 100, outputTokens: 20, estimatedCostUsd: (100 * 5 + 20 * 30) / 1_000_000 },
      responseId: "resp_2",
    },
  ],
};
