/** The planner's state survives a restart between every step. */

import assert from "node:assert/strict";
import { defineTool, type Event, RuntimeBackends, type SessionJournal, type TurnState } from "../../../mod.ts";
import { plan } from "../../../src/turn/plan.ts";
import type { Plan, TurnOutcome } from "../../../src/turn/plan_types.ts";
import { JsonJournal, RecordingJournal } from "../_support/journals.ts";
import { callTools, scriptedRuntime } from "../_support/runtime.ts";
import { CALLS, reasoned, state } from "./plan_fixtures.ts";

const OUTCOMES: readonly TurnOutcome[] = [
  { type: "accepted" },
  reasoned({ ...CALLS, usage: { inputTokens: 3, outputTokens: 1 }, responseId: "resp_1" }),
  { type: "acted", acted: 2, waiting: false },
  reasoned({ text: "let me wait", pendingInputs: 1, timeToFirstTokenMs: 12 }),
  reasoned({ usage: { inputTokens: 9, outputTokens: 2 } }),
];

function planAll(between: (state: TurnState) => TurnState): Plan {
  let planned: Plan | undefined;
  for (const outcome of OUTCOMES) planned = plan(between(planned?.state ?? state()), outcome);
  assert.ok(planned !== undefined);
  return planned;
}

Deno.test("planner state survives a restart between every step", () => {
  const direct = planAll((same) => same);
  const restarted = planAll((same) => JSON.parse(JSON.stringify(same)));
  assert.deepEqual(restarted, direct);
  assert.deepEqual(direct.next, { type: "complete", status: "completed", stopReason: "end_turn" });
  assert.equal(direct.effects.length, 3);
  assert.equal(direct.state.iteration, 3);
});

const TOOLS = [
  defineTool({ name: "charge", description: "", execute: () => ({ paid: true, at: new Date(0) }) }),
  defineTool({ name: "look", description: "", effect: "pure", execute: () => ["a", "b"] }),
];

/** Runs a turn of three model calls and says everything about it that does not depend on ids and time. */
async function turnOn(journal: SessionJournal) {
  await using sim = await scriptedRuntime([
    callTools({ name: "look", arguments: { at: "x" } }, { name: "nothing" }),
    { type: "mixed", text: "paying", toolCalls: [{ name: "charge", arguments: {} }] },
    "done",
  ], { tools: TOOLS, backends: RuntimeBackends.inMemory().withJournal(journal) });
  const { runtime } = sim;
  const first = await runtime.runTextTurn(runtime.defaultSessionId, "go");
  const { turnId: _, sessionId: __, ...result } = first;
  const events = await journal.events(runtime.defaultSessionId);
  const messages = await runtime.messages(runtime.defaultSessionId);
  return {
    result,
    types: events.map(typeOf),
    contents: messages.map(({ role, content }) => [role, withoutIds(content)]),
    requests: sim.requests.map(({ messages, tools }) => withoutIds({ messages, tools })),
  };
}

function typeOf({ type }: Event): string {
  return type;
}

function withoutIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/_[0-9a-f]{32}/g, ""));
}

Deno.test("a turn is the same when its journal writes every step and checkpoint down as JSON", async () => {
  const plain = await turnOn(new RecordingJournal());
  const written = await turnOn(new JsonJournal());
  assert.deepEqual(written, plain);
  assert.equal(plain.result.response, "done");
  assert.deepEqual([plain.result.iterations, plain.result.toolCallsCount], [3, 3]);
});

Deno.test("every open step of a turn carries a checkpoint that is equal as JSON", async () => {
  const journal = new RecordingJournal();
  await turnOn(journal);
  const checkpoints = journal.steps.map(({ checkpoint }) => checkpoint);
  const phases = checkpoints.map((checkpoint) => checkpoint?.state.phase ?? checkpoint);
  assert.equal(phases.at(-1), null);
  // Marks and early results leave the open turn as it was.
  assert.deepEqual(phases.filter((phase) => phase !== undefined), ["reason", "act", "reason", "act", "reason", null]);
  for (const checkpoint of checkpoints) {
    if (checkpoint === undefined) continue;
    assert.deepEqual(JSON.parse(JSON.stringify(checkpoint)), checkpoint);
  }
});
