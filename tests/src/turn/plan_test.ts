/** The planner: every row of its table, its totality and its purity. */

import assert from "node:assert/strict";
import type { TurnState } from "../../../mod.ts";
import { plan } from "../../../src/turn/plan.ts";
import type { NextStep, TurnOutcome } from "../../../src/turn/plan_types.ts";
import { CALLS, FAILED, reasoned, state } from "./plan_fixtures.ts";

const AT_CEILING = { iteration: 3 };
const END_WELL = ["turn.completed", "session.idled", "turn_end_hooks true"];
const LIMIT = "close_calls not executed: iteration limit";

interface Row {
  readonly name: string;
  readonly before?: Partial<TurnState>;
  readonly outcome: TurnOutcome;
  readonly next: NextStep["type"];
  readonly phase: TurnState["phase"];
  readonly iteration: number;
  readonly stopReason?: string;
  readonly effects?: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: "an accepted input", outcome: { type: "accepted" }, next: "reason", phase: "reason", iteration: 1 },
  {
    name: "calls below the ceiling",
    outcome: reasoned(CALLS),
    next: "act",
    phase: "act",
    iteration: 1,
  },
  {
    name: "calls and pending inputs below the ceiling",
    outcome: reasoned({ ...CALLS, pendingInputs: 1 }),
    next: "act",
    phase: "act",
    iteration: 1,
  },
  {
    name: "an answer while inputs are pending below the ceiling",
    outcome: reasoned({ pendingInputs: 1 }),
    next: "reason",
    phase: "reason",
    iteration: 2,
  },
  {
    name: "a paused answer below the ceiling",
    outcome: reasoned({ finishReason: "pause" }),
    next: "reason",
    phase: "reason",
    iteration: 2,
  },
  {
    name: "an answer with nothing pending",
    outcome: reasoned(),
    next: "complete",
    phase: "done",
    iteration: 1,
    stopReason: "end_turn",
    effects: END_WELL,
  },
  {
    name: "an empty answer",
    outcome: reasoned({ text: "" }),
    next: "complete",
    phase: "done",
    iteration: 1,
    stopReason: "end_turn",
    effects: END_WELL,
  },
  {
    name: "an answer cut at the token limit",
    outcome: reasoned({ finishReason: "length" }),
    next: "complete",
    phase: "done",
    iteration: 1,
    stopReason: "max_tokens",
    effects: END_WELL,
  },
  {
    name: "a refusal",
    outcome: reasoned({ finishReason: "refusal" }),
    next: "complete",
    phase: "done",
    iteration: 1,
    stopReason: "refusal",
    effects: END_WELL,
  },
  {
    name: "a filtered answer",
    outcome: reasoned({ finishReason: "content_filter" }),
    next: "complete",
    phase: "done",
    iteration: 1,
    stopReason: "refusal",
    effects: END_WELL,
  },
  {
    name: "calls at the ceiling",
    before: AT_CEILING,
    outcome: reasoned(CALLS),
    next: "complete",
    phase: "done",
    iteration: 3,
    stopReason: "max_turn_requests",
    effects: [LIMIT, ...END_WELL],
  },
  {
    name: "pending inputs at the ceiling",
    before: AT_CEILING,
    outcome: reasoned({ pendingInputs: 1 }),
    next: "complete",
    phase: "done",
    iteration: 3,
    stopReason: "max_turn_requests",
    effects: END_WELL,
  },
  {
    name: "a paused answer at the ceiling",
    before: AT_CEILING,
    outcome: reasoned({ finishReason: "pause" }),
    next: "complete",
    phase: "done",
    iteration: 3,
    stopReason: "max_turn_requests",
    effects: END_WELL,
  },
  {
    name: "an answer at the ceiling",
    before: AT_CEILING,
    outcome: reasoned(),
    next: "complete",
    phase: "done",
    iteration: 3,
    stopReason: "end_turn",
    effects: END_WELL,
  },
  {
    name: "a failed model call",
    outcome: FAILED,
    next: "complete",
    phase: "done",
    iteration: 1,
    stopReason: "error",
    effects: [
      "close_calls not executed: the turn failed",
      "turn.failed",
      "session.idled",
      "turn_end_hooks false",
    ],
  },
  {
    name: "a refused input",
    outcome: { type: "blocked", reason: "no" },
    next: "complete",
    phase: "done",
    iteration: 1,
    stopReason: "blocked",
    effects: [
      "close_calls not executed: the turn failed",
      "turn.failed",
      "session.idled",
      "turn_end_hooks false",
    ],
  },
  {
    name: "a further step whose inputs were all refused",
    before: { iteration: 3 },
    outcome: { type: "nothing_left", at: 5 },
    next: "complete",
    phase: "done",
    iteration: 2,
    stopReason: "end_turn",
    effects: ["turn.completed", "session.idled", "turn_end_hooks true"],
  },
  {
    name: "calls that were acted on",
    before: { phase: "act" },
    outcome: { type: "acted", acted: 2, waiting: false },
    next: "reason",
    phase: "reason",
    iteration: 2,
  },
  {
    name: "calls of which some wait for the client",
    before: { phase: "act" },
    outcome: { type: "acted", acted: 1, waiting: true },
    next: "wait",
    phase: "wait",
    iteration: 1,
  },
  {
    name: "what the client brought",
    before: { phase: "wait" },
    outcome: { type: "resumed", acted: 1 },
    next: "act",
    phase: "act",
    iteration: 1,
  },
  {
    name: "a cancellation",
    before: { phase: "act" },
    outcome: { type: "cancelled", reason: "enough" },
    next: "complete",
    phase: "done",
    iteration: 1,
    stopReason: "cancelled",
    effects: ["close_calls not executed: the turn was cancelled", "turn.cancelled", "session.idled"],
  },
  {
    name: "a guard, whose step does not count,",
    before: { iteration: 4 },
    outcome: { type: "sealed", reason: "no_progress", detail: "the same call 5 times" },
    next: "complete",
    phase: "done",
    iteration: 3,
    stopReason: "sealed",
    effects: ["close_calls not executed: no_progress", "turn.sealed", "session.idled"],
  },
];

