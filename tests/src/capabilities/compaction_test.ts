/** What compaction leaves of one conversation, step by step. */

import assert from "node:assert/strict";
import { compactionProblem } from "../../../src/capabilities/compaction/settings.ts";
import { targetTokens } from "../../../src/capabilities/compaction/target.ts";
import type { ContentPart } from "../../../src/records/content.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { CompactedSession, tokensIn } from "./_compaction.ts";
import { assertWhole, Conversation, wordsOf } from "./_conversation.ts";

/** 100 tokens with its frame. */
const LINE = "x".repeat(384);
const MASK_ONLY = { strategy: "observation_masking" };

/** A task, then rounds of a call, each of a bit more than 100 tokens. */
function rounds(count: number): Conversation {
  const conversation = new Conversation().say("user", "the task");
  for (let at = 0; at < count; at++) conversation.call({ name: "look", result: `${at} ${LINE}` });
  return conversation;
}

/** A talk of turns of 200 tokens. */
function talk(turns: number): Conversation {
  const conversation = new Conversation();
  for (let at = 0; at < turns; at++) conversation.say("user", `q${at} ${LINE}`).say("agent", `a${at} ${LINE}`);
  return conversation;
}

Deno.test("compaction leaves a conversation that fits as it is, and tells nothing", async () => {
  const session = new CompactedSession();
  const { messages } = rounds(5);
  assert.deepEqual(await session.view(messages), messages);
  assert.deepEqual([session.asked.length, session.recorded, session.warnings], [0, [], []]);
});

Deno.test("old outputs become a line with the way back to them, and the newest two stay", async () => {
  const { messages } = rounds(12);
  const view = await new CompactedSession().view(messages, { searchable: true, pure: "look" });
  assertWhole(view);
  const outputs = wordsOf(view).filter((_, index) => view[index]!.role === "tool_result");
  assert.equal(outputs.filter((text) => text.includes(LINE)).length, 2);
  assert.equal(
    JSON.parse(outputs[1]!),
    "[Output of look hidden to save room: 386 characters. To see it: query_history with message_range 5 to 5, or " +
      "call the tool again.]",
  );
  assert.ok(tokensIn(view) <= 1_000);
});

Deno.test("the line of a tool that may change something does not ask for it to be called again", async () => {
  const { messages } = rounds(12);
  const lines = JSON.stringify(await new CompactedSession().view(messages));
  assert.match(lines, /\[Output of look hidden to save room: \d+ characters\.\]/);
  assert.doesNotMatch(lines, /call the tool again/);
});

Deno.test("a hidden output that was stored says in which file", async () => {
  const conversation = new Conversation().say("user", "go")
    .call({ name: "log", result: { output_file: "/outputs/1.stdout", preview: LINE } });
  for (let at = 0; at < 12; at++) conversation.call({ name: "look", result: LINE });
  assert.match(
    wordsOf(await new CompactedSession().view(conversation.messages))[2]!,
    /: read \/outputs\/1\.stdout\./,
  );
});

Deno.test("head_tail keeps the start and the end of a hidden output", async () => {
  const conversation = new Conversation().say("user", "go")
    .call({ name: "log", result: `first${"y".repeat(2_000)}last` });
  for (let at = 0; at < 9; at++) conversation.call({ name: "look", result: LINE });
  const config = { observation_masking: { summary_format: "head_tail" } };
  const view = await new CompactedSession(config).view(conversation.messages, { window: 1_100 });
  assert.match(String(JSON.parse(wordsOf(view)[2]!)), /^\[Output of log hidden.*\]\nfirsty+\n…\ny+last$/);
});

Deno.test("the images of a hidden output go with it, and an error stays one", async () => {
  const conversation = new Conversation().say("user", "go")
    .call({ name: "screenshot", result: LINE }, { name: "look", result: null, error: `bad ${LINE}` });
  const [image, error] = [conversation.messages[2]!, conversation.messages[3]!];
  conversation.messages[2] = {
    ...image,
    content: [...image.content, { type: "image", url: "data:image/png;base64," }],
  };
  for (let at = 0; at < 12; at++) conversation.call({ name: "look", result: LINE });
  const view = await new CompactedSession().view(conversation.messages, { window: 1_500 });
  assert.deepEqual(view[2]!.content.map(({ type }) => type), ["tool_result"]);
  const [part] = view[3]!.content;
  assert.ok(
    part?.type === "tool_result" && part.error?.startsWith("[Output of look hidden") && part.result === undefined,
  );
  assert.equal(view[3]!.id, error.id);
});

