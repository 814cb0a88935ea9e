import assert from "node:assert/strict";
import { sessionStorage } from "../../../src/capabilities/session_storage.ts";
import { InMemorySessionStorageStore } from "../../../src/in_memory/session_storage_store.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { Secret } from "../../../src/records/secret.ts";
import { call, toolContext } from "./_tool_context.ts";

function setUp(config: JsonObject = {}) {
  const storage = new InMemorySessionStorageStore();
  const context = { ...toolContext(), storage };
  const { tools } = sessionStorage;
  assert.ok(typeof tools === "function");
  const [kv, secrets] = tools(config, []);
  assert.ok(kv !== undefined && secrets !== undefined);
  return {
    storage,
    context,
    kv: (args: JsonObject) => call(kv, args, context),
    secrets: (args: JsonObject) => call(secrets, args, context),
  };
}

Deno.test("kv_store keeps, gives, lists and deletes values", async () => {
  const { kv } = setUp();
  const value = { list: [1, null, "x"] };
  assert.deepEqual(await kv({ operation: "set", key: "b", value }), { key: "b", stored: true });
  await kv({ operation: "set", key: "a", value: null });
  assert.deepEqual(await kv({ operation: "get", key: "b" }), { key: "b", exists: true, value });
  assert.deepEqual(await kv({ operation: "get", key: "a" }), { key: "a", exists: true, value: null });
  assert.deepEqual(await kv({ operation: "get", key: "c" }), { key: "c", exists: false });
  assert.deepEqual(await kv({ operation: "list" }), { count: 2, names: ["a", "b"] });
  assert.deepEqual(await kv({ operation: "delete", key: "b" }), { key: "b", deleted: true });
  assert.deepEqual(await kv({ operation: "delete", key: "b" }), { key: "b", deleted: false });
});

Deno.test("a secret is kept for the host's tools and not shown to the model", async () => {
  const { secrets, storage, context } = setUp();
  assert.deepEqual(await secrets({ operation: "set", name: "key", value: "canary" }), { name: "key", stored: true });
  assert.equal((await storage.getSecret(context.sessionId, "key"))?.reveal(), "canary");
  const shown = [await secrets({ operation: "get", name: "key" }), await secrets({ operation: "list" })];
  assert.deepEqual(shown, [{ name: "key", exists: true }, { count: 1, names: ["key"] }]);
  assert.deepEqual(await secrets({ operation: "delete", name: "key" }), { name: "key", deleted: true });
  assert.deepEqual(await secrets({ operation: "get", name: "key" }), { name: "key", exists: false });
});

Deno.test("reveal_secrets: true lets the model read secrets", async () => {
  const { secrets, storage, context } = setUp({ reveal_secrets: true });
  await storage.setSecret(context.sessionId, "key", new Secret("canary"));
  assert.deepEqual(await secrets({ operation: "get", name: "key" }), { name: "key", exists: true, value: "canary" });
  assert.match(String(sessionStorage.validateConfig?.({ reveal_secrets: "yes" })), /not true or false/);
});

Deno.test("values and secrets are apart from each other", async () => {
  const { kv, secrets } = setUp();
  await secrets({ operation: "set", name: "key", value: "x" });
  assert.deepEqual(await kv({ operation: "get", key: "key" }), { key: "key", exists: false });
});

Deno.test("what is missing or too much is a tool error", async () => {
  const { kv, secrets } = setUp();
  assert.match(JSON.stringify(await kv({ operation: "get" })), /get needs a key/);
  assert.match(JSON.stringify(await kv({ operation: "set", key: "a" })), /set needs a value/);
  assert.match(JSON.stringify(await kv({ operation: "set", key: "a", value: "x".repeat(32_768) })), /too large/);
  assert.match(JSON.stringify(await kv({ operation: "set", key: "x".repeat(257), value: 1 })), /invalid arguments/);
  assert.match(JSON.stringify(await secrets({ operation: "set", name: "a" })), /set needs a value/);
  assert.match(JSON.stringify(await secrets({ operation: "drop", name: "a" })), /invalid arguments/);
});

Deno.test("a session has at most 1,000 keys, each of which can be replaced", async () => {
  const { kv, storage, context } = setUp();
  for (let index = 0; index < 1000; index++) await storage.setValue(context.sessionId, `k${index}`, 0);
  assert.match(JSON.stringify(await kv({ operation: "set", key: "more", value: 1 })), /already has 1000/);
  assert.deepEqual(await kv({ operation: "set", key: "k5", value: 1 }), { key: "k5", stored: true });
  const list = await kv({ operation: "list" });
  assert.deepEqual([list["count"], list["truncated"]], [1000, true]);
});

Deno.test("without storage the tools say so", async () => {
  const { tools } = sessionStorage;
  assert.ok(typeof tools === "function");
  for (const tool of tools({}, [])) {
    assert.match(JSON.stringify(await call(tool, { operation: "list" })), /keeps no session storage/);
  }
});
