import assert from "node:assert/strict";
import { FileStoreError } from "../../../src/errors.ts";
import { compileLinearRegex } from "../../../src/kit/linear_regex.ts";

Deno.test("a linear pattern matches anywhere in a line", async () => {
  const regex = await compileLinearRegex("b+\\d");
  assert.deepEqual(["abb1c", "b1", "ab", ""].map((line) => regex.test(line)), [true, true, false, false]);
});

Deno.test("a linear pattern minds case unless it is told not to", async () => {
  assert.equal((await compileLinearRegex("todo")).test("TODO"), false);
  assert.equal((await compileLinearRegex("todo", { ignoreCase: true })).test("TODO"), true);
});

const HOSTILE: readonly string[] = [
  "(a+)+$",
  "(a*)*$",
  "(a|a)*$",
  "(a|aa)+$",
  "(.*a){20}$",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "(x+x+)+y",
  "([a-zA-Z]+)*$",
  "(a?){50}a{50}$",
  "(\\w+\\s?)*!$",
];

for (const pattern of HOSTILE) {
  Deno.test(`the pattern ${pattern} takes no exponential time`, async () => {
    const regex = await compileLinearRegex(pattern);
    const started = performance.now();
    regex.test(`${"a".repeat(2_000)}-`);
    assert.ok(performance.now() - started < 1_000);
  });
}

const REFUSED: readonly [pattern: string, message: RegExp][] = [
  ["(a", /missing closing \)/],
  ["(?=a)", /no lookaround/],
  ["(a)\\1", /no backreferences/],
  ["[z-a]", /invalid character class range/],
  ["*", /missing argument/],
  ["a{1001}", /invalid repeat count/],
  ["(((a{100}){10}){10})", /repeat|too large/],
  ["x".repeat(1_001), /at most 1000/],
];

for (const [pattern, message] of REFUSED) {
  Deno.test(`compileLinearRegex() explains why it refuses ${pattern.slice(0, 30)}`, async () => {
    await assert.rejects(compileLinearRegex(pattern), (error) => {
      assert.ok(error instanceof FileStoreError);
      assert.equal(error.code, "pattern_invalid");
      assert.match(error.message, message);
      return true;
    });
  });
}
