/** Links, pipes and foreign mounts in a workspace on disk: refused or left out, and what they lead to is untouched. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { FileStoreError } from "../../src/errors.ts";
import { RealDiskFileStore } from "../../local/workspace/real_disk_file_store.ts";
import { LocalProfile } from "../../local/profile.ts";
import { LocalRuntimeBuilder } from "../../local/runtime_builder.ts";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { SESSION } from "../local/_support/open_backends.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { ID, openWorkspace, snapshot, type Workspace } from "../local/workspace/_workspace.ts";
import { mountSmallDisk, run, symlink } from "./_commands.ts";

const canMount = ((): boolean => {
  using folder = tempFolder();
  using disk = mountSmallDisk(folder.path, 64);
  return disk !== undefined;
})();

/** Puts a secret beside the workspace. */
function putSecret({ outside }: Workspace): string {
  Deno.mkdirSync(join(outside, "other"));
  const secret = join(outside, "other", "secret.txt");
  Deno.writeTextFileSync(secret, "secret");
  return secret;
}

/** Everything that can be done to a path; each must be refused with the code, and name nothing outside. */
async function assertRefused(workspace: Workspace, path: string, code: string): Promise<void> {
  const { files } = workspace;
  const acts = [
    () => files.readFile(ID, path),
    () => files.writeFile(ID, path, "x", "text"),
    () => files.writeFileIfContentMatches(ID, path, "secret", "x", "text"),
    () => files.seedInitialFile(ID, { path, content: "x" }),
    () => files.createDirectory(ID, path),
    () => files.listDirectory(ID, path),
    () => files.statFile(ID, path),
    () => files.deleteFile(ID, path, true),
  ];
  for (const act of acts) {
    await assert.rejects(act(), (error: unknown) => {
      assert.ok(error instanceof FileStoreError, String(error));
      assert.equal(error.code, code, `${error.message} by ${String(act)}`);
      assert.ok(!error.message.includes(workspace.outside), error.message);
      return true;
    });
  }
}

Deno.test("a link to a file is refused to every method, and left out of listings and searches", async () => {
  using workspace = await openWorkspace();
  symlink(putSecret(workspace), workspace.host("link"));
  workspace.put("a.txt", "no secret");
  await assertRefused(workspace, "link", "path_is_link");
  assert.deepEqual((await workspace.files.listDirectory(ID, "/")).map(({ name }) => name), ["a.txt"]);
  const { lines } = await workspace.files.grepFiles(ID, "secret");
  assert.deepEqual(lines.map(({ path }) => path), ["/a.txt"]);
  assert.deepEqual(snapshot(join(workspace.outside, "other")), { "secret.txt": "secret" });
});

Deno.test("a link to a directory is refused on the way, at any depth, and not entered by a search", async () => {
  using workspace = await openWorkspace();
  putSecret(workspace);
  workspace.put("d/a.txt", "x");
  symlink(join(workspace.outside, "other"), workspace.host("d/link"));
  for (const path of ["d/link", "d/link/secret.txt", "d/link/new.txt", "d/link/new/deep.txt"]) {
    await assertRefused(workspace, path, "path_is_link");
  }
  assert.deepEqual((await workspace.files.listDirectory(ID, "d")).map(({ name }) => name), ["a.txt"]);
  assert.equal((await workspace.files.grepFiles(ID, "secret")).matchCount, 0);
  assert.deepEqual(snapshot(join(workspace.outside, "other")), { "secret.txt": "secret" });
});

Deno.test("a link that stays inside the workspace is refused as well", async () => {
  using workspace = await openWorkspace();
  workspace.put("a.txt", "secret");
  symlink("a.txt", workspace.host("link"));
  await assertRefused(workspace, "link", "path_is_link");
  assert.equal(Deno.readTextFileSync(workspace.host("a.txt")), "secret");
});

Deno.test("a link to nothing is refused, and a write does not make what it names", async () => {
  using workspace = await openWorkspace();
  symlink(join(workspace.outside, "made"), workspace.host("dangling"));
  await assertRefused(workspace, "dangling", "path_is_link");
  await assertRefused(workspace, "dangling/a.txt", "path_is_link");
  assert.throws(() => Deno.lstatSync(join(workspace.outside, "made")), Deno.errors.NotFound);
});

Deno.test("a link to itself is refused", async () => {
  using workspace = await openWorkspace();
  symlink("loop", workspace.host("loop"));
  await assertRefused(workspace, "loop", "path_is_link");
});

