/** A model works on the real disk through its file tools, and never learns where on the host it is. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { ModelRequest } from "../../../src/ports/driver.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { LlmSimConfig } from "../../../src/drivers/llmsim/config.ts";
import { scriptedModel } from "../../../src/testing/scripted_model.ts";
import { LocalProfile } from "../../../local/profile.ts";
import { LocalRuntimeBuilder } from "../../../local/runtime_builder.ts";
import { ApprovalGateFileStore } from "../../../local/workspace/approval_gate_file_store.ts";
import { WriteBlocklistFileStore } from "../../../local/workspace/write_blocklist_file_store.ts";
import { SESSION } from "../_support/open_backends.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { snapshot } from "./_workspace.ts";

interface Call {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** A model that makes these calls one after the other, then says "done". */
function caller(calls: readonly Call[]): { readonly config: LlmSimConfig; readonly requests: readonly ModelRequest[] } {
  return scriptedModel([...calls.map((call) => ({ type: "tool_calls" as const, toolCalls: [call] })), "done"]);
}

function builder(profile: LocalProfile, model: LlmSimConfig): LocalRuntimeBuilder {
  return new LocalRuntimeBuilder(profile, { durability: "process-crash" })
    .llmSim(model)
    .singleSession((s) =>
      s.harness("assistant", "Work on the files.").withCapability("session_file_system").sessionId(SESSION)
    );
}

/** What the tools answered, in the order of the calls. */
function answers(requests: readonly ModelRequest[]): string[] {
  return requests.slice(1).map(({ messages }) => JSON.stringify(messages.at(-1)));
}

