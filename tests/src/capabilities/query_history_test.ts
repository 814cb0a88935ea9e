/** The tool query_history, and when it exists. */

import assert from "node:assert/strict";
import { infinityContext } from "../../../src/capabilities/infinity_context/capability.ts";
import { queryHistory } from "../../../src/capabilities/infinity_context/query_history.ts";
import type { JsonObject, JsonValue } from "../../../src/records/json.ts";
import type { Capability } from "../../../mod.ts";
import { call as playCall, PlayedDriver, texts } from "../_support/played_driver.ts";
import { useDriver } from "../_support/drivers.ts";
import { say, simRuntime } from "../_support/runtime.ts";
import { Conversation, turnOver } from "./_conversation.ts";
import { call, toolContext } from "./_tool_context.ts";

const talk = new Conversation()
  .say("user", "the blue door")
  .say("system", "a blue door and a red one")
  .call({ name: "look", result: "blue\nline 2\nline 3\nthe door is blue\nline 5\nline 6" })
  .say("agent", "door, painted blue")
  .say("user", "something else")
  .say("agent", "secret failure", { metadata: { errorCode: "internal" } })
  .say("user", "raw words", { modelContent: [{ type: "text", text: "rewritten words" }] })
  .call({ name: "query_history", result: "the blue door" });

async function search(args: JsonObject): Promise<JsonObject> {
  return await call(queryHistory, args, { ...toolContext(), turn: turnOver(talk.messages) });
}

async function numbers(args: JsonObject): Promise<number[]> {
  const { results } = await search(args);
  return (results as { number: number }[]).map(({ number }) => number);
}

Deno.test("query_history ranks the exact phrase first, then by words, speaker and recency", async () => {
  assert.deepEqual(await numbers({ query: "Blue door" }), [1, 2, 5, 4]);
});

Deno.test("query_history narrows by numbers, times and kinds, and by a limit", async () => {
  assert.deepEqual(await numbers({ query: "door", message_range: { from: 2, to: 4 } }), [4, 2]);
  assert.deepEqual(await numbers({ query: "door", time_range: { from: "1970-01-01T00:00:05Z" } }), [5]);
  assert.deepEqual(await numbers({ query: "door", message_types: ["user", "system"] }), [1, 2]);
  const limited = await search({ query: "door", limit: 1 });
  assert.deepEqual([limited["total_matches"], limited["omitted_matches"]], [4, 3]);
});

Deno.test("query_history without a query lists the newest of a range", async () => {
  assert.deepEqual(await numbers({ message_range: { to: 3 } }), [3, 2, 1]);
});

Deno.test("query_history takes a day without a time for all of it", async () => {
  const time_range = { from: "1970-01-01", to: "1970-01-01" };
  assert.deepEqual(await numbers({ query: "door", time_range }), await numbers({ query: "door" }));
});

Deno.test("query_history gives one message whole, in parts when it is long", async () => {
  const result = { rows: Array.from({ length: 4_000 }, (_, id) => ({ id, name: `é${id}` })) };
  const { messages } = new Conversation().say("user", "go").call({ name: "look", result });
  let text = "";
  let parts = 0;
  for (let at: JsonValue | undefined = 0; at !== undefined; parts++) {
    const args = { message_range: { from: 3, to: 3 }, start_index: at };
    const { results } = await call(queryHistory, args, { ...toolContext(), turn: turnOver(messages) });
    const [one = {}] = results as JsonObject[];
    assert.ok(JSON.stringify(results).length < 65_536);
    text += String(one["excerpt"]);
    at = one["next_index"];
  }
  assert.deepEqual(JSON.parse(text), result);
  assert.ok(parts > 1);
});

Deno.test("query_history shows as many lines around a match as asked", async () => {
  const [one] = (await search({ query: "door is", context_lines: 1 }))["results"] as JsonObject[];
  assert.deepEqual(one, {
    number: 4,
    type: "tool_result",
    time: "1970-01-01T00:00:04.000Z",
    excerpt: "…\nline 3\nthe door is blue\nline 5\n…",
  });
});

Deno.test("query_history finds nothing the model was not given, and no earlier search", async () => {
  assert.deepEqual(await numbers({ query: "secret failure" }), []);
  assert.deepEqual(await numbers({ query: "raw" }), []);
  assert.deepEqual(await numbers({ query: "rewritten" }), [8]);
  assert.ok(!(await numbers({ query: "blue" })).includes(10));
});

Deno.test("query_history refuses times that are none, and work outside of a turn", async () => {
  assert.match(JSON.stringify(await search({ time_range: { from: "soon" } })), /time_range.from is \\"soon\\"/);
  assert.match(JSON.stringify(await call(queryHistory, {})), /only be searched during a turn/);
});

Deno.test("query_history bounds what it answers", async () => {
  const long = new Conversation();
  for (let at = 0; at < 100; at++) long.say("user", `needle ${"y".repeat(100_000)}\n`.repeat(3));
  const turn = turnOver(long.messages);
  const answer = await call(queryHistory, { query: "needle", limit: 100, context_lines: 20 }, {
    ...toolContext(),
    turn,
  });
  assert.ok(JSON.stringify(answer).length < 50_000);
  assert.ok(Number(answer["omitted_matches"]) > 0);
});

Deno.test("the model finds what is hidden with query_history", async () => {
  const driver = new PlayedDriver(
    texts("noted"),
    texts("ok"),
    playCall("query_history", { query: "tulip" }),
    texts("it was tulip"),
  );
  await using runtime = await simRuntime("unused", {
    configure: useDriver(driver.descriptor),
    session: (s) =>
      s.withCapability({ ref: "infinity_context", config: { max_recent_messages: 1, min_recent_messages: 1 } }),
  });
  await say(runtime, "the word is tulip");
  await say(runtime, "hello");
  await say(runtime, "which word?");
  assert.ok(!JSON.stringify(driver.requests[2]?.messages).includes("tulip"));
  assert.match(JSON.stringify(driver.requests[2]?.messages), /4 earlier messages are hidden.*query_history/);
  assert.match(JSON.stringify(driver.requests[3]?.messages.at(-1)), /the word is tulip/);
});

Deno.test("query_history does not exist in a session with a hook that may rewrite prompts", async () => {
  const redactor: Capability = {
    id: "redactor",
    name: "Redactor",
    hooks: { userPromptSubmit: () => ({ action: "rewrite", text: "[redacted]" }) },
  };
  const driver = new PlayedDriver(playCall("query_history", { query: "secret" }), texts("done"));
  await using runtime = await simRuntime("unused", {
    capabilities: [redactor],
    configure: useDriver(driver.descriptor),
    session: (s) => s.withCapability("infinity_context"),
  });
  await say(runtime, "my secret");
  assert.deepEqual(driver.requests[0]?.tools, []);
  assert.ok(!JSON.stringify(driver.requests[1]?.messages).includes("my secret"));
});

Deno.test("infinity_context leaves eviction to a capability that compacts", async () => {
  const compacting: Capability = {
    id: "compacting",
    name: "Compacting",
    modelView: { priority: 30, shrinks: true, apply: (messages) => messages },
  };
  const driver = new PlayedDriver(texts("a"), texts("b"));
  await using runtime = await simRuntime("unused", {
    capabilities: [compacting],
    registered: [],
    configure: useDriver(driver.descriptor),
    session: (s) => s.withCapability({ ref: infinityContext.id, config: { max_recent_messages: 1 } }),
  });
  await say(runtime);
  await say(runtime);
  assert.equal(driver.requests[1]?.messages.length, 3);
});
