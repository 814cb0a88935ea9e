import assert from "node:assert/strict";
import { type FrontMatter, parseFrontMatter } from "../../../src/kit/front_matter.ts";

Deno.test("parseFrontMatter() takes the head off a text", async () => {
  assert.deepEqual(plain(await parseFrontMatter("---\nname: tidy\nlist: [1, two]\n---\n\nTidy up.\n---\n")), {
    ok: true,
    attributes: { name: "tidy", list: [1, "two"] },
    body: "\nTidy up.\n---\n",
  });
});

Deno.test("parseFrontMatter() leaves a text without a head as it is", async () => {
  for (const text of ["Tidy up.\n---\nname: x\n---\n", "", "----\na: 1\n----\n"]) {
    assert.deepEqual(plain(await parseFrontMatter(text)), { ok: true, attributes: {}, body: text });
  }
});

Deno.test("parseFrontMatter() bears a byte order mark, CRLF, spaces after the dashes and an empty head", async () => {
  assert.deepEqual(plain(await parseFrontMatter("\uFEFF--- \r\nname: tidy\r\n---\t\r\nBody\r\n")), {
    ok: true,
    attributes: { name: "tidy" },
    body: "Body\r\n",
  });
  assert.deepEqual(plain(await parseFrontMatter("---\n---\nBody")), { ok: true, attributes: {}, body: "Body" });
});

Deno.test("parseFrontMatter() keeps dates, yes and no as text", async () => {
  const read = await parseFrontMatter("---\nday: 2026-01-31\nanswer: yes\n---\n");
  assert.deepEqual(plain(read), { ok: true, attributes: { day: "2026-01-31", answer: "yes" }, body: "" });
});

Deno.test("parseFrontMatter() says what is wrong with a head", async () => {
  const cases: readonly [text: string, message: RegExp][] = [
    ["---\na: b: c\n---\n", /not YAML: .*\(1:5\)$/],
    ["---\na: 1\na: 2\n---\n", /not YAML: duplicated mapping key/],
    ["---\n- a\n---\n", /not a list of `name: value` lines/],
    ["---\nname: tidy\n", /no closing "---"/],
    [`---\n${"a".repeat(20_000)}: 1\n---\n`, /no closing "---" within 16384 characters/],
    ["---\na: !!js/function x\n---\n", /not YAML/],
  ];
  for (const [text, message] of cases) {
    const read = await parseFrontMatter(text);
    assert.ok(!read.ok, text.slice(0, 40));
    assert.match(read.message, message);
  }
});

Deno.test("parseFrontMatter() refuses aliases that stand for a huge value", async () => {
  const lines = ["a0: &a0 [x, x]"];
  for (let i = 1; i < 30; i++) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
  const read = await parseFrontMatter(`---\n${lines.join("\n")}\n---\n`);
  assert.deepEqual(read, { ok: false, message: "the front matter is larger than 65536 bytes" });
});

Deno.test("parseFrontMatter() sets no prototype", async () => {
  const read = await parseFrontMatter("---\n__proto__: {evil: true}\n---\n");
  assert.ok(read.ok);
  assert.equal("evil" in read.attributes, false);
});

/** Without the null prototypes, which deepEqual holds against an object. */
function plain(read: FrontMatter): unknown {
  return JSON.parse(JSON.stringify(read));
}
