import assert from "node:assert/strict";
import { InMemoryProviderStore } from "../../../src/in_memory/record_stores.ts";
import { InMemorySessionStorageStore } from "../../../src/in_memory/session_storage_store.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { Secret } from "../../../src/records/secret.ts";
import { modelFixture } from "../../../src/testing/conformance/record_fixtures.ts";

const SESSION = idFromSeed("session", 1);

Deno.test("a provider store wraps a key that is given as a string", async () => {
  const store = new InMemoryProviderStore();
  await store.addModel(idFromSeed("model", 1), modelFixture(1, { apiKey: "sk-very-secret" }));
  await store.setDefaultModel(modelFixture(1, { apiKey: "sk-very-secret" }));
  for (const model of [await store.getResolvedModel(idFromSeed("model", 1)), await store.getDefaultModel()]) {
    assert.ok(model?.apiKey instanceof Secret);
    assert.ok(!Deno.inspect(model).includes("very"));
    assert.ok(!JSON.stringify(model).includes("very"));
  }
});

Deno.test("getResolvedModel() gives the same object each time", async () => {
  const store = new InMemoryProviderStore();
  await store.addModel(idFromSeed("model", 1), modelFixture(1));
  const first = await store.getResolvedModel(idFromSeed("model", 1));
  assert.ok(Object.isFrozen(first));
  assert.equal(await store.getResolvedModel(idFromSeed("model", 1)), first);
});

Deno.test("setValue() refuses what JSON cannot hold", async () => {
  const store = new InMemorySessionStorageStore();
  const notJson: unknown = () => {};
  await assert.rejects(store.setValue(SESSION, "key", notJson as never), TypeError);
  await assert.rejects(store.setValue(SESSION, "key", undefined as never), TypeError);
  assert.deepEqual(await store.listKeys(SESSION), []);
});

Deno.test("setSecret() refuses a bare string and does not show it", async () => {
  const store = new InMemorySessionStorageStore();
  await assert.rejects(store.setSecret(SESSION, "token", "very-secret" as never), (error: unknown) => {
    assert.ok(error instanceof TypeError && !error.message.includes("very"));
    return true;
  });
});

Deno.test("getValue() gives a copy: changing it changes nothing", async () => {
  const store = new InMemorySessionStorageStore();
  await store.setValue(SESSION, "key", [1]);
  (await store.getValue(SESSION, "key") as number[]).push(2);
  assert.deepEqual(await store.getValue(SESSION, "key"), [1]);
});
