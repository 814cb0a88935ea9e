import assert from "node:assert/strict";
import { guardBody, readCapped } from "../../../../src/kit/provider/body_guard.ts";
import { bodyOf } from "../../drivers/openai/canned_fetch.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("guardBody() lets lines up to the limit through, however they are cut", async () => {
  for (const chunks of [["12345\n12345\r\n12345"], ["123", "45\n1", "2345\n"], ["12345\r12345\r"]]) {
    assert.equal(await guarded(chunks), chunks.join(""));
  }
});

for (const chunks of [["123456"], ["123", "456"], ["1\n12345", "6"], ["1\r12345", "6\n"], ["123456\n1"]]) {
  Deno.test(`guardBody() refuses ${JSON.stringify(chunks)} with lines of at most 5 bytes`, async () => {
    await assert.rejects(guarded(chunks), { message: "a line of 5" });
  });
}

Deno.test("guardBody() refuses more bytes than the limit", async () => {
  await assert.rejects(guarded(["1234\n", "1234\n", "1234\n", "1234\n", "1"]), { message: "a stream of 20" });
});

Deno.test("guardBody() cancels the body it refuses", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(encode("123456")),
    cancel: () => resolve(),
  });
  const limits = { total: 20, line: 5 };
  await assert.rejects(new Response(guardBody(body, limits, { exceeded: () => new Error("too much") })).text());
  await promise;
});

Deno.test("guardBody() reports comments at the beginning of a line only", async () => {
  const seen: string[] = [];
  const chunks = [": a\n", "b", ": c\n", ": d\n"];
  const body = bodyOf(chunks.map(encode));
  const limits = { total: 100, line: 100 };
  const comment = () => seen.push("comment");
  await new Response(guardBody(body, limits, { exceeded: () => new Error(), comment })).text();
  assert.equal(seen.length, 2);
});

Deno.test("readCapped() reads no more than the limit", async () => {
  assert.equal(await readCapped(bodyOf([encode("123"), encode("456"), encode("789")]), 5), "12345");
});

Deno.test("readCapped() gives what it has when the body breaks", async () => {
  const body = ReadableStream.from((function* (): Generator<Uint8Array<ArrayBuffer>> {
    yield encode("123");
    throw new Error("broken");
  })());
  assert.equal(await readCapped(body, 5), "123");
});

function guarded(chunks: readonly string[]): Promise<string> {
  const body = bodyOf(chunks.map(encode));
  const exceeded = (what: string, limit: number) => new Error(`${what} of ${limit}`);
  return new Response(guardBody(body, { total: 20, line: 5 }, { exceeded })).text();
}