Deno.test("deleting a directory takes the links in it away, and not what they lead to", async () => {
  using workspace = await openWorkspace();
  const secret = putSecret(workspace);
  workspace.put("d/a.txt");
  symlink(secret, workspace.host("d/file"));
  symlink(join(workspace.outside, "other"), workspace.host("d/directory"));
  assert.equal(await workspace.files.deleteFile(ID, "d", true), true);
  assert.deepEqual(snapshot(workspace.outside), { "other/secret.txt": "secret" });
});

Deno.test("a directory with nothing but a link in it is not empty", async () => {
  using workspace = await openWorkspace();
  Deno.mkdirSync(workspace.host("d"));
  symlink(putSecret(workspace), workspace.host("d/link"));
  assert.equal(await workspace.files.deleteFile(ID, "d", false), false);
  assert.equal(Deno.lstatSync(workspace.host("d/link")).isSymlink, true);
});

Deno.test("a hard link is neither read nor written nor searched; its other name keeps its content", async () => {
  using workspace = await openWorkspace();
  const secret = putSecret(workspace);
  assert.ok(run("ln", secret, workspace.host("hard")));
  const { files } = workspace;
  await assert.rejects(files.readFile(ID, "hard"), { code: "file_is_linked" });
  await assert.rejects(files.writeFile(ID, "hard", "x", "text"), { code: "file_is_linked" });
  await assert.rejects(files.writeFileIfContentMatches(ID, "hard", "secret", "x", "text"), { code: "file_is_linked" });
  const { matchCount, skippedFiles } = await files.grepFiles(ID, "secret");
  assert.deepEqual([matchCount, skippedFiles], [0, 1]);
  assert.equal(await files.deleteFile(ID, "hard", false), true);
  assert.equal(Deno.readTextFileSync(secret), "secret");
});

Deno.test("an ignore file that is a link or a hard link is not read", async () => {
  using workspace = await openWorkspace();
  const rules = join(workspace.outside, "rules");
  Deno.writeTextFileSync(rules, "*.txt\n");
  workspace.put("a/x.txt", "found");
  workspace.put("b/x.txt", "found");
  symlink(rules, workspace.host("a/.gitignore"));
  assert.ok(run("ln", rules, workspace.host("b/.gitignore")));
  assert.equal((await workspace.files.grepFiles(ID, "found")).matchCount, 2);
});

Deno.test("a pipe does not hang anything: it is refused, and left out of listings and searches", async () => {
  using workspace = await openWorkspace();
  assert.ok(run("mkfifo", workspace.host("pipe")));
  workspace.put("a.txt", "found");
  await assertRefused(workspace, "pipe", "file_is_special");
  await assert.rejects(workspace.files.writeFile(ID, "pipe/a", "x", "text"), { code: "file_is_special" });
  assert.deepEqual((await workspace.files.listDirectory(ID, "/")).map(({ name }) => name), ["a.txt"]);
  assert.equal((await workspace.files.grepFiles(ID, "found")).matchCount, 1);
  assert.ok(run("mkfifo", workspace.host(".gitignore")));
  assert.equal((await workspace.files.grepFiles(ID, "found")).matchCount, 1);
});

Deno.test("a root that is a link is followed once; its files may be named by either path", async () => {
  using workspace = await openWorkspace();
  const link = join(workspace.outside, "link");
  symlink(workspace.root, link);
  const files = await RealDiskFileStore.open(link);
  await files.writeFile(ID, join(link, "a.txt"), "x", "text");
  assert.equal((await files.readFile(ID, workspace.host("a.txt"))).path, "/a.txt");
  assert.equal(files.root, workspace.root);
});

Deno.test("a root that becomes a link to another folder is refused from then on", async () => {
  using workspace = await openWorkspace();
  putSecret(workspace);
  Deno.renameSync(workspace.root, `${workspace.root}-moved`);
  symlink(join(workspace.outside, "other"), workspace.root);
  await assert.rejects(workspace.files.readFile(ID, "secret.txt"), { code: "path_is_link" });
  await assert.rejects(workspace.files.writeFile(ID, "a.txt", "x", "text"), { code: "path_is_link" });
  await assert.rejects(workspace.files.grepFiles(ID, "secret"), { code: "path_is_link" });
  assert.deepEqual(snapshot(join(workspace.outside, "other")), { "secret.txt": "secret" });
});

