import assert from "node:assert/strict";
import { mapLimited } from "../../../src/kit/map_limited.ts";

Deno.test("mapLimited() runs no more than the limit at a time and keeps the order", async () => {
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const begun: number[] = [];
  const all = mapLimited([0, 1, 2, 3, 4], 2, (item) => {
    begun.push(item);
    return gates[item]!.promise;
  });
  assert.deepEqual(begun, [0, 1]);
  gates[1]?.resolve(10);
  await gates[1]?.promise;
  await Promise.resolve();
  assert.deepEqual(begun, [0, 1, 2]);
  for (const [place, gate] of gates.entries()) gate.resolve(place * 10);
  assert.deepEqual(await all, [0, 10, 20, 30, 40]);
});

Deno.test("mapLimited() rejects with the first failure and begins nothing more", async () => {
  const begun: number[] = [];
  const all = mapLimited([1, 2, 3], 1, (item) => {
    begun.push(item);
    return Promise.reject(new Error(`no ${item}`));
  });
  await assert.rejects(all, /no 1/);
  assert.deepEqual(begun, [1]);
});
