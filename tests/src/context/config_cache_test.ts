/** The fold is kept while the records are as they were, and made again when one changed. */

import assert from "node:assert/strict";
import {
  type Capability,
  createHarness,
  createSession,
  defineClientTool,
  idFromSeed,
  inspectTurnContext,
  type Session,
  SharedFolds,
  type TurnContext,
} from "../../../mod.ts";
import { ConfigCache } from "../../../src/context/config_cache.ts";
import { HARNESS, SESSION, type TestSources, testSources, userText } from "../_support/sources.ts";

const CAPABILITY: Capability = { id: "one", name: "One", systemPrompt: "Text." };

interface Cached {
  readonly sources: TestSources;
  load(): Promise<TurnContext>;
}

async function cached(): Promise<Cached> {
  const cache = new ConfigCache();
  const sources = await testSources({
    capabilities: [CAPABILITY, { id: "two", name: "Two" }],
    harness: { capabilities: ["one"] },
    agent: {},
  });
  await sources.providers.setDefaultModel({ model: "m", providerType: "llmsim" });
  return {
    sources,
    load: () => inspectTurnContext(sources, { sessionId: SESSION, messages: [userText("hi")], now: 5, cache }),
  };
}

Deno.test("a context cache reuses fold and configuration while the records are the same objects", async () => {
  const { load } = await cached();
  const [first, second] = [await load(), await load()];
  assert.equal(second.effectiveOverlay, first.effectiveOverlay);
  assert.equal(second.config, first.config);
});

Deno.test("a context cache reuses the fold for copies of records with an equal updatedAt", async () => {
  const { sources, load } = await cached();
  const first = await load();
  const [harness] = await sources.harnesses.getHarnessChain(HARNESS);
  await sources.harnesses.addHarness({ ...harness! });
  assert.equal((await load()).effectiveOverlay, first.effectiveOverlay);
});

Deno.test("a context cache folds again when a harness, the agent or the session has another updatedAt", async () => {
  const { sources, load } = await cached();
  const overlays = [(await load()).effectiveOverlay];
  const [harness] = await sources.harnesses.getHarnessChain(HARNESS);
  await sources.harnesses.addHarness({ ...harness!, systemPrompt: "New.", updatedAt: harness!.updatedAt + 1 });
  overlays.push((await load()).effectiveOverlay);
  const agent = await sources.agents.getAgent((await load()).agent!.id);
  await sources.agents.addAgent({ ...agent!, systemPrompt: "Agent.", updatedAt: agent!.updatedAt + 1 });
  overlays.push((await load()).effectiveOverlay);
  await sources.sessions.upsertSessionCapability(SESSION, { ref: "two" });
  overlays.push((await load()).effectiveOverlay);
  assert.equal(new Set(overlays).size, 4);
  assert.equal(overlays[3]?.systemPrompt, "New.\n\nAgent.");
  assert.deepEqual(overlays[3]?.capabilities.map(({ ref }) => ref), ["one", "two"]);
});

Deno.test("a context cache folds again when the chain of harnesses grew", async () => {
  const { sources, load } = await cached();
  const first = await load();
  const parent = createHarness({ name: "parent", systemPrompt: "Parent." });
  await sources.harnesses.addHarness(parent);
  const [harness] = await sources.harnesses.getHarnessChain(HARNESS);
  // Same updatedAt: a host may move a harness without touching it.
  await sources.harnesses.addHarness({ ...harness!, parentHarnessId: parent.id });
  const second = await load();
  assert.notEqual(second.effectiveOverlay, first.effectiveOverlay);
  assert.equal(second.effectiveOverlay.systemPrompt, "Parent.");
});

Deno.test("a context cache resolves capabilities again for another model, on the same fold", async () => {
  const { sources, load } = await cached();
  const first = await load();
  await sources.providers.setDefaultModel({ model: "other", providerType: "llmsim" });
  const second = await load();
  assert.equal(second.effectiveOverlay, first.effectiveOverlay);
  assert.notEqual(second.config, first.config);
  assert.equal(second.config.model, "other");
});

const OWN: { readonly [Member in keyof Session]?: Session[Member] } = {
  systemPrompt: "Own.",
  capabilities: [{ ref: "two" }],
  initialFiles: [{ path: "/own", content: "" }],
  tools: [defineClientTool({ name: "own", description: "" })],
  networkAccess: { allowed: ["own.example"], blocked: [] },
  parallelToolCalls: false,
  modelId: idFromSeed("model", 7),
  maxIterations: 3,
  mcpServers: { own: { type: "http", url: "https://own.example" } },
};

for (const [member, value] of Object.entries(OWN)) {
  Deno.test(`what a session's own ${member} says is not shared with the other sessions of its harness`, async () => {
    const folds = new SharedFolds();
    const harness = createHarness({ name: "h" });
    const [plain, own, later] = [{}, { [member]: value }, {}].map((change) =>
      createSession({ harnessId: harness.id, ...change })
    );
    const overlays = [];
    for (const session of [plain!, own!, later!]) {
      overlays.push((await new ConfigCache(folds).fold({ harnessChain: [harness], session })).overlay);
    }
    assert.notDeepEqual(overlays[1], overlays[0]);
    assert.equal(overlays[2], overlays[0]);
  });
}

Deno.test("without a cache every context is folded anew", async () => {
  const { sources, load } = await cached();
  const fresh = await inspectTurnContext(sources, { sessionId: SESSION, messages: [], now: 5 });
  assert.notEqual(fresh.effectiveOverlay, (await load()).effectiveOverlay);
});
