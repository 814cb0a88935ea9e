import assert from "node:assert/strict";
import { DriverRegistry } from "../../../src/kit/registries.ts";
import type { DriverDescriptor } from "../../../src/ports/driver.ts";

function descriptor(id: string): DriverDescriptor {
  return { id, requiresApiKey: false, permissions: () => ({}), create: () => Promise.reject(new Error("unused")) };
}

Deno.test("a driver is found by its id", () => {
  const openai = descriptor("openai");
  const drivers = new DriverRegistry().register(openai).register(descriptor("llmsim"));
  assert.equal(drivers.get("openai"), openai);
  assert.deepEqual(drivers.ids(), ["openai", "llmsim"]);
  for (const id of ["missing", "constructor", "__proto__"]) {
    assert.equal(drivers.has(id), false);
    assert.equal(drivers.get(id), undefined);
  }
});

Deno.test("register() refuses an id that is taken and says what to do", () => {
  const drivers = new DriverRegistry().register(descriptor("openai"));
  assert.throws(() => drivers.register(descriptor("openai")), {
    code: "configuration",
    message: /"openai": the id is taken; register it once/,
  });
});

Deno.test("a clone goes its own way", () => {
  const drivers = new DriverRegistry().register(descriptor("openai"));
  const clone = drivers.clone().register(descriptor("llmsim"));
  assert.deepEqual([drivers.ids(), clone.ids()], [["openai"], ["openai", "llmsim"]]);
});

const REFUSED: readonly [name: string, value: unknown][] = [
  ["nothing", undefined],
  ["a blank id", { ...descriptor("x"), id: " " }],
  ["no word about keys", { ...descriptor("x"), requiresApiKey: undefined }],
  ["no create function", { ...descriptor("x"), create: undefined }],
  ["no permissions function", { ...descriptor("x"), permissions: {} }],
];

for (const [name, value] of REFUSED) {
  Deno.test(`register() refuses a descriptor with ${name}`, () => {
    assert.throws(() => new DriverRegistry().register(value as DriverDescriptor), { name: "TypeError" });
  });
}
