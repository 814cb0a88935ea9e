/** What a simulated model answers, mode by mode. */

import assert from "node:assert/strict";
import { LlmSimConfig } from "../../../../src/drivers/llmsim/config.ts";
import { llmSimDriver } from "../../../../src/drivers/llmsim/driver.ts";
import type { ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import { ask, askText, askTools, driverOf, NEVER, request, textOf, toolResult, user } from "./_support.ts";

Deno.test("fixed() always answers its text, then done with usage, finish reason and model", async () => {
  const driver = await driverOf(LlmSimConfig.fixed("hello you"));
  const expected = [
    { type: "text", delta: "hello you" },
    { type: "done", finishReason: "stop", usage: { inputTokens: 5, outputTokens: 2 }, model: "m" },
  ];
  const change = { systemPrompt: "x".repeat(23), messages: [user("a long question")] };
  assert.deepEqual(await ask(driver, change), expected);
  assert.deepEqual(await ask(driver, change), expected);
});

Deno.test("a fixed reply looks neither at the conversation nor at the abort signal", async () => {
  const driver = await driverOf(LlmSimConfig.fixed("hi"));
  const touchy: ModelRequest = {
    ...request(),
    get messages(): never {
      throw new Error("messages were touched");
    },
  };
  const options = {
    get signal(): never {
      throw new Error("signal was touched");
    },
  };
  assert.equal(textOf(await Array.fromAsync(driver.stream(touchy, options))), "hi");
});

Deno.test("echo() answers the text of the last user message", async () => {
  const driver = await driverOf(LlmSimConfig.echo());
  assert.equal(await askText(driver, user("one"), user("two"), toolResult("three")), "Echo: two");
  assert.equal(await askText(driver), "Echo: ");
});

Deno.test("lorem() answers exactly as many tokens as it was asked for", async () => {
  for (const tokens of [1, 2, 57, 1000]) {
    const events = await ask(await driverOf(LlmSimConfig.lorem(tokens)));
    const done = events.at(-1);
    assert.equal(done?.type === "done" && done.usage?.outputTokens, tokens);
    assert.equal(textOf(events).length, tokens * 4);
  }
});

Deno.test("sequence() answers its texts in turn and starts again", async () => {
  const driver = await driverOf(LlmSimConfig.sequence(["a", "b"]));
  assert.deepEqual([await askText(driver), await askText(driver), await askText(driver)], ["a", "b", "a"]);
});

Deno.test("empty() answers nothing but done, with at least one token each way", async () => {
  assert.deepEqual(await ask(await driverOf(LlmSimConfig.empty())), [
    { type: "done", finishReason: "stop", usage: { inputTokens: 1, outputTokens: 1 }, model: "m" },
  ]);
});

Deno.test("scripted() plays text, calls and both, in the order text, calls, done", async () => {
  const driver = await driverOf(LlmSimConfig.scripted([
    { type: "mixed", text: "look", toolCalls: [{ name: "a" }, { name: "b", arguments: { x: [1] }, id: "own" }] },
    { type: "tool_calls", toolCalls: [{ name: "c", arguments: "{broken" }] },
    { type: "assistant", text: "done" },
    "short",
  ]));
  assert.deepEqual(await ask(driver), [
    { type: "text", delta: "look" },
    { type: "tool_call", providerCallId: "llmsim_0_0", name: "a", arguments: {} },
    { type: "tool_call", providerCallId: "own", name: "b", arguments: { x: [1] } },
    { type: "done", finishReason: "tool_calls", usage: { inputTokens: 1, outputTokens: 3 }, model: "m" },
  ]);
  assert.deepEqual(await ask(driver), [
    { type: "tool_call", providerCallId: "llmsim_1_0", name: "c", arguments: "{broken" },
    { type: "done", finishReason: "tool_calls", usage: { inputTokens: 1, outputTokens: 1 }, model: "m" },
  ]);
  assert.deepEqual([await askText(driver), await askText(driver)], ["done", "short"]);
});

Deno.test("an exhausted script repeats its last turn, starts again or fails, as configured", async () => {
  const script = LlmSimConfig.scripted(["a", "b"]);
  const play = async (config: LlmSimConfig): Promise<string> => {
    const driver = await driverOf(config);
    return await askText(driver) + await askText(driver) + await askText(driver) + await askText(driver);
  };
  assert.equal(await play(script), "abbb");
  assert.equal(await play(script.withOnExhausted("repeat_last")), "abbb");
  assert.equal(await play(script.withOnExhausted("loop")), "abab");
  await assert.rejects(play(script.withOnExhausted("error")), {
    name: "ProviderError",
    code: "processing_error",
    retryable: false,
    message: /exhausted: all 2 turns/,
  });
});

Deno.test("withToolCalls() adds the calls to every reply", async () => {
  const driver = await driverOf(LlmSimConfig.fixed("x").withToolCalls([{ name: "a" }, { name: "b" }]));
  assert.deepEqual(await askTools(driver), ["a", "b"]);
  const events = await ask(driver, { messages: [toolResult("ok")] });
  assert.deepEqual(events.map((event) => event.type), ["text", "tool_call", "tool_call", "done"]);
});

Deno.test("withToolCallSequence() adds one list per reply, none for an empty one, and starts again", async () => {
  const driver = await driverOf(LlmSimConfig.fixed("x").withToolCallSequence([[{ name: "a" }], []]));
  assert.deepEqual([await askTools(driver), await askTools(driver), await askTools(driver)], [["a"], [], ["a"]]);
});

Deno.test("withConditionalToolCalls() calls when the last user text matches, until its result is there", async () => {
  const driver = await driverOf(
    LlmSimConfig.echo()
      .withConditionalToolCalls("rain", [{ name: "weather" }])
      .withConditionalToolCalls("i", [{ name: "other" }]),
  );
  assert.deepEqual(await askTools(driver, user("will it rain?")), ["weather"]);
  assert.deepEqual(await askTools(driver, user("rain"), user("nothing")), ["other"]);
  assert.deepEqual(await askTools(driver, user("hello")), []);
  assert.deepEqual(await askTools(driver, user("will it rain?"), toolResult("yes")), []);
  assert.deepEqual(await askTools(driver, user("rain"), toolResult("yes"), user("rain again")), ["weather"]);
});

Deno.test("drivers of one descriptor count their calls together, drivers of two do not", async () => {
  const config = LlmSimConfig.sequence(["a", "b", "c"]);
  const descriptor = llmSimDriver(config);
  const [first, second] = [await descriptor.create({}), await descriptor.create({})];
  assert.equal(await askText(first) + await askText(second) + await askText(first), "abc");
  assert.equal(await askText(await driverOf(config)), "a");
});

Deno.test("a configuration is not changed by the methods that derive another from it", async () => {
  const base = LlmSimConfig.fixed("x");
  base.withModel("other").withToolCalls([{ name: "t" }]).withResponseId("r").withChunks(3);
  assert.deepEqual((await ask(await driverOf(base))).map((event) => event.type), ["text", "done"]);
});

Deno.test("a script is not changed when the caller changes what it was made of", async () => {
  const args = { path: "/a" };
  const turns = [{ type: "tool_calls" as const, toolCalls: [{ name: "read", arguments: args }] }];
  const driver = await driverOf(LlmSimConfig.scripted(turns));
  args.path = "/b";
  turns.length = 0;
  const [call] = await ask(driver);
  assert.deepEqual(call?.type === "tool_call" && call.arguments, { path: "/a" });
});

Deno.test("withModel() and withResponseId() name the model and the response", async () => {
  const driver = await driverOf(LlmSimConfig.fixed("x").withModel("sim-2").withResponseId("resp_1"));
  const done = (await ask(driver)).at(-1);
  assert.deepEqual(done?.type === "done" && [done.model, done.responseId], ["sim-2", "resp_1"]);
  assert.deepEqual(await driver.listModels?.({ signal: NEVER }), ["sim-2"]);
});

Deno.test("withEffortCapture(), withMessageCapture() and withRequestCapture() see every request", async () => {
  const efforts: (string | undefined)[] = [];
  const conversations: (readonly ModelMessage[])[] = [];
  const requests: ModelRequest[] = [];
  const driver = await driverOf(
    LlmSimConfig.fixed("x")
      .withEffortCapture(efforts)
      .withMessageCapture((seen) => void conversations.push(seen))
      .withRequestCapture(requests),
  );
  const messages = [user("one")];
  await ask(driver, { messages, reasoningEffort: "high" });
  messages.push(user("two"));
  await ask(driver, { messages });
  assert.deepEqual(efforts, ["high", undefined]);
  assert.deepEqual(conversations.map((seen) => seen.length), [1, 2]);
  assert.deepEqual(requests.map((seen) => seen.messages.length), [1, 2]);
});

Deno.test("the input tokens of a reply that reads the conversation grow with it", async () => {
  const driver = await driverOf(LlmSimConfig.echo());
  const messages = [user("x".repeat(40))];
  const inputTokens = async (): Promise<number | undefined> => {
    const done = (await ask(driver, { systemPrompt: "y".repeat(20), messages })).at(-1);
    return done?.type === "done" ? done.usage?.inputTokens : undefined;
  };
  assert.equal(await inputTokens(), 15);
  messages.push(
    { role: "system", content: "z".repeat(8) },
    { role: "assistant", content: "w".repeat(4), toolCalls: [{ id: "call_1", name: "t", arguments: { a: 1 } }] },
    toolResult("v".repeat(5)),
  );
  assert.equal(await inputTokens(), 21);
  messages.length = 1;
  assert.equal(await inputTokens(), 15);
});

Deno.test("llmSimDriver() needs no key and no permission", () => {
  const descriptor = llmSimDriver(LlmSimConfig.echo());
  assert.equal(descriptor.id, "llmsim");
  assert.equal(descriptor.requiresApiKey, false);
  assert.deepEqual(descriptor.permissions({}), {});
});

Deno.test("prepare() gives the same bytes for the same request and changes nothing", async () => {
  const driver = await driverOf(LlmSimConfig.scripted(["a", "b"]).withOnExhausted("error"));
  const change: Partial<ModelRequest> = {
    model: "a b/c",
    systemPrompt: "Be brief.",
    messages: [user("hi")],
    tools: [{ type: "builtin", name: "t", description: "does", parameters: { type: "object" } }],
    maxTokens: 10,
  };
  const first = driver.prepare(request(change));
  assert.deepEqual(first, driver.prepare(request(change)));
  assert.equal(first.method, "POST");
  assert.equal(first.url, "llmsim://local/a%20b%2Fc");
  assert.deepEqual(JSON.parse(first.body), {
    model: "a b/c",
    system: "Be brief.",
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    tools: ["t"],
    maxTokens: 10,
    metadata: {},
  });
  assert.equal(await askText(driver), "a");
});
