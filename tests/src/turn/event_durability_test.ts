/** What is stored of a turn, what is live only, and that nothing is stored twice. */

import assert from "node:assert/strict";
import { defineTool, type Event, isDurable, RuntimeBackends } from "../../../mod.ts";
import { callTools, durableEvents, eventsOf, say, scriptedRuntime, simRuntime } from "../_support/runtime.ts";

const LIVE: ReadonlySet<string> = new Set([
  "reason.started",
  "capability.usage",
  "output.message.started",
  "output.message.delta",
  "output.message.replaced",
  "act.started",
  "tool.progress",
  "tool.output.delta",
  "runtime.warning",
]);

const TOOLS = [
  defineTool({
    name: "charge",
    description: "",
    execute: (_, { progress, output }) => {
      progress("halfway");
      output("some output");
      throw new Error("hidden");
    },
  }),
  defineTool({ name: "look", description: "", effect: "pure", execute: () => "a view nobody else has" }),
  defineTool({ name: "save", description: "", effect: "idempotent", execute: () => "saved" }),
];

async function busyTurn() {
  const backends = RuntimeBackends.inMemory();
  const sim = await scriptedRuntime(
    [
      { type: "mixed", text: "let me look", toolCalls: [{ name: "charge" }, { name: "look" }, { name: "save" }] },
      { type: "stream_drop", text: "a text that is lo" },
      "the answer to everything",
    ],
    { tools: TOOLS, backends, retry: { initialBackoffMs: 1, jitter: 0 } },
  );
  await say(sim.runtime, "a question of mine");
  const stored = await backends.slots.turnStore.loadEvents(sim.runtime.defaultSessionId);
  return { ...sim, stored };
}

Deno.test("durable events are numbered from 1 without gaps, in order", async () => {
  await using turn = await busyTurn();
  const sequences = turn.stored.map(({ sequence }) => sequence);
  assert.deepEqual(sequences, sequences.map((_, index) => index + 1));
  assert.deepEqual(durableEvents(turn.runtime), turn.stored);
});

Deno.test("live events have no sequence and are not stored", async () => {
  await using turn = await busyTurn();
  const seen = new Set<string>();
  for (const event of turn.runtime.events()) {
    if (LIVE.has(event.type)) assert.equal(isDurable(event), false, event.type);
    else if (event.type !== "tool.started") assert.equal(isDurable(event), true, event.type);
    if (!isDurable(event)) seen.add(event.type);
  }
  assert.deepEqual([...seen].sort(), [...LIVE, "tool.started"].sort());
  assert.ok(turn.stored.every(({ type }) => !LIVE.has(type)));
});

Deno.test("tool.started is stored for at_most_once tools, with the hash of the arguments, and live for others", async () => {
  await using turn = await busyTurn();
  const started = eventsOf(turn.runtime, "tool.started");
  assert.deepEqual(
    started.map(({ data, sequence }) => [data.toolName, sequence !== undefined]).sort(),
    [["charge", true], ["look", false], ["save", false]],
  );
  for (const { data } of started) {
    const isHash = /^[0-9a-f]{64}$/.test(data.toolCallFingerprint ?? "");
    assert.equal(isHash, data.toolName === "charge");
  }
});

Deno.test("equal calls have equal fingerprints, other arguments give another one", async () => {
  const calls = [{ name: "charge", arguments: { a: 1 } }, { name: "charge", arguments: { a: 1 } }, {
    name: "charge",
    arguments: { a: 2 },
  }];
  await using sim = await scriptedRuntime([callTools(...calls), "done"], {
    tools: [defineTool({ name: "charge", description: "", parameters: { type: "object" }, execute: () => 1 })],
  });
  await say(sim.runtime);
  const [first, second, third] = eventsOf(sim.runtime, "tool.started").map(({ data }) => data.toolCallFingerprint);
  assert.equal(first, second);
  assert.notEqual(first, third);
});

