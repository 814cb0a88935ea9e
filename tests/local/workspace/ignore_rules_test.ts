/** Ignore files mean what git's documentation says; where the usual package is no slower it agrees. */

import assert from "node:assert/strict";
import fc from "fast-check";
import ignore from "ignore";
import { IgnoredPaths, IgnoreRules } from "../../../local/workspace/ignore_rules.ts";

const CASES: readonly (readonly [rules: string, ignored: readonly string[], kept: readonly string[]])[] = [
  ["a", ["a", "a/b", "x/a", "x/a/b"], ["b", "aa", "A"]],
  ["/a", ["a", "a/b"], ["x/a"]],
  ["a/", ["a/b", "x/a/b"], ["a", "x/a"]],
  ["a/b", ["a/b", "a/b/c"], ["x/a/b"]],
  ["*.log", ["a.log", "x/a.log", ".log"], ["a.log.txt"]],
  ["a?c", ["abc"], ["ac", "abbc"]],
  ["[ab]", ["a", "b"], ["c", "[ab]"]],
  ["[!ab]", ["c"], ["a", "b"]],
  ["[a-c]x", ["bx"], ["dx"]],
  ["[]a]", ["]", "a"], ["b"]],
  ["x[[:digit:]]", ["x1"], ["xa", "x[[:digit:]]"]],
  ["[a", [], ["a", "[a"]],
  ["**/a", ["a", "x/a", "x/y/a"], ["b"]],
  ["a/**", ["a/b", "a/b/c"], ["a"]],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["b", "x/a/b"]],
  ["a**b", ["ab", "axb"], ["a/b"]],
  ["# a", [], ["# a", "a"]],
  ["\\#a", ["#a"], ["a"]],
  ["\\!a", ["!a"], ["a"]],
  ["a  ", ["a"], ["a  "]],
  ["a\\ ", ["a "], ["a"]],
  ["a\\", [], ["a", "a\\"]],
  ["\r\na\r\n", ["a"], ["b"]],
  ["\ufeffa", ["a"], ["b"]],
  ["*\n!a", ["b"], ["a"]],
  ["a/\n!a/b", ["a/b", "a/c"], []],
  ["a/*\n!a/b", ["a/c"], ["a/b"]],
  ["!a\na", ["a"], []],
  ["", [], ["a"]],
  ["/", [], ["a"]],
  ["!", [], ["a", "!"]],
];

for (const [rules, ignored, kept] of CASES) {
  Deno.test(`${JSON.stringify(rules)} ignores what git's documentation says`, () => {
    const wrong = [
      ...ignored.filter((path) => !isIgnored(rules, path)),
      ...kept.filter((path) => isIgnored(rules, path)),
    ];
    assert.deepEqual(wrong, []);
  });
}

Deno.test("the rules agree with those of the ignore package on random patterns and paths", () => {
  const piece = fc.constantFrom("a", "b", "ab", "*", "?", "*.b", "a*", "[ab]", "[!a]", "**");
  const pattern = fc.tuple(
    fc.constantFrom("", "!", "/", "!/"),
    fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join("/")),
    fc.constantFrom("", "/"),
  ).map((parts) => parts.join(""));
  const name = fc.constantFrom("a", "b", "ab", "ba", "a.b", "c");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), path, (patterns, at) => {
      const rules = patterns.join("\n");
      assert.equal(isIgnored(rules, at), ignore({ ignorecase: false }).add(rules).ignores(at));
    }),
    { numRuns: 3_000, seed: 1 },
  );
});

Deno.test("lines of more than 1,000 characters and rules after 2,000 are not minded", () => {
  assert.equal(isIgnored(`${"*".repeat(1_001)}`, "a"), false);
  assert.equal(isIgnored(`${"b\n".repeat(2_000)}a`, "a"), false);
  assert.equal(isIgnored(`${"b\n".repeat(1_999)}a`, "a"), true);
});

/** Walks to a path as a search does: an ignored directory is not entered. */
function isIgnored(rules: string, path: string): boolean {
  let directory = new IgnoredPaths({ git: new IgnoreRules(rules) });
  const names = path.split("/");
  for (const [index, name] of names.entries()) {
    if (directory.ignores(name, index < names.length - 1)) return true;
    directory = directory.inside(name, {});
  }
  return false;
}
