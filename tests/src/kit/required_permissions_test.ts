/** Flags for united permissions. */

import assert from "node:assert/strict";
import { grantablePath, unitePermissions } from "../../../src/kit/required_permissions.ts";

Deno.test("a path with a comma is granted by its nearest parent without one: a flag would split it", () => {
  const paths = ["/data/a,b", "/data/a,b/c", "/a,b", "/plain/path", "C:\\Smith, John\\data"];
  assert.deepEqual(paths.map(grantablePath), ["/data", "/data", "/", "/plain/path", "C:\\"]);
});

Deno.test("toFlags() names a parent that several paths share once", () => {
  const needs = { read: ["/data/a,b", "/data/c,d"], write: ["/data/a,b"], net: ["example.com:443"] };
  assert.deepEqual(unitePermissions([{ name: "store", needs }]).toFlags(), [
    "--no-prompt",
    "--allow-read=/data",
    "--allow-write=/data",
    "--allow-net=example.com:443",
  ]);
});