Deno.test("outputs the model has not seen yet stay, however many came at once", async () => {
  const conversation = rounds(8).call(...Array.from({ length: 5 }, () => ({ name: "look", result: LINE })));
  const view = await new CompactedSession(MASK_ONLY).view(conversation.messages.concat(), { window: 1_000 });
  assert.equal(wordsOf(view).slice(-5).filter((text) => text.includes(LINE)).length, 5);
});

Deno.test("what lines do not save, a summary of all but the newest 10 messages does", async () => {
  const session = new CompactedSession();
  const { messages } = talk(10);
  const view = await session.view(messages, { window: 1_500 });
  assert.equal(session.asked.length, 1);
  const words = wordsOf(view);
  assert.equal(words.length, 12);
  assert.match(words[0]!, /^q0 /);
  assert.match(words[1]!, /^<conversation-summary>\n.*\nSUMMARY\n<\/conversation-summary>\n<context-notice>9 earlier/s);
  assert.equal(view[1]!.role, "user");
  assert.match(words[2]!, /^q5 /);
  const { systemPrompt, messages: sent, temperature, maxTokens } = session.asked[0]!;
  assert.match(systemPrompt!, /decisions, files_modified, errors, current_plan/);
  assert.deepEqual([temperature, maxTokens], [0, 200]);
  const text = JSON.stringify(sent);
  assert.ok(text.includes("[agent] a0 ") && text.includes("[agent] a4 ") && !text.includes("q5 "));
});

Deno.test("a summary that is longer than was asked for is cut", async () => {
  const session = new CompactedSession();
  session.answer = "word ".repeat(10_000);
  const view = await session.view(talk(10).messages, { window: 1_500 });
  const summary = wordsOf(view).find((text) => text.startsWith("<conversation-summary>"))!;
  assert.ok(summary.length < 200 * 6 + 400, `${summary.length}`);
  assert.match(summary, /<\/conversation-summary>/);
});

Deno.test("a summary serves the following requests, and the next one continues it", async () => {
  const session = new CompactedSession();
  const conversation = talk(10);
  await session.view(conversation.messages, { window: 1_500 });
  conversation.say("user", "more");
  const second = await session.view(conversation.messages, { window: 1_500, turn: 2 });
  assert.equal(session.asked.length, 1);
  assert.match(wordsOf(second)[1]!, /SUMMARY/);
  for (let at = 10; at < 16; at++) conversation.say("agent", `a${at} ${LINE}`).say("user", `q${at} ${LINE}`);
  session.answer = "NEWER";
  const third = await session.view(conversation.messages, { window: 1_500, turn: 3 });
  assert.equal(session.asked.length, 2);
  assert.match(JSON.stringify(session.asked[1]!.messages), /Earlier summary:.*SUMMARY.*q5 /);
  assert.ok(!JSON.stringify(session.asked[1]!.messages).includes("a4 "));
  assert.match(wordsOf(third)[1]!, /NEWER/);
});

Deno.test("a stored summary outlives the process, and one that somebody else wrote over is not used", async () => {
  const session = new CompactedSession();
  const { messages } = talk(10);
  const view = await session.view(messages, { window: 1_500 });
  const restarted = new CompactedSession({}, session);
  assert.deepEqual(await restarted.view(messages, { window: 1_500, turn: 2 }), view);
  assert.equal(restarted.asked.length, 0);
  await session.storage!.setValue(session.id, "compaction.checkpoint", { messageId: "gone", text: 1 });
  const wary = new CompactedSession({}, session);
  await wary.view(messages, { window: 1_500, turn: 3 });
  assert.equal(wary.asked.length, 1);
  const newest = { messageId: messages.at(-1)!.id, sequence: 20, text: "all is well" };
  await session.storage!.setValue(session.id, "compaction.checkpoint", newest);
  assert.ok(
    wordsOf(await new CompactedSession({}, session).view(messages, { window: 1_500 })).at(-1)!.startsWith("a9 "),
  );
});

