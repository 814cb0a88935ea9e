/** Folding the layers: one rule a field. */

import assert from "node:assert/strict";
import {
  type AgentInput,
  type ConfigLayers,
  createAgent,
  createHarness,
  createSession,
  defineClientTool,
  type EffectiveOverlay,
  type HarnessInput,
  idFromSeed,
  type InitialFile,
  type SessionInput,
} from "../../../mod.ts";
import { mergeNetworkAccess } from "../../../src/kit/network_policy.ts";
import { foldLayers } from "../../../src/context/layers.ts";

interface Layers {
  readonly root?: Partial<HarnessInput>;
  readonly leaf?: Partial<HarnessInput>;
  readonly agent?: Partial<AgentInput>;
  readonly session?: Partial<SessionInput>;
}

function layersOf({ root, leaf, agent, session }: Layers): ConfigLayers {
  const chain = [createHarness({ name: "root", ...root })];
  const last = createHarness({ name: "leaf", ...leaf });
  return {
    harnessChain: [...chain, last],
    ...(agent === undefined ? {} : { agent: createAgent({ name: "agent", ...agent }) }),
    session: createSession({ harnessId: last.id, ...session }),
  };
}

function fold(layers: Layers): EffectiveOverlay {
  return foldLayers(layersOf(layers), mergeNetworkAccess);
}

function file(path: string, content: string): InitialFile {
  return { path, content, encoding: "text" };
}

function tool(name: string, description = "") {
  return defineClientTool({ name, description });
}

const [ONE, TWO, THREE, FOUR] = [1, 2, 3, 4].map((seed) => idFromSeed("model", seed));

Deno.test("foldLayers() joins the trimmed prompts in layer order with a blank line", () => {
  const overlay = fold({
    root: { systemPrompt: "  Root.\n" },
    leaf: { systemPrompt: "Leaf." },
    agent: { systemPrompt: "Agent.\n\n" },
    session: { systemPrompt: "Session." },
  });
  assert.equal(overlay.systemPrompt, "Root.\n\nLeaf.\n\nAgent.\n\nSession.");
});

Deno.test("foldLayers() drops blank prompts", () => {
  assert.equal(fold({ root: { systemPrompt: " \n" }, agent: { systemPrompt: "Agent." } }).systemPrompt, "Agent.");
  assert.equal(fold({ root: { systemPrompt: "" } }).systemPrompt, "");
});

Deno.test("foldLayers() lets a later layer replace a capability's whole configuration in its old place", () => {
  const overlay = fold({
    root: { capabilities: [{ ref: "first", config: { a: 1, b: 2 } }, "second"] },
    session: { capabilities: ["third", { ref: "first", config: { b: 3 } }] },
  });
  assert.deepEqual(overlay.capabilities, [
    { ref: "first", config: { b: 3 } },
    { ref: "second" },
    { ref: "third" },
  ]);
});

Deno.test("foldLayers() lets a later bare reference take a capability's configuration away", () => {
  const overlay = fold({
    root: { capabilities: [{ ref: "first", config: { a: 1 } }] },
    agent: { capabilities: ["first"] },
  });
  assert.deepEqual(overlay.capabilities, [{ ref: "first" }]);
});

Deno.test("foldLayers() keys files by canonical path: the last one wins in the place of the first", () => {
  const overlay = fold({
    root: { initialFiles: [file("/workspace/a.txt", "root"), file("/b.txt", "root")] },
    agent: { initialFiles: [file("a.txt", "agent")] },
    session: { initialFiles: [file("/c.txt", "session")] },
  });
  assert.deepEqual(overlay.initialFiles.map(({ path, content }) => [path, content]), [
    ["a.txt", "agent"],
    ["/b.txt", "root"],
    ["/c.txt", "session"],
  ]);
});

Deno.test("foldLayers() only narrows the network policy: allowed intersect, blocked unite", () => {
  const overlay = fold({
    root: { networkAccess: { allowed: ["*.example.com", "other.org"], blocked: ["bad.example.com"] } },
    agent: { networkAccess: { allowed: ["api.example.com", "elsewhere.net"] } },
    session: { networkAccess: { blocked: ["worse.example.com"] } },
  });
  assert.deepEqual(overlay.networkAccess, {
    allowed: ["api.example.com"],
    blocked: ["bad.example.com", "worse.example.com"],
  });
});

