/** One file has several spellings, and every hostile one is refused. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { FileStoreError } from "../../../src/errors.ts";
import { hostilePath } from "../../_support/hostile_paths.ts";
import { ID, openWorkspace, snapshot } from "./_workspace.ts";

Deno.test("a/b, /a/b, /workspace/a/b and the path on the host mean the same file", async () => {
  using workspace = await openWorkspace();
  const { files } = workspace;
  for (const path of ["a/b", "/a/b", "./a/b", "/workspace/a/b", workspace.host("a/b"), "a/b/"]) {
    assert.equal(files.canonicalPath(path), "/a/b");
    await files.writeFile(ID, path, path, "text");
    assert.equal(Deno.readTextFileSync(workspace.host("a/b")), path);
  }
});

Deno.test("the empty path, /, /workspace and the root's path on the host mean the root", async () => {
  using workspace = await openWorkspace();
  for (const path of ["", "/", ".", "/workspace", "/workspace/", workspace.root, `${workspace.root}/`]) {
    assert.equal(workspace.files.canonicalPath(path), "/");
  }
});

Deno.test("a folder whose name only begins like the root's is another one", async () => {
  using workspace = await openWorkspace();
  const path = `${workspace.root}-other/a`;
  assert.equal(workspace.files.canonicalPath(path), path);
  await workspace.files.writeFile(ID, path, "inside", "text");
  assert.deepEqual([...Deno.readDirSync(workspace.outside)].map(({ name }) => name), ["project"]);
});

Deno.test("a host path that is repeated after the root is refused, since it could not be named afterwards", async () => {
  using workspace = await openWorkspace();
  const { files, root } = workspace;
  await assert.rejects(files.writeFile(ID, `${root}${root}/a`, "x", "text"), { code: "path_invalid" });
  await assert.rejects(files.writeFile(ID, `/workspace${root}/a`, "x", "text"), { code: "path_invalid" });
  await assert.rejects(files.writeFile(ID, "/workspace/workspace/a", "x", "text"), { code: "path_invalid" });
});

Deno.test("a file that has no spelling is left out of listings and searches", async () => {
  using workspace = await openWorkspace();
  for (const name of ["workspace/a", "ends in a dot.", "back\\slash", "con", "fine.txt"]) workspace.put(name, "found");
  const { files } = workspace;
  assert.deepEqual((await files.listDirectory(ID, "/")).map(({ path }) => path), ["/fine.txt"]);
  assert.deepEqual((await files.grepFiles(ID, "found")).lines.map(({ path }) => path), ["/fine.txt"]);
});

Deno.test("10,000 hostile paths are each brought below the root or refused with path_invalid", async () => {
  using workspace = await openWorkspace();
  const { files, root } = workspace;
  let accepted = 0;
  fc.assert(
    fc.property(hostilePath, (path) => {
      let canonical: string;
      try {
        canonical = files.canonicalPath(path.replace("{root}", root));
      } catch (error) {
        assert.ok(error instanceof FileStoreError && error.code === "path_invalid", String(error));
        return;
      }
      accepted++;
      assert.match(canonical, /^\//);
      const names = canonical.slice(1).split("/");
      assert.ok(canonical === "/" || names.every((name) => name !== "" && name !== "." && name !== ".."), canonical);
      assert.ok(!/[\0\\]/.test(canonical), canonical);
      assert.equal(files.canonicalPath(canonical), canonical);
    }),
    { numRuns: 10_000, seed: 1 },
  );
  assert.ok(accepted > 500, `only ${accepted} were accepted`);
});

Deno.test("2,000 hostile paths that are written to leave nothing outside the root", async () => {
  using workspace = await openWorkspace();
  Deno.writeTextFileSync(`${workspace.outside}/secret.txt`, "secret");
  const { files, root } = workspace;
  await fc.assert(
    fc.asyncProperty(hostilePath, async (path) => {
      for (
        const act of [
          () => files.writeFile(ID, path.replace("{root}", root), "written", "text"),
          () => files.createDirectory(ID, path.replace("{root}", root)),
          () => files.readFile(ID, path.replace("{root}", root)),
          () => files.deleteFile(ID, path.replace("{root}", root), true),
        ]
      ) {
        await act().catch((error: unknown) => {
          assert.ok(error instanceof FileStoreError, String(error));
          assert.ok(path.includes("{root}") || !error.message.includes(root), error.message);
        });
      }
    }),
    { numRuns: 2_000, seed: 2 },
  );
  Deno.removeSync(root, { recursive: true });
  assert.deepEqual(snapshot(workspace.outside), { "secret.txt": "secret" });
});
