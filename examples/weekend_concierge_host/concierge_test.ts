/** What the model is offered, what it is told when it errs, and what a turn leaves behind. */

import assert from "node:assert/strict";
import { type InProcessRuntime, type JsonValue, LlmSimConfig, type ToolResultPart } from "@everruns/runtime";
import { SPOTS } from "./concierge_capability.ts";
import { buildConcierge, REQUEST } from "./concierge_host.ts";

Deno.test("the model is offered the concierge's tool and no other", async () => {
  await using runtime = await buildConcierge();
  const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), ["lookup_neighborhood_spot"]);
  assert.match(runtimeAgent.systemPrompt, /Recommend only spots that lookup_neighborhood_spot gave you/);
});

Deno.test("the house brief is there to read and not to change, the guest's notes are the session's own", async () => {
  await using runtime = await buildConcierge();
  const sessionId = runtime.defaultSessionId;
  const brief = await runtime.readFile(sessionId, "/workspace/house_brief.md");
  assert.match(brief.content, /Never promise a table/);
  assert.equal(brief.isReadonly, true);
  const files = await runtime.files(sessionId);
  await assert.rejects(files.writeFile("/workspace/house_brief.md", "Promise anything."), { code: "file_read_only" });
  assert.equal((await runtime.readFile(sessionId, "/workspace/guest_notes.md")).isReadonly, false);
});

Deno.test("a turn looks once, and its answer names the pick and the backup of the tool", async () => {
  await using runtime = await buildConcierge();
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, REQUEST);
  assert.deepEqual(
    { success: turn.success, iterations: turn.iterations, toolCallsCount: turn.toolCallsCount },
    { success: true, iterations: 2, toolCallsCount: 1 },
  );
  const [result] = await resultsOf(runtime);
  const names = namesIn(result?.result);
  assert.deepEqual(names, ["Lantern Yard", "Tideline Terrace"]);
  for (const name of names) assert.ok(turn.response.includes(name), name);
});

Deno.test("a turn leaves its steps among the events and the tool's result in the transcript", async () => {
  await using runtime = await buildConcierge();
  await runtime.runTextTurn(runtime.defaultSessionId, REQUEST);
  const types = new Set(runtime.events().map(({ type }) => type));
  for (const type of ["tool.completed", "reason.completed", "turn.completed"] as const) {
    assert.ok(types.has(type), type);
  }
  const roles = (await runtime.messages(runtime.defaultSessionId)).map(({ role }) => role);
  assert.deepEqual(roles, ["user", "agent", "tool_result", "agent"]);
});

Deno.test("when nothing suits, any spot that is large enough is found", async () => {
  await using runtime = await buildConcierge(lookingUp({ occasion: "chess", group_size: 10, vibe: "wild" }));
  await runtime.runTextTurn(runtime.defaultSessionId, REQUEST);
  const [result] = await resultsOf(runtime);
  assert.deepEqual(namesIn(result?.result), SPOTS.filter(({ mostGuests }) => mostGuests >= 10).map(({ name }) => name));
});

Deno.test("the model is told which argument is missing, and that no spot is large enough", async () => {
  await using runtime = await buildConcierge(lookingUp(
    { occasion: "birthday", vibe: "outdoors" },
    { occasion: "birthday", group_size: 60, vibe: "outdoors" },
  ));
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, REQUEST);
  assert.equal(turn.success, true);
  const [missing, tooMany] = (await resultsOf(runtime)).map(({ error }) => error ?? "");
  assert.match(missing ?? "", /group_size/);
  assert.equal(tooMany, "No spot of the neighbourhood takes 60 people");
});

/** A model that looks up with these arguments, one call after the other, before it answers. */
function lookingUp(...calls: readonly Readonly<Record<string, JsonValue>>[]): LlmSimConfig {
  const name = "lookup_neighborhood_spot";
  return LlmSimConfig.scripted([
    ...calls.map((args) => ({ type: "tool_calls" as const, toolCalls: [{ name, arguments: args }] })),
    "That is all I found.",
  ]);
}

async function resultsOf(runtime: InProcessRuntime): Promise<readonly ToolResultPart[]> {
  const messages = await runtime.messages(runtime.defaultSessionId);
  return messages.flatMap(({ content }) => content).filter((part) => part.type === "tool_result");
}

function namesIn(result: JsonValue | undefined): readonly JsonValue[] {
  assert.ok(Array.isArray(result));
  return result.map((spot) => typeof spot === "object" && spot !== null && "name" in spot ? spot.name ?? null : null);
}
