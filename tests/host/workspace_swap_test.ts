/**
 * A program that keeps swapping a directory of the workspace for a link to a folder outside.
 *
 * Deno has no way to open a name in an open directory, so the store cannot promise what happens in the microseconds
 * between its last look and the act. These runs are bounded; they show that reads and writes do not follow the link.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { FileStoreError } from "../../src/errors.ts";
import { ID, openWorkspace, snapshot, type Workspace } from "../local/workspace/_workspace.ts";
import { symlink } from "./_commands.ts";

const ROUNDS = 1_000;

Deno.test("while a directory is swapped for a link, nothing is written outside and nothing outside is read", async () => {
  using workspace = await openWorkspace();
  const other = join(workspace.outside, "other");
  Deno.mkdirSync(other);
  Deno.writeTextFileSync(join(other, "a.txt"), "outside");
  workspace.put("d/a.txt", "inside");
  symlink(other, workspace.host("link"));
  const { files } = workspace;
  const counts = new Map<string, number>();
  const count = (outcome: string): void => void counts.set(outcome, (counts.get(outcome) ?? 0) + 1);

  const stop = new AbortController();
  const swapping = swap(workspace, stop.signal);
  for (let round = 0; round < ROUNDS; round++) {
    const acts = [
      async () => {
        const { content } = await files.readFile(ID, "d/a.txt");
        assert.notEqual(content, "outside");
      },
      async () => void await files.writeFile(ID, "d/a.txt", "written", "text"),
      async () => void await files.writeFile(ID, `d/${round}.txt`, "written", "text"),
      async () =>
        assert.equal(await files.writeFileIfContentMatches(ID, "d/a.txt", "outside", "written", "text"), false),
      async () => assert.equal((await files.grepFiles(ID, "outside")).matchCount, 0),
    ];
    await acts[round % acts.length]!().then(() => count("done"), (error: unknown) => {
      if (!(error instanceof FileStoreError)) throw error;
      assert.ok(!error.message.includes(workspace.outside), error.message);
      count(error.code);
    });
  }
  stop.abort();
  await swapping;

  const left = Object.entries(snapshot(other)).filter(([, content]) => content !== "");
  assert.deepEqual(left, [["a.txt", "outside"]]);
  // Otherwise the swaps and the store have not met.
  assert.ok((counts.get("done") ?? 0) > 0 && (counts.get("path_is_link") ?? 0) > 0, JSON.stringify([...counts]));
});

/** Puts the link where the directory is, and back, until it is stopped. */
async function swap(workspace: Workspace, signal: AbortSignal): Promise<void> {
  const [d, link, aside] = [workspace.host("d"), workspace.host("link"), workspace.host("aside")];
  let strays = 0;
  // The store may make the directory anew while it is gone: that one is moved out of the way.
  const move = async (from: string, to: string): Promise<void> => {
    while (true) {
      try {
        return await Deno.rename(from, to);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) throw error;
        await Deno.rename(to, workspace.host(`stray-${strays++}`));
      }
    }
  };
  while (!signal.aborted) {
    await move(d, aside);
    await move(link, d);
    await move(d, link);
    await move(aside, d);
  }
}
