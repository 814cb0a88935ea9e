/** Decides what a simulated model answers to one request. */

import { ProviderError } from "../../errors.ts";
import type { ModelMessage, ModelRequest } from "../../ports/driver.ts";
import { textOf } from "../../records/content.ts";
import { type CheckedToolCall, errorReply, type Reply, textReply } from "./check.ts";
import type { LlmSimSettings, ResponseMode } from "./settings.ts";

/** The reply to the model call of this number, counted from 0. */
export function replyTo(settings: LlmSimSettings, call: number, request: ModelRequest): Reply {
  const reply = baseReply(settings, settings.response, call, request);
  if (reply.ending.type !== "done") return reply;
  const added = addedToolCalls(settings, call, request);
  return added.length === 0 ? reply : { ...reply, toolCalls: [...reply.toolCalls, ...added] };
}

function baseReply(settings: LlmSimSettings, response: ResponseMode, call: number, request: ModelRequest): Reply {
  switch (response.type) {
    case "constant":
      return textReply(response.text);
    case "echo":
      return textReply(`Echo: ${lastUser(request.messages).text}`);
    case "sequence":
      return textReply(response.texts[call % response.texts.length] ?? "");
    case "failure":
      return errorReply(response.error);
    case "scripted": {
      const { turns } = response;
      return turns[scriptIndex(settings, call, turns.length)] ?? errorReply(() => exhausted(turns.length));
    }
  }
}

/** The turn of a script for one call; outside the script when it is exhausted and that is an error. */
function scriptIndex(settings: LlmSimSettings, call: number, length: number): number {
  switch (settings.onExhausted) {
    case "repeat_last":
      return Math.min(call, length - 1);
    case "loop":
      return call % length;
    case "error":
      return call;
  }
}

function exhausted(length: number): ProviderError {
  const turns = length === 1 ? "its only turn" : `all ${length} turns`;
  return new ProviderError("processing_error", `The script of the simulated model is exhausted: ${turns} were played`);
}

function addedToolCalls({ toolMode }: LlmSimSettings, call: number, request: ModelRequest): readonly CheckedToolCall[] {
  switch (toolMode.type) {
    case "none":
      return [];
    case "fixed":
      return toolMode.toolCalls;
    case "sequence":
      return toolMode.lists[call % toolMode.lists.length] ?? [];
    case "conditional": {
      const { text, hasResult } = lastUser(request.messages);
      // A rule that matched again after its own results would call until the iteration limit.
      if (hasResult) return [];
      return toolMode.rules.find((rule) => text.includes(rule.contains))?.toolCalls ?? [];
    }
  }
}

/** The text of the last user message, and whether a tool result follows it. */
function lastUser(messages: readonly ModelMessage[]): { readonly text: string; readonly hasResult: boolean } {
  let hasResult = false;
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message?.role === "tool") hasResult = true;
    if (message?.role === "user") return { text: textOf(message.content), hasResult };
  }
  return { text: "", hasResult };
}
