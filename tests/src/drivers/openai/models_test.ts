import assert from "node:assert/strict";
import { effortFor, profileOf } from "../../../../src/drivers/openai/models.ts";
import { azureOpenAIDriver, openAICompletionsDriver } from "../../../../src/drivers/openai/mod.ts";
import { Secret } from "../../../../src/records/secret.ts";
import type { DriverDescriptor, ModelRequest } from "../../../../src/ports/driver.ts";
import { collect } from "../../../net/fault_table.ts";
import { KEY, textStream } from "./canned_fetch.ts";
import { COMPLETIONS_TEXT } from "./recordings.ts";
import { requestOf } from "./requests.ts";

Deno.test("a dated snapshot costs what its model costs, and another variant has a price of its own", () => {
  const input = (model: string) => profileOf(model)?.price?.input;
  assert.deepEqual(
    ["gpt-5.5", "gpt-5.5-2026-04-23", "openai/gpt-5.5", "gpt-5.5-pro", "gpt-5.5-unheard-of", "qwen3"].map(input),
    [5, 5, 5, 30, undefined, undefined],
  );
});

Deno.test("every price belongs to a model with a profile and a plausible discount", () => {
  for (
    const model of ["gpt-4o-mini", "gpt-4.1", "o3", "gpt-5", "gpt-5.2", "gpt-5.4-nano", "gpt-6-sol", "gpt-6.1-sol"]
  ) {
    const profile = profileOf(model);
    assert.ok(profile?.price !== undefined && (profile.contextWindow ?? 0) >= 128_000, model);
    assert.ok((profile.price.cacheRead ?? 0) <= profile.price.input && profile.price.input < profile.price.output);
  }
});

/** What the API's 400 answers say it supports, November 2026. */
const EFFORTS: readonly [model: string, wish: string, sent: string | undefined][] = [
  ["gpt-4.1", "high", undefined],
  ["o3", "minimal", "low"],
  ["o3", "max", "high"],
  ["gpt-5", "minimal", "minimal"],
  ["gpt-5", "xhigh", "high"],
  ["gpt-5", "none", "minimal"],
  ["gpt-5-codex", "minimal", "low"],
  ["gpt-5-pro", "low", "high"],
  ["gpt-5.1", "minimal", "low"],
  ["gpt-5.1", "xhigh", "high"],
  ["gpt-5.1-codex", "none", "low"],
  ["gpt-5.1-codex-max", "xhigh", "xhigh"],
  ["gpt-5.2-chat-latest", "high", "medium"],
  ["gpt-5.2-pro", "low", "medium"],
  ["gpt-5.3-codex", "none", "low"],
  ["gpt-5.4-nano", "minimal", "low"],
  ["gpt-5.5", "max", "xhigh"],
  ["openai/gpt-5.5-pro", "low", "medium"],
  ["gpt-5.6-sol", "minimal", "low"],
  ["gpt-5.6-sol", "max", "max"],
  ["gpt-6-astra", "none", "low"],
  ["gpt-6-luna", "none", "none"],
  ["gpt-6.1-sol", "minimal", "low"],
  ["gpt-6.1-sol", "a new one", "a new one"],
  ["qwen3", "minimal", "minimal"],
];

for (const [model, wish, sent] of EFFORTS) {
  Deno.test(`effort ${wish} is sent to ${model} as ${sent}`, () => {
    assert.equal(effortFor(model, wish, true), sent);
  });
}

Deno.test("a temperature is not sent to models that reason unasked", () => {
  const takes = ["gpt-4.1", "gpt-5", "gpt-5.4", "gpt-5.5", "gpt-5.6-luna", "gpt-6.1-sol"].map((model) =>
    profileOf(model)?.temperature !== false
  );
  assert.deepEqual(takes, [true, false, true, false, false, false]);
});

Deno.test("a reply of OpenAI or Azure carries an estimate of its cost, that of another server or tier none", async () => {
  // 36 plain, 64 cached and 20 reply tokens of gpt-5.4.
  const estimate = (36 * 2.5 + 64 * 0.25 + 20 * 15) / 1_000_000;
  assert.equal(await estimated(openAICompletionsDriver, {}), estimate);
  assert.equal(await estimated(azureOpenAIDriver, { baseUrl: "https://r.openai.azure.com" }), estimate);
  assert.equal(await estimated(openAICompletionsDriver, { baseUrl: "http://localhost:1234/v1" }), undefined);
  assert.equal(await estimated(openAICompletionsDriver, {}, { speed: "flex" }), undefined);
});

async function estimated(
  describe: (options: { readonly fetch: () => Promise<Response> }) => DriverDescriptor,
  config: { readonly baseUrl?: string },
  request: Partial<ModelRequest> = {},
): Promise<number | undefined> {
  const descriptor = describe({ fetch: () => Promise.resolve(textStream(...COMPLETIONS_TEXT.pieces)) });
  const driver = await descriptor.create({
    apiKey: new Secret(KEY),
    providerMetadata: { api: "completions" },
    ...config,
  });
  const { events } = await collect(driver, requestOf({ model: "gpt-5.4", ...request }));
  const done = events.at(-1);
  assert.equal(done?.type, "done");
  return done?.type === "done" ? done.usage?.estimatedCostUsd : undefined;
}
