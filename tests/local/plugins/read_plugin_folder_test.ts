/** Reading the folder of a plugin. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { PermissionMissingError, readPluginFolder } from "../../../local/mod.ts";
import { ConfigurationError } from "../../../src/errors.ts";
import { loadPlugin } from "../../../src/plugins/mod.ts";
import { tempFolder } from "../_support/temp_folder.ts";

function put(folder: string, path: string, content: string | Uint8Array): void {
  const file = join(folder, path);
  Deno.mkdirSync(dirname(file), { recursive: true });
  Deno.writeFileSync(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
}

Deno.test("readPluginFolder() gives the texts of a folder to loadPlugin(), and names what is no text", async () => {
  using folder = tempFolder();
  put(folder.path, ".claude-plugin/plugin.json", '{ "name": "docs" }');
  put(folder.path, "skills/find/SKILL.md", "---\nname: find\ndescription: Finds pages\n---\nSearch first.");
  put(folder.path, "skills/find/logo.png", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff, 0));
  put(folder.path, "large.txt", "x".repeat(1024 * 1024 + 1));
  put(folder.path, ".git/config", "secret");
  put(folder.path, "node_modules/a/index.js", "code");

  const { files, skipped } = await readPluginFolder(folder.path);
  assert.deepEqual([...files.keys()].sort(), [".claude-plugin/plugin.json", "skills/find/SKILL.md"]);
  assert.deepEqual(skipped, ["large.txt", "skills/find/logo.png"]);
  const { capability, warnings } = await loadPlugin(files, { skipped });
  assert.equal(capability.id, "plugin:docs");
  assert.equal(warnings.length, 2);
});

Deno.test("readPluginFolder() refuses a folder that is not there, and too many files", async () => {
  using folder = tempFolder();
  await assert.rejects(readPluginFolder(join(folder.path, "none")), ConfigurationError);
  for (let i = 0; i <= 1_024; i++) put(folder.path, `f${i}`, "");
  await assert.rejects(readPluginFolder(folder.path), /has more than 1024 files/);
});

Deno.test("readPluginFolder() refuses a relative path, and one that may not be read before it is opened", {
  permissions: { read: [".tmp", "tests/local/golden"], write: [".tmp"] },
}, async () => {
  await assert.rejects(readPluginFolder("plugins/docs"), TypeError);
  await assert.rejects(readPluginFolder("/somewhere/docs"), (error) => {
    assert.ok(error instanceof PermissionMissingError);
    assert.deepEqual(error.flags, ["--allow-read=/somewhere/docs"]);
    return true;
  });
});

Deno.test("readPluginFolder() ends with the signal's reason", async () => {
  using folder = tempFolder();
  put(folder.path, "a.txt", "a");
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(readPluginFolder(folder.path, { signal }), { message: "enough" });
});
