import assert from "node:assert/strict";
import { LineCapError, type LineCaps, readLines } from "../../../src/sandbox/line_reader.ts";

const CAPS: LineCaps = { maxLineBytes: 100, maxBytes: 1_000, maxLines: 10 };

/** The lines of a text that comes in pieces of so many bytes. */
async function linesOf(text: string, size: number, caps: LineCaps = CAPS): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  return await Array.fromAsync(readLines(stream, caps));
}

Deno.test("readLines() gives the same lines however the bytes are cut", async () => {
  for (const size of [1, 2, 3, 7, 1_000]) {
    assert.deepEqual(await linesOf("one\n\nzwölf 🦕\nlast\nno line", size), ["one", "", "zwölf 🦕", "last"]);
  }
});

Deno.test("readLines() refuses a long line, also one that does not end, many bytes and many lines", async () => {
  for (const size of [1, 1_000]) {
    await assert.rejects(linesOf(`${"x".repeat(101)}\n`, size), LineCapError);
    await assert.rejects(linesOf("x".repeat(101), size), LineCapError);
    await assert.rejects(linesOf(`${"x".repeat(99)}\n`.repeat(11), size, { ...CAPS, maxLines: 100 }), LineCapError);
    await assert.rejects(linesOf("\n".repeat(11), size), LineCapError);
  }
  assert.equal((await linesOf(`${"x".repeat(99)}\n`.repeat(10), 64)).length, 10);
});
