/** Any text in any member of a record, and any key, name, value and secret, comes back to the character. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { idFromSeed } from "../../../src/records/ids.ts";
import { Secret } from "../../../src/records/secret.ts";
import { agentFixture, harnessFixture, sessionFixture } from "../../../src/testing/conformance/record_fixtures.ts";
import { LocalAgentStore } from "../../../local/records/agent_store.ts";
import { LocalHarnessStore } from "../../../local/records/harness_store.ts";
import { LocalSessionStorageStore } from "../../../local/records/session_storage_store.ts";
import { LocalSessionStore } from "../../../local/records/session_store.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { openStore } from "./_opened_stores.ts";

const SESSION = idFromSeed("session", 1);
const RUNS = { numRuns: 60, seed: 1 };
/** UTF-16 units of every kind: NUL, line ends, quotes, lone surrogates, marks. */
const unit = fc.oneof(
  fc.constantFrom("\u0000", "\n", "\r", '"', "\\", "'", "%", "\ud800", "\udc00", "\u{1F600}", "\ufeff", "\uffff"),
  fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
);
const text = fc.array(unit, { maxLength: 12 }).map((units) => units.join(""));
const json = fc.jsonValue({ stringUnit: "binary", noUnicodeString: false, maxDepth: 4 } as fc.JsonSharedConstraints)
  // JSON has no -0.
  .map((value) => JSON.parse(JSON.stringify(value)));

Deno.test("a session keeps any text", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const [writer, reader] = [new LocalSessionStore(db), () => new LocalSessionStore(db)];
  await fc.assert(
    fc.asyncProperty(text, text, json, async (one, other, value) => {
      const session = sessionFixture(1, {
        title: one,
        goal: other,
        systemPrompt: one + other,
        locale: other,
        ownerPrincipalId: one,
        workspaceId: other,
        blueprintId: one,
        tags: [one, other],
        hints: JSON.parse(JSON.stringify({ value, [one]: other })),
        capabilities: [{ ref: one, config: { text: other } }],
        initialFiles: [{ path: one, content: other }],
        mcpServers: { server: { url: one, headers: { x: other }, args: [one] } },
        tools: [{ type: "client_side", name: one, description: other, parameters: { title: one } }],
      });
      await writer.addSession(session);
      assert.deepEqual(await reader().getSession(SESSION), session);
      await writer.updateSessionTitle(SESSION, other);
      await writer.upsertSessionCapability(SESSION, { ref: other, config: { one } });
      const { title, capabilities } = await reader().getSession(SESSION) ?? {};
      assert.equal(title, other);
      assert.deepEqual(capabilities?.at(-1), { ref: other, config: { one } });
      assert.equal(await writer.removeSessionCapability(SESSION, other), true);
    }),
    RUNS,
  );
});

Deno.test("a harness and an agent keep any text", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  await fc.assert(
    fc.asyncProperty(text, text, async (one, other) => {
      const shared = { name: one, displayName: other, description: one, systemPrompt: other, tags: [one] };
      const harness = harnessFixture(1, { ...shared, embedderMetadata: { x: other } });
      const agent = agentFixture(1, shared);
      await new LocalHarnessStore(db).addHarness(harness);
      await new LocalAgentStore(db).addAgent(agent);
      assert.deepEqual(await new LocalHarnessStore(db).getHarnessChain(harness.id), [harness]);
      assert.deepEqual(await new LocalAgentStore(db).getAgent(agent.id), agent);
    }),
    RUNS,
  );
});

Deno.test("session storage keeps any key and any value", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStorageStore(db);
  const expected = new Map<string, unknown>();
  await fc.assert(
    fc.asyncProperty(text, json, async (key, value) => {
      await store.setValue(SESSION, key, value);
      expected.set(key, value);
      assert.deepEqual(await store.getValue(SESSION, key), value);
      assert.deepEqual(await store.listKeys(SESSION), [...expected.keys()].sort());
    }),
    RUNS,
  );
  for (const [key, value] of expected) {
    assert.deepEqual(await store.getValue(SESSION, key), value);
    assert.equal(await store.deleteValue(SESSION, key), true);
  }
  assert.deepEqual(await store.listKeys(SESSION), []);
});

Deno.test("session storage keeps any secret under any name", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const store = new LocalSessionStorageStore(db, { secretKey: new Uint8Array(32) });
  const expected = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(text, text, async (name, value) => {
      await store.setSecret(SESSION, name, new Secret(value));
      expected.set(name, value);
      assert.deepEqual(await store.listSecrets(SESSION), [...expected.keys()].sort());
    }),
    RUNS,
  );
  for (const [name, value] of expected) assert.equal((await store.getSecret(SESSION, name))?.reveal(), value);
});