Deno.test("a hidden folder that is given by a link is hidden where it really is", async () => {
  using workspace = await openWorkspace();
  workspace.put("data/local.db", "secret");
  const link = join(workspace.outside, "link-to-data");
  symlink(workspace.host("data"), link);
  const files = await workspace.reopen({ hidden: [link] });
  await assert.rejects(files.readFile(ID, "data/local.db"), { code: "path_hidden" });
  assert.deepEqual(await files.listDirectory(ID, "/"), []);
});

Deno.test("the data folder of a runtime is refused by its real path when the profile names it through a link", async () => {
  using workspace = await openWorkspace();
  Deno.mkdirSync(workspace.host("data"), { mode: 0o700 });
  const link = join(workspace.outside, "link-to-data");
  symlink(workspace.host("data"), link);
  let files: RealDiskFileStore | undefined;
  const profile = new LocalProfile(link).withWorkspaceRoot(workspace.root);
  await using _runtime = await new LocalRuntimeBuilder(profile)
    .llmSim(LlmSimConfig.fixed("ok"))
    .singleSession((s) => s.harness("assistant").sessionId(SESSION))
    .realDiskWorkspace((store) => {
      if (store instanceof RealDiskFileStore) files = store;
      return store;
    })
    .build();
  assert.ok(files);
  assert.ok(Deno.lstatSync(workspace.host("data/local.db")).isFile);
  await assert.rejects(files.readFile(ID, "data/local.db"), { code: "path_hidden" });
  await assert.rejects(files.deleteFile(ID, "data", true), { code: "path_hidden" });
  assert.deepEqual(await files.listDirectory(ID, "/"), []);
});

Deno.test({
  name: "a hidden folder that is mounted into the workspace a second time is hidden there too, also from deletion",
  ignore: !canMount,
  fn: async () => {
    using workspace = await openWorkspace();
    putSecret(workspace);
    Deno.mkdirSync(workspace.host("a/b"), { recursive: true });
    assert.ok(run("mount", "--bind", join(workspace.outside, "other"), workspace.host("a/b")));
    try {
      const files = await workspace.reopen({ hidden: [join(workspace.outside, "other")] });
      await assert.rejects(files.readFile(ID, "a/b/secret.txt"), { code: "path_hidden" });
      await assert.rejects(files.writeFile(ID, "a/b/new.txt", "x", "text"), { code: "path_hidden" });
      await assert.rejects(files.deleteFile(ID, "a", true), { code: "path_hidden" });
      assert.deepEqual(await files.listDirectory(ID, "a"), []);
      assert.equal((await files.grepFiles(ID, "secret")).matchCount, 0);
    } finally {
      assert.ok(run("umount", workspace.host("a/b")));
    }
    assert.deepEqual(snapshot(join(workspace.outside, "other")), { "secret.txt": "secret" });
  },
});

Deno.test({
  name: "on a full disk a write is refused with workspace_full, keeping the old file and leaving no other",
  ignore: !canMount,
  fn: async () => {
    using folder = tempFolder();
    using disk = mountSmallDisk(folder.path, 256);
    assert.ok(disk);
    const files = await RealDiskFileStore.open(disk.path);
    await files.writeFile(ID, "a.txt", "old", "text");
    const large = "x".repeat(400 * 1024);
    await assert.rejects(files.writeFile(ID, "a.txt", large, "text"), { code: "workspace_full" });
    await assert.rejects(files.writeFile(ID, "b.txt", large, "text"), { code: "workspace_full" });
    assert.deepEqual(snapshot(disk.path), { "a.txt": "old" });
  },
});

Deno.test({
  name: "on a read-only disk files are read, and every change is refused with access_denied",
  ignore: !canMount,
  fn: async () => {
    using folder = tempFolder();
    using disk = mountSmallDisk(folder.path, 256);
    assert.ok(disk);
    const files = await RealDiskFileStore.open(disk.path);
    await files.writeFile(ID, "a.txt", "old", "text");
    disk.setReadOnly(true);
    await assert.rejects(files.writeFile(ID, "a.txt", "new", "text"), { code: "access_denied" });
    await assert.rejects(files.createDirectory(ID, "d"), { code: "access_denied" });
    await assert.rejects(files.deleteFile(ID, "a.txt", false), { code: "access_denied" });
    assert.equal((await files.readFile(ID, "a.txt")).content, "old");
    disk.setReadOnly(false);
  },
});
