import assert from "node:assert/strict";
import { ConfigurationError } from "../../../src/errors.ts";
import { InMemoryAgentStore, InMemoryHarnessStore } from "../../../src/in_memory/record_stores.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { agentFixture, harnessFixture } from "../../../src/testing/conformance/record_fixtures.ts";

Deno.test("getHarnessChain() gives the same frozen objects each time", async () => {
  const store = new InMemoryHarnessStore();
  const root = harnessFixture(1);
  await store.addHarness(root);
  await store.addHarness(harnessFixture(2, { parentHarnessId: root.id }));
  const first = await store.getHarnessChain(idFromSeed("harness", 2));
  const second = await store.getHarnessChain(idFromSeed("harness", 2));
  assert.equal(first.length, 2);
  for (const [index, harness] of first.entries()) assert.equal(second[index], harness);
  assert.ok(first.every((harness) => Object.isFrozen(harness)));
});

Deno.test("addHarness() and addAgent() leave the caller's object as it is", async () => {
  const harness = harnessFixture(1);
  const agent = agentFixture(1);
  await new InMemoryHarnessStore().addHarness(harness);
  await new InMemoryAgentStore().addAgent(agent);
  assert.ok(!Object.isFrozen(harness) && !Object.isFrozen(agent));
});

Deno.test("getHarnessChain() names the parent that is not there", async () => {
  const store = new InMemoryHarnessStore();
  const parentHarnessId = idFromSeed("harness", 9);
  await store.addHarness(harnessFixture(1, { parentHarnessId }));
  await assert.rejects(store.getHarnessChain(idFromSeed("harness", 1)), (error: unknown) => {
    assert.ok(error instanceof Error && "code" in error);
    assert.equal(error.code, "harness_not_found");
    assert.ok(error.message.includes(parentHarnessId));
    return true;
  });
});

Deno.test("getHarnessChain() refuses a harness that extends itself as a configuration error", async () => {
  const store = new InMemoryHarnessStore();
  const id = idFromSeed("harness", 1);
  await store.addHarness(harnessFixture(1, { parentHarnessId: id }));
  await assert.rejects(store.getHarnessChain(id), ConfigurationError);
});

Deno.test("getAgent() gives the same object each time, until it is replaced", async () => {
  const store = new InMemoryAgentStore();
  const { id } = agentFixture(1);
  await store.addAgent(agentFixture(1));
  const first = await store.getAgent(id);
  assert.equal(await store.getAgent(id), first);
  await store.addAgent(agentFixture(1));
  assert.notEqual(await store.getAgent(id), first);
});
