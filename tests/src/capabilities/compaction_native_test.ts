/** Compaction where the provider can do it itself: when it is asked, and what is still sent afterwards. */

import assert from "node:assert/strict";
import type { ContentPart, ReasoningPart } from "../../../src/records/content.ts";
import type { Message } from "../../../src/records/message.ts";
import { CompactedSession } from "./_compaction.ts";
import { assertWhole, Conversation, wordsOf } from "./_conversation.ts";

/** 100 tokens with its frame. */
const LINE = "x".repeat(384);
const NATIVE = { native: true };

function item(model: string): ReasoningPart {
  return { type: "reasoning", provider: "p", purpose: "compaction", model, encryptedContent: "opaque" };
}

/** A talk of turns of 200 tokens; the answer of the third came with a compaction. */
function compacted(turns: number, model = "m", conversation: Conversation = new Conversation()): Message[] {
  for (let at = 0; at < turns; at++) {
    const content: ContentPart[] = [item(model), { type: "text", text: `a${at} ${LINE}` }];
    conversation.say("user", `q${at} ${LINE}`).say("agent", `a${at} ${LINE}`, at === 2 ? { content } : {});
  }
  return conversation.messages;
}

function talk(turns: number): readonly Message[] {
  const conversation = new Conversation();
  for (let at = 0; at < turns; at++) conversation.say("user", `q${at} ${LINE}`).say("agent", `a${at} ${LINE}`);
  return conversation.messages;
}

/** A task, then rounds of a call, each of a bit more than 100 tokens. */
function rounds(count: number, output = LINE): readonly Message[] {
  const conversation = new Conversation().say("user", "the task");
  for (let at = 0; at < count; at++) conversation.call({ name: "look", result: `${at} ${output}` });
  return conversation.messages;
}

function strategiesOf(session: CompactedSession): unknown[] {
  return session.recorded.flatMap(({ type, data }) => type === "context.compacted" ? [data["strategyUsed"]] : []);
}

Deno.test("the provider is asked at the share of the window, and until then all is sent as it is", async () => {
  for (const strategy of ["auto", "native"]) {
    const session = new CompactedSession({ strategy, budget_percent: 0.5 });
    const messages = rounds(8);
    assert.deepEqual(await session.view(messages, NATIVE), messages);
    assert.deepEqual([session.askedAt, session.recorded], [[500], []]);
  }
});

Deno.test("a model that does not compact gets the runtime's own steps, also with `native`", async () => {
  const session = new CompactedSession({ strategy: "native" });
  const view = await session.view(rounds(12));
  assert.match(wordsOf(view).join(), /Output of look hidden/);
  assert.deepEqual([session.askedAt, strategiesOf(session)], [[undefined], ["observation_masking"]]);
});

Deno.test("the other strategies never ask the provider, nor leave out what it compacted", async () => {
  for (const strategy of ["observation_masking", "summarization"]) {
    const session = new CompactedSession({ strategy });
    const messages = compacted(4);
    assert.deepEqual(await session.view(messages, NATIVE), messages);
    assert.deepEqual(session.askedAt, [undefined]);
  }
});

Deno.test("what would not fit the window at all is made smaller before it is sent", async () => {
  const session = new CompactedSession({ budget_percent: 0.5 });
  const view = await session.view(rounds(12), NATIVE);
  assert.match(wordsOf(view).join(), /Output of look hidden/);
  assert.deepEqual([session.askedAt, session.asked.length], [[500], 0]);
});

Deno.test("from a compaction on it stands for all before it, and another model's is none", async () => {
  const messages = compacted(5);
  assert.deepEqual(await new CompactedSession().view(messages, { ...NATIVE, window: 100_000 }), messages.slice(5));
  const others = compacted(5, "other");
  assert.deepEqual(await new CompactedSession().view(others, { ...NATIVE, window: 100_000 }), others);
});

Deno.test("the newest of two compactions counts", async () => {
  const messages = [...compacted(3), ...compacted(4).map((message) => ({ ...message, sequence: 100 }))];
  const view = await new CompactedSession().view(messages, { ...NATIVE, window: 100_000 });
  assert.deepEqual(view, messages.slice(11));
});

