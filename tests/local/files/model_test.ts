/**
 * The file store answers as the one in memory does, whatever is asked of it in whatever order.
 *
 * Base64 is given in its canonical form: the store in memory keeps other spellings, this one keeps bytes.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import type { RuntimeFileStore } from "../../../src/ports/file_store.ts";
import { canonicalPath } from "../../../src/kit/paths.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { LocalFileStore } from "../../../local/files/file_store.ts";
import { tempFolder } from "../_support/temp_folder.ts";
import { openStore } from "../records/_opened_stores.ts";

type Act = (files: RuntimeFileStore) => Promise<unknown>;

const CAPS = { maxFileBytes: 12, maxWorkspaceBytes: 40, maxFiles: 5 };
// Few names, so that acts meet; among them neighbours in order, and pairs that UTF-8 and UTF-16 order differently.
const name = fc.constantFrom("a", "a!", "a0", "b", "%", "_", "\uff5e", "\u{1F600}", "workspace", "..", "");
const path = fc.oneof(
  { weight: 9, arbitrary: fc.array(name, { maxLength: 4 }).map((names) => `/${names.join("/")}`) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
);
const workspace = fc.constantFrom("w", "w\u0000");
const written = fc.oneof(
  fc.record({
    encoding: fc.constant<"text">("text"),
    content: fc.oneof(fc.constantFrom("", "x", "y\nx"), fc.string({ unit: "grapheme", maxLength: 13 })),
  }),
  fc.record({
    encoding: fc.constant<"base64">("base64"),
    content: fc.oneof(fc.constant("no base64"), fc.uint8Array({ maxLength: 13 }).map((bytes) => bytes.toBase64())),
  }),
).filter(({ content }) => content.isWellFormed());

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(workspace, path, written).map(([id, at, { content, encoding }]): Act => (files) =>
    files.writeFile(id, at, content, encoding)
  ),
  fc.tuple(workspace, path, written, written).map(
    ([id, at, { content: expected }, { content, encoding }]): Act => (files) =>
      files.writeFileIfContentMatches(id, at, expected, content, encoding),
  ),
  fc.tuple(workspace, path, written, fc.boolean()).map(([id, at, content, isReadonly]): Act => (files) =>
    files.seedInitialFile(id, { path: at, ...content, isReadonly })
  ),
  fc.tuple(workspace, path, fc.boolean()).map(([id, at, recursive]): Act => (files) =>
    files.deleteFile(id, at, recursive)
  ),
  fc.tuple(workspace, path).map(([id, at]): Act => (files) => files.createDirectory(id, at)),
  fc.tuple(workspace, path).map(([id, at]): Act => (files) => files.readFile(id, at)),
  fc.tuple(workspace, path).map(([id, at]): Act => (files) => files.statFile(id, at)),
);

Deno.test("every answer and every tree is the one of the store in memory", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  using other = openStore(folder);
  const clock = new FakeClock();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 30 }), async (acts) => {
      run++;
      const model = inOwnWorkspaces(new InMemoryFileStore({ ...CAPS, now: () => clock.now() }), run);
      const stores = [db, other].map((connection) =>
        inOwnWorkspaces(new LocalFileStore(connection, { ...CAPS, clock }), run)
      );
      for (const [index, each] of acts.entries()) {
        clock.advance(1);
        assert.deepEqual(await outcomeOf(each, stores[index % 2]!), await outcomeOf(each, model));
      }
      for (const id of ["w", "w\u0000"]) assert.deepEqual(await treeOf(stores[0]!, id), await treeOf(model, id));
    }),
    { numRuns: 400, seed: 1 },
  );
});

Deno.test("any text is kept under any path that is allowed", async () => {
  using folder = tempFolder();
  using db = openStore(folder);
  const files = new LocalFileStore(db);
  const text = fc.string({ unit: "binary", maxLength: 20 }).filter((each) => each.isWellFormed());
  const allowed = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter(isAllowed);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), allowed, text, async (id, at, content) => {
      await files.deleteFile(id, canonicalPath(at).split("/").slice(0, 2).join("/"), true);
      await files.writeFile(id, at, content, "text");
      assert.equal((await files.readFile(id, at)).content, content);
      assert.equal((await files.statFile(id, at))?.path, canonicalPath(at));
    }),
    { numRuns: 300, seed: 1 },
  );
});

/** The same store with other workspaces for each run, so that all runs share one database. */
function inOwnWorkspaces(files: RuntimeFileStore, run: number): RuntimeFileStore {
  return new Proxy(files, {
    get: (target, member) => {
      const value: unknown = Reflect.get(target, member);
      if (typeof value !== "function") return value;
      return (id: string, ...rest: unknown[]) => Reflect.apply(value, target, [`${id} ${run}`, ...rest]);
    },
  });
}

/** What an act answers, or the code of its refusal; times of the root are left out until something is in it. */
async function outcomeOf(each: Act, files: RuntimeFileStore): Promise<unknown> {
  try {
    const answer = await each(files);
    return typeof answer === "object" && answer !== null && "path" in answer && answer.path === "/" ? "root" : answer;
  } catch (error) {
    assert.ok(error instanceof Error && "code" in error, String(error));
    return error.code;
  }
}

/** Everything in a workspace, and what a search finds. */
async function treeOf(files: RuntimeFileStore, id: string): Promise<unknown> {
  const entries: unknown[] = [];
  const directories = ["/"];
  for (const directory of directories) {
    for (const entry of await files.listDirectory(id, directory)) {
      entries.push(entry);
      if (entry.isDirectory) directories.push(entry.path);
      else entries.push(await files.readFile(id, entry.path));
    }
  }
  return [entries, await files.grepFiles(id, "x|^$", { limit: 1000 })];
}

function isAllowed(at: string): boolean {
  try {
    return canonicalPath(at) !== "/";
  } catch {
    return false;
  }
}
