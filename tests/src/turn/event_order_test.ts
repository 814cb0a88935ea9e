/** Which events a turn has, in which order. */

import assert from "node:assert/strict";
import { defineTool, LlmSimConfig, RuntimeBackends } from "../../../mod.ts";
import { RecordingJournal } from "../_support/journals.ts";
import { callTools, eventsOf, say, scriptedRuntime, simRuntime, typesOf } from "../_support/runtime.ts";

const PING = defineTool({ name: "ping", description: "", execute: () => "pong" });
const LOOK = defineTool({ name: "look", description: "", effect: "pure", execute: () => "seen" });

const ACCEPT = ["input.message", "session.activated", "turn.started"];
const REPLY = ["llm.generation", "output.message.completed", "reason.completed"];

Deno.test("a text turn emits its events in order", async () => {
  await using runtime = await simRuntime("hello", { capabilities: [{ id: "one", name: "One" }] });
  await say(runtime);
  assert.deepEqual(typesOf(runtime.events()), [
    ...ACCEPT,
    "reason.started",
    "capability.usage",
    "output.message.started",
    "output.message.delta",
    ...REPLY,
    "turn.completed",
    "session.idled",
  ]);
});

Deno.test("a tool turn emits act and tool events between its two reason steps", async () => {
  await using sim = await scriptedRuntime([callTools("ping"), "done"], { tools: [PING] });
  await say(sim.runtime);
  assert.deepEqual(typesOf(sim.runtime.events()), [
    ...ACCEPT,
    "reason.started",
    "capability.usage",
    "output.message.started",
    ...REPLY,
    "act.started",
    "tool.started",
    "tool.completed",
    "act.completed",
    "reason.started",
    "output.message.started",
    "output.message.delta",
    ...REPLY,
    "turn.completed",
    "session.idled",
  ]);
});

Deno.test("a failed turn ends with turn.failed and session.idled", async () => {
  await using runtime = await simRuntime(LlmSimConfig.error("broken"));
  await say(runtime);
  assert.deepEqual(typesOf(runtime.events()), [
    ...ACCEPT,
    "reason.started",
    "output.message.started",
    ...REPLY,
    "turn.failed",
    "session.idled",
  ]);
});

Deno.test("a turn without a capability reports no capability usage", async () => {
  await using runtime = await simRuntime("hello");
  await say(runtime);
  assert.equal(eventsOf(runtime, "capability.usage").length, 0);
});

Deno.test("capability.usage names what was resolved and which tools it exposes, once a turn", async () => {
  await using sim = await scriptedRuntime([callTools("ping"), "done"], {
    tools: [PING, LOOK],
    capabilities: [{ id: "one", name: "One" }],
  });
  await say(sim.runtime);
  const usage = eventsOf(sim.runtime, "capability.usage");
  assert.equal(usage.length, 1);
  assert.deepEqual(usage[0]?.data.records, [
    { capabilityId: "one", usageKind: "resolved" },
    { capabilityId: "test_tools", usageKind: "resolved" },
    { capabilityId: "test_tools", usageKind: "exposed", toolNames: ["ping", "look"] },
  ]);
});

Deno.test("session.activated precedes turn.started, and both name turn and input", async () => {
  await using runtime = await simRuntime("hello");
  const { turnId } = await say(runtime);
  const [input, activated, started] = runtime.events();
  assert.ok(input?.type === "input.message" && activated?.type === "session.activated");
  assert.ok(started?.type === "turn.started");
  const inputMessageId = input.data.message.id;
  assert.deepEqual(activated.data, { turnId, inputMessageId });
  assert.deepEqual([started.data.turnId, started.data.inputMessageId], [turnId, inputMessageId]);
});

Deno.test("every event of a turn carries turn and input in its context", async () => {
  await using sim = await scriptedRuntime([callTools("ping"), "done"], { tools: [PING] });
  const { turnId } = await say(sim.runtime);
  const inputMessageId = eventsOf(sim.runtime, "input.message")[0]?.data.message.id;
  for (const event of sim.runtime.events()) assert.deepEqual(event.context, { turnId, inputMessageId }, event.type);
});

Deno.test("a text turn is two commits: accept, then the reply together with the end", async () => {
  const journal = new RecordingJournal();
  await using runtime = await simRuntime("hello", { backends: RuntimeBackends.inMemory().withJournal(journal) });
  await say(runtime);
  assert.deepEqual(journal.steps.map(({ events }) => events.map(({ type }) => type)), [
    ACCEPT,
    [...REPLY, "turn.completed", "session.idled"],
  ]);
  assert.deepEqual(journal.steps.map(({ release }) => release ?? false), [false, true]);
});

Deno.test("a tool turn commits its intents before the start mark, and the mark before the result", async () => {
  const journal = new RecordingJournal();
  await using sim = await scriptedRuntime([callTools("ping"), "done"], {
    tools: [PING],
    backends: RuntimeBackends.inMemory().withJournal(journal),
  });
  await say(sim.runtime);
  assert.deepEqual(journal.steps.map(({ events }) => events.map(({ type }) => type)), [
    ACCEPT,
    REPLY,
    ["tool.started"],
    ["tool.completed", "act.completed"],
    [...REPLY, "turn.completed", "session.idled"],
  ]);
});

Deno.test("a call of a pure tool costs no commit of its own", async () => {
  const journal = new RecordingJournal();
  await using sim = await scriptedRuntime([callTools("look"), "done"], {
    tools: [LOOK],
    backends: RuntimeBackends.inMemory().withJournal(journal),
  });
  await say(sim.runtime);
  assert.equal(journal.steps.length, 4);
});

Deno.test("the deltas of an answer join to its text, each with the offset it starts at", async () => {
  const text = "one two three four five six seven";
  await using runtime = await simRuntime(LlmSimConfig.fixed(text).withChunks(7));
  await say(runtime);
  let joined = "";
  for (const { data } of eventsOf(runtime, "output.message.delta")) {
    assert.equal(data.offset, joined.length);
    joined += data.delta;
  }
  assert.equal(joined, text);
});

Deno.test("deltas and the completed message carry the id that output.message.started announced", async () => {
  await using runtime = await simRuntime("hello");
  await say(runtime);
  const id = eventsOf(runtime, "output.message.started")[0]?.data.messageId;
  assert.equal(eventsOf(runtime, "output.message.delta")[0]?.data.messageId, id);
  assert.equal(eventsOf(runtime, "output.message.completed")[0]?.data.message.id, id);
});