Deno.test("a storage that fails costs a warning", async () => {
  const session = new CompactedSession();
  const broken = (): Promise<never> => Promise.reject(new Error("disk gone"));
  session.storage = Object.assign(Object.create(session.storage!), { getValue: broken, setValue: broken });
  const { messages } = talk(10);
  assert.match(wordsOf(await session.view(messages, { window: 1_500 }))[1]!, /SUMMARY/);
  assert.deepEqual(session.warnings, [
    "compaction_failed: Cannot read the stored summary: disk gone",
    "compaction_failed: Cannot store the summary: disk gone",
  ]);
  assert.match(wordsOf(await session.view(messages, { window: 1_500, turn: 2 }))[1]!, /SUMMARY/);
  assert.equal(session.asked.length, 1);
});

for (const answer of [new Error("no model"), ""]) {
  Deno.test(`a summary that comes to ${answer === "" ? "nothing" : "an error"} is a warning and is not tried again in the turn`, async () => {
    const session = new CompactedSession();
    session.answer = answer;
    const conversation = talk(10);
    const view = await session.view(conversation.messages, { window: 1_500 });
    assert.ok(tokensIn(view) <= 1_500 * 3 / 4);
    assert.match(wordsOf(view)[1]!, /^<context-notice>\d+ earlier messages are hidden/);
    for (let at = 0; at < 10; at++) conversation.say("user", LINE).say("agent", LINE);
    await session.view(conversation.messages, { window: 1_500 });
    assert.deepEqual([session.asked.length, session.warnings.length], [1, 1]);
    session.answer = "SUMMARY";
    for (let at = 0; at < 10; at++) conversation.say("user", LINE).say("agent", LINE);
    await session.view(conversation.messages, { window: 1_500, turn: 2 });
    assert.equal(session.asked.length, 2);
  });
}

Deno.test("no summary is asked for where it would save less than an eighth", async () => {
  const session = new CompactedSession();
  const conversation = new Conversation().say("user", "go").say("agent", LINE);
  for (let at = 0; at < 5; at++) conversation.say("user", `u${at}`).say("agent", `${at} ${LINE}${LINE}${LINE}`);
  const view = await session.view(conversation.messages, { window: 1_500 });
  assert.equal(session.asked.length, 0);
  assert.ok(tokensIn(view) <= 1_500);
});

Deno.test("a first message that is large does not count for what a summary would save", async () => {
  const session = new CompactedSession();
  const conversation = new Conversation().say("user", LINE.repeat(20));
  for (let at = 0; at < 8; at++) conversation.say("agent", `a${at}`).say("user", `u${at}`);
  assert.ok(tokensIn(await session.view(conversation.messages, { window: 1_500 })) <= 1_500);
  assert.equal(session.asked.length, 0);
});

Deno.test("observation_masking never asks the model, and summarization makes no lines", async () => {
  const masking = new CompactedSession(MASK_ONLY);
  const { messages } = rounds(40);
  assert.ok(tokensIn(await masking.view(messages)) <= 1_000);
  assert.equal(masking.asked.length, 0);
  const summarizing = new CompactedSession({ strategy: "summarization" });
  assert.ok(!JSON.stringify(await summarizing.view(messages, { window: 2_000 })).includes("hidden to save room"));
  assert.equal(summarizing.asked.length, 1);
});

Deno.test("a cut leaves room, so that the start of following requests stays the same", async () => {
  const session = new CompactedSession(MASK_ONLY);
  const conversation = talk(20);
  const first = await session.view(conversation.messages, { window: 2_000 });
  assert.ok(tokensIn(first) <= 1_500);
  conversation.say("user", LINE).say("agent", LINE).say("user", LINE);
  const second = await session.view(conversation.messages, { window: 2_000, turn: 2 });
  assert.deepEqual(second.slice(0, first.length), first);
});

