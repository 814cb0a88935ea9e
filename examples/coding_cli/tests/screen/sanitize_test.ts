import assert from "node:assert/strict";
import { toAnsi } from "../../screen/ansi.ts";
import { oneLine, reveal, sanitize, sanitizeOutput } from "../../screen/sanitize.ts";

Deno.test("sanitize() removes escape sequences of every kind, whole and cut off", () => {
  const hostile = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]52;c;aGk=\x1b\\", // writes the clipboard
    "\x1bP+q544e\x1b\\",
    "\x1b_Gf=100\x1b\\",
    "\x9b2J",
    "\x9d0;title\x9c",
    "\x1bc",
    "\x1b(0",
    "\x1b[6n",
    "\x1b]8;;http://x",
    "\x1b[",
    "\x1b",
  ].join("");
  assert.equal(sanitize(hostile), "red");
});

Deno.test("sanitize() removes control characters but line ends, and makes tabs spaces", () => {
  assert.equal(sanitize("a\x00\x07\x08\x7f\x85b\r\nc\td"), "ab\nc    d");
});

Deno.test("sanitize() removes characters that reorder text", () => {
  assert.equal(sanitize("a\u202eb\u2066c\u200fd"), "abcd");
});

Deno.test("reveal() shows what sanitize() would hide", () => {
  assert.equal(reveal("rm\x1b[8m -rf\x00 \u202e~\x9b"), "rm␛[8m -rf␀ ‹U+202E›~‹U+009B›");
});

Deno.test("reveal() lets no carriage return overwrite what stands before it", () => {
  assert.equal(reveal("rm -rf ~\rls"), "rm -rf ~\nls");
});

Deno.test("sanitizeOutput() keeps what a line was at last when it was overwritten", () => {
  assert.equal(sanitizeOutput("10%\r50%\r100%\ndone\r\n"), "100%\ndone\n");
});

Deno.test("oneLine() marks line ends and cuts what is too long", () => {
  assert.equal(oneLine(" a\n  b "), "a ⏎ b");
  assert.equal(oneLine("x".repeat(10_000), 5), "xxxxx…");
});

Deno.test("toAnsi() sanitises also what no renderer did", () => {
  assert.equal(toAnsi([{ text: "a\x1b]0;x\x07\nb", style: { colour: "red" } }], true), "\x1b[31ma b\x1b[0m");
});

Deno.test("toAnsi() without colours keeps only what is no colour", () => {
  assert.equal(toAnsi([{ text: "a", style: { colour: "red", bold: true } }], false), "\x1b[1ma\x1b[0m");
  assert.equal(toAnsi([{ text: "a", style: { colour: "red" } }], false), "a");
});
