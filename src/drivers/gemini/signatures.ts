/**
 * Signatures of thoughts, kept to be sent back in the very part they came in.
 *
 * Source: https://ai.google.dev/gemini-api/docs/thought-signatures, 2026-11-25. A signature sits on the first of several
 * parallel calls, on every call of a sequence, and on the text of a reply without calls.
 */

import type { ReasoningPart } from "../../records/content.ts";
import { DriverId } from "../../records/model.ts";

/**
 * Stands for a signature nobody has, as the API documents it.
 *
 * Models of generation 3 refuse a call of the running turn without one, and that of another provider has none.
 */
export const FOREIGN_SIGNATURE = "skip_thought_signature_validator";

/** The place of a signature: the text, or a call or an image by its index among those of the reply. */
export type SignedPlace = "text" | `call#${number}` | `image#${number}`;

/** The item that keeps a signature. */
export function signatureItem(place: SignedPlace, signature: string): ReasoningPart {
  return {
    type: "reasoning",
    provider: DriverId.Gemini,
    itemId: place,
    encryptedContent: signature,
  };
}

/** The signatures of a message by their places; those of other providers are left out. */
export function signaturesOf(items: readonly ReasoningPart[] = []): ReadonlyMap<string, string> {
  const signatures = new Map<string, string>();
  for (const { provider, itemId, encryptedContent } of items) {
    if (provider !== DriverId.Gemini || itemId === undefined || encryptedContent === undefined) continue;
    signatures.set(itemId, encryptedContent);
  }
  return signatures;
}