for (const place of ["in the data folder", "around the data folder", "beside the data folder"]) {
  Deno.test(`a turn reads, writes, lists and searches a workspace ${place}, without seeing the host`, async () => {
    using folder = tempFolder();
    const [dataDir, root] = place === "in the data folder"
      ? [join(folder.path, "data"), join(folder.path, "data", "workspace")]
      : place === "around the data folder"
      ? [join(folder.path, "project", "data"), join(folder.path, "project")]
      : [join(folder.path, "data"), join(folder.path, "project")];
    Deno.mkdirSync(join(root, "src"), { recursive: true });
    Deno.writeTextFileSync(join(root, "src", "main.ts"), "const answer = 42;\n");
    const profile = place === "in the data folder"
      ? new LocalProfile(dataDir)
      : new LocalProfile(dataDir).withWorkspaceRoot(root);
    const model = caller([
      { name: "read_file", arguments: { path: "src/main.ts" } },
      { name: "write_file", arguments: { path: "/workspace/notes/a.md", content: "answer noted\n" } },
      { name: "list_directory", arguments: { path: "/" } },
      { name: "grep_files", arguments: { pattern: "answer" } },
      { name: "stat_file", arguments: { path: "notes/a.md" } },
      { name: "delete_file", arguments: { path: "src", recursive: true } },
      { name: "read_file", arguments: { path: "none.md" } },
      { name: "read_file", arguments: { path: "src/main.ts/inside" } },
      { name: "read_file", arguments: { path: "../data/local.db" } },
      { name: "read_file", arguments: { path: "data/local.db" } },
      { name: "write_file", arguments: { path: "data/local.db", content: "x" } },
      { name: "grep_files", arguments: { pattern: "SQLite" } },
    ]);
    await using runtime = await builder(profile, model.config).realDiskWorkspace().build();
    const turn = await runtime.runTextTurn(SESSION, "go");
    assert.equal(turn.response, "done", JSON.stringify(turn.error));

    const said = answers(model.requests);
    assert.match(said[0] ?? "", /const answer = 42;/);
    assert.match(said[1] ?? "", /\/workspace\/notes\/a\.md/);
    assert.match(said[2] ?? "", /\/workspace\/notes.*\/workspace\/src/);
    assert.doesNotMatch(said[2] ?? "", /\/workspace\/data|local\.db/);
    assert.match(said[3] ?? "", /\/workspace\/notes\/a\.md.*\/workspace\/src\/main\.ts/);
    const written = Deno.readTextFileSync(join(root, "notes", "a.md"));
    assert.equal(written, "answer noted\n");
    assert.throws(() => Deno.lstatSync(join(root, "src")), Deno.errors.NotFound);
    if (place === "around the data folder") assert.match(said[9] ?? "", /it is no part of the workspace/);
    assert.match(said[11] ?? "", /match_count[\\":]+0\b/);

    const seen = JSON.stringify([model.requests, await runtime.messages(SESSION), await runtime.loadContext(SESSION)]);
    assert.ok(!seen.includes(folder.path), seen.slice(Math.max(0, seen.indexOf(folder.path) - 200)).slice(0, 500));
  });
}

Deno.test("what a session wrote on disk is there for the next runtime, and for every session", async () => {
  using folder = tempFolder();
  const profile = new LocalProfile(folder.path);
  const first = caller([{ name: "write_file", arguments: { path: "a.txt", content: "kept" } }]);
  {
    await using runtime = await builder(profile, first.config).realDiskWorkspace().build();
    await runtime.runTextTurn(SESSION, "go");
  }
  assert.deepEqual(snapshot(profile.workspaceRoot), { "a.txt": "kept" });
  const second = caller([{ name: "read_file", arguments: { path: "a.txt" } }]);
  await using runtime = await builder(profile, second.config).realDiskWorkspace().build();
  await runtime.runTextTurn(SESSION, "go on");
  assert.match(answers(second.requests)[0] ?? "", /kept/);
});

Deno.test("initial files of a harness are put on the disk once, and what the user changed stays", async () => {
  using folder = tempFolder();
  const profile = new LocalProfile(folder.path);
  const build = () =>
    new LocalRuntimeBuilder(profile, { durability: "process-crash" })
      .llmSim(LlmSimConfig.fixed("ok"))
      .singleSession((s) =>
        s.harness("assistant").sessionId(SESSION).harnessInitialFile({ path: "README.md", content: "seed" })
      )
      .realDiskWorkspace()
      .build();
  await (await build()).close();
  assert.deepEqual(snapshot(profile.workspaceRoot), { "README.md": "seed" });
  Deno.writeTextFileSync(join(profile.workspaceRoot, "README.md"), "mine");
  await (await build()).close();
  assert.deepEqual(snapshot(profile.workspaceRoot), { "README.md": "mine" });
});

Deno.test("a blocklist and a gate around the workspace tell the model what they refuse", async () => {
  using folder = tempFolder();
  const profile = new LocalProfile(folder.path);
  const model = caller([
    { name: "write_file", arguments: { path: ".git/config", content: "x" } },
    { name: "write_file", arguments: { path: "denied.txt", content: "x" } },
    { name: "write_file", arguments: { path: "fine.txt", content: "x" } },
  ]);
  await using runtime = await builder(profile, model.config)
    .realDiskWorkspace((files) =>
      new ApprovalGateFileStore(new WriteBlocklistFileStore(files), {
        approveWrite: ({ path }) => path !== "/denied.txt",
        approveDelete: () => false,
      })
    )
    .build();
  const turn = await runtime.runTextTurn(SESSION, "go");
  assert.equal(turn.success, true);
  const said = answers(model.requests);
  assert.match(said[0] ?? "", /may be read but not changed/);
  assert.match(said[1] ?? "", /it was not approved/);
  assert.deepEqual(snapshot(profile.workspaceRoot), { "fine.txt": "x" });
});

Deno.test("a runtime on a workspace needs the folders of its profile and nothing else", async () => {
  using folder = tempFolder();
  const [dataDir, root] = [join(folder.path, "data"), join(folder.path, "project")];
  const profile = new LocalProfile(dataDir).withWorkspaceRoot(root);
  await using runtime = await builder(profile, LlmSimConfig.fixed("ok")).realDiskWorkspace().build();
  const needed = await runtime.requiredPermissions();
  assert.deepEqual([needed.read, needed.write], [[dataDir, root], [dataDir, root]]);
  assert.deepEqual([needed.net, needed.run, needed.env, needed.unknown], [[], [], [], []]);
  assert.deepEqual(profile.requiredPermissions().toFlags(), needed.toFlags());
});

Deno.test("the folders are made when they are not there, the data folder for its owner alone", async () => {
  using folder = tempFolder();
  const profile = new LocalProfile(join(folder.path, "data"));
  await using _runtime = await builder(profile, LlmSimConfig.fixed("ok")).realDiskWorkspace().build();
  assert.equal((Deno.lstatSync(profile.dataDir).mode ?? 0) & 0o777, 0o700);
  assert.equal(Deno.lstatSync(profile.workspaceRoot).isDirectory, true);
});

Deno.test("a workspace root that is a file, or the data folder itself, is refused and nothing is left open", async () => {
  using folder = tempFolder();
  const file = join(folder.path, "file");
  Deno.writeTextFileSync(file, "x");
  const dataDir = join(folder.path, "data");
  for (const [root, problem] of [[file, /it is not a folder/], [dataDir, /it is a hidden folder/]] as const) {
    const profile = new LocalProfile(dataDir).withWorkspaceRoot(root);
    const building = builder(profile, LlmSimConfig.fixed("ok")).realDiskWorkspace().build();
    await assert.rejects(building, { code: "configuration", message: problem });
  }
});
