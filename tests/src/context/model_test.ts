/** Resolving model and locale. */

import assert from "node:assert/strict";
import { type Controls, createSession, idFromSeed, InMemoryProviderStore } from "../../../mod.ts";
import { lastControls, resolveLocale, resolveModel } from "../../../src/context/layers.ts";
import { HARNESS, userText } from "../_support/sources.ts";

const WISHED = idFromSeed("model", 1);
const NEAR = idFromSeed("model", 2);
const FAR = idFromSeed("model", 3);
const UNKNOWN = idFromSeed("model", 9);

async function store(): Promise<InMemoryProviderStore> {
  const providers = new InMemoryProviderStore();
  await providers.addModel(WISHED, { model: "wished", providerType: "llmsim" });
  await providers.addModel(NEAR, { model: "near", providerType: "llmsim" });
  await providers.addModel(FAR, { model: "far", providerType: "llmsim" });
  await providers.setDefaultModel({ model: "fallback", providerType: "llmsim" });
  return providers;
}

async function choose(controls: Controls | undefined, ids: readonly (typeof NEAR)[]) {
  const { model, modelId } = await resolveModel(controls, ids, await store());
  return [model?.model, modelId];
}

Deno.test("resolveModel() takes the wish of the message before the layers", async () => {
  assert.deepEqual(await choose({ modelId: WISHED }, [NEAR, FAR]), ["wished", WISHED]);
});

Deno.test("resolveModel() takes the nearest layer that names a model", async () => {
  assert.deepEqual(await choose(undefined, [NEAR, FAR]), ["near", NEAR]);
});

Deno.test("resolveModel() falls through ids the provider store does not know", async () => {
  assert.deepEqual(await choose({ modelId: UNKNOWN }, [UNKNOWN, FAR]), ["far", FAR]);
});

Deno.test("resolveModel() ends at the platform's fallback, which has no id", async () => {
  assert.deepEqual(await choose({ modelId: UNKNOWN }, [UNKNOWN]), ["fallback", undefined]);
});

Deno.test("resolveModel() finds no model when the store has no fallback either", async () => {
  const choice = await resolveModel(undefined, [NEAR], new InMemoryProviderStore());
  assert.deepEqual(choice, { model: undefined, modelId: undefined });
});

function session(locale?: string) {
  return createSession({ harnessId: HARNESS, ...(locale === undefined ? {} : { locale }) });
}

Deno.test("resolveLocale() takes the trimmed wish of the message before the session's", () => {
  assert.equal(resolveLocale({ locale: " fr-FR " }, session("de-CH")), "fr-FR");
});

Deno.test("resolveLocale() takes the session's locale when the wish is absent or blank", () => {
  assert.equal(resolveLocale(undefined, session("de-CH")), "de-CH");
  assert.equal(resolveLocale({ locale: "  " }, session(" de-CH ")), "de-CH");
});

Deno.test("resolveLocale() gives none when nobody names one", () => {
  assert.equal(resolveLocale(undefined, session()), undefined);
  assert.equal(resolveLocale({}, session(" ")), undefined);
});

Deno.test("lastControls() are those of the newest user message, also when it has none", () => {
  const wish: Controls = { locale: "fr" };
  const answer = userText("ok", { role: "agent" });
  assert.equal(lastControls([userText("a"), userText("b", { controls: wish }), answer]), wish);
  assert.equal(lastControls([userText("a", { controls: wish }), userText("b"), answer]), undefined);
  assert.equal(lastControls([]), undefined);
});
