/** Turns with tools: counters, the ceiling, errors, and going on afterwards. */

import assert from "node:assert/strict";
import { defineTool, RuntimeBackends, textOf, ToolError, type ToolResultPart } from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime, simRuntime } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

const PING = defineTool({ name: "ping", description: "", effect: "pure", execute: () => "pong" });

Deno.test("runTurn() runs the tool loop and stores user, call, result and answer in order", async () => {
  await using sim = await scriptedRuntime([callTools("ping"), "done"], { tools: [PING] });
  const { runtime } = sim;
  await say(runtime, "go");
  const messages = await runtime.messages(runtime.defaultSessionId);
  assert.deepEqual(messages.map(({ role }) => role), ["user", "agent", "tool_result", "agent"]);
  const [user, call, result, answer] = messages;
  assert.equal(textOf(user!.content), "go");
  assert.equal(textOf(answer!.content), "done");
  assert.ok(call?.content[0]?.type === "tool_call" && result?.content[0]?.type === "tool_result");
  assert.equal(call.content[0].name, "ping");
  assert.deepEqual([result.content[0].toolCallId, result.content[0].result], [call.content[0].id, "pong"]);
  assert.equal(eventsOf(runtime, "input.message").length, 1);
  assert.equal(eventsOf(runtime, "tool.completed").length, 1);
});

Deno.test("runTurn() reports two iterations and one tool call for a turn with one call", async () => {
  await using sim = await scriptedRuntime([callTools("ping"), "done"], { tools: [PING] });
  const result = await say(sim.runtime);
  assert.deepEqual([result.iterations, result.toolCallsCount, result.stopReason], [2, 1, "end_turn"]);
  assert.deepEqual([result.success, result.status, result.response], [true, "completed", "done"]);
  const [completed] = eventsOf(sim.runtime, "turn.completed");
  assert.deepEqual([completed?.data.llmCallCount, completed?.data.toolCallCount], [2, 1]);
});

Deno.test("runTurn() runs a batch of calls in one act step", async () => {
  await using sim = await scriptedRuntime([callTools("ping", "ping", "ping"), "done"], { tools: [PING] });
  const result = await say(sim.runtime);
  assert.deepEqual([result.iterations, result.toolCallsCount], [2, 3]);
  assert.equal(eventsOf(sim.runtime, "act.started").length, 1);
  const [act] = eventsOf(sim.runtime, "act.completed");
  assert.deepEqual([act?.data.successCount, act?.data.errorCount, act?.data.completed], [3, 0, true]);
});

Deno.test("runTurn() shows a tool's error to the model and goes on", async () => {
  const broken = defineTool({
    name: "broken",
    description: "",
    execute: () => {
      throw new ToolError("the lid is closed");
    },
  });
  await using sim = await scriptedRuntime([callTools("broken", "ping"), "opened it"], { tools: [broken, PING] });
  const result = await say(sim.runtime);
  assert.deepEqual([result.success, result.response], [true, "opened it"]);
  const answers = sim.requests[1]?.messages.filter((message) => message.role === "tool");
  assert.deepEqual(answers?.map(({ content, isError }) => [content, isError]), [
    ["the lid is closed", true],
    ["pong", false],
  ]);
  const [act] = eventsOf(sim.runtime, "act.completed");
  assert.deepEqual([act?.data.successCount, act?.data.errorCount], [1, 1]);
});

Deno.test("runTurn() stops tool calls at the iteration ceiling with max_turn_requests", async () => {
  let pings = 0;
  const ping = defineTool({ name: "ping", description: "", execute: () => ++pings });
  await using runtime = await simRuntime([callTools("ping")], {
    tools: [ping],
    session: (single) => single.sessionMaxIterations(2),
  });
  const result = await say(runtime);
  assert.deepEqual([result.iterations, result.toolCallsCount, pings], [2, 1, 1]);
  assert.deepEqual([result.stopReason, result.success, result.status], ["max_turn_requests", true, "completed"]);
  assert.equal(eventsOf(runtime, "turn.completed")[0]?.data.stopReason, "max_turn_requests");
});

Deno.test("runTurn() gives every call one result when the iteration limit is reached", async () => {
  await using runtime = await simRuntime([callTools("ping", "ping")], {
    tools: [PING],
    session: (single) => single.sessionMaxIterations(1),
  });
  await say(runtime);
  const messages = await runtime.messages(runtime.defaultSessionId);
  const calls = messages.flatMap(({ content }) =>
    content.flatMap((part) => part.type === "tool_call" ? [part.id] : [])
  );
  const results = messages.flatMap(({ content }) =>
    content.filter((part): part is ToolResultPart => part.type === "tool_result")
  );
  assert.equal(calls.length, 2);
  assert.deepEqual(results.map(({ toolCallId }) => toolCallId), calls);
  assert.deepEqual(results.map(({ error }) => error), [
    "not executed: iteration limit",
    "not executed: iteration limit",
  ]);
});

Deno.test("runTurn() shows the model the closed calls of the ceiling in the next turn", async () => {
  await using sim = await scriptedRuntime([callTools("ping"), "next"], {
    tools: [PING],
    session: (single) => single.sessionMaxIterations(1),
  });
  await say(sim.runtime);
  await say(sim.runtime, "go on");
  const [, call, closed, user] = sim.requests[1]?.messages ?? [];
  assert.ok(call?.role === "assistant" && closed?.role === "tool" && user?.role === "user");
  assert.deepEqual([closed.toolCallId, closed.isError], [call.toolCalls[0]?.id, true]);
});

