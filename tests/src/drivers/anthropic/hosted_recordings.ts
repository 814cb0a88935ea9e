/**
 * Replies of the Messages API in which it searched tools or compacted, as its documentation streams them.
 *
 * @module
 */

import type { RecordedStream } from "../../../net/fault_table.ts";
import { blockDelta, blockStart, blockStop, messageEnd, messageStart, MODEL } from "./recordings.ts";

/** The search of {@linkcode SEARCH}, as it has to be sent back. */
export const SEARCH_USE = {
  type: "server_tool_use",
  id: "srvtoolu_1",
  name: "tool_search_tool_bm25",
  input: { query: "weather" },
};

/** What it found, as it has to be sent back. */
export const SEARCH_RESULT: object = {
  type: "tool_search_tool_result",
  tool_use_id: "srvtoolu_1",
  content: {
    type: "tool_search_tool_search_result",
    tool_references: [{ type: "tool_reference", tool_name: "weather" }],
  },
};

/** A compaction, as it has to be sent back. */
export const COMPACTION = {
  type: "compaction",
  content: "<summary>They talked.</summary>",
  encrypted_content: "b3BhcXVl",
};

const kept = { type: "reasoning", provider: "anthropic" } as const;

/** Thinking, a search between two texts, and a call of what it found. */
export const SEARCH: RecordedStream = {
  name: "messages search",
  pieces: [
    messageStart(),
    blockStart(0, { type: "thinking", thinking: "", signature: "" }),
    blockDelta(0, { type: "signature_delta", signature: "c2ln" }),
    blockStop(0),
    blockStart(1, { type: "text", text: "" }),
    blockDelta(1, { type: "text_delta", text: "Looking." }),
    blockStop(1),
    blockStart(2, { type: "server_tool_use", id: "srvtoolu_1", name: "tool_search_tool_bm25", input: {} }),
    blockDelta(2, { type: "input_json_delta", partial_json: '{"query":' }),
    blockDelta(2, { type: "input_json_delta", partial_json: '"weather"}' }),
    blockStop(2),
    blockStart(3, SEARCH_RESULT),
    blockStop(3),
    blockStart(4, { type: "text", text: "" }),
    blockDelta(4, { type: "text_delta", text: " Found." }),
    blockStop(4),
    blockStart(5, { type: "tool_use", id: "toolu_a", name: "weather", input: {} }),
    blockDelta(5, { type: "input_json_delta", partial_json: '{"city":"Bern"}' }),
    blockStop(5),
    ...messageEnd("tool_use", { output_tokens: 20, server_tool_use: { tool_search_requests: 1 } }),
  ],
  terminal: 20,
  events: [
    {
      type: "reasoning_item",
      item: { ...kept, itemId: `thinking:0:0:0:${MODEL}`, encryptedContent: "c2ln" },
    },
    { type: "text", delta: "Looking." },
    {
      type: "reasoning_item",
      item: {
        ...kept,
        itemId: "block:8:0:0:",
        encryptedContent: JSON.stringify(SEARCH_USE),
        purpose: "tool_search",
      },
    },
    {
      type: "reasoning_item",
      item: {
        ...kept,
        itemId: "block:8:0:0:",
        encryptedContent: JSON.stringify(SEARCH_RESULT),
        purpose: "tool_search",
      },
    },
    { type: "text", delta: " Found." },
    { type: "tool_call", providerCallId: "toolu_a", name: "weather", arguments: '{"city":"Bern"}' },
    {
      type: "done",
      finishReason: "tool_calls",
      responseId: "msg_1",
      model: MODEL,
      usage: { inputTokens: 100, outputTokens: 20, estimatedCostUsd: (100 * 5 + 20 * 25) / 1_000_000 },
    },
  ],
};

/** A compaction and the answer after it; the counts of the top leave the compaction out. */
export const COMPACTED: RecordedStream = {
  name: "messages compaction",
  pieces: [
    messageStart(),
    blockStart(0, { type: "compaction", content: null, encrypted_content: null }),
    blockDelta(0, {
      type: "compaction_delta",
      content: COMPACTION.content,
      encrypted_content: COMPACTION.encrypted_content,
    }),
    blockStop(0),
    blockStart(1, { type: "text", text: "" }),
    blockDelta(1, { type: "text_delta", text: "Go on." }),
    blockStop(1),
    ...messageEnd("end_turn", {
      output_tokens: 20,
      iterations: [
        { type: "compaction", input_tokens: 180_000, output_tokens: 3_500 },
        { type: "message", input_tokens: 100, output_tokens: 20 },
      ],
    }),
  ],
  terminal: 8,
  events: [
    {
      type: "reasoning_item",
      item: {
        ...kept,
        itemId: "block:0:0:0:",
        encryptedContent: JSON.stringify(COMPACTION),
        purpose: "compaction",
        model: MODEL,
      },
    },
    { type: "text", delta: "Go on." },
    {
      type: "done",
      finishReason: "stop",
      responseId: "msg_1",
      model: MODEL,
      usage: {
        inputTokens: 180_100,
        outputTokens: 3_520,
        estimatedCostUsd: (180_100 * 5 + 3_520 * 25) / 1_000_000,
      },
    },
  ],
};
