/**
 * Patterns that drive backtracking engines mad, and a search for them that counts its steps.
 *
 * @module
 */

import assert from "node:assert/strict";
import { RE2JS } from "re2js";
import type { RuntimeFileStore } from "../../src/ports/file_store.ts";

const AS = "a".repeat(4_000);
/** Each pattern with the text that is the worst for it. */
export const REDOS: readonly (readonly [pattern: string, text: string])[] = [
  ["(a+)+$", `${AS}!`],
  ["^(a+)+$", `${AS}!`],
  ["^(a|a)*$", `${AS}!`],
  ["^(a|aa)+$", `${AS}!`],
  ["^(a|a?)+$", `${AS}!`],
  ["^(a*)*$", `${AS}!`],
  ["^(a*)*b$", AS],
  ["^([a-z]+)*$", `${AS}!`],
  ["^([a-zA-Z]+)*$", `${AS}!`],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", AS],
  ["^(.*a){20}$", `${AS}!`],
  ["(x+x+)+y", "x".repeat(4_000)],
  ["(.*)*=.*", AS],
  ["(.+)+=", AS],
  ["^(\\d+)+$", `${"1".repeat(4_000)}x`],
  ["^(\\w+\\s?)*$", `${"word ".repeat(800)}!`],
  ["(\\s*)+$", `${" ".repeat(4_000)}x`],
  ["\\s+$", `${" ".repeat(4_000)}x`],
  ["^\\s*(\\S+\\s+)*$", `${"a ".repeat(2_000)}a`],
  ["(a?){30}a{30}", "a".repeat(29)],
  ["^(a?){100}a{100}$", "a".repeat(99)],
  ["(a{1,10}){1,10}b", AS],
  ["(a{1,50}){1,10}$", `${AS}!`],
  ["^((a+)+)+$", `${AS}!`],
  ["^(((a*)*)*)*$", `${AS}!`],
  ["(a*a*a*a*a*)*b", AS],
  ["a*a*a*a*a*a*b", AS],
  [".*.*.*.*.*.*x", AS],
  [".*.*.*=.*", AS],
  ["^(?:a+)+$", `${AS}!`],
  ["^(?:a|b|ab)*c$", "ab".repeat(2_000)],
  ["^(ab|a|b)*$", `${"ab".repeat(2_000)}!`],
  ["(\\w|\\d)+@", AS],
  ["^([\\w.-]+)+@([\\w-]+\\.)+[a-z]{2,}$", AS],
  ["^[\\w.]+@([\\w]+\\.)+$", `${"a.".repeat(2_000)}`],
  ["^(([\\w-]+\\.)+)+com$", "a.".repeat(2_000)],
  ["(https?://)?([\\w-]+\\.)+[\\w-]+(/[\\w./?%&=-]*)*$", `${"a.".repeat(2_000)} `],
  ["^(\\(?\\d+\\)?)+$", `${"(1)".repeat(1_300)}x`],
  ['<(\\w+)(\\s+\\w+="[^"]*")*\\s*>', `<a${' b="c"'.repeat(600)}`],
  ['("[^"]*"|[^,]*)*,$', "x".repeat(4_000)],
  ['^("(\\\\.|[^"])*"\\s*)+$', `${'"a" '.repeat(1_000)}x`],
  ["/\\*(.|\\s)*\\*/", `/*${" ".repeat(4_000)}`],
  ["(//.*\\s*)+$", `${"// ".repeat(1_300)}x`],
  ["^(-?\\d+,?)+;$", "1,".repeat(2_000)],
  ["^([0-9]+)*([0-9]+)*$", `${"0".repeat(4_000)}x`],
  ["(?i)^(A+)+$", `${AS}!`],
  ["^(\\p{L}+)+$", `${"\u00e9".repeat(4_000)}!`],
  ["^([^x]|[^y])*z$", AS],
  ["(b|a+)*c", AS],
  ["^(a+b*)+$", `${AS}!`],
  ["((a|b)*?a){12}$", `${AS}!`],
  ["^(.?.?.?)*$x", AS],
];

/**
 * Asserts that a store searches for each pattern within the budget of a linear engine: it looks at no more characters
 * than the pattern has instructions times the text has characters.
 *
 * Steps are counted, so that no slow machine fails and no fast one passes; an engine of the platform, which would look at
 * none, fails too.
 */
export async function assertLinearSearch(files: RuntimeFileStore, workspaceId: string): Promise<void> {
  assert.ok(REDOS.length >= 50);
  let all = 0;
  for (const [pattern, text] of REDOS) {
    // Tables are made once, when something first needs them.
    const size = RE2JS.compile(pattern).programSize();
    await files.writeFile(workspaceId, "/a.txt", text, "text");
    using reads = new CharacterReads();
    RE2JS.compile(pattern);
    const compiling = reads.count;
    const { skippedFiles } = await files.grepFiles(workspaceId, pattern);
    const matching = reads.count - 2 * compiling;
    const budget = size * (text.length + 1);
    assert.equal(skippedFiles, 0, pattern);
    assert.ok(matching <= budget, `${pattern} took ${matching} steps, more than ${budget}`);
    all += matching;
  }
  // A pattern with a literal that the text has not is answered without a step.
  assert.ok(all > 50_000, `only ${all} steps: the search was another engine's`);
}

/** Counts the characters that are looked at while it lives. */
class CharacterReads implements Disposable {
  /** How many so far. */
  count = 0;
  readonly #charCodeAt = String.prototype.charCodeAt;
  readonly #codePointAt = String.prototype.codePointAt;

  constructor() {
    const { prototype } = String;
    const read = (): number => this.count++;
    const charCodeAt = this.#charCodeAt;
    const codePointAt = this.#codePointAt;
    prototype.charCodeAt = function (at): number {
      read();
      return charCodeAt.call(this, at);
    };
    prototype.codePointAt = function (at): number | undefined {
      read();
      return codePointAt.call(this, at);
    };
  }

  [Symbol.dispose](): void {
    String.prototype.charCodeAt = this.#charCodeAt;
    String.prototype.codePointAt = this.#codePointAt;
  }
}
