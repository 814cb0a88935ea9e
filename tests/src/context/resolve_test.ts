/** Resolving capability references. */

import assert from "node:assert/strict";
import { type Capability, type CapabilityRef, CapabilityRegistry, type LazyCapability } from "../../../mod.ts";
import { resolveCapabilities } from "../../../src/context/resolve.ts";

function capability(id: string, change: Partial<Capability> = {}): Capability {
  return { id, name: id, ...change };
}

async function resolve(
  capabilities: readonly (Capability | LazyCapability)[],
  refs: readonly (string | CapabilityRef)[],
  model?: string,
) {
  const registry = new CapabilityRegistry();
  for (const each of capabilities) registry.register(each);
  const wanted = refs.map((ref) => typeof ref === "string" ? { ref } : ref);
  const resolution = await resolveCapabilities(wanted, registry, model);
  return {
    ids: resolution.capabilities.map(({ capability }) => capability.id),
    configs: resolution.capabilities.map(({ config }) => ({ ...config })),
    warnings: resolution.warnings,
  };
}

Deno.test("resolveCapabilities() puts dependencies before dependents, each once", async () => {
  const { ids, warnings } = await resolve([
    capability("app", { dependencies: ["files", "shell"] }),
    capability("shell", { dependencies: ["files"] }),
    capability("files"),
  ], ["app", "files"]);
  assert.deepEqual(ids, ["files", "shell", "app"]);
  assert.deepEqual(warnings, []);
});

Deno.test("resolveCapabilities() gives a dependency its own configuration, whoever pulled it in", async () => {
  const { ids, configs } = await resolve([
    capability("app", { dependencies: ["files"] }),
    capability("files"),
  ], [{ ref: "app", config: { a: 1 } }, { ref: "files", config: { root: "/x" } }]);
  assert.deepEqual(ids, ["files", "app"]);
  assert.deepEqual(configs, [{ root: "/x" }, { a: 1 }]);
});

Deno.test("resolveCapabilities() warns about a cycle and uses what was reached", async () => {
  const { ids, warnings } = await resolve([
    capability("a", { dependencies: ["b"] }),
    capability("b", { dependencies: ["c"] }),
    capability("c", { dependencies: ["a"] }),
    capability("other"),
  ], ["a", "other"]);
  assert.deepEqual(ids, ["c", "b", "a", "other"]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /a -> b -> c -> a/);
});

Deno.test("resolveCapabilities() stops at 100 capabilities with one warning", async () => {
  const many = Array.from({ length: 130 }, (_, index) => capability(`c_${index}`));
  const { ids, warnings } = await resolve(many, many.map(({ id }) => id));
  assert.equal(ids.length, 100);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /at most 100/);
});

Deno.test("resolveCapabilities() counts a chain of dependencies towards the 100", async () => {
  const chain = Array.from({ length: 130 }, (_, index) => {
    return capability(`c_${index}`, index === 129 ? {} : { dependencies: [`c_${index + 1}`] });
  });
  const { ids, warnings } = await resolve(chain, ["c_0"]);
  assert.ok(ids.length <= 100, `${ids.length} capabilities`);
  assert.equal(warnings.length, 1);
});

Deno.test("resolveCapabilities() maps an alias to its capability and keeps the last configuration", async () => {
  const { ids, configs } = await resolve([
    capability("bashkit_shell", { aliases: ["virtual_bash"] }),
  ], [{ ref: "bashkit_shell", config: { a: 1 } }, { ref: "virtual_bash", config: { b: 2 } }]);
  assert.deepEqual(ids, ["bashkit_shell"]);
  assert.deepEqual(configs, [{ b: 2 }]);
});

Deno.test("resolveCapabilities() leaves unknown references out with a warning, dependencies too", async () => {
  const { ids, warnings } = await resolve([capability("app", { dependencies: ["gone"] })], ["nope", "app"]);
  assert.deepEqual(ids, ["app"]);
  assert.deepEqual(warnings, [
    'Capability "nope" is not registered and was left out',
    'Capability "gone" is not registered and was left out',
  ]);
});

Deno.test("resolveCapabilities() skips what is coming soon or disabled and keeps what is deprecated", async () => {
  const { ids } = await resolve([
    capability("soon", { status: "coming_soon" }),
    capability("off", { status: "disabled" }),
    capability("old", { status: "deprecated" }),
    capability("app", { dependencies: ["soon"], status: "available" }),
  ], ["soon", "off", "old", "app"]);
  assert.deepEqual(ids, ["old", "app"]);
});

Deno.test("resolveCapabilities() lets a capability name another one for a model, with its configuration", async () => {
  const search = capability("search", {
    resolveForModel: (model) => model.startsWith("gpt") ? "native_search" : undefined,
  });
  const all = [search, capability("native_search")];
  const refs = [{ ref: "search", config: { limit: 3 } }];
  assert.deepEqual((await resolve(all, refs, "gpt-9")).ids, ["native_search"]);
  assert.deepEqual((await resolve(all, refs, "gpt-9")).configs, [{ limit: 3 }]);
  assert.deepEqual((await resolve(all, refs, "other")).ids, ["search"]);
  assert.deepEqual((await resolve(all, refs)).ids, ["search"]);
});

Deno.test("resolveCapabilities() takes the one named for a model once, whoever asks for it, without a warning", async () => {
  const { ids, warnings } = await resolve(
    [
      capability("one", { dependencies: ["search"] }),
      capability("two", { dependencies: ["search"] }),
      capability("search", { resolveForModel: () => "native_search" }),
      capability("native_search"),
    ],
    ["one", "two", "search"],
    "m",
  );
  assert.deepEqual([ids, warnings], [["native_search", "one", "two"], []]);
});

Deno.test("resolveCapabilities() keeps a capability that names itself for a model", async () => {
  const self = capability("search", { aliases: ["find"], resolveForModel: () => "find" });
  assert.deepEqual((await resolve([self], ["search"], "m")).ids, ["search"]);
});

Deno.test("resolveCapabilities() warns when capabilities name each other for a model", async () => {
  const { warnings } = await resolve(
    [
      capability("a", { resolveForModel: () => "b" }),
      capability("b", { resolveForModel: () => "a" }),
    ],
    ["a"],
    "m",
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /circle/);
});

Deno.test("resolveCapabilities() loads a lazy capability once", async () => {
  let loads = 0;
  const lazy: LazyCapability = {
    id: "lazy",
    name: "lazy",
    load: () => {
      loads++;
      return Promise.resolve(capability("lazy"));
    },
  };
  const registry = new CapabilityRegistry().register(lazy);
  await resolveCapabilities([{ ref: "lazy" }], registry, undefined);
  const { capabilities } = await resolveCapabilities([{ ref: "lazy" }], registry, undefined);
  assert.equal(loads, 1);
  assert.equal(capabilities[0]?.capability.id, "lazy");
});
