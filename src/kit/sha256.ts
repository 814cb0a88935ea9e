/** SHA-256 of texts. */

/**
 * The SHA-256 of a text's UTF-8 bytes, or of given bytes, in lowercase hex.
 *
 * WebCrypto, because importing `node:crypto` costs 30 ms (Deno 2.9.6).
 */
export async function sha256Hex(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
