/** The key of a model that a custom provider store keeps as text. */

import assert from "node:assert/strict";
import {
  type Driver,
  DriverRegistry,
  idFromSeed,
  InProcessRuntimeBuilder,
  type ResolvedModel,
  RuntimeBackends,
  type RuntimeProviderStore,
  Secret,
} from "../../../mod.ts";
import { resolveModel } from "../../../src/context/layers.ts";
import { DriverPool } from "../../../src/runtime/driver_pool.ts";
import { functionDriver, text } from "../_support/faults.ts";

const KEY = "sk-very-secret-key";
const MODEL_ID = idFromSeed("model", 1);
const MODEL: ResolvedModel = { model: "m", providerType: "fault", apiKey: KEY };

/** Keeps models as they are. */
function plainStore(model: ResolvedModel = MODEL): RuntimeProviderStore {
  return {
    getResolvedModel: (id) => Promise.resolve(id === MODEL_ID ? model : undefined),
    getDefaultModel: () => Promise.resolve(model),
    setDefaultModel: () => Promise.resolve(),
    addModel: () => Promise.resolve(),
  };
}

Deno.test("no key of a custom provider store is in the context", async () => {
  const keys: unknown[] = [];
  const descriptor = functionDriver(() => text("ok"));
  const drivers = new DriverRegistry().register({
    ...descriptor,
    create: (config) => {
      keys.push(config.apiKey?.reveal());
      return descriptor.create(config);
    },
  });
  await using runtime = await new InProcessRuntimeBuilder()
    .driverRegistry(drivers)
    .backends(RuntimeBackends.inMemory().withProviderStore(plainStore()))
    .singleSession((single) => single.harness("h"))
    .build();
  const context = await runtime.loadContext(runtime.defaultSessionId);
  assert.ok(!JSON.stringify(context).includes(KEY));
  assert.ok(!Deno.inspect(context, { depth: 20 }).includes(KEY));
  assert.ok(context.modelWithProvider?.apiKey instanceof Secret);
  assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "hi")).response, "ok");
  assert.deepEqual(keys, [KEY]);
});

Deno.test("the wrapped model is the same object for the same object of the store, so its driver is found", async () => {
  const first = (await resolveModel(undefined, [], plainStore())).model;
  const again = (await resolveModel({ modelId: MODEL_ID }, [], plainStore())).model;
  const layer = (await resolveModel(undefined, [MODEL_ID], plainStore())).model;
  assert.ok(first !== undefined && again === first && layer === first);
  const pool = new DriverPool(new DriverRegistry().register(functionDriver(() => text("ok"))));
  const driver: Driver | Promise<Driver> = pool.driver(first);
  assert.equal(pool.driver(again), driver);
});

Deno.test("a model without a key, or with a wrapped one, is left as it is", async () => {
  for (const model of [{ model: "m", providerType: "x" }, { ...MODEL, apiKey: new Secret(KEY) }]) {
    assert.equal((await resolveModel(undefined, [], plainStore(model))).model, model);
  }
});

for (const keep of ["as text", "wrapped"] as const) {
  Deno.test(`a key ${keep} that a provider store renews in place, and a moved address, count from the next turn on`, async () => {
    const key = (text: string) => keep === "as text" ? text : new Secret(text);
    const model = { model: "m", providerType: "fault", baseUrl: "https://one.example", apiKey: key("sk-first-key-1") };
    const made: unknown[] = [];
    const descriptor = functionDriver(() => text("ok"));
    const drivers = new DriverRegistry().register({
      ...descriptor,
      create: (config) => {
        made.push([config.apiKey?.reveal(), config.baseUrl]);
        return descriptor.create(config);
      },
    });
    await using runtime = await new InProcessRuntimeBuilder()
      .driverRegistry(drivers)
      .backends(RuntimeBackends.inMemory().withProviderStore(plainStore(model)))
      .singleSession((single) => single.harness("h"))
      .build();
    const id = runtime.defaultSessionId;
    await runtime.runTextTurn(id, "one");
    await runtime.runTextTurn(id, "one again");
    model.apiKey = key("sk-second-key-2");
    await runtime.runTextTurn(id, "two");
    model.baseUrl = "https://two.example";
    await runtime.runTextTurn(id, "three");
    assert.deepEqual(made, [
      ["sk-first-key-1", "https://one.example"],
      ["sk-second-key-2", "https://one.example"],
      ["sk-second-key-2", "https://two.example"],
    ]);
  });
}
