import assert from "node:assert/strict";
import { Endpoint } from "../../../../src/kit/provider/endpoint.ts";
import { Failures } from "../../../../src/kit/provider/failures.ts";
import { FetchClient } from "../../../../src/kit/provider/fetch_client.ts";
import { Redactor } from "../../../../src/kit/redactor.ts";
import { Transport } from "../../../../src/kit/provider/transport.ts";
import { bytesOf, rechunk } from "../../../_support/rechunk.ts";
import { streamOf } from "../../drivers/openai/canned_fetch.ts";

const never = new AbortController().signal;

Deno.test("FetchClient gives the data of every event, whatever the lines end with and however they are cut", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ['\ufeffdata: {"a":', 'data: "é"}', "", ": comment", "event: x", 'data: {"b":1}', "id: 7", "", ""];
    const bytes = bytesOf([text.join(end)]);
    // A carriage return at the very end may be half of a line end, so the last event needs what follows it.
    const whole = end === "\r" ? bytesOf([text.join(end), ":\r"]) : bytes;
    for (const sizes of [[1], [2], [3, 7], [1000]]) {
      assert.deepEqual(await eventsOf(rechunk(whole, sizes)), [{ a: "é" }, { b: 1 }], JSON.stringify([end, sizes]));
    }
  }
});

Deno.test("FetchClient ends at [DONE] and drops an event that was cut off", async () => {
  assert.deepEqual(await eventsOf([bytesOf(["data: 1\n\ndata: [DONE]\n\ndata: 2\n\n"])]), [1]);
  assert.deepEqual(await eventsOf([bytesOf(["data: 1\n\ndata: 2"])]), [1]);
});

Deno.test("FetchClient fails at data that is not JSON, after the events before it", async () => {
  const seen: unknown[] = [];
  await assert.rejects(async () => {
    for await (const event of await stream([bytesOf(["data: 1\n\ndata: nonsense\n\n"])])) seen.push(event);
  }, SyntaxError);
  assert.deepEqual(seen, [1]);
});

async function stream(chunks: readonly Uint8Array<ArrayBuffer>[]): Promise<AsyncIterable<unknown>> {
  const transport = new Transport({
    fetch: () => Promise.resolve(streamOf(chunks)),
    headers: {},
    maxLineBytes: 1000,
    failures: new Failures(new Endpoint("https://a.test", ""), new Redactor([])),
  });
  return (await new FetchClient(transport).post("https://a.test/x", "{}", never)).events;
}

async function eventsOf(chunks: readonly Uint8Array<ArrayBuffer>[]): Promise<readonly unknown[]> {
  return await Array.fromAsync(await stream(chunks));
}
