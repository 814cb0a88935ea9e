/**
 * Cutting a body into other chunks.
 *
 * @module
 */

/** All pieces as one run of bytes. */
export function bytesOf(pieces: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(pieces.join(""));
}

/** The bytes in chunks of the given sizes, the last of which is repeated. */
export function rechunk(bytes: Uint8Array<ArrayBuffer>, sizes: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0, i = 0; start < bytes.length; i++) {
    const size = Math.max(1, sizes[i] ?? sizes.at(-1) ?? 1);
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return chunks;
}

/** Repeatable sizes from 1 to `most`, from a seed (the generator of Park and Miller). */
export function sizesFrom(seed: number, most: number, count = 200): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return 1 + state % most;
  });
}
