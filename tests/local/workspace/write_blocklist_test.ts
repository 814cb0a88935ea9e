/** Blocked directories can be read but not changed. */

import assert from "node:assert/strict";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import { DEFAULT_BLOCKED_NAMES, WriteBlocklistFileStore } from "../../../local/workspace/write_blocklist_file_store.ts";
import { ID, openWorkspace, snapshot } from "./_workspace.ts";

const NAMES = [".git", "node_modules", "target", "dist", "build", ".next", ".venv", "venv", ".tox", ".gradle"];

Deno.test("the usual names are version control and what tools make", () => {
  assert.deepEqual([...DEFAULT_BLOCKED_NAMES].sort(), [...NAMES].sort());
  assert.throws(() => (DEFAULT_BLOCKED_NAMES as string[]).push("x"), TypeError);
});

for (const name of NAMES) {
  Deno.test(`nothing in ${name} can be written, compared and written, deleted, made or seeded, at any depth`, async () => {
    const inside = new InMemoryFileStore();
    const files = new WriteBlocklistFileStore(inside);
    for (const path of [`/${name}/a`, `/x/y/${name}/z/a`, name, `/workspace/${name}/a`, `/workspace/x/${name}`]) {
      const refused = [
        () => files.writeFile(ID, path, "x", "text"),
        () => files.writeFileIfContentMatches(ID, path, "", "x", "text"),
        () => files.deleteFile(ID, path, true),
        () => files.createDirectory(ID, path),
        () => files.seedInitialFile(ID, { path, content: "x" }),
      ];
      for (const each of refused) await assert.rejects(each(), { code: "path_blocked" });
    }
    assert.deepEqual(await inside.listDirectory(ID, "/"), []);
  });
}

Deno.test("names that only resemble a blocked one are free: the whole name counts", async () => {
  const files = new WriteBlocklistFileStore(new InMemoryFileStore());
  for (const path of ["git/a", ".gitignore", "rebuild/a", "build.ts", "my-dist/a"]) {
    assert.equal(await files.writeFile(ID, path, "x", "text"), true);
    assert.equal(await files.deleteFile(ID, path, false), true);
  }
});

for (const name of [".GIT", ".Git", ".ｇit"]) {
  Deno.test(`${JSON.stringify(name)} is blocked, since a file system may take it for .git`, async () => {
    const files = new WriteBlocklistFileStore(new InMemoryFileStore());
    await assert.rejects(files.writeFile(ID, `/x/${name}/config`, "x", "text"), { code: "path_blocked" });
  });
}

Deno.test("what is blocked can be read, listed, looked at and searched", async () => {
  const inside = new InMemoryFileStore();
  await inside.writeFile(ID, ".git/config", "found", "text");
  const files = new WriteBlocklistFileStore(inside);
  assert.equal((await files.readFile(ID, ".git/config")).content, "found");
  assert.equal((await files.listDirectory(ID, ".git")).length, 1);
  assert.equal((await files.statFile(ID, ".git"))?.isDirectory, true);
  assert.equal((await files.grepFiles(ID, "found")).matchCount, 1);
});

Deno.test("a directory that holds a blocked one is not deleted", async () => {
  const inside = new InMemoryFileStore();
  await inside.writeFile(ID, "a/b/.git/config", "x", "text");
  const files = new WriteBlocklistFileStore(inside);
  await assert.rejects(files.deleteFile(ID, "a", true), (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /^Cannot delete "\/a": it holds "\/a\/b\/\.git"/);
    return true;
  });
  assert.equal(await files.deleteFile(ID, "a", false), false);
  assert.equal((await files.readFile(ID, "a/b/.git/config")).content, "x");
});

Deno.test("names of the host replace the usual ones", async () => {
  const files = new WriteBlocklistFileStore(new InMemoryFileStore(), { names: ["secrets"] });
  await assert.rejects(files.writeFile(ID, "secrets/a", "x", "text"), { code: "path_blocked" });
  assert.equal(await files.writeFile(ID, ".git/a", "x", "text"), true);
});

for (const name of ["", "a/b", 1 as unknown]) {
  Deno.test(`${JSON.stringify(name)} is refused as a name to block`, () => {
    assert.throws(() => new WriteBlocklistFileStore(new InMemoryFileStore(), { names: [name as string] }), TypeError);
  });
}

Deno.test("around a workspace on disk every spelling of a blocked path is blocked, also the host's", async () => {
  using workspace = await openWorkspace({ displayRoot: "/project/app" });
  workspace.put(".git/config", "as it was");
  const files = new WriteBlocklistFileStore(workspace.files);
  for (const path of [".git/config", "/project/app/.git/config", workspace.host(".git/config"), "/workspace/.git/x"]) {
    await assert.rejects(files.writeFile(ID, path, "x", "text"), { code: "path_blocked", path: /^\/\.git\// });
  }
  assert.deepEqual(snapshot(workspace.root), { ".git/config": "as it was" });
});

Deno.test("a decorated store shows the root and the permissions of the one inside", async () => {
  using workspace = await openWorkspace({ displayRoot: "/project/app" });
  const files = new WriteBlocklistFileStore(workspace.files);
  assert.equal(files.displayRoot, "/project/app");
  assert.deepEqual(files.permissions, workspace.files.permissions);
  assert.equal(new WriteBlocklistFileStore(new InMemoryFileStore()).canonicalPath("a/b"), "/a/b");
});
