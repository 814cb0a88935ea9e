import assert from "node:assert/strict";
import { isModern, profileOf, thinkingConfig } from "../../../../src/drivers/gemini/models.ts";

const EFFORTS: readonly [model: string, effort: string | undefined, config: object | undefined][] = [
  ["gemini-2.5-flash", undefined, { includeThoughts: true }],
  ["gemini-2.5-flash", "none", { thinkingBudget: 0, includeThoughts: false }],
  ["gemini-2.5-flash", "medium", { thinkingBudget: 8192, includeThoughts: true }],
  ["gemini-2.5-flash", "xhigh", { thinkingBudget: 24_576, includeThoughts: true }],
  ["gemini-2.5-pro", "none", { thinkingBudget: 128, includeThoughts: true }],
  ["gemini-2.5-pro", "high", { thinkingBudget: 32_768, includeThoughts: true }],
  ["gemini-3.5-flash", undefined, { includeThoughts: true }],
  ["gemini-3.5-flash", "none", { thinkingLevel: "minimal", includeThoughts: true }],
  ["gemini-3.5-flash", "xhigh", { thinkingLevel: "high", includeThoughts: true }],
  ["gemini-3.5-flash", "some_new_level", { thinkingLevel: "some_new_level", includeThoughts: true }],
  ["gemini-3-pro-preview", "medium", { thinkingLevel: "high", includeThoughts: true }],
  ["models/gemini-3.1-pro-preview", "minimal", { thinkingLevel: "low", includeThoughts: true }],
  ["gemini-2.0-flash", "high", undefined],
  ["gemini-2.5-flash-image", "high", undefined],
  ["unheard-of", undefined, undefined],
  ["unheard-of", "high", { thinkingLevel: "high", includeThoughts: true }],
];

for (const [model, effort, config] of EFFORTS) {
  Deno.test(`effort ${effort} of ${model} is ${JSON.stringify(config)}`, () => {
    assert.deepEqual(thinkingConfig(model, effort), config);
  });
}

Deno.test("the names without a number mean the newest models", () => {
  const names = [
    "gemini-flash-latest",
    "gemini-pro-latest",
    "gemini-3.8-flash",
    "gemini-4-pro",
    "gemini-2.5-pro",
    "gemma-3",
  ];
  assert.deepEqual(names.map(isModern), [true, true, true, true, false, false]);
});

Deno.test("a profile has limits, efforts and a price, as far as they are known", () => {
  assert.deepEqual(profileOf("gemini-2.5-pro"), {
    temperature: true,
    reasoningEfforts: ["minimal", "low", "medium", "high"],
    contextWindow: 1_048_576,
    maxOutputTokens: 65_536,
    price: { input: 1.25, output: 10, cacheRead: 0.125, longPrompt: { above: 200_000, input: 2, output: 1.5 } },
  });
  assert.deepEqual(profileOf("gemini-2.0-flash-001")?.reasoningEfforts, []);
  assert.equal(profileOf("gemini-2.0-flash-001")?.maxOutputTokens, 8192);
  assert.deepEqual(profileOf("gemini-9-flash")?.price, undefined);
  assert.equal(profileOf("unheard-of"), undefined);
});

Deno.test("a model newer than the table is known to think, and by which limits", () => {
  for (const model of ["gemini-4-argon", "gemini-5-xenon"]) {
    const profile = profileOf(model);
    assert.deepEqual([profile?.maxOutputTokens, profile?.reasoningEfforts], [65_536, ["low", "medium", "high"]]);
  }
  assert.equal(profileOf("gemini-4-argon")?.price?.output, 20);
});
