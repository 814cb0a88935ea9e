/** What every provider store must do. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../records/ids.ts";
import type { ResolvedModel } from "../../records/model.ts";
import { Secret } from "../../records/secret.ts";
import type { RuntimeProviderStore } from "../../ports/stores.ts";
import { check, type ConformanceOptions } from "./conformance_options.ts";
import { modelFixture } from "./record_fixtures.ts";

const MODEL = idFromSeed("model", 1);

/**
 * Registers one check for each promise of {@linkcode RuntimeProviderStore}.
 *
 * @example
 * ```ts ignore
 * testProviderStore({ name: "MyProviderStore", create: () => new MyProviderStore(), test: Deno.test });
 * ```
 */
export function testProviderStore(options: ConformanceOptions<RuntimeProviderStore>): void {
  check(options, "an empty store has no model and no default", async (store) => {
    assert.equal(await store.getResolvedModel(MODEL), undefined);
    assert.equal(await store.getDefaultModel(), undefined);
  });

  check(options, "getResolvedModel() gives a model with every member", async (store) => {
    await store.addModel(MODEL, modelFixture(1));
    await store.addModel(idFromSeed("model", 2), modelFixture(2, { apiKey: new Secret("wrapped") }));
    assert.deepEqual(revealed(await store.getResolvedModel(MODEL)), modelFixture(1));
    const second = revealed(await store.getResolvedModel(idFromSeed("model", 2)));
    assert.deepEqual(second, modelFixture(2, { apiKey: "wrapped" }));
  });

  check(options, "a model without a key keeps having none", async (store) => {
    await store.addModel(MODEL, { model: "sim", providerType: "llmsim" });
    assert.deepEqual({ ...await store.getResolvedModel(MODEL) }, { model: "sim", providerType: "llmsim" });
  });

  check(options, "addModel() replaces a model of the same id", async (store) => {
    await store.addModel(MODEL, modelFixture(1));
    await store.addModel(MODEL, modelFixture(2));
    assert.deepEqual(revealed(await store.getResolvedModel(MODEL)), modelFixture(2));
  });

  check(options, "setDefaultModel() sets and replaces the fallback, and adds no model", async (store) => {
    await store.setDefaultModel(modelFixture(1));
    await store.setDefaultModel(modelFixture(2));
    assert.deepEqual(revealed(await store.getDefaultModel()), modelFixture(2));
    assert.equal(await store.getResolvedModel(MODEL), undefined);
  });
}

/** The model with its key as plain text, since a store may wrap it. */
function revealed(model: ResolvedModel | undefined): ResolvedModel | undefined {
  if (model?.apiKey === undefined) return model;
  return { ...model, apiKey: Secret.from(model.apiKey).reveal() };
}
