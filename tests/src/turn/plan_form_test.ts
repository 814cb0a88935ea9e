/** The planner's rows for turns that were asked for an answer of a form. */

import assert from "node:assert/strict";
import type { TurnForm } from "../../../mod.ts";
import { plan } from "../../../src/turn/plan.ts";
import type { InvalidAnswer } from "../../../src/turn/plan_types.ts";
import { CALLS, reasoned, state } from "./plan_fixtures.ts";

const FORM: TurnForm = { format: { name: "city", schema: { type: "object" } } };
const INVALID: InvalidAnswer = {
  failure: { code: "invalid_output", message: "wrong" },
  disclosed: "told",
  disclosure: "standard",
  final: false,
};
const WRONG: TurnForm = { ...FORM, problem: "wrong" };
const asked = (form: Partial<TurnForm> = {}, iteration = 1) => state({ form: { ...FORM, ...form }, iteration });

Deno.test("a wrong answer plans one repair round", () => {
  const { state: next, next: step } = plan(asked(), reasoned({ invalid: INVALID, form: WRONG }));
  assert.deepEqual([step.type, next.iteration, next.form], ["reason", 2, { ...FORM, problem: "wrong", repair: "now" }]);
});

Deno.test("a second wrong answer, a final one, and one at the ceiling fail the turn", () => {
  for (
    const planned of [
      plan(asked({ problem: "wrong", repair: "now" }, 2), reasoned({ invalid: INVALID })),
      plan(asked({ repair: "used" }, 2), reasoned({ invalid: INVALID })),
      plan(asked(), reasoned({ invalid: { ...INVALID, final: true } })),
      plan(asked({}, 3), reasoned({ invalid: INVALID })),
    ]
  ) {
    assert.ok(planned.next.type === "complete");
    assert.deepEqual([planned.next.status, planned.next.failure?.code], ["failed", "invalid_output"]);
  }
});

Deno.test("calls are run, whatever the form is like after them", () => {
  const { state: next, next: step } = plan(
    asked({ problem: "wrong", repair: "now" }, 2),
    reasoned({ ...CALLS, form: { ...FORM, repair: "used" } }),
  );
  assert.deepEqual([step.type, next.form], ["act", { ...FORM, repair: "used" }]);
});

Deno.test("a wrong answer while inputs are pending is kept in mind without a repair round", () => {
  const { state: next, next: step } = plan(asked(), reasoned({ invalid: INVALID, form: WRONG, pendingInputs: 1 }));
  assert.deepEqual([step.type, next.form], ["reason", { ...FORM, problem: "wrong" }]);
});

Deno.test("when the pending inputs are refused, the wrong answer before them is repaired after all", () => {
  const { state: next, next: step } = plan(asked({ problem: "wrong" }, 2), {
    type: "nothing_left",
    at: 1500,
    invalid: INVALID,
  });
  assert.deepEqual([step.type, next.iteration, next.form?.repair], ["reason", 2, "now"]);
});

Deno.test("a right answer completes the turn and names its form", () => {
  const { next, effects } = plan(asked({ problem: "wrong", repair: "now" }, 2), reasoned());
  assert.ok(next.type === "complete" && next.status === "completed");
  const completed = effects.flatMap((effect) => effect.type === "event" ? [effect.event] : [])
    .find(({ type }) => type === "turn.completed");
  assert.ok(completed?.type === "turn.completed");
  assert.equal(completed.data.outputFormat, "city");
});
