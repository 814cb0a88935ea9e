import assert from "node:assert/strict";
import { Slots } from "../../../src/sandbox/slots.ts";

const never = new AbortController().signal;

Deno.test("slots are given in the order they were asked for", async () => {
  const slots = new Slots(1);
  const order: number[] = [];
  const first = await slots.take(never);
  const waiting = [1, 2, 3].map(async (n) => {
    using _slot = await slots.take(never);
    order.push(n);
  });
  assert.deepEqual(order, []);
  first[Symbol.dispose]();
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
});

Deno.test("one that no longer waits takes no slot from the next", async () => {
  const slots = new Slots(1);
  const stop = new AbortController();
  const first = await slots.take(never);
  const gone = slots.take(stop.signal);
  const next = slots.take(never);
  stop.abort(new Error("enough"));
  await assert.rejects(gone, { message: "enough" });
  first[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  (await slots.take(never))[Symbol.dispose]();
  await assert.rejects(slots.take(stop.signal), { message: "enough" });
});
