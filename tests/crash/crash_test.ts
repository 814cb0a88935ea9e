import assert from "node:assert/strict";
import { Arena } from "./arena.ts";
import { killsOf, playMatrix, SHORT } from "./matrix.ts";
import { linesOf, readLines } from "./protocol.ts";
import { countPasses, nameOf, type Outcome, playCase } from "./run_case.ts";

Deno.test("processes that are killed at every kind of point leave nothing that must not be", async () => {
  const outcomes = await playMatrix(SHORT);

  assert.deepEqual(outcomes.flatMap(wrongIn), []);
  assert.ok(killsOf(outcomes) >= 300, `${killsOf(outcomes)} processes were killed`);
  const points = outcomes.flatMap(({ played }) => played.faults).map((fault) => fault.split(/[/:]/)[1]);
  for (const point of ["begin", "write", "commit.before", "commit.after", "file.after", "tool.before", "tool.after"]) {
    assert.ok(points.includes(point), `nobody died at ${point}`);
  }
});

Deno.test("a call that was interrupted is reconciled by the process that survives a death in the middle of that", async () => {
  await using arena = new Arena();
  const outcome = await playCase({
    scenario: "chain",
    faults: ["run/tool.after:1", "recover/reconcile.before:1", "recover/reconcile.after:1"],
  }, arena);

  assert.deepEqual(wrongIn(outcome), []);
  assert.equal(outcome.kills, 3);
  assert.equal(outcome.passes["recover/reconcile.before"], 1);
});

Deno.test("a journal that stores start marks after the effect is caught: what must not be repeated is", async () => {
  await using arena = new Arena();
  const [faulty, correct] = await Promise.all([
    playCase({ scenario: "batch", faults: ["run/tool.after:3"], control: "late-marks" }, arena),
    playCase({ scenario: "batch", faults: ["run/tool.after:3"] }, arena),
  ]);

  assert.ok(faulty.violations.includes("pay was run 2 times"), faulty.violations.join("\n"));
  assert.deepEqual(wrongIn(correct), []);
});

Deno.test("a client that is told of inputs before they are stored is caught: one is lost", async () => {
  await using arena = new Arena();
  const [faulty, correct] = await Promise.all([
    playCase({ scenario: "text", faults: ["run/commit.before:1"], control: "early-acks" }, arena),
    playCase({ scenario: "text", faults: ["run/commit.before:1"] }, arena),
  ]);

  assert.match(faulty.violations.join("\n"), /input "hello" is stored once/);
  assert.deepEqual(wrongIn(correct), []);
});

Deno.test("a process that ends by itself where it should have died is no kill", async () => {
  await using arena = new Arena();
  const outcome = await playCase({ scenario: "fail", faults: ["run/tool.after:1"] }, arena);

  assert.equal(outcome.kills, 0);
  assert.deepEqual(wrongIn(outcome), []);
});

Deno.test("countPasses() counts the same each time", async () => {
  await using arena = new Arena();
  const [first, second] = await Promise.all([countPasses("chain", arena), countPasses("chain", arena)]);

  assert.deepEqual(first, second);
});

Deno.test("readLines() leaves out a line that a death cut off", () => {
  const lines = readLines('{"type":"begun"}\n{"type":"clo');

  assert.equal(lines.length, 1);
  assert.equal(linesOf(lines, "closed").length, 0);
});

/** What is wrong, with how to see it again. */
function wrongIn({ played, violations }: Outcome): string[] {
  return violations.map((violation) => `${nameOf(played)}: ${violation}`);
}
