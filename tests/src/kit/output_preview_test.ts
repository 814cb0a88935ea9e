import assert from "node:assert/strict";
import fc from "fast-check";
import { cutToBytes } from "../../../src/kit/cut_to_bytes.ts";
import { countLines, previewOutput } from "../../../src/kit/output_preview.ts";

const bytes = (text: string): number => new TextEncoder().encode(text).length;

Deno.test("a text that fits stays as it is", () => {
  assert.deepEqual(previewOutput("a\nb\n", 100), { text: "a\nb\n", truncated: false, totalLines: 2 });
});

Deno.test("a long text keeps its start, its end, and the lines between that tell of errors", () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
  lines[500] = "src/a.ts:3: error: no such thing";
  const { text, truncated, totalLines } = previewOutput(lines.join("\n"), 600);
  assert.deepEqual([truncated, totalLines], [true, 1000]);
  assert.match(text, /^line 0\nline 1\n/);
  assert.match(text, /lines left out; of them, lines that tell of errors:\]\nsrc\/a\.ts:3: error: no such thing\n/);
  assert.match(text, /\nline 999$/);
  const shown = text.match(/^line \d+$/gm)?.length ?? 0;
  assert.equal(Number(/\[(\d+) lines left out/.exec(text)?.[1]), 1000 - shown - 1);
});

Deno.test("a text of one very long line keeps its start and its end", () => {
  const { text } = previewOutput(`start${"x".repeat(50_000)}end`, 1000);
  assert.match(text, /^startx+\n\[\d+ characters left out\]\nx+end$/);
  assert.match(previewOutput(`start${"x".repeat(50_000)}end`, 2000).text, /^startx+\n\[.*\]\nx+end$/);
});

Deno.test("a preview never passes its size, and never breaks a character", () => {
  const line = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("error", "é".repeat(300), "😀".repeat(90), ""),
  );
  fc.assert(fc.property(fc.array(line, { maxLength: 200 }), fc.integer({ min: 0, max: 3000 }), (lines, size) => {
    const text = lines.join("\n");
    const preview = previewOutput(text, size);
    assert.ok(bytes(preview.text) <= size);
    assert.ok(preview.text.isWellFormed() || !text.isWellFormed());
    assert.equal(preview.truncated, bytes(text) > size);
  }));
});

Deno.test("cutToBytes() gives the longest start that fits", () => {
  assert.deepEqual([0, 1, 2, 3, 5, 6].map((size) => cutToBytes("é😀x", size)), ["", "", "é", "é", "é", "é😀"]);
  assert.equal(cutToBytes("abc", 3), "abc");
});

Deno.test("countLines() counts a last line without an end, and no line after the last end", () => {
  assert.deepEqual(["", "a", "a\n", "a\nb", "\n\n"].map(countLines), [0, 1, 1, 2, 2]);
});
