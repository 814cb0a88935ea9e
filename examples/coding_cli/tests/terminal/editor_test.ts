import assert from "node:assert/strict";
import fc from "fast-check";
import { editKey, type Editor, editorOf, insertText } from "../../terminal/editor.ts";
import { type Key, type KeyName, KeyParser } from "../../terminal/keys.ts";
import { graphemes } from "../../screen/width.ts";

/** An editor from a text with `|` for the cursor. */
function at(text: string): Editor {
  return { text: text.replace("|", ""), cursor: text.indexOf("|"), killed: "" };
}

function shown({ text, cursor }: Editor): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

function press(editor: Editor, bytes: string, width = 80): Editor {
  const parser = new KeyParser();
  const keys = [...parser.push(new TextEncoder().encode(bytes)), ...parser.flush()];
  return keys.reduce((it, key) => editKey(it, key, width) ?? it, editor);
}

const CTRL = { left: "\x1b[1;5D", right: "\x1b[1;5C" };

for (
  const [what, before, bytes, after] of [
    ["text is put at the cursor", "a|c", "b", "ab|c"],
    ["backspace removes a grapheme", "x👨‍👩‍👧‍👦|y", "\x7f", "x|y"],
    ["backspace removes a letter with its marks", "ae\u0301|", "\x7f", "a|"],
    ["backspace joins lines", "a\n|b", "\x7f", "a|b"],
    ["delete removes what follows", "a|👍b", "\x1b[3~", "a|b"],
    ["left and right move by graphemes", "🇩🇪|x", "\x1b[D", "|🇩🇪x"],
    ["ctrl+left moves to the start of a word", "foo bar_baz |", CTRL.left, "foo |bar_baz "],
    ["ctrl+right moves to the end of a word", "|foo bar", CTRL.right, "foo| bar"],
    ["a word has its marks", "|cafe\u0301s x", CTRL.right, "cafe\u0301s| x"],
    ["home moves to the start of the line", "a\nbc|", "\x1b[H", "a\n|bc"],
    ["ctrl+e moves to the end of the line", "|ab\nc", "\x05", "ab|\nc"],
    ["ctrl+w cuts a word, ctrl+y puts it back", "one two|", "\x17\x19\x19", "one twotwo|"],
    ["ctrl+u cuts to the start of the line", "a\nbcd|e", "\x15", "a\n|e"],
    ["ctrl+k cuts to the end of the line", "a|bc\nd", "\x0b", "a|\nd"],
    ["ctrl+k at the end of a line joins the next", "a|\nd", "\x0b", "a|d"],
    ["alt+d cuts the next word", "|one two", "\x1bd", "| two"],
    ["up keeps the column", "abcd\nx\nabcd|", "\x1b[A\x1b[A", "abcd|\nx\nabcd"],
    ["down moves through wide characters", "ab|c\n日本", "\x1b[B", "abc\n日|本"],
    [
      "a paste keeps its lines and loses its control characters",
      "|",
      "\x1b[200~a\r\nb\x1b]0;x\x07\x1b[201~",
      "a\nb]0;x|",
    ],
  ] as const
) {
  Deno.test(what, () => {
    assert.equal(shown(press(at(before), bytes)), after);
  });
}

Deno.test("up and down move by the rows that are shown", () => {
  assert.equal(shown(press(at("abcdefgh|"), "\x1b[A", 6)), "abc|defgh");
  assert.equal(editKey(at("abc|defgh"), { type: "key", name: "up" }, 6), undefined);
});

Deno.test("the cursor always stands between two graphemes, whatever keys are pressed", () => {
  const names: KeyName[] = ["left", "right", "up", "down", "home", "end", "backspace", "delete"];
  const flag = fc.constantFrom({}, { ctrl: true as const }, { alt: true as const });
  const key: fc.Arbitrary<Key> = fc.oneof(
    fc.tuple(fc.constantFrom(...names), flag).map(([name, flags]): Key => ({ type: "key", name, ...flags })),
    fc.constantFrom("a", "日", "e\u0301", "👨‍👩‍👧", "\n", " ").map((text): Key => ({ type: "text", text })),
    fc.constantFrom("a", "e", "k", "u", "w", "y", "d").map((char): Key => ({
      type: "key",
      name: "char",
      char,
      ctrl: true,
    })),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 60 }), (keys) => {
      let editor = editorOf("");
      for (const it of keys) editor = editKey(editor, it, 7) ?? editor;
      const places = new Set([0]);
      let offset = 0;
      for (const grapheme of graphemes(editor.text)) places.add(offset += grapheme.length);
      assert.ok(places.has(editor.cursor), JSON.stringify(editor));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("insertText() puts no control character into the text", () => {
  assert.equal(insertText(editorOf(""), "a\x1b[2J\x9bb\tc").text, "a[2Jb\tc");
});
