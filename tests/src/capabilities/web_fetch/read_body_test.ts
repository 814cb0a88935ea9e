/** Reading bodies that do not end as they should. */

import assert from "node:assert/strict";
import { readBody } from "../../../../src/capabilities/web_fetch/read_body.ts";

const never = new AbortController().signal;
const patient = (): Disposable => ({ [Symbol.dispose]: () => {} });

function bodyOf(
  pieces: readonly string[],
  end: (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller): void {
      const piece = left.shift();
      if (piece === undefined) end(controller);
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  }, { highWaterMark: 0 });
}

Deno.test("readBody() gives a whole body", async () => {
  const body = bodyOf(["ab", "", "cd"], (controller) => controller.close());
  const read = await readBody(body, { maxBytes: 4, signal: never, waiting: patient });
  assert.deepEqual(read, { bytes: new TextEncoder().encode("abcd") });
});

Deno.test("readBody() puts many small pieces together", async () => {
  let left = 200_000;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => left === 0 ? controller.close() : controller.enqueue(new Uint8Array([left-- % 251])),
  });
  const { bytes, cut } = await readBody(body, { maxBytes: 1_000_000, signal: never, waiting: patient });
  assert.deepEqual([bytes.length, bytes.buffer.byteLength, cut], [200_000, 200_000, undefined]);
  assert.ok(bytes.every((byte, place) => byte === (200_000 - place) % 251));
});

Deno.test("readBody() keeps what fits and ends the rest", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("abc")),
    cancel: () => void (isCancelled = true),
  });
  const { bytes, cut } = await readBody(body, { maxBytes: 4, signal: never, waiting: patient });
  assert.deepEqual([new TextDecoder().decode(bytes), cut, isCancelled], ["abca", "size", true]);
});

Deno.test("readBody() keeps what came before a failure, and throws one that came first", async () => {
  const fail = (controller: ReadableStreamDefaultController) => controller.error(new Error("gone"));
  const { bytes, cut } = await readBody(bodyOf(["ab"], fail), { maxBytes: 4, signal: never, waiting: patient });
  assert.deepEqual([bytes.length, cut], [2, "interrupted"]);
  await assert.rejects(readBody(bodyOf([], fail), { maxBytes: 4, signal: never, waiting: patient }), /gone/);
});

Deno.test("readBody() throws the reason of its caller, whatever came before", async () => {
  const ending = new AbortController();
  const body = bodyOf(["ab"], (controller) => {
    ending.abort(new Error("enough"));
    controller.error(new Error("gone"));
  });
  await assert.rejects(readBody(body, { maxBytes: 4, signal: ending.signal, waiting: patient }), /enough/);
});

Deno.test("readBody() has a wait for each piece, and leaves none behind", async () => {
  let begun = 0;
  let over = 0;
  const waiting = (): Disposable => {
    begun++;
    return { [Symbol.dispose]: () => void over++ };
  };
  await readBody(bodyOf(["a", "b"], (controller) => controller.close()), { maxBytes: 4, signal: never, waiting });
  assert.deepEqual([begun, over], [3, 3]);
});
