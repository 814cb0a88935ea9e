/**
 * A program that keeps swapping a directory of the workspace for a link to a folder outside.
 *
 * Deno has no way to open a name in an open directory, so the store cannot promise what happens in the microseconds
 * between its last look and the act: a directory may be made outside, an empty temporary file left there, a file of the
 * same name renamed. These bounded runs show that no content is read, written or destroyed there.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { FileStoreError } from "../../src/errors.ts";
import { ID, openWorkspace, snapshot } from "../local/workspace/_workspace.ts";
import { symlink } from "./_commands.ts";
import { startSwapping } from "./_workspace_swapper.ts";

const ROUNDS = 1_000;

Deno.test("while a directory is swapped for a link, no content outside is written, read or deleted", async () => {
  using workspace = await openWorkspace();
  const other = join(workspace.outside, "other");
  Deno.mkdirSync(join(other, "inner"), { recursive: true });
  for (const path of ["a.txt", "inner/a.txt"]) Deno.writeTextFileSync(join(other, path), "outside");
  workspace.put("d/a.txt", "inside");
  const [directory, link] = [workspace.host("d"), join(workspace.outside, "link")];
  symlink(other, link);
  const { files } = workspace;
  const acts: readonly ((round: number) => Promise<unknown>)[] = [
    async () => assert.notEqual((await files.readFile(ID, "d/a.txt")).content, "outside"),
    () => files.writeFile(ID, "d/a.txt", "written", "text"),
    (round) => files.writeFile(ID, `d/${round % 50}.txt`, "written", "text"),
    async () => assert.equal(await files.writeFileIfContentMatches(ID, "d/a.txt", "outside", "written", "text"), false),
    () => files.deleteFile(ID, "d/a.txt", false),
    () => files.deleteFile(ID, "d/inner", true),
    () => files.writeFile(ID, "d/inner/a.txt", "written", "text"),
    async () => assert.equal((await files.grepFiles(ID, "outside")).matchCount, 0),
  ];
  const outcomes = new Map<string, number>();

  {
    await using _swapping = startSwapping({ directory, link, aside: join(workspace.outside, "aside") });
    for (let round = 0; round < ROUNDS; round++) {
      const outcome = await acts[round % acts.length]!(round).then(() => "done", (error: unknown) => {
        if (!(error instanceof FileStoreError)) throw error;
        assert.ok(!error.message.includes(workspace.outside), error.message);
        return error.code;
      });
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }

  const contents = Object.values(snapshot(other)).filter((content) => content !== "");
  assert.deepEqual(contents, ["outside", "outside"]);
  // Otherwise the swaps and the store have not met.
  for (const outcome of ["done", "path_is_link"]) assert.ok((outcomes.get(outcome) ?? 0) > 0, `no ${outcome}`);
});
