import assert from "node:assert/strict";
import fc from "fast-check";
import { plainText } from "../../screen/spans.ts";
import { graphemes, textWidth } from "../../screen/width.ts";
import { fitLine, lineWidth, wrapLine } from "../../screen/wrap.ts";

for (
  const [text, width] of [
    ["abc", 3],
    ["日本語", 6],
    ["한국어", 6],
    ["ｆｕｌｌ", 8],
    ["e\u0301", 1],
    ["👍", 2],
    ["👍🏽", 2],
    ["👨‍👩‍👧‍👦", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["❤", 1],
    ["\u200b", 0],
    ["नि", 1],
    ["…⏎─●", 4],
  ] as const
) {
  Deno.test(`textWidth() of ${JSON.stringify(text)} is ${width}`, () => {
    assert.equal(textWidth(text), width);
  });
}

Deno.test("wrapLine() breaks between words and keeps every style", () => {
  const rows = wrapLine([{ text: "one two " }, { text: "three four", style: { bold: true } }], 9);
  assert.deepEqual(rows.map(plainText), ["one two", "three", "four"]);
  assert.deepEqual(rows[1], [{ text: "three", style: { bold: true } }]);
});

Deno.test("wrapLine() breaks words that fit nowhere else than at spaces", () => {
  const text = "aa bb cccc dd eee f gggg hh iii jj";
  for (let width = 4; width < 20; width++) {
    assert.equal(wrapLine([{ text }], width).map(plainText).join(" "), text);
  }
});

Deno.test("wrapLine() breaks a word that is too long, and wide characters whole", () => {
  assert.deepEqual(wrapLine([{ text: "abcdefgh" }], 3).map(plainText), ["abc", "def", "gh"]);
  assert.deepEqual(wrapLine([{ text: "ab cdefghij" }], 5).map(plainText), ["ab", "cdefg", "hij"]);
  assert.deepEqual(wrapLine([{ text: "日本語" }], 5).map(plainText), ["日本", "語"]);
});

Deno.test("wrapLine() indents the rows that follow as the first one", () => {
  assert.deepEqual(wrapLine([{ text: "one two" }], 6, { first: [{ text: "• " }] }).map(plainText), ["• one", "  two"]);
});

Deno.test("fitLine() cuts with an ellipsis at a grapheme", () => {
  assert.equal(plainText(fitLine([{ text: "日本語" }], 5)), "日本…");
  assert.equal(plainText(fitLine([{ text: "日本語" }], 6)), "日本語");
});

Deno.test("wrapLine() never makes a row wider than asked, nor loses a character but spaces", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 80 }).map((it) => it.replace(/[\p{C}\p{Z}]/gu, " "));
  fc.assert(fc.property(text, fc.integer({ min: 2, max: 30 }), fc.boolean(), (it, width, anywhere) => {
    const rows = wrapLine([{ text: it }], width, { anywhere });
    for (const row of rows) assert.ok(lineWidth(row) <= width, `${JSON.stringify(plainText(row))} > ${width}`);
    const kept = rows.map(plainText).join("");
    assert.equal(kept.replaceAll(" ", ""), it.replaceAll(" ", ""));
    if (anywhere) assert.equal([...graphemes(kept)].length, [...graphemes(it)].length);
  }));
});
