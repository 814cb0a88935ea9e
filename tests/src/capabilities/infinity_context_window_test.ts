/** Which part of a conversation infinity_context leaves. */

import assert from "node:assert/strict";
import { readWindowSettings, windowProblem } from "../../../src/capabilities/infinity_context/settings.ts";
import { windowOf } from "../../../src/capabilities/infinity_context/window.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { Message } from "../../../src/records/message.ts";
import { assertWhole, Conversation, wordsOf } from "./_conversation.ts";

/** 36 characters and a frame: 13 tokens. */
const LINE = "x".repeat(34);

function lines(count: number): Conversation {
  const conversation = new Conversation();
  for (let at = 0; at < count; at++) conversation.say(at % 2 === 0 ? "user" : "agent", `${at % 10} ${LINE}`);
  return conversation;
}

function shown({ messages }: Conversation, config: JsonObject, searchable = false): Message[] {
  const view = windowOf(messages, readWindowSettings(config), searchable);
  assertWhole(view);
  return view;
}

Deno.test("a conversation within the budget stays as it is", () => {
  const conversation = lines(20);
  assert.deepEqual(shown(conversation, { context_budget_tokens: 20 * 13 }), conversation.messages);
});

Deno.test("the newest messages within the budget follow a notice with the number of the others", () => {
  const view = shown(lines(20), { context_budget_tokens: 4 * 13, min_recent_messages: 1 }, true);
  assert.equal(view.length, 5);
  assert.match(wordsOf(view)[0]!, /^<context-notice>16 earlier messages are hidden .* query_history/);
  assert.equal(view[0]!.role, "user");
  assert.ok(!wordsOf(shown(lines(20), { context_budget_tokens: 50, min_recent_messages: 1 }))[0]!.includes("query_"));
});

Deno.test("min_recent_messages stay whatever they take", () => {
  assert.equal(shown(lines(20), { context_budget_tokens: 1, min_recent_messages: 6 }).length, 7);
});

Deno.test("max_recent_messages is a cap also within the budget", () => {
  assert.equal(shown(lines(20), { max_recent_messages: 3 }).length, 4);
});

Deno.test("keep_first_messages anchors the start, and the notice stands at the gap", () => {
  const view = shown(lines(20), { context_budget_tokens: 5 * 13, min_recent_messages: 1, keep_first_messages: 2 });
  assert.match(wordsOf(view).map((text) => text.slice(0, 20)).join("|"), /^0 x+\|1 x+\|<context-notice>15 .*\|7 x+/);
});

Deno.test("a call is never parted from its results, neither at the head nor at the tail", () => {
  const conversation = new Conversation().call({ name: "a", result: LINE }, { name: "b", result: LINE });
  for (let round = 0; round < 5; round++) {
    conversation.say("user", LINE).call({ name: "c", result: LINE }, { name: "d", result: LINE }).say("agent", LINE);
  }
  for (let budget = 1; budget < 300; budget += 3) {
    for (const keep_first_messages of [0, 1, 2, 4]) {
      shown(conversation, { context_budget_tokens: budget, min_recent_messages: 1, keep_first_messages });
    }
  }
});

Deno.test("the newest unit stays even when it alone is over the budget and the cap", () => {
  const conversation = new Conversation().say("user", LINE).say("agent", LINE).say("user", "go")
    .call({ name: "a", result: LINE }, { name: "b", result: LINE });
  const view = shown(conversation, { context_budget_tokens: 1, min_recent_messages: 1, max_recent_messages: 1 });
  assert.deepEqual(wordsOf(view).slice(1), ["go", "call a,call b", `"${LINE}"`, `"${LINE}"`]);
});

Deno.test("the newest user message stays when a long turn has left it behind", () => {
  const conversation = lines(4).say("user", "the task");
  for (let round = 0; round < 20; round++) conversation.call({ name: "a", result: LINE });
  const words = wordsOf(shown(conversation, { max_recent_messages: 4, min_recent_messages: 1 }));
  assert.match(words[0]!, />4 earlier messages/);
  assert.equal(words[1], "the task");
  assert.match(words[2]!, />36 earlier messages/);
  assert.equal(words.length, 7);
});

const WRONG: readonly [JsonObject, RegExp][] = [
  [{ context_budget_tokens: 0 }, /context_budget_tokens.*whole number/],
  [{ min_recent_messages: 1.5 }, /min_recent_messages/],
  [{ keep_first_messages: 17 }, /keep_first_messages.*0 to 16/],
  [{ max_recent_messages: "5" }, /max_recent_messages/],
  [{ max_recent_messages: 2, min_recent_messages: 3 }, /less than/],
];
for (const [config, message] of WRONG) {
  Deno.test(`infinity_context says what is wrong with ${JSON.stringify(config)}`, () => {
    assert.match(windowProblem(config) ?? "", message);
  });
}

Deno.test("infinity_context finds nothing wrong with good configurations", () => {
  for (const config of [{}, { max_recent_messages: 2 }, { max_recent_messages: null, keep_first_messages: 16 }]) {
    assert.equal(windowProblem(config), undefined);
  }
});

Deno.test("views of a conversation that grows to 10,000 messages stay bounded and whole, and leave it as it is", () => {
  const conversation = new Conversation();
  while (conversation.messages.length < 10_000) {
    conversation.say("user", LINE).call({ name: "a", result: LINE }, { name: "b", result: LINE }).say("agent", LINE);
  }
  const { messages } = conversation;
  const before = JSON.stringify(messages);
  const settings = readWindowSettings({ context_budget_tokens: 1_300, keep_first_messages: 2 });
  for (let length = 1_000; length <= messages.length; length += 997) {
    // Only where a request is made: not between calls and their results.
    const view = windowOf(messages.slice(0, length - length % 5), settings, true);
    assertWhole(view);
    assert.ok(view.length > 50 && view.length < 130, `${view.length} messages`);
  }
  assert.equal(JSON.stringify(messages), before);
});
