/** Local backends in a process of their own, with exactly the documented flags and with each of them missing. */

import assert from "node:assert/strict";
import { LocalProfile } from "../../local/profile.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { type Check, type Folders, foldersIn, runChild } from "./_run_child.ts";

/** A folder that is not granted, and how. */
interface Missing {
  readonly kind: "read" | "write";
  readonly folder: "dataDir" | "workspaceRoot";
}

const NAMES: Readonly<Record<Missing["folder"], string>> = { dataDir: "data folder", workspaceRoot: "workspace root" };

Deno.test("a turn, tasks, schedules, subagents and files on the disk need exactly the documented flags", async () => {
  using folder = tempFolder();
  const folders = foldersIn(folder.path);
  const { dataDir, workspaceRoot } = folders;
  const documented = [
    "--no-prompt",
    `--allow-read=${dataDir},${workspaceRoot}`,
    `--allow-write=${dataDir},${workspaceRoot}`,
  ];
  assert.deepEqual(
    new LocalProfile(dataDir).withWorkspaceRoot(workspaceRoot).requiredPermissions().toFlags(),
    documented,
  );
  const { output, checks } = await runChild("workspace", folders, documented);
  assert.deepEqual(output, { success: true, failed: [], tasks: ["succeeded", "succeeded"], content: "hello" });
  assert.ok(checks.length > 0);
  assert.deepEqual(checks.filter((check) => !isWithin(check, [dataDir, workspaceRoot])), []);
});

Deno.test("without a workspace on the disk the data folder is all that is asked for", async () => {
  using folder = tempFolder();
  const folders = foldersIn(folder.path);
  const { dataDir } = folders;
  const flags = new LocalProfile(dataDir).requiredPermissions().toFlags();
  assert.deepEqual(flags, ["--no-prompt", `--allow-read=${dataDir}`, `--allow-write=${dataDir}`]);
  const { output, checks } = await runChild("store", folders, flags);
  assert.deepEqual(output, { tasks: true });
  assert.deepEqual(checks.filter((check) => !isWithin(check, [dataDir])), []);
});

for (const kind of ["read", "write"] as const) {
  for (const name of ["dataDir", "workspaceRoot"] as const) {
    Deno.test(`a runtime that may not ${kind} its ${NAMES[name]} says so with the flag and touches nothing`, async () => {
      using folder = tempFolder();
      const folders = foldersIn(folder.path);
      const { output, checks } = await runChild(
        "openWorkspace",
        folders,
        flagsWithout(folders, { kind, folder: name }),
      );
      const flag = `--allow-${kind}=${folders[name]}`;
      assert.deepEqual(output, {
        code: "permission_missing",
        message: `Cannot open ${NAMES[name]} "${folders[name]}": ${kind} access is not granted (run with ${flag})`,
        flags: [flag],
      });
      assertUntouched(folder.path, checks);
    });
  }

  Deno.test(`backends that may not ${kind} the data folder say so with the flag and touch nothing`, async () => {
    using folder = tempFolder();
    const folders = foldersIn(folder.path);
    const { output, checks } = await runChild("openStore", folders, flagsWithout(folders, { kind, folder: "dataDir" }));
    const flag = `--allow-${kind}=${folders.dataDir}`;
    assert.deepEqual(output, {
      code: "permission_missing",
      message: `Cannot open data folder "${folders.dataDir}": ${kind} access is not granted (run with ${flag})`,
      flags: [flag],
    });
    assertUntouched(folder.path, checks);
  });
}

Deno.test("with no grant at all one error names both folders and both flags", async () => {
  using folder = tempFolder();
  const folders = foldersIn(folder.path);
  const { dataDir, workspaceRoot } = folders;
  const { output, checks } = await runChild("openWorkspace", folders, ["--no-prompt"]);
  const flags = [`--allow-read=${dataDir},${workspaceRoot}`, `--allow-write=${dataDir},${workspaceRoot}`];
  assert.deepEqual(output, {
    code: "permission_missing",
    message: `Cannot open data folder "${dataDir}" and workspace root "${workspaceRoot}": read and write access is ` +
      `not granted (run with ${flags.join(" ")})`,
    flags,
  });
  assertUntouched(folder.path, checks);
});

Deno.test("backends without a workspace on the disk ask for no grant of its root", async () => {
  using folder = tempFolder();
  const folders = foldersIn(folder.path);
  const flags = new LocalProfile(folders.dataDir).requiredPermissions().toFlags();
  assert.equal((await runChild("openStore", folders, flags)).output, "opened");
});

/** The documented flags but for one folder of one of them. */
function flagsWithout(folders: Folders, missing: Missing): string[] {
  const flags = ["--no-prompt"];
  for (const kind of ["read", "write"] as const) {
    const granted = (["dataDir", "workspaceRoot"] as const)
      .filter((folder) => kind !== missing.kind || folder !== missing.folder);
    flags.push(`--allow-${kind}=${granted.map((name) => folders[name]).join(",")}`);
  }
  return flags;
}

/** Nothing was made beside Deno's own log, and nothing was so much as looked at. */
function assertUntouched(path: string, checks: readonly Check[]): void {
  assert.deepEqual([...Deno.readDirSync(path)].map(({ name }) => name), ["audit.jsonl"]);
  assert.deepEqual(checks, []);
}

function isWithin({ permission, value }: Check, folders: readonly string[]): boolean {
  if (permission !== "read" && permission !== "write") return false;
  return folders.some((folder) => value === folder || value.startsWith(`${folder}/`));
}
