/**
 * Paths that somebody would write to get out of a file store, and a store that is tried with 10,000 of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { FileStoreError } from "../../src/errors.ts";
import type { RuntimeFileStore } from "../../src/ports/file_store.ts";

const HOSTILE = [
  "..",
  ".",
  "...",
  "",
  "a",
  "b.txt",
  "workspace",
  "%2e%2e",
  "%2F",
  "..%c0%af",
  "\\",
  "..\\",
  "a\0b",
  "C:",
  "con",
  "aux.txt",
  " ",
  "a ",
  "a.",
  "\u202etxt",
  "\u2024\u2024",
  "\uff0e\uff0e",
  "e\u0301",
  "\ud800",
  ".git",
  "~",
  "$HOME",
  "etc",
  "passwd",
  "proc",
  "self",
  "x".repeat(256),
  "\u{1F600}".repeat(64),
];

/** A hostile path; `{root}` in it stands for a folder of the host. */
export const hostilePath: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 8 }).map((names) => names.join("/")),
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 8 }).map((names) => `/${names.join("/")}`),
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 8 }).map((names) => `/workspace/${names.join("/")}`),
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 8 }).map((names) => `{root}${names.join("/")}`),
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 8 }).map((names) => `{root}/${names.join("/")}`),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(".", "/", "\\", "a", "\0", "%", "2", "e"), maxLength: 20 }),
);

/** Codes that an act on a hostile path may be refused with. */
const REFUSALS: ReadonlySet<string> = new Set([
  "path_invalid",
  "file_not_found",
  "file_is_directory",
  "file_not_directory",
  "content_invalid",
]);

/**
 * Tries a store with 10,000 hostile paths: each is refused with a typed error, or names a file of this workspace and
 * nothing else.
 */
export async function assertConfined(files: RuntimeFileStore): Promise<void> {
  await files.writeFile("neighbour", "/secret.txt", "secret", "text");
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(hostilePath, async (hostile) => {
      const path = hostile.replace("{root}", "/home/me/project");
      const acts = [
        () => files.readFile("hostile", path),
        () => files.statFile("hostile", path),
        () => files.listDirectory("hostile", path),
        () => files.writeFile("hostile", path, "written", "text"),
      ];
      let isWritten = true;
      for (const act of acts) isWritten = await succeeds(act, path);
      if (!isWritten) return;
      accepted++;
      const { path: canonical, content } = await files.readFile("hostile", path);
      assert.equal(content, "written");
      const names = canonical.slice(1).split("/");
      assert.ok(canonical.startsWith("/") && names.every((name) => !["", ".", ".."].includes(name)), canonical);
      assert.ok(!/[\0\\]/.test(canonical), canonical);
      // Its canonical form means the same file, and a whole search finds it under no other.
      assert.equal((await files.readFile("hostile", canonical)).path, canonical);
      const { lines } = await files.grepFiles("hostile", "written");
      assert.deepEqual(lines.map((line) => line.path), [canonical]);
      assert.equal(await files.deleteFile("hostile", `/${names[0]}`, true), true);
      assert.deepEqual(await files.listDirectory("hostile", "/"), []);
    }),
    { numRuns: 10_000, seed: 3 },
  );
  assert.ok(accepted > 500, `only ${accepted} were accepted`);
  const neighbours = (await files.listDirectory("neighbour", "/")).map(({ path }) => path);
  assert.deepEqual(neighbours, ["/secret.txt"]);
  assert.equal((await files.readFile("neighbour", "/secret.txt")).content, "secret");
}

async function succeeds(act: () => Promise<unknown>, path: string): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    assert.ok(error instanceof FileStoreError && REFUSALS.has(error.code), `${JSON.stringify(path)}: ${error}`);
    return false;
  }
}