Deno.test("a call in the answer with the compaction keeps its result", async () => {
  const messages =
    new Conversation().say("user", "q").call({ name: "look", result: "seen" }).say("user", "on").messages;
  const [call] = messages.slice(1);
  assert.ok(call);
  messages[1] = { ...call, content: [item("m"), ...call.content] };
  const view = await new CompactedSession().view(messages, NATIVE);
  assertWhole(view);
  assert.deepEqual(wordsOf(view), [",call look", '"seen"', "on"]);
});

Deno.test("skills activated before the compaction follow it, without their reasoning", async () => {
  const conversation = new Conversation().say("user", "q").call({ name: "activate_skill", result: "the skill" });
  const messages = compacted(4, "m", conversation);
  const [, activation] = messages;
  assert.ok(activation);
  messages[1] = { ...activation, thinking: "Hm", content: [item("other"), ...activation.content] };
  const view = await new CompactedSession().view(messages, { ...NATIVE, window: 100_000 });
  assertWhole(view);
  assert.deepEqual(wordsOf(view).map((words) => words.slice(0, 19)), [
    `,a2 ${LINE}`.slice(0, 19),
    "call activate_skill",
    '"the skill"',
    `q3 ${LINE}`.slice(0, 19),
    `a3 ${LINE}`.slice(0, 19),
  ]);
  assert.equal(view[1]?.thinking, undefined);
});

Deno.test("a compaction that came with an answer is told once", async () => {
  const session = new CompactedSession();
  const messages = compacted(5);
  await session.view(messages.slice(0, 5), NATIVE);
  await session.view(messages.slice(0, 7), NATIVE);
  await session.view(messages, NATIVE);
  assert.deepEqual(strategiesOf(session), ["native"]);
  const { data } = session.recorded.find(({ type }) => type === "context.compacted")!;
  assert.deepEqual([data["messagesBefore"], data["messagesAfter"]], [7, 2]);
});

Deno.test("with `proactive` off the provider is asked after a refusal, and for as long as its compaction goes back", async () => {
  const session = new CompactedSession({ proactive: false, budget_percent: 0.5 });
  await session.view(talk(3), NATIVE);
  await session.view(talk(3), { ...NATIVE, reason: "too_large" });
  assert.deepEqual(session.askedAt[0], undefined);
  assert.ok((session.askedAt[1] ?? 0) > 0);
  const other = new CompactedSession({ proactive: false, budget_percent: 0.5 });
  await other.view(compacted(4), NATIVE);
  assert.deepEqual(other.askedAt, [1_000]);
});

Deno.test("after a refusal outputs become lines, and the provider compacts the rest", async () => {
  const messages = [...talk(3), ...rounds(5, LINE.repeat(3))];
  const session = new CompactedSession();
  await session.view(messages, { ...NATIVE, window: 10_000 });
  const view = await session.view(messages, { ...NATIVE, window: 10_000, reason: "too_large" });
  assert.match(wordsOf(view).join(), /Output of look hidden/);
  assert.equal(view.length, messages.length);
  assert.deepEqual([session.asked.length, strategiesOf(session)], [0, ["observation_masking+native"]]);
  assert.ok((session.askedAt[1] ?? Infinity) < 1_200);
});

Deno.test("after a refusal of what lines make hardly smaller the model is asked for a summary", async () => {
  const messages = talk(12);
  const session = new CompactedSession();
  await session.view(messages, { ...NATIVE, window: 10_000 });
  await session.view(messages, { ...NATIVE, window: 10_000, reason: "too_large" });
  assert.equal(session.asked.length, 1);
  assert.match(String(strategiesOf(session)), /^summarization/);
});

Deno.test("a preview asks as the request does, and tells nothing", async () => {
  const session = new CompactedSession();
  const messages = compacted(5);
  await session.view(messages.slice(0, 5), NATIVE);
  const preview = await session.view(messages, { ...NATIVE, preview: true });
  assert.deepEqual(session.recorded, []);
  assert.deepEqual(await session.view(messages, NATIVE), preview);
  assert.deepEqual(new Set(session.askedAt), new Set([1_000]));
});