Deno.test("foldLayers() has no network policy when no layer has one", () => {
  assert.equal("networkAccess" in fold({ agent: {} }), false);
});

Deno.test("foldLayers() lists the model ids of all layers, the nearest first", () => {
  const overlay = fold({
    root: { defaultModelId: ONE! },
    leaf: { defaultModelId: TWO! },
    agent: { defaultModelId: THREE! },
    session: { modelId: FOUR! },
  });
  assert.deepEqual(overlay.modelIds, [FOUR, THREE, TWO, ONE]);
});

Deno.test("foldLayers() takes the iteration limit of the session, else of the agent", () => {
  assert.equal(fold({ agent: { maxIterations: 7 }, session: { maxIterations: 3 } }).maxIterations, 3);
  assert.equal(fold({ agent: { maxIterations: 7 } }).maxIterations, 7);
  assert.equal("maxIterations" in fold({}), false);
});

Deno.test("foldLayers() takes the last parallelToolCalls that is set, also a false one", () => {
  const root = { parallelToolCalls: true };
  assert.equal(fold({ root, agent: { parallelToolCalls: false } }).parallelToolCalls, false);
  assert.equal(fold({ root, agent: { parallelToolCalls: false }, session: {} }).parallelToolCalls, false);
  assert.equal("parallelToolCalls" in fold({}), false);
});

Deno.test("foldLayers() concatenates client tools: of two with one name the last wins in the place of the first", () => {
  const overlay = fold({
    agent: { tools: [tool("open"), tool("close")] },
    session: { tools: [tool("print"), tool("open", "of the session")] },
  });
  assert.deepEqual(overlay.clientTools.map(({ name, description }) => [name, description]), [
    ["open", "of the session"],
    ["close", ""],
    ["print", ""],
  ]);
});

Deno.test("foldLayers() merges MCP servers by name, the last layer wins", () => {
  const overlay = fold({
    root: { mcpServers: { docs: { url: "https://root.example/mcp" }, code: { url: "https://code.example/mcp" } } },
    session: { mcpServers: { docs: { url: "https://session.example/mcp" } } },
  });
  assert.deepEqual({ ...overlay.mcpServers }, {
    docs: { url: "https://session.example/mcp" },
    code: { url: "https://code.example/mcp" },
  });
});

Deno.test("foldLayers() merges embedder metadata key by key, the leaf wins", () => {
  const overlay = fold({
    root: { embedderMetadata: { app: "root", team: "core" } },
    leaf: { embedderMetadata: { app: "leaf" } },
  });
  assert.deepEqual({ ...overlay.embedderMetadata }, { app: "leaf", team: "core" });
});

Deno.test("foldLayers() keeps names from foreign objects away from the prototype", () => {
  const overlay = fold({
    root: { embedderMetadata: JSON.parse('{"__proto__": "x"}') },
    session: { mcpServers: JSON.parse('{"__proto__": {"url": "https://x.example"}}') },
  });
  assert.equal(Object.getPrototypeOf(overlay.embedderMetadata), null);
  assert.equal(Object.getPrototypeOf(overlay.mcpServers), null);
});

Deno.test("foldLayers() folds a session without an agent", () => {
  const overlay = fold({ root: { systemPrompt: "Root." } });
  assert.equal(overlay.systemPrompt, "Root.");
  assert.deepEqual(overlay.clientTools, []);
});

Deno.test("foldLayers() is pure: it repeats itself and changes no record", () => {
  const layers = layersOf({ root: { capabilities: ["a"], systemPrompt: "Root." }, session: { tools: [tool("open")] } });
  const before = JSON.stringify(layers);
  assert.deepEqual(foldLayers(layers, mergeNetworkAccess), foldLayers(layers, mergeNetworkAccess));
  assert.equal(JSON.stringify(layers), before);
});
