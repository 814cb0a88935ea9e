/** The hash of rows. */

import assert from "node:assert/strict";
import { hash128 } from "../../../local/sqlite/hash128.ts";
import { rowHash } from "../../../local/sqlite/row_hash.ts";

const ENCODER = new TextEncoder();

Deno.test("hash128() is MurmurHash3_x86_128 with seed 0", () => {
  const known: readonly (readonly [text: string, hash: string])[] = [
    ["", "00000000000000000000000000000000"],
    ["I will not buy this record, it is scratched.", "a0a9683b25ac5e40d9af2895890dddf5"],
    ["The quick brown fox jumps over the lazy dog", "2f1583c3ecee2c675d7bf66ce5e91d2c"],
  ];
  for (const [text, hash] of known) assert.equal(hash128(ENCODER.encode(text)), hash);
});

Deno.test("hash128() sees every flipped bit, in whole blocks and in every length of tail", () => {
  for (let length = 1; length <= 48; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 37 & 255);
    const hashes = new Set([hash128(bytes)]);
    for (let bit = 0; bit < length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ 1 << (bit & 7);
      hashes.add(hash128(flipped));
    }
    assert.equal(hashes.size, length * 8 + 1);
  }
});

Deno.test("hash128() of bytes is the same wherever they lie in memory", () => {
  const around = Uint8Array.from({ length: 64 }, (_, at) => at);
  for (let start = 0; start < 8; start++) {
    assert.equal(hash128(around.subarray(start, start + 40)), hash128(around.slice(start, start + 40)));
  }
});

Deno.test("rowHash() covers a text past its 64 KB at a time, to the last character", () => {
  const long = "é".repeat(100_000);
  assert.equal(rowHash("id", long), hash128(ENCODER.encode(`id\n${long}`)));
  assert.notEqual(rowHash("id", `${long}a`), rowHash("id", `${long}b`));
});

Deno.test("rowHash() tells parts from each other", () => {
  assert.notEqual(rowHash("a", "bc"), rowHash("ab", "c"));
});
