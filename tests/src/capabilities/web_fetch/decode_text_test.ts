/** Bodies as text. */

import assert from "node:assert/strict";
import { decodeText, kindOf } from "../../../../src/capabilities/web_fetch/decode_text.ts";

const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const utf16 = (text: string) => new Uint8Array(Uint16Array.from(text, (character) => character.charCodeAt(0)).buffer);

const texts: readonly (readonly [what: string, bytes: Uint8Array<ArrayBuffer>, type: string, text: string])[] = [
  ["UTF-8 when nothing is said", new TextEncoder().encode("ü€"), "text/plain", "ü€"],
  ["the character set of the header", latin("\xfc"), "text/html; charset=ISO-8859-1", "ü"],
  ["a quoted character set", latin("\xfc"), 'text/html;a=b; Charset = "windows-1252"', "ü"],
  ["the character set of a page", latin("<meta charset='latin1'>\xfc"), "text/html", "<meta charset='latin1'>ü"],
  [
    "the older form of it",
    latin('<meta http-equiv="content-type" content="text/html; charset=latin1">\xfc'),
    "",
    '<meta http-equiv="content-type" content="text/html; charset=latin1">ü',
  ],
  [
    "the encoding of XML",
    latin('<?xml version="1.0" encoding="latin1"?>\xfc'),
    "text/xml",
    '<?xml version="1.0" encoding="latin1"?>ü',
  ],
  [
    "the header rather than the page",
    latin("<meta charset=utf-8>\xfc"),
    "text/html; charset=latin1",
    "<meta charset=utf-8>ü",
  ],
  ["a byte order mark rather than the header", utf16("\ufeffü"), "text/html; charset=latin1", "ü"],
  [
    "UTF-8 where a page in ASCII claims to be UTF-16",
    latin("<meta charset=utf-16>x"),
    "text/html",
    "<meta charset=utf-16>x",
  ],
  ["UTF-8 for a character set nobody knows", latin("x"), "text/html; charset=x-nothing", "x"],
  ["Shift JIS", latin("\x82\xa0"), "text/html; charset=shift_jis", "あ"],
];

for (const [what, bytes, type, text] of texts) {
  Deno.test(`decodeText() takes ${what}`, () => {
    assert.equal(decodeText(bytes, type), text);
  });
}

const kinds: readonly (readonly [type: string, start: string, kind: string])[] = [
  ["text/html", "", "html"],
  ["application/xhtml+xml", "", "html"],
  ["text/plain", "<html>", "text"],
  ["text/plain", "a\0b", "binary"],
  ["text/markdown", "", "text"],
  ["application/json", "", "text"],
  ["application/problem+json", "", "text"],
  ["application/rss+xml", "", "text"],
  ["image/svg+xml", "", "text"],
  ["image/png", "text", "binary"],
  ["application/pdf", "%PDF", "binary"],
  ["application/octet-stream", "text", "binary"],
  ["", "<!-- x --> <!DOCTYPE html>", "html"],
  ["", "  <html lang=en>", "html"],
  ["", "words", "text"],
  ["", "\x7fELF\0", "binary"],
];

for (const [type, start, kind] of kinds) {
  Deno.test(`kindOf() takes ${JSON.stringify(start)} of type "${type}" for ${kind}`, () => {
    assert.equal(kindOf(type, latin(start)), kind);
  });
}
