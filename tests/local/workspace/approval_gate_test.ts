/** Writes and deletions happen when somebody approved exactly them. */

import assert from "node:assert/strict";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import type { RuntimeFileStore } from "../../../src/ports/file_store.ts";
import {
  ApprovalGateFileStore,
  type DeleteApproval,
  type WriteApproval,
} from "../../../local/workspace/approval_gate_file_store.ts";
import { WriteBlocklistFileStore } from "../../../local/workspace/write_blocklist_file_store.ts";
import { ID } from "./_workspace.ts";

interface Gate {
  readonly inside: InMemoryFileStore;
  readonly files: ApprovalGateFileStore;
  readonly writes: WriteApproval[];
  readonly deletions: DeleteApproval[];
}

function gate(answer: boolean, wrap: (files: RuntimeFileStore) => RuntimeFileStore = (files) => files): Gate {
  const inside = new InMemoryFileStore();
  const writes: WriteApproval[] = [];
  const deletions: DeleteApproval[] = [];
  const files = new ApprovalGateFileStore(wrap(inside), {
    approveWrite: (write) => (writes.push(write), answer),
    approveDelete: (deletion) => Promise.resolve((deletions.push(deletion), answer)),
  });
  return { inside, files, writes, deletions };
}

Deno.test("a write asks with what is there and what it is to be, null when nothing is", async () => {
  const { files, writes } = gate(true);
  assert.equal(await files.writeFile(ID, "/workspace/a", "one", "text"), true);
  assert.equal(await files.writeFile(ID, "a", "AAAA", "base64"), false);
  const common = { workspaceId: ID, path: "/a" };
  assert.deepEqual(writes, [
    { ...common, before: null, beforeEncoding: "text", after: "one", afterEncoding: "text" },
    { ...common, before: "one", beforeEncoding: "text", after: "AAAA", afterEncoding: "base64" },
  ]);
});

Deno.test("a write that is denied is refused with approval_denied and changes nothing", async () => {
  const { inside, files } = gate(false);
  await inside.writeFile(ID, "a", "old", "text");
  await assert.rejects(files.writeFile(ID, "a", "new", "text"), { code: "approval_denied", path: "/a" });
  await assert.rejects(files.writeFile(ID, "b", "new", "text"), { code: "approval_denied" });
  await assert.rejects(files.writeFileIfContentMatches(ID, "a", "old", "new", "text"), { code: "approval_denied" });
  assert.equal((await inside.readFile(ID, "a")).content, "old");
  assert.equal((await inside.listDirectory(ID, "/")).length, 1);
});

Deno.test("a compare-and-write asks only when it would write", async () => {
  const { inside, files, writes } = gate(true);
  await inside.writeFile(ID, "a", "old", "text");
  await inside.createDirectory(ID, "d");
  for (const path of ["a", "none", "d"]) {
    assert.equal(await files.writeFileIfContentMatches(ID, path, "other", "new", "text"), false);
  }
  assert.equal(writes.length, 0);
  assert.equal(await files.writeFileIfContentMatches(ID, "a", "old", "new", "text"), true);
  assert.deepEqual(writes.map(({ before, after }) => [before, after]), [["old", "new"]]);
});

Deno.test("a deletion asks with what is deleted, and is refused with approval_denied", async () => {
  for (const answer of [true, false]) {
    const { inside, files, deletions } = gate(answer);
    await inside.writeFile(ID, "d/a", "x", "text");
    for (const [path, recursive] of [["d/a", false], ["/workspace/d", true]] as const) {
      const deleted = files.deleteFile(ID, path, recursive);
      if (answer) assert.equal(await deleted, true);
      else await assert.rejects(deleted, { code: "approval_denied" });
    }
    assert.deepEqual(deletions, [
      { workspaceId: ID, path: "/d/a", isDirectory: false, recursive: false },
      { workspaceId: ID, path: "/d", isDirectory: true, recursive: true },
    ]);
    assert.equal((await inside.listDirectory(ID, "/")).length, answer ? 0 : 1);
  }
});

Deno.test("nobody is asked about a deletion that deletes nothing", async () => {
  const { inside, files, deletions } = gate(true);
  await inside.writeFile(ID, "d/a", "x", "text");
  for (const [path, recursive] of [["none", true], ["/", true], ["d", false]] as const) {
    assert.equal(await files.deleteFile(ID, path, recursive), false);
  }
  assert.deepEqual(deletions, []);
});

Deno.test("nobody is asked about a read-only file: it is refused anyway", async () => {
  const { inside, files, writes, deletions } = gate(true);
  await inside.seedInitialFile(ID, { path: "a", content: "kept", isReadonly: true });
  await assert.rejects(files.writeFile(ID, "a", "x", "text"), { code: "file_read_only" });
  await assert.rejects(files.deleteFile(ID, "a", false), { code: "file_read_only" });
  assert.deepEqual([writes, deletions], [[], []]);
});

Deno.test("reading, listing, searching, making directories and seeding ask nobody", async () => {
  const { files, writes, deletions } = gate(false);
  await files.seedInitialFile(ID, { path: "a", content: "found" });
  await files.createDirectory(ID, "d");
  assert.equal((await files.readFile(ID, "a")).content, "found");
  assert.equal((await files.listDirectory(ID, "/")).length, 2);
  assert.equal((await files.statFile(ID, "a"))?.sizeBytes, 5);
  assert.equal((await files.grepFiles(ID, "found")).matchCount, 1);
  assert.deepEqual([writes, deletions], [[], []]);
});

for (const before of ["old", undefined]) {
  Deno.test(`a file that ${before === undefined ? "came" : "changed"} while approval was asked for is kept`, async () => {
    const inside = new InMemoryFileStore();
    if (before !== undefined) await inside.writeFile(ID, "a", before, "text");
    const files = new ApprovalGateFileStore(inside, {
      approveWrite: async () => {
        await inside.writeFile(ID, "a", "by somebody else", "text");
        return true;
      },
      approveDelete: () => true,
    });
    await assert.rejects(files.writeFile(ID, "a", "approved", "text"), { code: "file_changed" });
    assert.equal((await inside.readFile(ID, "a")).content, "by somebody else");
  });
}

Deno.test("only true approves, and what the one who approves throws is passed on", async () => {
  const inside = new InMemoryFileStore();
  const problem = new Error("nobody is there");
  const answers: (() => unknown)[] = [() => "yes", () => 1, () => undefined];
  for (const answer of answers) {
    const approve = answer as () => boolean;
    const files = new ApprovalGateFileStore(inside, { approveWrite: approve, approveDelete: approve });
    await assert.rejects(files.writeFile(ID, "a", "x", "text"), { code: "approval_denied" });
  }
  const approve = (): never => {
    throw problem;
  };
  const files = new ApprovalGateFileStore(inside, { approveWrite: approve, approveDelete: approve });
  await assert.rejects(files.writeFile(ID, "a", "x", "text"), problem);
  assert.deepEqual(await inside.listDirectory(ID, "/"), []);
});

Deno.test("around a blocklist no approval opens what is blocked", async () => {
  const { inside, files } = gate(true, (store) => new WriteBlocklistFileStore(store));
  await assert.rejects(files.writeFile(ID, ".git/config", "x", "text"), { code: "path_blocked" });
  assert.equal(await files.writeFile(ID, "a", "x", "text"), true);
  assert.deepEqual((await inside.listDirectory(ID, "/")).map(({ path }) => path), ["/a"]);
});
