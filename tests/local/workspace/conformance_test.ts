/** The workspace on disk passes the conformance suite, alone and inside the decorators that let everything pass. */

import { testFileStore } from "../../../src/testing/conformance/file_store.ts";
import { ApprovalGateFileStore } from "../../../local/workspace/approval_gate_file_store.ts";
import { WriteBlocklistFileStore } from "../../../local/workspace/write_blocklist_file_store.ts";
import { Workspaces } from "./_workspace.ts";

const { test } = Deno;
const maxFileBytes = 1024 * 1024;
const common = { test, maxFileBytes, separatesWorkspaces: false };

testFileStore({ ...common, ...new Workspaces({ maxFileBytes }), name: "RealDiskFileStore" });
testFileStore({
  ...common,
  ...new Workspaces({ maxFileBytes, displayRoot: "/project/app" }),
  name: "RealDiskFileStore with another display root",
});
testFileStore({
  ...common,
  ...new Workspaces({ maxFileBytes }, (files) =>
    new ApprovalGateFileStore(new WriteBlocklistFileStore(files), {
      approveWrite: () => true,
      approveDelete: () => Promise.resolve(true),
    })),
  name: "a gate around a blocklist",
});
