/** Files the runtime writes by itself lie beside a workspace, and the model sees them where it is told they are. */

import assert from "node:assert/strict";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import { OwnFilesStore } from "../../../local/workspace/own_files_store.ts";
import { LocalProfile } from "../../../local/profile.ts";
import { LocalRuntimeBuilder } from "../../../local/runtime_builder.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { defineTool } from "../../../src/kit/define_tool.ts";
import { scriptedModel } from "../../../src/testing/scripted_model.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { ID, snapshot } from "./_workspace.ts";

const OUTPUT = `/outputs/call_${"0".repeat(32)}.txt`;
const OWN = [OUTPUT, "/.background/task_1/output.log", "/.tasks/task_1/result.json"];

for (const path of OWN) {
  Deno.test(`${path} is written, read, compared, looked at, listed, searched and deleted beside the workspace`, async () => {
    const { files, workspace, own } = stores();
    await files.writeFile(ID, path, "one", "text");
    assert.equal(await files.writeFileIfContentMatches(ID, `/workspace${path}`, "one", "two", "text"), true);
    assert.equal((await files.readFile(ID, path)).content, "two");
    assert.equal((await own.readFile(ID, path)).content, "two");
    assert.equal((await files.statFile(ID, path))?.isDirectory, false);
    assert.equal((await files.grepFiles(ID, "two", { pathPattern: path })).matchCount, 1);
    assert.deepEqual(await workspace.listDirectory(ID, "/"), []);
    assert.equal(await files.deleteFile(ID, path, false), true);
    assert.equal(await own.statFile(ID, path), undefined);
  });
}

Deno.test("every other path is the workspace's, also one that only resembles the runtime's", async () => {
  const { files, workspace, own } = stores();
  for (const path of ["/outputs/report.txt", "/outputs/call_1.txt", "/.backgrounds/a", "/x/.tasks/a", "/a.txt"]) {
    await files.writeFile(ID, path, "x", "text");
    assert.equal((await workspace.readFile(ID, path)).content, "x");
  }
  assert.deepEqual(await own.listDirectory(ID, "/"), []);
});

Deno.test("a path that is none is refused as the workspace refuses it", async () => {
  const { files } = stores();
  await assert.rejects(files.readFile(ID, "../.tasks/a"), { code: "path_invalid" });
});

Deno.test("a stored output of a real-disk workspace is in the store, not in the folder, and the model reads it", async () => {
  using folder = tempFolder();
  const profile = new LocalProfile(folder.path);
  const { config, requests } = scriptedModel([
    { type: "tool_calls", toolCalls: [{ name: "print", arguments: {} }] },
    "done",
  ]);
  await using runtime = await new LocalRuntimeBuilder(profile, { durability: "process-crash" })
    .llmSim(config)
    .capability(PRINTER)
    .singleSession((s) => {
      const session = s.harness("assistant").sessionId(idFromSeed("session", 1));
      for (const id of ["printer", "tool_output_persistence", "session_file_system"]) session.withCapability(id);
    })
    .realDiskWorkspace()
    .build();
  await runtime.runTextTurn(runtime.defaultSessionId, "go");
  const path = /\/outputs\/call_[0-9a-f]{32}\.\w+/.exec(JSON.stringify(requests[1]))?.[0];
  assert.ok(path !== undefined, JSON.stringify(requests[1]));
  assert.match((await runtime.readFile(runtime.defaultSessionId, path)).content, /line 9999/);
  assert.deepEqual(snapshot(profile.workspaceRoot), {});
});

const PRINTER = defineCapability({
  id: "printer",
  name: "Printer",
  tools: [defineTool({
    name: "print",
    description: "Prints",
    effect: "pure",
    hints: { persistOutput: true },
    execute: () => Array.from({ length: 10_000 }, (_, at) => `line ${at}`).join("\n"),
  })],
});

function stores(): { files: OwnFilesStore; workspace: InMemoryFileStore; own: InMemoryFileStore } {
  const workspace = new InMemoryFileStore();
  const own = new InMemoryFileStore();
  return { files: new OwnFilesStore(workspace, own), workspace, own };
}
