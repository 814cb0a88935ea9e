/** Links in the folder of a plugin: none is followed. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { readPluginFolder } from "../../local/plugins/read_plugin_folder.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { symlink } from "./_commands.ts";

Deno.test("a plugin with a link to a file or folder is refused, wherever the link is and leads", async () => {
  using folder = tempFolder();
  const plugin = join(folder.path, "plugin");
  Deno.mkdirSync(join(plugin, "skills"), { recursive: true });
  Deno.writeTextFileSync(join(folder.path, "secret.txt"), "secret");
  Deno.writeTextFileSync(join(plugin, "plugin.json"), "{}");
  const targets = [join(folder.path, "secret.txt"), folder.path, join(plugin, "plugin.json"), "/nowhere"];
  for (const target of targets) {
    const link = join(plugin, "skills", "link");
    symlink(target, link);
    await assert.rejects(readPluginFolder(plugin), /"skills\/link" is a symbolic link; links are not followed/);
    Deno.removeSync(link);
  }
  assert.equal((await readPluginFolder(plugin)).files.size, 1);
});
