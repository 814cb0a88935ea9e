import assert from "node:assert/strict";
import { lineOfOne, score } from "./score.ts";

const LISTING = `
Server scenarios (test against a server):
  - tools-list

Client scenarios (test against a client):
  - initialize
  - tools_call
  - auth/basic-cimd

Run and reported, but never scored:
  extension (2):
    - auth/dpop [client]
    - tasks-lifecycle [server]
`;

Deno.test("score() passes scenarios whose checks all passed", () => {
  const output =
    "✓ initialize: 1 passed, 0 failed\n✓ tools_call: 2 passed, 0 failed\n✓ auth/basic-cimd: 13 passed, 0 failed\n";
  assert.deepEqual(score(output, LISTING), {
    passed: ["initialize", "tools_call", "auth/basic-cimd"],
    failed: [],
    unscored: ["auth/dpop: 0 passed, 0 failed"],
  });
});

Deno.test("score() fails a scenario that checked nothing, one that failed and one that was not run", () => {
  const output =
    "✓ initialize: 0 passed, 0 failed\n✗ tools_call: 5 passed, 1 failed\n✗ auth/dpop: 1 passed, 3 failed\n";
  assert.deepEqual(score(output, LISTING), {
    passed: [],
    failed: ["initialize: checked nothing", "tools_call: 1 of its checks failed", "auth/basic-cimd: was not run"],
    unscored: ["auth/dpop: 1 passed, 3 failed"],
  });
});

Deno.test("score() fails when nothing was listed", () => {
  assert.deepEqual(score("", "").failed, ["the suite listed no scenario"]);
});

Deno.test("lineOfOne() reads the result of a scenario that ran alone; no result is a failure", () => {
  assert.equal(
    lineOfOne("a/b", "Test Results:\nPassed: 22/23, 1 failed, 0 warnings\n"),
    "✗ a/b: 22 passed, 1 failed\n",
  );
  assert.equal(lineOfOne("a/b", "Passed: 3/3, 0 failed, 0 warnings\n"), "✓ a/b: 3 passed, 0 failed\n");
  assert.equal(lineOfOne("a/b", "killed"), "✗ a/b: 0 passed, 1 failed\n");
});

Deno.test("score() takes the last result of a scenario that ran twice", () => {
  const output = "✗ initialize: 0 passed, 1 failed\n✓ initialize: 1 passed, 0 failed\n";
  assert.deepEqual(score(output, LISTING).passed, ["initialize"]);
});
