import assert from "node:assert/strict";
import { ProviderError } from "../../../../src/errors.ts";
import type { ModelEvent } from "../../../../src/ports/driver.ts";
import { GeminiReply } from "../../../../src/drivers/gemini/reply.ts";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";
import { Failures } from "../../../../src/kit/provider/failures.ts";
import { Redactor } from "../../../../src/kit/redactor.ts";

const failures = new Failures(new Endpoint(undefined, "https://a.test"), new Redactor([]));

const REASONS: readonly [given: string, mapped: string][] = [
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  ["SAFETY", "content_filter"],
  ["RECITATION", "content_filter"],
  ["PROHIBITED_CONTENT", "content_filter"],
];

for (const [given, mapped] of REASONS) {
  Deno.test(`a reply without calls that ends with ${given} finishes as "${mapped}"`, () => {
    assert.deepEqual(read(candidate([], { finishReason: given })), [{ type: "done", finishReason: mapped }]);
  });
}

for (const reason of ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"]) {
  Deno.test(`a reply that breaks off with ${reason} fails and may be tried again`, () => {
    assert.throws(
      () => read(candidate([], { finishReason: reason, finishMessage: "call:default_api" })),
      (error) =>
        error instanceof ProviderError && error.code === "provider_unavailable" && error.retryable &&
        error.message.includes(`${reason}: call:default_api`),
    );
  });
}

for (const reason of ["OTHER", "MISSING_THOUGHT_SIGNATURE", "SOME_NEW_REASON"]) {
  Deno.test(`a reply that ends with ${reason} is one when it says something, else it fails`, () => {
    const [text, done] = read(candidate([{ text: "Half" }], { finishReason: reason }));
    assert.deepEqual([text, done], [{ type: "text", delta: "Half" }, {
      type: "done",
      finishReason: reason.toLowerCase(),
    }]);
    assert.throws(
      () => read(candidate([{ text: "Hm.", thought: true }], { finishReason: reason })),
      (error) => error instanceof ProviderError && error.code === "provider_unavailable" && error.retryable,
    );
  });
}

Deno.test("a refused prompt finishes as `content_filter`", () => {
  const events = read({ promptFeedback: { blockReason: "SAFETY" }, usageMetadata: { promptTokenCount: 7 } });
  assert.deepEqual(events, [
    { type: "done", finishReason: "content_filter", usage: { inputTokens: 7, outputTokens: 0 } },
  ]);
});

Deno.test("a reply without a reason to stop is not complete", () => {
  const reply = new GeminiReply(failures, undefined);
  assert.deepEqual(reply.read(candidate([{ text: "Hi" }], { finishReason: "FINISH_REASON_UNSPECIFIED" })), [
    { type: "text", delta: "Hi" },
  ]);
  assert.deepEqual(reply.end(), []);
});

Deno.test("every signed call keeps the place of its signature", () => {
  const call = (name: string, thoughtSignature?: string) => ({ functionCall: { name }, thoughtSignature });
  const events = read(
    candidate([call("a"), call("b", "sig-1")]),
    candidate([call("c", "sig-2")], { finishReason: "STOP" }),
  );
  const places = events.flatMap((event) => event.type === "reasoning_item" ? [event.item.itemId] : []);
  assert.deepEqual(places, ["call#1", "call#2"]);
});

Deno.test("an image the model made is an image of the reply, its drafts are not", () => {
  const inlineData = { mimeType: "image/png", data: "AAAA" };
  const events = read(candidate([
    { text: "Draft.", thought: true },
    { inlineData, thought: true },
    { inlineData },
    { inlineData: { mimeType: "image/jpeg", data: "BBBB" }, thoughtSignature: "sig" },
    { inlineData: { mimeType: "audio/wav", data: "CCCC" } },
  ]));
  assert.deepEqual(events, [
    { type: "thinking", delta: "Draft." },
    { type: "image", image: { type: "image", base64: "AAAA", mediaType: "image/png" } },
    {
      type: "reasoning_item",
      item: { type: "reasoning", provider: "gemini", itemId: "image#1", encryptedContent: "sig" },
    },
    { type: "image", image: { type: "image", base64: "BBBB", mediaType: "image/jpeg" } },
  ]);
});

Deno.test("chunks of any shape are signs of life", () => {
  const odd = [null, 7, "text", [], {}, { candidates: "x" }, { candidates: [null] }, { candidates: [{ content: 1 }] }, {
    candidates: [{ content: { parts: [null, 1, {}, { functionResponse: {} }, { inlineData: 1 }, { text: 1 }] } }],
  }];
  for (const chunk of odd) assert.deepEqual(new GeminiReply(failures, undefined).read(chunk), [{ type: "activity" }]);
});

Deno.test("arguments of any shape are the text of an object", () => {
  const args = [undefined, null, 7, "x", [1], { a: 1 }];
  const events = args.map((value) => read(candidate([{ functionCall: { name: "f", args: value } }])).at(0));
  assert.deepEqual(
    events.map((event) => event?.type === "tool_call" ? event.arguments : event),
    ["{}", "{}", "{}", "{}", "{}", '{"a":1}'],
  );
});

function candidate(parts: readonly object[], members: object = {}): object {
  return { candidates: [{ content: { role: "model", parts }, ...members }] };
}

function read(...chunks: readonly object[]): ModelEvent[] {
  const reply = new GeminiReply(failures, undefined);
  return chunks.flatMap((chunk) => reply.read(chunk)).filter(({ type }) => type !== "activity");
}
