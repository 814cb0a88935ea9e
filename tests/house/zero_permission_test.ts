/**
 * Importing the package asks for nothing, does nothing and brings little along.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkoutRoot, readCheckoutFile, tempFolder } from "../_support/checkout.ts";
import { entryPoints, npmPackagesOfMain } from "../_support/entry_points.ts";
import { npmPackagesOf, reachable, readModuleGraph } from "../_support/module_graph.ts";
import { spawnDenoOk } from "../_support/spawn_deno.ts";

const MAX_MODULES = 60;
const MAX_LINES = 10_000;

for (const { subpath, file } of entryPoints) {
  Deno.test(`importing "${subpath}" needs no permission and checks none`, async () => {
    assert.deepEqual(await permissionChecks(join(checkoutRoot, file)), []);
  });
}

Deno.test("the permission audit sees a module that reads the environment when it loads", async () => {
  using folder = tempFolder();
  const file = join(folder.path, "greedy.ts");
  Deno.writeTextFileSync(file, 'try { Deno.env.get("HOME"); } catch { /* denied */ }');
  const checks = await permissionChecks(file);
  assert.equal(checks.length, 1);
  assert.match(checks[0] ?? "", /env/);
});

Deno.test('"." loads fewer than 60 modules, 10,000 lines and no npm package', async () => {
  const main = mainFile();
  const loaded = [...reachable(await readModuleGraph([main]), [main], ["static"])];
  assert.deepEqual(loaded.filter((module) => module.startsWith("npm:")), []);

  const files = loaded.filter((module) => !module.startsWith("node:"));
  assert.ok(files.length < MAX_MODULES, `"." loads ${files.length} modules`);
  const lines = files.reduce((sum, file) => sum + readCheckoutFile(file).split("\n").length, 0);
  assert.ok(lines < MAX_LINES, `"." loads ${lines} lines`);
});

Deno.test('"." reaches no npm package beyond the allowed ones, also by import()', async () => {
  const main = mainFile();
  const graph = await readModuleGraph([main]);
  const packages = npmPackagesOf(graph, reachable(graph, [main], ["static", "dynamic", "type"]));
  assert.deepEqual(packages.filter((name) => !npmPackagesOfMain.includes(name)), []);
});

function mainFile(): string {
  const main = entryPoints.find((entry) => entry.subpath === ".");
  assert.ok(main, 'deno.json exports no "."');
  return main.file;
}

/** Runs a module with no permission and returns what Deno checked on its behalf, one JSON line each. */
async function permissionChecks(file: string): Promise<string[]> {
  await spawnDenoOk(["cache", file], { cwd: checkoutRoot });
  using folder = tempFolder();
  const log = join(folder.path, "audit.jsonl");
  await spawnDenoOk(["run", "--no-prompt", "--cached-only", file], {
    cwd: checkoutRoot,
    env: { DENO_AUDIT_PERMISSIONS: log },
  });
  return Deno.readTextFileSync(log).split("\n").filter((line) => line !== "");
}
