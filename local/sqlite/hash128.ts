/** A fast 128-bit hash that finds damage; no protection against whoever means to deceive. */

/** Two hex digits for each byte. */
const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * The hash of bytes as 32 hex digits: MurmurHash3_x86_128 by Austin Appleby (public domain), with seed 0.
 *
 * SHA-256 of `node:crypto` takes three times as long for a row of 500 bytes, and its import 30 ms (Deno 2.9.6). Whoever
 * can write a store can write its hashes too, so a cryptographic one would protect nothing more.
 */
export function hash128(bytes: Uint8Array): string {
  // Words need an aligned start; every platform of Deno is little-endian, as the algorithm is.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const { length } = aligned;
  const blocks = length >>> 4;
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, blocks * 4);
  let h1 = 0, h2 = 0, h3 = 0, h4 = 0;
  for (let at = 0; at < words.length; at += 4) {
    h1 ^= mix1(words[at] ?? 0);
    h1 = Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b | 0;
    h2 ^= mix2(words[at + 1] ?? 0);
    h2 = Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747 | 0;
    h3 ^= mix3(words[at + 2] ?? 0);
    h3 = Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35 | 0;
    h4 ^= mix4(words[at + 3] ?? 0);
    h4 = Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17 | 0;
  }
  const tail = [0, 0, 0, 0];
  for (let at = blocks << 4; at < length; at++) {
    const word = (at & 15) >>> 2;
    tail[word] = (tail[word] ?? 0) | (aligned[at] ?? 0) << ((at & 3) << 3);
  }
  h1 ^= mix1(tail[0] ?? 0) ^ length;
  h2 ^= mix2(tail[1] ?? 0) ^ length;
  h3 ^= mix3(tail[2] ?? 0) ^ length;
  h4 ^= mix4(tail[3] ?? 0) ^ length;
  h1 = h1 + h2 + h3 + h4 | 0;
  h2 = h2 + h1 | 0;
  h3 = h3 + h1 | 0;
  h4 = h4 + h1 | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = h1 + h2 + h3 + h4 | 0;
  return hex(h1) + hex(h2 + h1) + hex(h3 + h1) + hex(h4 + h1);
}

function mix1(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0x239b961b), 15), 0xab0e9789);
}

function mix2(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xab0e9789), 16), 0x38b34ae5);
}

function mix3(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0x38b34ae5), 17), 0xa1e38b93);
}

function mix4(word: number): number {
  return Math.imul(rotate(Math.imul(word, 0xa1e38b93), 18), 0x239b961b);
}

function finish(word: number): number {
  let h = Math.imul(word ^ word >>> 16, 0x85ebca6b);
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
  return h ^ h >>> 16;
}

function rotate(word: number, bits: number): number {
  return word << bits | word >>> (32 - bits);
}

/** Nine times as fast as `toString(16)`. */
function hex(word: number): string {
  return `${BYTES[word >>> 24]}${BYTES[word >>> 16 & 255]}${BYTES[word >>> 8 & 255]}${BYTES[word & 255]}`;
}
