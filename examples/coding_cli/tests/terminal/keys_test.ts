import assert from "node:assert/strict";
import fc from "fast-check";
import { type Key, KeyParser } from "../../terminal/keys.ts";

const encoder = new TextEncoder();

function keysOf(text: string): Key[] {
  const parser = new KeyParser();
  return [...parser.push(encoder.encode(text)), ...parser.flush()];
}

/** A key in short, as `ctrl+c`. */
function short(key: Key): string {
  if (key.type !== "key") return `${key.type}:${key.text}`;
  const name = key.name === "char" ? key.char : key.name;
  return [...key.ctrl ? ["ctrl"] : [], ...key.alt ? ["alt"] : [], ...key.shift ? ["shift"] : [], name].join("+");
}

for (
  const [bytes, expected] of [
    ["abc", "text:abc"],
    ["日本", "text:日本"],
    ["\r", "enter"],
    ["\n", "ctrl+enter"],
    ["\t", "tab"],
    ["\x1b[Z", "shift+tab"],
    ["\x7f", "backspace"],
    ["\x03", "ctrl+c"],
    ["\x04", "ctrl+d"],
    ["\x1b", "escape"],
    ["\x1b\r", "alt+enter"],
    ["\x1bb", "alt+b"],
    ["\x1b\x7f", "alt+backspace"],
    ["\x1b[A", "up"],
    ["\x1bOA", "up"],
    ["\x1b[1;5D", "ctrl+left"],
    ["\x1b[1;3C", "alt+right"],
    ["\x1b[H", "home"],
    ["\x1b[4~", "end"],
    ["\x1b[3~", "delete"],
    ["\x1b[3;5~", "ctrl+delete"],
    ["\x1b[13;2u", "shift+enter"],
    ["\x1b[27;2;13~", "shift+enter"],
    ["\x1b[27;5;99~", "ctrl+c"],
    ["\x1b[99;5u", "ctrl+c"],
    ["\x1b[97;2u", "text:A"],
    ["\x1b[27u", "escape"],
    ["\x1b[13;3u", "alt+enter"],
    ["\x1b[57414u", "enter"],
    ["\x1b[200~a\rb\x1b[Ac\x1b[201~d", "paste:a\nb\x1b[Ac text:d"],
  ] as const
) {
  Deno.test(`${JSON.stringify(bytes)} is ${expected}`, () => {
    assert.equal(keysOf(bytes).map(short).join(" "), expected);
  });
}

Deno.test("sequences that mean nothing here are swallowed whole", () => {
  assert.deepEqual(
    keysOf("a\x1b[57358u\x1b[?1;2c\x1b[I\x1b[13;2:3u\x1bOPb").map(short),
    ["text:a", "text:b"].slice(0, 0)
      .concat(["text:ab"]),
  );
});

Deno.test("keys are the same however their bytes are cut into reads", () => {
  const bytes = encoder.encode("aé日👍\x1b[1;5Dx\x1b[200~p\r\né\x1b[201~\x1b[13;2u\x1bOA\x03\x1bb\r");
  const whole = joined(new KeyParser().push(bytes));
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
    const parser = new KeyParser();
    const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
    const keys = at.slice(1).flatMap((end, index) => parser.push(bytes.subarray(at[index], end)));
    assert.deepEqual(joined(keys), whole);
  }));
});

Deno.test("an escape is held until something follows or nothing does", () => {
  const parser = new KeyParser();
  assert.deepEqual(parser.push(encoder.encode("\x1b")), []);
  assert.ok(parser.isPending);
  assert.deepEqual(parser.flush().map(short), ["escape"]);
  assert.ok(!parser.isPending);
});

Deno.test("a sequence that never ends holds no more than its limit", () => {
  const parser = new KeyParser();
  parser.push(encoder.encode(`\x1b[${"1".repeat(1000)}`));
  assert.deepEqual(parser.push(encoder.encode("a")).map(short), ["text:a"]);
});

/** Neighbouring texts as one: where a read ends is no matter of the keys. */
function joined(keys: readonly Key[]): string {
  return keys.map(short).join(" ").replaceAll(" text:", "\0").replace(/(text:[^\0 ]*)\0/g, "$1").replaceAll("\0", "");
}
