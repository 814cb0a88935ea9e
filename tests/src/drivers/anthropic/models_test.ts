import assert from "node:assert/strict";
import { profileOf } from "../../../../src/drivers/anthropic/models.ts";

const KNOWN: readonly [model: string, context: number, output: number, input: number, reply: number, read: number][] = [
  ["claude-fable-5-2", 1_000_000, 128_000, 8, 40, 0.2],
  ["claude-mythos-5-1", 1_000_000, 128_000, 10, 50, 0.25],
  ["claude-opus-5-5", 1_000_000, 128_000, 4, 20, 0.2],
  ["claude-opus-5", 1_000_000, 128_000, 5, 25, 0.5],
  ["anthropic/claude-opus-4.8", 1_000_000, 128_000, 5, 25, 0.5],
  ["claude-opus-4-5-20251101", 200_000, 64_000, 5, 25, 0.5],
  ["claude-opus-4-20250514", 200_000, 32_000, 15, 75, 1.5],
  ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, 64_000, 3, 15, 0.3],
  ["claude-sonnet-5-5", 1_000_000, 128_000, 2, 10, 0.1],
  ["claude-3-5-sonnet-latest", 200_000, 8192, 3, 15, 0.3],
  ["claude-haiku-5-5", 1_000_000, 128_000, 0.1, 0.5, 0.01],
  ["claude-haiku-4-5@20251001", 200_000, 64_000, 1, 5, 0.1],
  ["claude-3-haiku-20240307", 200_000, 4096, 0.25, 1.25, 0.025],
];

for (const [model, contextWindow, maxOutputTokens, input, output, read] of KNOWN) {
  Deno.test(`the profile of ${model} is known`, () => {
    const profile = profileOf(model);
    assert.deepEqual([profile?.contextWindow, profile?.maxOutputTokens], [contextWindow, maxOutputTokens]);
    assert.deepEqual([profile?.price?.input, profile?.price?.output], [input, output]);
    assert.ok(Math.abs((profile?.price?.cacheRead ?? 0) - read) < 1e-9, `${profile?.price?.cacheRead}`);
  });
}

Deno.test("nothing is claimed of other models", () => {
  for (const model of ["claude", "claude-opus-9", "claude-instant-1.2", "gpt-5.5", "kimi-k2", ""]) {
    assert.equal(profileOf(model), undefined, model);
  }
});

Deno.test("the profile tells which efforts and whether a temperature are taken", () => {
  const of = (model: string) => [profileOf(model)?.reasoningEfforts?.at(-1), profileOf(model)?.temperature];
  assert.deepEqual(of("claude-opus-5-5"), ["max", false]);
  assert.deepEqual(of("claude-sonnet-4-6"), ["max", true]);
  assert.deepEqual(of("claude-haiku-4-5"), ["xhigh", true]);
  assert.deepEqual(of("claude-3-haiku-20240307"), [undefined, true]);
});
