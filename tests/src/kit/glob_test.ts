import assert from "node:assert/strict";
import fc from "fast-check";
import { compileGlob, isGlob } from "../../../src/kit/glob.ts";

const TABLE: readonly [glob: string, matching: readonly string[], other: readonly string[]][] = [
  ["a.ts", ["a.ts"], ["a_ts", "/a.ts", "a.tsx", "A.ts", ""]],
  ["*.ts", ["a.ts", ".ts", ".hidden.ts"], ["a/b.ts", "a.tsx"]],
  ["?.ts", ["a.ts"], ["ab.ts", ".ts", "/.ts"]],
  ["a*b*c", ["abc", "a-b-c", "abbcbc"], ["ab", "a/bc"]],
  ["/src/*.ts", ["/src/a.ts"], ["/src/b/a.ts", "/src/", "src/a.ts"]],
  ["**", ["", "a", "/a/b/c"], []],
  ["**/a.ts", ["a.ts", "/a.ts", "b/a.ts", "/b/c/a.ts"], ["ba.ts", "/b/aa.ts"]],
  ["/src/**", ["/src/a", "/src/a/b"], ["/src", "/srcs/a"]],
  ["/src/**/*.ts", ["/src/a.ts", "/src/b/a.ts", "/src/b/c/a.ts"], ["/srca.ts", "/src/a.js", "/a.ts"]],
  ["/a/**/b/**/c", ["/a/b/c", "/a/x/b/y/z/c", "/a/b/b/c"], ["/a/c", "/a/xb/c"]],
  ["**/**/a", ["a", "x/a", "x/y/a"], ["xa"]],
  ["a**b", ["ab", "axxb"], ["a/b"]],
  ["***", ["a", "a/b"], []],
  ["*.{ts,js}", ["a.ts", "a.js"], ["a.tsx", "a.{ts,js}"]],
  ["{a,b}{c,d}", ["ac", "ad", "bc", "bd"], ["ab", "a"]],
  ["{a,{b,c}d}", ["a", "bd", "cd"], ["b", "ad"]],
  ["x{,y}", ["x", "xy"], ["y"]],
  ["/{src,tests}/**/*.ts", ["/src/a.ts", "/tests/b/a.ts"], ["/local/a.ts"]],
  ["{**/,}a", ["a", "b/a"], []],
  ["{a}", ["{a}"], ["a"]],
  ["{a,b", ["{a,b"], ["a"]],
  ["a}b", ["a}b"], []],
  ["[ab].c", ["[ab].c"], ["a.c"]],
  ["a.b+(c)$^|", ["a.b+(c)$^|"], ["aXb+(c)$^|"]],
  ["", [""], ["a"]],
];

for (const [glob, matching, other] of TABLE) {
  Deno.test(`the glob ${JSON.stringify(glob)} matches what it should`, () => {
    const test = compileGlob(glob);
    assert.deepEqual([...matching, ...other].filter(test), matching);
  });
}

Deno.test("a glob agrees with the regular expression it stands for", () => {
  const globs = fc.array(fc.constantFrom("a", "b", "/", "*", "?", "/**/", "**/"), { maxLength: 7 }).map((parts) =>
    parts.join("")
  );
  const paths = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(globs, paths, (glob, path) => assert.equal(compileGlob(glob)(path), toRegExp(glob).test(path))),
    { numRuns: 20_000 },
  );
});

Deno.test("a hostile glob costs no more than its length times that of the path", () => {
  const started = performance.now();
  assert.equal(compileGlob(`${"*a".repeat(400)}b`)("a".repeat(4_000)), false);
  assert.equal(compileGlob(`${"**/".repeat(300)}b`)("a/".repeat(2_000)), false);
  assert.ok(performance.now() - started < 2_000);
});

Deno.test("compileGlob() refuses globs that stand for too much", () => {
  for (const glob of ["{a,b}".repeat(20), `${"{a,b}".repeat(8)}${"x".repeat(500)}`, "x".repeat(1_001)]) {
    assert.throws(() => compileGlob(glob), { name: "RangeError", message: /^Cannot use the glob/ });
  }
});

Deno.test("isGlob() knows the characters that make a glob", () => {
  assert.deepEqual(["a*", "a?", "{a,b}", "a.ts", "[a]", "/src/kit"].map(isGlob), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

/** The same language written a second way; backtracking does not matter for short paths. */
function toRegExp(glob: string): RegExp {
  const source = glob.replaceAll(/(^|(?<=\/))\*{2,}(\/|$)|\*+|\?|./g, (part, before) => {
    if (before !== undefined) return part.endsWith("/") ? "(?:.*/)?" : ".*";
    if (part.startsWith("*")) return "[^/]*";
    return part === "?" ? "[^/]" : part;
  });
  return new RegExp(`^${source}$`, "s");
}
