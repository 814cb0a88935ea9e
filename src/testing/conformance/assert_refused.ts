/** Checking what is refused by its stable code. */

import assert from "node:assert/strict";

/** Checks that a promise rejects with an error of one of these codes. */
export async function assertRefused(refused: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  await assert.rejects(refused, (error: unknown) => {
    assert.ok(error instanceof Error && "code" in error, `expected an error with a code, not ${String(error)}`);
    assert.ok(
      codes.includes(String(error.code)),
      `expected code ${codes.join(" or ")}, not ${String(error.code)}: ${error.message}`,
    );
    return true;
  });
}
