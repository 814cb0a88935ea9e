/** Ids made of a call's key: the same for every run of the call. */

import { type IdKind, type IdKinds, parseId } from "../records/ids.ts";
import type { ToolContext } from "../ports/tool.ts";

/**
 * An id of what a call makes, so that a call that runs again after a crash finds what it made before.
 *
 * It is a UUIDv8 (RFC 9562, 5.8): the milliseconds of a UUIDv7 for its order, then a SHA-256 of the purpose and the
 * call's key.
 *
 * @param purpose tells apart several ids of one kind that a call makes
 */
export async function derivedId<K extends IdKind>(
  kind: K,
  purpose: string,
  { idempotencyKey, acceptedAt }: Pick<ToolContext, "idempotencyKey" | "acceptedAt">,
): Promise<IdKinds[K]> {
  const bytes = new TextEncoder().encode(`${purpose}/${kind}/${idempotencyKey}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const time = Math.trunc(acceptedAt).toString(16).padStart(12, "0");
  return parseId(kind, `${kind}_${time}8${hash.slice(0, 3)}8${hash.slice(3, 18)}`);
}
