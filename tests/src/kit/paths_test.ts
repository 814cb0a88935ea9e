import assert from "node:assert/strict";
import fc from "fast-check";
import { FileStoreError } from "../../../src/errors.ts";
import { canonicalPath, nameOf, parentOf } from "../../../src/kit/paths.ts";

const CANONICAL: readonly [input: string, path: string][] = [
  ["", "/"],
  ["/", "/"],
  [".", "/"],
  ["./", "/"],
  ["/workspace", "/"],
  ["/workspace/", "/"],
  ["/workspace/src/main.ts", "/src/main.ts"],
  ["/src/main.ts", "/src/main.ts"],
  ["src/main.ts", "/src/main.ts"],
  ["./src/main.ts", "/src/main.ts"],
  ["src/", "/src"],
  ["/src/workspace", "/src/workspace"],
  ["/workspaces/a", "/workspaces/a"],
  ["/.git/config", "/.git/config"],
  ["/a b/c-d_e@1.txt", "/a b/c-d_e@1.txt"],
  ["/100%/50%20", "/100%/50%20"],
  ["/café", "/café"],
  ["/cafe\u0301", "/cafe\u0301"],
  ["/Ordner/日本/😀", "/Ordner/日本/😀"],
  ["/...a", "/...a"],
  ["/console.ts", "/console.ts"],
];

for (const [input, path] of CANONICAL) {
  Deno.test(`canonicalPath() brings ${JSON.stringify(input)} to ${JSON.stringify(path)}`, () => {
    assert.equal(canonicalPath(input), path);
    assert.equal(canonicalPath(path), path);
  });
}

const REFUSED: readonly string[] = [
  "..",
  "../a",
  "/..",
  "/a/../b",
  "/a/..",
  "/workspace/../etc",
  "/a/./b",
  "././a",
  "/a/.",
  "//",
  "//a",
  "/a//b",
  "a//",
  "\\a",
  "a\\..\\b",
  "C:/a",
  "c:",
  "/C:/a",
  "/workspace/workspace/a",
  "workspace/a",
  "/a\0b",
  "/a\nb",
  "/a\u0085",
  "/%2e%2e/a",
  "/%2E./a",
  "/a%2fb",
  "/a%5Cb",
  "/a%00",
  "/%c0%ae%c0%ae/a",
  "/%e0%80%ae",
  "/a.",
  "/a /b",
  "/ a",
  "/a./b",
  "/...",
  "/CON",
  "/con.txt",
  "/a/Aux.tar.gz",
  "/lpt1",
  "/photo\u202egnp.exe",
  "/a\u200bb",
  "/\ufeffa",
  "/a\ufffd",
  "/a\ud800",
  `/${"n".repeat(256)}`,
  `/${"é".repeat(128)}`,
  "/a".repeat(2_049),
];

for (const input of REFUSED) {
  Deno.test(`canonicalPath() refuses ${JSON.stringify(input.slice(0, 30))} (${input.length})`, () => {
    assert.throws(() => canonicalPath(input), (error) => {
      assert.ok(error instanceof FileStoreError);
      assert.equal(error.code, "path_invalid");
      assert.match(error.message, /^Cannot use the path "/);
      assert.ok(error.message.length < 400);
      return true;
    });
  });
}

Deno.test("canonicalPath() says what to write instead of a .. part", () => {
  assert.throws(() => canonicalPath("/a/../b"), { message: /has a \.\. part; write the path from the root/ });
});

Deno.test("canonicalPath() refuses what is not text", () => {
  for (const input of [undefined, null, 1, {}, ["/a"]]) {
    assert.throws(() => Reflect.apply(canonicalPath, undefined, [input]), { code: "path_invalid" });
  }
});

Deno.test("a canonical path stays below the root, is clean and means itself", () => {
  const piece = fc.constantFrom(
    "/",
    "..",
    ".",
    "\\",
    "%2e",
    "a",
    "workspace",
    ":",
    " ",
    "\0",
    "é",
    "\u202e",
    "C",
    "😀",
  );
  const inputs = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(inputs, (input) => {
      let path: string;
      try {
        path = canonicalPath(input);
      } catch (error) {
        assert.ok(error instanceof FileStoreError);
        return;
      }
      assert.match(path, /^\/([^/\\\0]+(\/[^/\\\0]+)*)?$/);
      assert.ok(!path.split("/").includes(".."));
      assert.equal(canonicalPath(path), path);
      assert.equal(canonicalPath(`/workspace${path}`), path);
      assert.equal(
        new URL(`file://${path.split("/").map(encodeURIComponent).join("/")}`).pathname.includes("/../"),
        false,
      );
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("parentOf() and nameOf() take a canonical path apart", () => {
  assert.deepEqual(["/", "/a", "/a/b.c"].map(parentOf), ["/", "/", "/a"]);
  assert.deepEqual(["/", "/a", "/a/b.c"].map(nameOf), ["/", "a", "b.c"]);
});
