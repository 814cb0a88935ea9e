import assert from "node:assert/strict";
import { commandResult, outputBudget, readable } from "../../../../src/capabilities/bash/command_result.ts";

const budgets: readonly (readonly [string, number, number])[] = [
  ["silent", 200, 200],
  ["concise", 2_048, 2_048],
  ["normal", 8_192, 8_192],
  ["verbose", 16_384, 16_384],
  ["full", Infinity, Infinity],
  ["auto", 384, 8_192],
  ["loud", 2_048, 2_048],
];
for (const [verbosity, worked, failed] of budgets) {
  Deno.test(`the verbosity ${verbosity} shows ${worked} bytes of what worked and ${failed} of what failed`, () => {
    assert.deepEqual([outputBudget(verbosity, true), outputBudget(verbosity, false)], [worked, failed]);
    const lines = `${"é".repeat(20)}\n`.repeat(1_000);
    const { result } = commandResult("x", { stdout: lines, stderr: lines, code: 0 }, verbosity);
    const bytes = (name: string) => new TextEncoder().encode(String(result[name])).length;
    assert.ok(bytes("stdout") <= worked && bytes("stderr") <= Math.min(worked, 4_096));
    assert.equal(result["stdout"] === lines, worked === Infinity);
  });
}

Deno.test("a short result has everything, and no output in full beside it", () => {
  assert.deepEqual(commandResult("ls", { stdout: "a\nb\n", stderr: "", code: 0 }, "normal"), {
    result: {
      command: "ls",
      exit_code: 0,
      success: true,
      truncated: false,
      total_lines: 2,
      output_limited: false,
      stderr: "",
      stdout: "a\nb\n",
    },
  });
});

Deno.test("what is cut is beside the result in full, as it was printed", () => {
  const stdout = `\x1b[32m${"ok\n".repeat(1_000)}`;
  const { result, rawOutput } = commandResult("x", { stdout, stderr: "e", code: 0 }, "auto");
  assert.deepEqual([result["truncated"], rawOutput], [true, { stdout, stderr: "e" }]);
});

Deno.test("truncation keeps lines that tell of errors, also of standard error", () => {
  const lines = [..."x".repeat(3_000)].map((_, i) => i === 1_500 ? "FATAL: disk is gone" : `step ${i} is done`);
  const text = lines.join("\n");
  const { result } = commandResult("x", { stdout: text, stderr: text, code: 1 }, "auto");
  assert.match(String(result["stdout"]), /FATAL: disk is gone/);
  assert.match(String(result["stderr"]), /FATAL: disk is gone/);
});

for (const [endedBy, words] of [["timeout", /in time/], ["output_limit", /too much/]] as const) {
  Deno.test(`a command that was ended by ${endedBy} did not succeed, whatever its code, and says why`, () => {
    const { result } = commandResult("x", { stdout: "", stderr: "", code: 0, endedBy }, "normal");
    assert.equal(result["success"], false);
    assert.equal(result["output_limited"], endedBy === "output_limit");
    assert.match(String(result["ended_because"]), words);
  });
}

Deno.test("a long command is repeated only in part", () => {
  const { result } = commandResult("x".repeat(5_000), { stdout: "", stderr: "", code: 0 }, "normal");
  assert.equal(result["command"], `${"x".repeat(1_000)}…`);
});

Deno.test("readable() takes colours and controls out, and leaves lines, tabs and letters", () => {
  assert.equal(readable("\x1b[1;31mred\x1b[0m\ta\r\nb\0\x07\x85é"), "red\ta\r\nb\ufffd\ufffd\ufffdé");
});
