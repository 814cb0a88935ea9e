/** What a provider gets of a stored conversation. */

import assert from "node:assert/strict";
import { type CallId, type ContentPart, idFromSeed, type Message, type ModelMessage } from "../../../mod.ts";
import { LOST_RESULT, ModelTranscript, toModelMessages } from "../../../src/turn/history.ts";

let seed = 0;

function message(role: Message["role"], content: readonly ContentPart[], change: Partial<Message> = {}): Message {
  return { id: idFromSeed("message", ++seed), role, content, createdAt: 0, ...change };
}

function text(words: string): ContentPart {
  return { type: "text", text: words };
}

function callId(place: number): CallId {
  return idFromSeed("call", place);
}

function calling(...places: readonly number[]): Message {
  return message("agent", places.map((place) => ({ type: "tool_call", id: callId(place), name: "t", arguments: {} })));
}

function result(place: number, value = `r${place}`): Message {
  return message("tool_result", [{ type: "tool_result", toolCallId: callId(place), result: value }]);
}

function shape(messages: readonly ModelMessage[]): readonly string[] {
  return messages.map((each) => each.role === "tool" ? `tool ${each.toolCallId.slice(-1)} ${each.content}` : each.role);
}

Deno.test("toModelMessages() puts results in the order of their calls", () => {
  const sent = toModelMessages([calling(1, 2, 3), result(3), result(1), result(2)]);
  assert.deepEqual(shape(sent), ["assistant", "tool 1 r1", "tool 2 r2", "tool 3 r3"]);
});

Deno.test("toModelMessages() answers calls without a result before the next message", () => {
  const sent = toModelMessages([calling(1, 2), result(2), message("user", [text("hi")])]);
  assert.deepEqual(shape(sent), ["assistant", `tool 1 ${LOST_RESULT}`, "tool 2 r2", "user"]);
  assert.ok(sent[1]?.role === "tool" && sent[1].isError);
});

Deno.test("toModelMessages() never leaves a call open, also not the last one", () => {
  assert.deepEqual(shape(toModelMessages([calling(1)])), ["assistant", `tool 1 ${LOST_RESULT}`]);
});

Deno.test("toModelMessages() leaves out results nobody asked for and second results", () => {
  const sent = toModelMessages([result(9), calling(1), result(1), result(1, "again"), result(9)]);
  assert.deepEqual(shape(sent), ["assistant", "tool 1 r1"]);
});

Deno.test("toModelMessages() leaves out placeholders of failed turns and empty answers", () => {
  const failed = message("agent", [text("Something went wrong.")], { metadata: { errorCode: "processing_error" } });
  assert.deepEqual(toModelMessages([failed, message("agent", []), message("agent", [text("")])]), []);
});

Deno.test("toModelMessages() sends what a hook made of a prompt, and nothing of a refused one", () => {
  const rewritten = message("user", [text("secret")], { modelContent: [text("***")] });
  const refused = message("user", [text("bad")], { modelContent: [] });
  const sent = toModelMessages([
    refused,
    rewritten,
    message("agent", [text("raw")], { modelContent: [text("cooked")] }),
  ]);
  assert.deepEqual(sent.map((each) => each.role === "user" ? each.content : each.content), [[text("***")], "cooked"]);
});

Deno.test("toModelMessages() puts the name of an outside actor before the text", () => {
  const named = { actorId: "u1", actorName: "Ada", source: "slack" };
  const sent = toModelMessages([
    message("user", [text("hi")], { externalActor: named }),
    message("user", [text("ho")], { externalActor: { actorId: "u2", source: "slack" } }),
  ]);
  assert.deepEqual(sent.map((each) => each.content), [[text("[Ada] hi")], [text("[u2] ho")]]);
});

Deno.test("toModelMessages() keeps images of users and of results", () => {
  const image: ContentPart = { type: "image", url: "https://example.com/a.png" };
  const answer = message("tool_result", [{ type: "tool_result", toolCallId: callId(1), result: "seen" }, image]);
  const sent = toModelMessages([message("user", [text("look"), image]), calling(1), answer]);
  assert.deepEqual(sent[0]?.content, [text("look"), image]);
  assert.deepEqual(sent[2]?.role === "tool" && sent[2].images, [image]);
});

Deno.test("toModelMessages() replays reasoning, thinking and its proof", () => {
  const item: ContentPart = { type: "reasoning", provider: "p", itemId: "i", encryptedContent: "x" };
  const change = { thinking: "hm", thinkingSignature: "sig", phase: "final_answer" } as const;
  assert.deepEqual(toModelMessages([message("agent", [item, text("ok")], change)]), [{
    role: "assistant",
    content: "ok",
    toolCalls: [],
    reasoning: [item],
    ...change,
  }]);
});

Deno.test("toModelMessages() marks errors and writes results other than text as JSON", () => {
  const failed = message("tool_result", [{ type: "tool_result", toolCallId: callId(2), error: "broken" }]);
  const value = message("tool_result", [{ type: "tool_result", toolCallId: callId(1), result: { a: 1 } }]);
  const [, one, two] = toModelMessages([calling(1, 2), value, failed]);
  assert.ok(one?.role === "tool" && two?.role === "tool");
  assert.deepEqual([one.content, one.isError], ['{"a":1}', false]);
  assert.deepEqual([two.content, two.isError], ["broken", true]);
});

Deno.test("a transcript that grows message by message equals one made at once", () => {
  const conversation = [
    message("system", [text("be kind")]),
    message("user", [text("hi")]),
    calling(1, 2),
    result(2),
    result(1),
    message("agent", [text("done")]),
  ];
  const transcript = new ModelTranscript();
  for (const each of conversation) {
    transcript.append(each);
    const soFar = conversation.slice(0, conversation.indexOf(each) + 1);
    assert.deepEqual(transcript.messages, toModelMessages(soFar));
  }
});

Deno.test("what a running stream was given does not change when messages are appended", () => {
  const transcript = new ModelTranscript();
  transcript.append(message("user", [text("hi")]));
  transcript.append(calling(1));
  const given = transcript.messages;
  const before = structuredClone(given);
  transcript.append(result(1));
  assert.deepEqual(given.slice(0, before.length), before);
});
