/**
 * The documents name files that exist.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkoutRoot } from "../_support/checkout.ts";

const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/bench/README.md"];
const PATH = /`((?:src|local|tests|examples)\/[\w./-]+\.(?:ts|mjs|md))`/g;

for (const document of DOCUMENTS) {
  Deno.test(`every file that ${document} names exists`, async () => {
    assert.deepEqual(await missing(await Deno.readTextFile(join(checkoutRoot, document))), []);
  });
}

Deno.test("the check of named files finds one that does not exist", async () => {
  assert.deepEqual(await missing("see `src/errors.ts` and `src/turn/nothing.ts`"), ["src/turn/nothing.ts"]);
});

async function missing(text: string): Promise<readonly string[]> {
  const absent: string[] = [];
  for (const [, path] of text.matchAll(PATH)) {
    if (path === undefined || path.includes("<")) continue;
    try {
      await Deno.stat(join(checkoutRoot, path));
    } catch {
      absent.push(path);
    }
  }
  return absent;
}
