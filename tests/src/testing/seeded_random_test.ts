import assert from "node:assert/strict";
import { seededRandom } from "../../../src/testing/seeded_random.ts";

function bytes(seed: number, length: number): number[] {
  const filled = new Uint8Array(length);
  seededRandom(seed).fill(filled);
  return [...filled];
}

Deno.test("seededRandom() gives the same bytes for the same seed and others for another", () => {
  assert.deepEqual(bytes(1, 16), bytes(1, 16));
  assert.notDeepEqual(bytes(1, 16), bytes(2, 16));
});

Deno.test("seededRandom() gives other bytes each time and fills lengths that are not a multiple of four", () => {
  const random = seededRandom(0);
  const [first, second] = [new Uint8Array(7), new Uint8Array(7)];
  random.fill(first);
  random.fill(second);
  assert.notDeepEqual(first, second);
  assert.ok(first.some((byte) => byte !== 0) && second.some((byte) => byte !== 0));
});

Deno.test("seededRandom() uses every value of a byte about equally often", () => {
  const counts = new Array<number>(256).fill(0);
  for (const byte of bytes(42, 256 * 400)) counts[byte] = (counts[byte] ?? 0) + 1;
  assert.ok(Math.min(...counts) > 300 && Math.max(...counts) < 500);
});

Deno.test("seededRandom() refuses a seed that is not a whole number of 32 bits", () => {
  for (const seed of [-1, 1.5, NaN, 2 ** 32]) assert.throws(() => seededRandom(seed), RangeError);
});