Deno.test("every message body is stored once, in its own event", async () => {
  await using turn = await busyTurn();
  const bodies = [
    ["a question of mine", "input.message"],
    ["let me look", "output.message.completed"],
    ["a view nobody else has", "tool.completed"],
    ["the answer to everything", "output.message.completed"],
  ] as const;
  for (const [body, type] of bodies) {
    const holders = turn.stored.filter((event) => JSON.stringify(withoutPreviews(event)).includes(body));
    assert.deepEqual(holders.map((event) => event.type), [type], body);
  }
});

/** A preview is a short copy on purpose: lists of turns show it without reading messages. */
function withoutPreviews(event: Event): object {
  if (event.type === "reason.completed") return { ...event.data, textPreview: undefined };
  if (event.type === "turn.completed") return { ...event.data, finalAnswerPreview: undefined };
  return event.data;
}

Deno.test("llm.generation holds ids, counts, hashes, names and usage, never the transcript", async () => {
  await using turn = await busyTurn();
  const text = JSON.stringify(eventsOf(turn.runtime, "llm.generation"));
  const secrets = ["a question of mine", "let me look", "a view nobody", "the answer to", "You are a test."];
  for (const secret of secrets) assert.equal(text.includes(secret), false, secret);
});

Deno.test("llm.generation says what was asked and what came back", async () => {
  await using turn = await busyTurn();
  const [first, second] = eventsOf(turn.runtime, "llm.generation");
  const [asked] = eventsOf(turn.runtime, "output.message.completed");
  assert.equal(first?.data.messageId, asked?.data.message.id);
  assert.deepEqual(first?.data.toolNames, ["charge", "look", "save"]);
  assert.equal(first?.data.toolCallIds.length, 3);
  assert.equal(first?.data.messageCount, 1);
  assert.match(first?.data.systemPromptHash ?? "", /^[0-9a-f]{64}$/);
  assert.equal(first?.data.metadata.finishReason, "tool_calls");
  assert.equal(second?.data.messageCount, 5);
  assert.equal(second?.data.systemPromptHash, first?.data.systemPromptHash);
  assert.deepEqual(second?.data.metadata.retry, { attempts: 1, totalWaitMs: 1 });
  const { model, provider, success, usage } = second.data.metadata;
  assert.deepEqual([model, provider, success, typeof usage?.outputTokens], [
    "llmsim-model",
    "llmsim",
    true,
    "number",
  ]);
});

Deno.test("the messages of a session are a projection of its durable events", async () => {
  await using turn = await busyTurn();
  const messages = await turn.runtime.messages(turn.runtime.defaultSessionId);
  const bearing = turn.stored.filter(({ type }) =>
    ["input.message", "output.message.completed", "tool.completed"].includes(type)
  );
  assert.deepEqual(messages.map(({ sequence }) => sequence), bearing.map(({ sequence }) => sequence));
  assert.equal(new Set(messages.map(({ id }) => id)).size, messages.length);
});

Deno.test("an answer that is not finished is never stored", async () => {
  await using turn = await busyTurn();
  assert.equal(JSON.stringify(turn.stored).includes("a text that is lo"), false);
  const [replaced] = eventsOf(turn.runtime, "output.message.replaced");
  assert.deepEqual([replaced?.data.reasonCode, replaced?.data.replacement], ["retry", ""]);
});

Deno.test("events survive a round trip through JSON text", async () => {
  await using turn = await busyTurn();
  assert.deepEqual(
    JSON.parse(JSON.stringify(turn.stored)),
    JSON.parse(JSON.stringify(turn.runtime.events().filter(isDurable))),
  );
  for (const event of turn.stored) assert.deepEqual(plain(event), JSON.parse(JSON.stringify(event)));
});

/** Null prototypes are equal to ordinary ones as JSON. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

Deno.test("a text turn stores no start marks and no deltas", async () => {
  await using runtime = await simRuntime("hello");
  await say(runtime);
  assert.deepEqual(durableEvents(runtime).map(({ type }) => type), [
    "input.message",
    "session.activated",
    "turn.started",
    "llm.generation",
    "output.message.completed",
    "reason.completed",
    "turn.completed",
    "session.idled",
  ]);
});
