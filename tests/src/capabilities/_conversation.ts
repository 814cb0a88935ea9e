/** Made-up conversations, and what must hold for every part of them that a model sees. */

import assert from "node:assert/strict";
import { type CallId, idFromSeed } from "../../../src/records/ids.ts";
import type { ContentPart } from "../../../src/records/content.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import type { Message, MessageRole } from "../../../src/records/message.ts";
import type { ModelMessage } from "../../../src/ports/driver.ts";
import type { RunningTurn } from "../../../src/ports/running_turn.ts";

/** Writes a conversation message by message; sequences and times count up. */
export class Conversation {
  /** The messages so far. */
  readonly messages: Message[] = [];

  /** Somebody says something. */
  say(role: MessageRole, text: string, more: Partial<Message> = {}): this {
    return this.#add(role, [{ type: "text", text }], more);
  }

  /** The model calls tools, which all answer. */
  call(...calls: readonly { readonly name: string; readonly result: JsonValue; readonly error?: string }[]): this {
    const ids = calls.map((_, index) => idFromSeed("call", this.messages.length * 100 + index) as CallId);
    this.#add("agent", calls.map(({ name }, index) => ({ type: "tool_call", id: ids[index]!, name, arguments: {} })));
    calls.forEach(({ result, error }, index) => {
      const toolCallId = ids[index]!;
      this.#add("tool_result", [{
        type: "tool_result",
        toolCallId,
        ...(error === undefined ? { result } : { error }),
      }]);
    });
    return this;
  }

  #add(role: MessageRole, content: readonly ContentPart[], more: Partial<Message> = {}): this {
    const place = this.messages.length + 1;
    const message = {
      id: idFromSeed("message", place),
      role,
      content,
      sequence: place,
      createdAt: place * 1000,
      ...more,
    };
    this.messages.push(Object.freeze(message));
    return this;
  }
}

/** The texts of a view, results included. */
export function wordsOf(messages: readonly Message[]): string[] {
  return messages.map(({ content }) =>
    content.map((part) => {
      if (part.type === "text") return part.text;
      if (part.type === "tool_call") return `call ${part.name}`;
      return part.type === "tool_result" ? part.error ?? JSON.stringify(part.result) : "";
    }).join()
  );
}

/** Every call of a view is followed by its results, and every result follows its call. */
export function assertWhole(messages: readonly Message[]): void {
  let open = new Set<string>();
  for (const message of messages) {
    if (message.role !== "tool_result") {
      assert.equal(open.size, 0, "a call without its result");
      open = new Set(message.content.flatMap((part) => part.type === "tool_call" ? [part.id] : []));
      continue;
    }
    for (const part of message.content) {
      if (part.type === "tool_result") assert.ok(open.delete(part.toolCallId), "a result without its call");
    }
  }
  assert.equal(open.size, 0, "a call without its result");
}

/** The same of a request, where a lost result would have been made up. */
export function assertRequestWhole(messages: readonly ModelMessage[]): void {
  const calls: string[] = [];
  for (const message of messages) {
    if (message.role === "assistant") calls.push(...message.toolCalls.map(({ id }) => id));
    else if (message.role === "tool") {
      assert.equal(message.toolCallId, calls.shift());
      assert.ok(!message.content.startsWith("interrupted: no result"), message.content);
    }
  }
  assert.deepEqual(calls, []);
}

/** A running turn that only knows the conversation. */
export function turnOver(messages: readonly Message[]): RunningTurn {
  return {
    turnId: idFromSeed("turn", 1),
    iteration: 1,
    maxIterations: 1,
    usage: { inputTokens: 0, outputTokens: 0 },
    llmCallCount: 0,
    elapsedMs: 0,
    messages,
    storage: undefined,
    sessionUsage: () => Promise.reject(new Error("not foreseen")),
    complete: () => Promise.reject(new Error("not foreseen")),
    record: () => {},
    warn: () => {},
  };
}
