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

Deno.test("toFlags() leaves out a path inside one it names already", () => {
  const read = [
    "/data/workspace",
    "/data",
    "/data-2",
    "/data/../etc",
    "/other/",
    "/other/deep/er",
    "C:\\a\\b",
    "C:\\a",
  ];
  const write = ["/srv/a,b", "/srv/c"];
  const united = unitePermissions([{ name: "store", needs: { read, write } }]);
  assert.deepEqual(united.toFlags(), [
    "--no-prompt",
    "--allow-read=/data,/data-2,/data/../etc,/other/,C:\\a",
    "--allow-write=/srv",
  ]);
  assert.deepEqual(united.read, [...read].sort());
  assert.deepEqual(unitePermissions([{ name: "disk", needs: { read: ["/home/me", "/"] } }]).toFlags(), [
    "--no-prompt",
    "--allow-read=/",
  ]);
});