Deno.test("the first message, the first and the newest of the user, and activated skills stay", async () => {
  const conversation = new Conversation().say("system", "hello").say("user", "the goal").say("agent", LINE)
    .call({ name: "activate_skill", result: `old skill ${LINE}` })
    .say("user", "an aside").say("agent", LINE)
    .call({ name: "activate_skill", result: `the skill ${LINE}` })
    .say("user", "the newest");
  for (let at = 0; at < 40; at++) conversation.call({ name: "look", result: `${at} ${LINE}` });
  const view = await new CompactedSession(MASK_ONLY).view(conversation.messages, { window: 800 });
  assertWhole(view);
  const words = wordsOf(view).map((text) => text.slice(0, 16));
  assert.deepEqual(words.slice(0, 5), ["hello", "the goal", "call activate_sk", '"the skill xxxxx', "the newest"]);
  assert.match(words[5]!, /^<context-notice>/);
  assert.ok(tokensIn(view) <= 800);
});

Deno.test("skills stay only as far as they leave half of the room", async () => {
  const conversation = new Conversation().say("user", "go")
    .call({ name: "activate_skill", result: LINE.repeat(10) });
  for (let at = 0; at < 20; at++) conversation.call({ name: "look", result: LINE });
  const view = await new CompactedSession(MASK_ONLY).view(conversation.messages, { window: 1_000 });
  assert.ok(tokensIn(view) <= 1_000);
  assert.match(wordsOf(view).join("\n"), /call activate_skill\n"\[Output of activate_skill hidden/);
});

Deno.test("texts that are too large by themselves are cut, but never the newest message of the user", async () => {
  const huge = `begin ${"z".repeat(100_000)} end`;
  const conversation = new Conversation().say("user", huge).say("agent", LINE).say("user", `now ${LINE.repeat(6)}`)
    .call({ name: "look", result: { text: huge } }, { name: "look", result: null, error: huge });
  const view = await new CompactedSession().view(conversation.messages, { window: 2_000 });
  assertWhole(view);
  const words = wordsOf(view);
  assert.ok(tokensIn(view) <= 2_000, `${tokensIn(view)}`);
  assert.match(words[0]!, /^begin z+/);
  assert.ok(words.includes(`now ${LINE.repeat(6)}`));
  for (const word of words.slice(-2)) assert.match(word, /^.{0,10}begin z+.*characters left out.*end/s);
});

Deno.test("images of old messages go where there is no room for them, and many small texts count as one large one", async () => {
  const image: ContentPart = { type: "image", base64: "AAAA", mediaType: "image/png" };
  const content: ContentPart[] = [{ type: "text", text: "the pictures" }, ...Array<ContentPart>(20).fill(image)];
  for (let at = 0; at < 500; at++) content.push({ type: "text", text: LINE });
  const conversation = new Conversation().say("user", "", { content }).say("agent", LINE)
    .say("user", "", { content: [{ type: "text", text: "now" }, image] });
  const view = await new CompactedSession().view(conversation.messages, { window: 4_000 });
  assert.ok(tokensIn(view) <= 4_000, `${tokensIn(view)}`);
  assert.match(wordsOf(view)[0]!, /^the pictures.*20 images left out/s);
  assert.deepEqual(view.at(-1)?.content.at(-1), image);
});

for (const answer of ["NEW SUMMARY", new Error("no model")]) {
  Deno.test(`a summary too long for the model fits all the same, when the next one ${answer === "NEW SUMMARY" ? "can" : "cannot"} be made`, async () => {
    const session = new CompactedSession();
    session.answer = answer;
    const { messages } = talk(20);
    const text = "long ago ".repeat(20_000);
    await session.storage!.setValue(session.id, "compaction.checkpoint", {
      messageId: messages[9]!.id,
      sequence: 10,
      text,
    });
    const view = await session.view(messages, { window: 2_500 });
    assert.ok(tokensIn(view) <= 2_500, `${tokensIn(view)}`);
    for (const { messages: sent } of session.asked) assert.ok(JSON.stringify(sent).length <= 4 * 2_500);
  });
}

Deno.test("a refused request is made half as large, and later ones stay below it", async () => {
  const session = new CompactedSession(MASK_ONLY);
  const conversation = talk(10);
  const refused = tokensIn(await session.view(conversation.messages, { window: 100_000 }));
  const smaller = tokensIn(await session.view(conversation.messages, { window: 100_000, reason: "too_large" }));
  assert.ok(smaller <= refused / 2, `${smaller} of ${refused}`);
  for (let at = 0; at < 10; at++) {
    conversation.say("user", LINE).say("agent", LINE);
    const later = tokensIn(await session.view(conversation.messages, { window: 100_000, turn: 2 + at }));
    assert.ok(later <= refused * 3 / 4, `${later} of ${refused}`);
  }
});

Deno.test("without proactive nothing is done before a request is refused", async () => {
  const session = new CompactedSession({ proactive: false });
  const { messages } = rounds(30);
  assert.deepEqual(await session.view(messages), messages);
  const smaller = tokensIn(await session.view(messages, { reason: "too_large" }));
  assert.ok(smaller <= 1_000);
  const later = await session.view([...messages, ...new Conversation().say("user", "more").messages], { turn: 2 });
  assert.ok(tokensIn(later) <= 3 / 4 * tokensIn(messages), "a refusal is remembered");
});

Deno.test("an activation that failed does not take the place of one that did not", async () => {
  const conversation = new Conversation().say("user", "go").call({ name: "activate_skill", result: `skill ${LINE}` })
    .call({ name: "activate_skill", result: null, error: "no such skill" });
  for (let at = 0; at < 20; at++) conversation.call({ name: "look", result: `${at} ${LINE}` });
  const view = await new CompactedSession(MASK_ONLY).view(conversation.messages, { window: 800 });
  assert.ok(wordsOf(view).includes(`"skill ${LINE}"`));
});

Deno.test("a preview asks nobody, tells nobody and shows the summary there is", async () => {
  const session = new CompactedSession();
  const { messages } = talk(10);
  const before = await session.view(messages, { window: 1_500, preview: true });
  assert.ok(tokensIn(before) <= 1_500);
  assert.deepEqual([session.asked.length, session.recorded.length, session.warnings.length], [0, 0, 0]);
  const sent = await session.view(messages, { window: 1_500 });
  assert.deepEqual(await session.view(messages, { window: 1_500, preview: true }), sent);
});

Deno.test("events tell what was done, and only when it is new", async () => {
  const session = new CompactedSession();
  const conversation = rounds(12);
  await session.view(conversation.messages);
  assert.deepEqual(session.recorded.map(({ type }) => type), ["context.compacting", "context.compacted"]);
  assert.deepEqual(session.recorded[0]!.data, {
    reason: "proactive_budget",
    strategy: "observation_masking",
    messagesBefore: 25,
  });
  assert.deepEqual(session.recorded[1]!.data, {
    strategyUsed: "observation_masking",
    messagesBefore: 25,
    messagesAfter: 25,
    durationMs: 0,
    steps: [{ strategy: "observation_masking", messagesAfter: 25, durationMs: 0 }],
  });
  await session.view(conversation.call({ name: "look", result: LINE }).messages);
  assert.equal(session.recorded.length, 2);
  await session.view(conversation.messages, { reason: "too_large" });
  assert.equal(session.recorded[2]!.data["reason"], "request_too_large");
});

Deno.test("the target leaves room for the reply, the prompt and the tools", () => {
  const request = {
    reason: "normal",
    shrinks: true,
    contextWindow: 10_000,
    maxOutputTokens: 4_000,
    systemPrompt: "p".repeat(400),
    tools: [],
  } as const;
  assert.equal(targetTokens(request, 0.85), 5_900);
  assert.equal(targetTokens({ ...request, maxOutputTokens: 100 }, 0.85), 8_400);
  assert.equal(targetTokens({ ...request, contextWindow: undefined }, 0.5), 63_900);
  assert.equal(targetTokens({ ...request, systemPrompt: "p".repeat(100_000) }, 0.8), 500);
});

const WRONG: readonly [JsonObject, RegExp][] = [
  [{ strategy: "sometimes" }, /`strategy` is "sometimes", not one of auto/],
  [{ budget_percent: 85 }, /budget_percent.*0\.01 to 1/],
  [{ observation_masking: { keep_recent_tool_outputs: -1 } }, /^`observation_masking\.keep_recent_tool_outputs` is -1/],
  [{ summarization: { model: "" } }, /^`summarization\.model` is ""/],
  [{ summarization: { model: "gpt" } }, /^`summarization\.model` is "gpt", not the id of a stored model/],
  [{ summarization: [] }, /`summarization` is \[\], not an object/],
];
for (const [config, message] of WRONG) {
  Deno.test(`compaction says what is wrong with ${JSON.stringify(config)}`, () => {
    assert.match(compactionProblem(config) ?? "", message);
  });
}
