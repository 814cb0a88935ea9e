/** Folders behind links: what has to be granted is also where the link leads. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LocalBackends } from "../../local/backends.ts";
import { PermissionMissingError } from "../../local/errors.ts";
import { LocalProfile } from "../../local/profile.ts";
import { RealDiskFileStore } from "../../local/workspace/real_disk_file_store.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { symlink } from "./_commands.ts";

// A test's permissions are given before it runs.
const folder = tempFolder();
globalThis.addEventListener("unload", () => folder[Symbol.dispose]());
const link = join(folder.path, "link");
const real = join(folder.path, "real");
Deno.mkdirSync(real);
symlink(real, link);

Deno.test({
  name: "a data folder behind a link is refused with the flags it needs, and nothing is left in it",
  permissions: { read: [link], write: [link] },
  fn: async () => {
    await assert.rejects(LocalBackends.open(new LocalProfile(link)), (error: unknown) => {
      assert.ok(error instanceof PermissionMissingError, String(error));
      assert.deepEqual(error.flags, [`--allow-read=${link},${real}`, `--allow-write=${link},${real}`]);
      assert.match(error.message, /^Cannot open data folder ".*real": read and write access is not granted \(run with/);
      return true;
    });
    assert.deepEqual([...Deno.readDirSync(link)], []);
  },
});

Deno.test({
  name: "a workspace behind a link is refused with the flags it needs",
  permissions: { read: [link], write: [link] },
  fn: async () => {
    await assert.rejects(RealDiskFileStore.open(link), (error: unknown) => {
      assert.ok(error instanceof PermissionMissingError, String(error));
      assert.deepEqual(error.flags, [`--allow-read=${link},${real}`, `--allow-write=${link},${real}`]);
      return true;
    });
  },
});

Deno.test({
  name: "a workspace behind a link works with the flags it needs",
  permissions: { read: [link, real], write: [link, real] },
  fn: async () => {
    const files = await RealDiskFileStore.open(link);
    assert.deepEqual(await files.listDirectory("any", "/"), []);
  },
});

Deno.test({
  name: "a data folder behind a link works with the flags it needs",
  permissions: { read: [link, real], write: [link, real] },
  fn: async () => await (await LocalBackends.open(new LocalProfile(link))).close(),
});