for (const row of ROWS) {
  const way = row.stopReason === undefined ? row.next : `complete with ${row.stopReason}`;
  Deno.test(`plan() answers ${row.name} with ${way}`, () => {
    const { state: after, next, effects } = plan(state(row.before), row.outcome);
    assert.equal(next.type, row.next);
    assert.equal(after.phase, row.phase);
    assert.equal(after.iteration, row.iteration);
    assert.equal(next.type === "complete" ? next.stopReason : undefined, row.stopReason);
    assert.deepEqual(effects.map(nameOf), row.effects ?? []);
  });
}

function nameOf(effect: ReturnType<typeof plan>["effects"][number]): string {
  switch (effect.type) {
    case "event":
      return effect.event.type;
    case "close_calls":
      return `close_calls ${effect.reason}`;
    case "turn_end_hooks":
      return `turn_end_hooks ${effect.success}`;
  }
}

Deno.test("plan() is total: every outcome in every phase gives a next step and never throws", () => {
  const phases = ["reason", "act", "wait", "done"] as const;
  for (const phase of phases) {
    for (const iteration of [1, 3, 4]) {
      for (const { outcome } of ROWS) {
        const { state: after, next } = plan(state({ phase, iteration }), outcome);
        assert.ok(["reason", "act", "wait", "complete"].includes(next.type));
        assert.equal(next.type === "complete", after.phase === "done");
      }
    }
  }
});

Deno.test("plan() is pure: it changes neither state nor outcome and repeats itself", () => {
  for (const row of ROWS) {
    const before = Object.freeze(state(row.before));
    const outcome = Object.freeze({ ...row.outcome });
    assert.deepEqual(plan(before, outcome), plan(before, outcome));
    assert.deepEqual(before, state(row.before));
  }
});

Deno.test("plan() gives the same answer for a state that was written down as JSON", () => {
  for (const row of ROWS) {
    const direct = plan(state(row.before), row.outcome);
    const stored = plan(JSON.parse(JSON.stringify(state(row.before))), row.outcome);
    assert.deepEqual(stored, direct, row.name);
    assert.deepEqual(JSON.parse(JSON.stringify(direct.state)), direct.state, row.name);
  }
});