Deno.test("runTurn() answers with the last text of the turn, also when it came before the calls", async () => {
  await using runtime = await simRuntime([{ type: "mixed", text: "let me see", toolCalls: [{ name: "ping" }] }], {
    tools: [PING],
    session: (single) => single.sessionMaxIterations(1),
  });
  assert.equal((await say(runtime)).response, "let me see");
});

Deno.test("runTurn() marks messages with calls as commentary and the answer as final", async () => {
  await using sim = await scriptedRuntime([callTools("ping"), "done"], { tools: [PING] });
  await say(sim.runtime);
  const phases = eventsOf(sim.runtime, "output.message.completed").map(({ data }) => data.message.phase);
  assert.deepEqual(phases, ["commentary", "final_answer"]);
});

Deno.test("runTurn() sums the usage of all model calls", async () => {
  await using sim = await scriptedRuntime([callTools("ping"), "done"], { tools: [PING] });
  const { usage } = await say(sim.runtime);
  const calls = eventsOf(sim.runtime, "llm.generation").map(({ data }) => data.metadata.usage);
  assert.equal(calls.length, 2);
  assert.equal(usage.inputTokens, calls.reduce((sum, call) => sum + (call?.inputTokens ?? 0), 0));
  assert.equal(usage.outputTokens, calls.reduce((sum, call) => sum + (call?.outputTokens ?? 0), 0));
  assert.deepEqual(eventsOf(sim.runtime, "session.idled")[0]?.data.usage, usage);
});

Deno.test("runTurn() measures the time to the first text of the turn from its start", async () => {
  const clock = new WatchedClock();
  const slow = defineTool({
    name: "slow",
    description: "",
    effect: "pure",
    execute: () => new Promise((resolve) => clock.setTimer(() => resolve("done"), 700)),
  });
  await using sim = await scriptedRuntime([callTools("slow"), "hello"], { clock, tools: [slow] });
  const running = say(sim.runtime);
  await clock.pass(700);
  await running;
  const [completed] = eventsOf(sim.runtime, "turn.completed");
  assert.equal(completed?.data.timeToFirstTokenMs, 700);
  const [, second] = eventsOf(sim.runtime, "llm.generation");
  assert.equal(second?.data.metadata.timeToFirstTokenMs, 0);
});

Deno.test("runTurn() continues the conversation of earlier turns", async () => {
  await using sim = await scriptedRuntime(["one", "two"]);
  await say(sim.runtime, "first");
  await say(sim.runtime, "second");
  assert.deepEqual(sim.requests[1]?.messages.map(({ role }) => role), ["user", "assistant", "user"]);
});

Deno.test("cancelling a turn leaves the runtime usable", async () => {
  const started = Promise.withResolvers<void>();
  const hang = defineTool({
    name: "hang",
    description: "",
    execute: () => {
      started.resolve();
      return new Promise(() => {});
    },
  });
  await using sim = await scriptedRuntime([callTools("hang"), "still here"], { tools: [hang] });
  const { runtime } = sim;
  const turn = runtime.startTurn(runtime.defaultSessionId, "go");
  await started.promise;
  turn.cancel("enough");
  assert.deepEqual([(await turn.result).status, (await turn.result).stopReason], ["cancelled", "cancelled"]);
  const next = await say(runtime, "again");
  assert.deepEqual([next.success, next.response], [true, "still here"]);
  assert.deepEqual(sim.requests[1]?.messages.map(({ role }) => role), ["user", "assistant", "tool", "user"]);
});

Deno.test("a runtime built over the same backends goes on with the history", async () => {
  const backends = RuntimeBackends.inMemory();
  await using first = await scriptedRuntime([callTools("ping"), "one"], { tools: [PING], backends });
  const sessionId = first.runtime.defaultSessionId;
  await say(first.runtime, "first");
  await using second = await scriptedRuntime(["two"], {
    backends,
    configure: (builder) => builder.defaultModel({ model: "other", providerType: "llmsim" }),
  });
  await second.runtime.runTextTurn(sessionId, "second");
  const roles = second.requests[0]?.messages.map(({ role }) => role);
  assert.deepEqual(roles, ["user", "assistant", "tool", "assistant", "user"]);
  assert.equal((await second.runtime.messages(sessionId)).length, 6);
});

Deno.test("a runtime built over the same backends goes on after an interrupted turn", async () => {
  const backends = RuntimeBackends.inMemory();
  const started = Promise.withResolvers<void>();
  const hang = defineTool({
    name: "hang",
    description: "",
    execute: () => {
      started.resolve();
      return new Promise(() => {});
    },
  });
  const first = await scriptedRuntime([callTools("hang")], { tools: [hang], backends });
  const sessionId = first.runtime.defaultSessionId;
  const lost = first.runtime.runTextTurn(sessionId, "first").catch((error: unknown) => error);
  await started.promise;
  const head = await backends.slots.turnStore.getHead(sessionId);
  await backends.slots.turnStore.disconnect(head?.owner ?? "");

  await using second = await scriptedRuntime(["recovered", "two"], { tools: [hang], backends });
  const result = await second.runtime.runTextTurn(sessionId, "second");
  assert.deepEqual([result.success, result.response], [true, "two"]);
  const roles = second.requests[1]?.messages.map(({ role }) => role);
  assert.deepEqual(roles, ["user", "assistant", "tool", "assistant", "user"]);
  await first.runtime.close();
  await lost;
  assert.equal((await second.runtime.messages(sessionId)).length, 6);
});
