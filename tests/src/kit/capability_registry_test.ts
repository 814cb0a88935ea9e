import assert from "node:assert/strict";
import { CapabilityRegistry } from "../../../src/kit/registries.ts";
import type { Capability, LazyCapability } from "../../../src/ports/capability.ts";

const sample: Capability = { id: "sample", aliases: ["old_sample"], name: "Sample" };

function lazy(load: () => Promise<Capability>): LazyCapability {
  return { id: "sample", aliases: ["old_sample"], name: "Sample", load };
}

Deno.test("a capability is found by id and by alias", () => {
  const registry = new CapabilityRegistry().register(sample).register({ id: "other", name: "Other" });
  for (const name of ["sample", "old_sample"]) {
    assert.equal(registry.get(name), sample);
    assert.equal(registry.resolve(name), sample);
    assert.ok(registry.has(name));
  }
  assert.deepEqual(registry.ids(), ["sample", "other"]);
});

for (const name of ["missing", "constructor", "__proto__", "toString", ""]) {
  Deno.test(`an unknown capability "${name}" is not found`, () => {
    const registry = new CapabilityRegistry().register(sample);
    assert.equal(registry.has(name), false);
    assert.equal(registry.get(name), undefined);
    assert.throws(() => registry.resolve(name), { code: "capability_not_found" });
  });
}

const TAKEN: readonly Capability[] = [
  { id: "sample", name: "Again" },
  { id: "old_sample", name: "An alias of the other" },
  { id: "new_sample", aliases: ["sample"], name: "Its id as an alias" },
  { id: "new_sample", aliases: ["old_sample"], name: "The same alias" },
];

for (const capability of TAKEN) {
  Deno.test(`register() refuses a taken name and says what to do: ${capability.name}`, () => {
    const registry = new CapabilityRegistry().register(sample);
    assert.throws(() => registry.register(capability), {
      code: "configuration",
      message: /already means capability "sample"; register it once, or give it/,
    });
    assert.deepEqual(registry.ids(), ["sample"]);
    assert.equal(registry.has("new_sample"), false);
  });
}

Deno.test("register() checks a capability", () => {
  assert.throws(() => new CapabilityRegistry().register({ id: "Bad Id", name: "x" }), { name: "TypeError" });
});

Deno.test("a lazy capability is loaded once, also when it is asked for twice at a time", async () => {
  let loads = 0;
  const registry = new CapabilityRegistry().register(lazy(() => {
    loads++;
    return Promise.resolve(sample);
  }));
  assert.equal(loads, 0);
  const both = await Promise.all([registry.resolve("sample"), registry.resolve("old_sample")]);
  assert.deepEqual([both[0] === sample, both[1] === sample, loads], [true, true, 1]);
  assert.equal(registry.resolve("sample"), sample);
  assert.equal(registry.get("sample"), sample);
});

Deno.test("a failed load is reported with its cause and tried again the next time", async () => {
  let loads = 0;
  const registry = new CapabilityRegistry().register(lazy(() => {
    loads++;
    return loads === 1 ? Promise.reject(new Error("no such module")) : Promise.resolve(sample);
  }));
  await assert.rejects(async () => await registry.resolve("sample"), {
    code: "capability_load_failed",
    message: 'Cannot load capability "sample": no such module',
  });
  assert.equal(await registry.resolve("sample"), sample);
});

const BAD_LOADS: readonly [name: string, load: () => Promise<unknown>, message: RegExp][] = [
  ["another id", () => Promise.resolve({ id: "other", name: "Other" }), /another id, "other"/],
  ["nothing", () => Promise.resolve(undefined), /not an object/],
  ["a broken capability", () => Promise.resolve({ id: "sample", name: "x", tools: 1 }), /`tools`/],
  ["a synchronous throw", () => {
    throw new Error("at once");
  }, /at once/],
];

for (const [name, load, message] of BAD_LOADS) {
  Deno.test(`a load that gives ${name} is refused`, async () => {
    const registry = new CapabilityRegistry().register(lazy(load as () => Promise<Capability>));
    await assert.rejects(async () => await registry.resolve("sample"), { code: "capability_load_failed", message });
  });
}

Deno.test("a clone goes its own way and shares what is loaded", async () => {
  let loads = 0;
  const registry = new CapabilityRegistry().register(lazy(() => {
    loads++;
    return Promise.resolve(sample);
  }));
  const clone = registry.clone().register({ id: "only_here", name: "x" });
  assert.equal(registry.has("only_here"), false);
  await clone.resolve("sample");
  assert.equal(registry.resolve("sample"), sample);
  assert.equal(loads, 1);
});
