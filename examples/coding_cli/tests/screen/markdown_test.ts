import assert from "node:assert/strict";
import { plainText } from "../../screen/spans.ts";
import { markdownLines, streamingMarkdownLines } from "../../screen/markdown.ts";
import { openEnds, tailOf } from "../../screen/streaming_markdown.ts";
import { lineWidth } from "../../screen/wrap.ts";

function shown(text: string, width = 60): string {
  return markdownLines(text, width).map(plainText).join("\n");
}

Deno.test("markdownLines() renders headings, lists, quotes, code and rules", () => {
  const text = [
    "# Title",
    "",
    "Some **bold**, *soft* and `code`.",
    "",
    "- one",
    "- two",
    "  1. inner",
    "- [x] done",
    "",
    "> quoted",
    "",
    "```ts",
    "const a = 1;",
    "```",
    "",
    "---",
  ].join("\n");
  assert.equal(
    shown(text, 20),
    [
      "Title",
      "",
      "Some bold, soft and",
      "code.",
      "",
      "• one",
      "• two",
      "  1. inner",
      "☑ done",
      "",
      "│ quoted",
      "",
      "  const a = 1;",
      "",
      "────────────────────",
    ].join("\n"),
  );
});

Deno.test("markdownLines() styles emphasis", () => {
  assert.deepEqual(
    markdownLines("**a** *b* `c` ~~d~~", 60),
    [[
      { text: "a", style: { bold: true } },
      { text: " " },
      { text: "b", style: { italic: true } },
      { text: " " },
      { text: "c", style: { colour: "cyan" } },
      { text: " " },
      { text: "d", style: { strike: true } },
    ]].map((line) => line.map((it) => ({ ...it, style: it.style ?? {} }))),
  );
});

Deno.test("markdownLines() shows where a link leads", () => {
  assert.equal(
    shown("[docs](https://evil.example) <https://a.example>"),
    "docs (https://evil.example) https://a.example",
  );
});

Deno.test("markdownLines() shows a table in columns and wraps its cells when it is too wide", () => {
  const table = "| Name | Meaning |\n|---|---|\n| a | the first letter of the alphabet |\n| bb | 日本 |";
  assert.equal(
    shown(table, 24),
    [
      "Name │ Meaning",
      "─────┼──────────────────",
      "a    │ the first letter",
      "     │ of the alphabet",
      "bb   │ 日本",
    ].join("\n"),
  );
  for (const line of markdownLines(table, 9)) assert.ok(lineWidth(line) <= 9);
});

Deno.test("markdownLines() lets no escape sequence through", () => {
  assert.equal(shown("a\x1b[2Jb `c\x1b]0;x\x07d`"), "ab cd");
});

Deno.test("markdownLines() shows text that is nested too deeply as it is", () => {
  const deep = `${">".repeat(20_000)}a`;
  assert.equal(markdownLines(deep, 100).map(plainText).join(""), deep);
});

Deno.test("markdownLines() reads a paragraph of markers that close nothing as plain text", () => {
  // The lexer alone would need quadratic time for it: minutes.
  const text = "_a*".repeat(60_000);
  assert.equal(markdownLines(text, 100).map(plainText).join(""), text);
});

Deno.test("openEnds() closes what is still open", () => {
  assert.equal(openEnds("a **bold"), "a **bold**");
  assert.equal(openEnds("a **"), "a ");
  assert.equal(openEnds("a `code"), "a `code`");
  assert.equal(openEnds("a [docs](https://x"), "a docs");
  assert.equal(openEnds("- one\n-"), "- one\n");
  assert.equal(openEnds("text\n--"), "text\n");
});

Deno.test("openEnds() leaves an open fence alone", () => {
  assert.equal(openEnds("```\na ** b"), "```\na ** b");
});

Deno.test("tailOf() begins at a paragraph and opens a fence again", () => {
  assert.equal(tailOf(`${"x\n".repeat(50)}\n${"last words ".repeat(3)}`, 40), "last words ".repeat(3));
  assert.match(tailOf(`\`\`\`ts\n${"x\n".repeat(50)}last`, 20), /^```ts\nx\n[x\n]*last$/);
});

Deno.test("streamingMarkdownLines() gives the end of a text in the rows there are", () => {
  const text = Array.from({ length: 500 }, (_, index) => `- item ${index}`).join("\n");
  assert.deepEqual(streamingMarkdownLines(text, 40, 3).map(plainText), ["• item 497", "• item 498", "• item 499"]);
});

Deno.test("streamingMarkdownLines() of a growing text never jumps between bold and markers", () => {
  const text = "A **bold word** and `code` here";
  for (let end = 1; end <= text.length; end++) {
    const line = streamingMarkdownLines(text.slice(0, end), 80, 5).map(plainText).join("");
    assert.doesNotMatch(line, /\*\*|`/, JSON.stringify(text.slice(0, end)));
  }
});
