/**
 * What was typed in earlier runs.
 *
 * @module
 */

import assert from "node:assert/strict";
import { keepTypedLine, readTypedLines } from "../host/typed_lines.ts";
import type { Folders } from "../host/folders.ts";
import { type Playground, playground } from "./_support/run_cli.ts";

Deno.test("a history that grew long is cut to its newest lines, in the file too", async () => {
  using at = playground();
  const folders = foldersOf(at);
  const file = `${at.root}/typed.jsonl`;
  Deno.writeTextFileSync(file, Array.from({ length: 2_500 }, (_, index) => `"line ${index}"\n`).join(""));
  const lines = await readTypedLines(folders);
  assert.deepEqual([lines.length, lines[0], lines.at(-1)], [1_000, "line 1500", "line 2499"]);
  assert.equal(Deno.readTextFileSync(file).split("\n").length, 1_001);
  assert.deepEqual([...Deno.readDirSync(at.root)].map(({ name }) => name).sort(), ["project", "typed.jsonl"]);
});

Deno.test("a line of the size of a log is not kept", async () => {
  using at = playground();
  const folders = foldersOf(at);
  await keepTypedLine(folders, "x".repeat(10_001));
  await keepTypedLine(folders, "short");
  assert.deepEqual(await readTypedLines(folders), ["short"]);
});

Deno.test("lines that are no text are passed over", async () => {
  using at = playground();
  Deno.writeTextFileSync(`${at.root}/typed.jsonl`, '"one"\n{torn\n5\n"two"\n');
  const folders = foldersOf(at);
  assert.deepEqual(await readTypedLines(folders), ["one", "two"]);
});

function foldersOf({ root, workspace }: Playground): Folders {
  return { workspace, dataDir: root, projectDir: root, spellings: [] };
}
