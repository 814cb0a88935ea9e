/** The profile: absolute folders, and the permissions they need. */

import assert from "node:assert/strict";
import { DEFAULT_ORG_ID, idFromSeed } from "../../src/records/ids.ts";
import { LocalProfile } from "../../local/profile.ts";

Deno.test("a profile derives the workspace, the database and everything else from its data folder", () => {
  const profile = new LocalProfile("/data");
  assert.equal(profile.workspaceRoot, "/data/workspace");
  assert.equal(profile.databasePath, "/data/local.db");
  assert.equal(profile.baseUrl, "http://localhost:9300");
  assert.equal(profile.orgPublicId, DEFAULT_ORG_ID);
});

Deno.test("every setter returns another profile and leaves the first as it was", () => {
  const first = new LocalProfile("/data");
  const org = idFromSeed("org", 7);
  const second = first.withWorkspaceRoot("/work").withBaseUrl("http://host").withOrgPublicId(org)
    .withOwnerPrincipalId("me");
  assert.deepEqual(
    [second.dataDir, second.workspaceRoot, second.baseUrl, second.orgPublicId, second.ownerPrincipalId],
    ["/data", "/work", "http://host", org, "me"],
  );
  assert.deepEqual([first.workspaceRoot, first.baseUrl], ["/data/workspace", "http://localhost:9300"]);
});

for (const path of ["data", "./data", "../data", "~/data", "$HOME/data", "", "/a\0b"]) {
  Deno.test(`${JSON.stringify(path)} is refused as a folder: it is no absolute path`, () => {
    assert.throws(() => new LocalProfile(path), { name: "TypeError", message: /expected an absolute path/ });
    assert.throws(() => new LocalProfile("/data").withWorkspaceRoot(path), TypeError);
  });
}

Deno.test("requiredPermissions() names the data folder and a workspace outside it, and nothing else", () => {
  const flags = new LocalProfile("/data").withWorkspaceRoot("/work").requiredPermissions().toFlags();
  assert.deepEqual(flags, ["--no-prompt", "--allow-read=/data,/work", "--allow-write=/data,/work"]);
});

Deno.test("requiredPermissions() does not repeat a workspace inside the data folder", () => {
  const flags = new LocalProfile("/data/").requiredPermissions().toFlags();
  assert.deepEqual(flags, ["--no-prompt", "--allow-read=/data", "--allow-write=/data"]);
});
