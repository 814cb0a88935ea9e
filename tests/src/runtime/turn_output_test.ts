/** The type of a turn's `output`: what `deno check` accepts and refuses here is the test. */

import assert from "node:assert/strict";
import { z } from "zod";
import type { JsonValue } from "../../../src/records/json.ts";
import type { TurnResult } from "../../../src/records/turn.ts";
import type { TurnOptions } from "../../../src/turn/kernel.ts";
import { simRuntime } from "../_support/runtime.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only where `output` has exactly the type named. */
function outputOf<Wanted>() {
  return <Output>(turn: TurnResult<Output>, _same: Same<Output, Wanted>): Output | undefined => turn.output;
}

const Invoice = z.object({ total: z.number(), note: z.string().optional() });
const ANSWER = '{"total": 12.5}';

Deno.test("output has the type of the schema, for every way to run a turn", async () => {
  await using runtime = await simRuntime(ANSWER);
  const responseFormat = { name: "invoice", schema: Invoice };
  const id = runtime.defaultSessionId;
  const invoice = outputOf<{ total: number; note?: string | undefined }>();
  const turns = [
    await runtime.runTextTurn(id, "Read it.", { responseFormat }),
    await runtime.runTurn(id, "Read it.", { responseFormat: { name: "invoice", schema: Invoice } }),
    await runtime.startTurn(id, "Read it.", { responseFormat, idempotencyKey: "k" }).result,
  ];
  for (const turn of turns) assert.equal(invoice(turn, true)?.total, 12.5);
});

Deno.test("output is what the schema takes in, before its transforms", async () => {
  await using runtime = await simRuntime('{"due": "2026-12-15"}');
  const schema = z.object({ due: z.string().transform((text) => new Date(text)), paid: z.boolean().default(false) });
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "When?", {
    responseFormat: { name: "due", schema },
  });
  const output = outputOf<{ due: string; paid?: boolean | undefined }>()(turn, true);
  assert.deepEqual([output?.due, output?.paid], ["2026-12-15", undefined]);
});

Deno.test("output is any JSON value where no type is known", async () => {
  await using runtime = await simRuntime(ANSWER);
  const id = runtime.defaultSessionId;
  const json = outputOf<JsonValue>();
  const schema = { type: "object", properties: { total: { type: "number" } } };
  const plain = await runtime.runTextTurn(id, "Read it.", { responseFormat: { name: "invoice", schema } });
  assert.deepEqual(json(plain, true), { total: 12.5 });
  const options: TurnOptions = { responseFormat: { name: "invoice", schema: Invoice } };
  assert.deepEqual(json(await runtime.runTextTurn(id, "Read it.", options), true), { total: 12.5 });
  assert.equal(json(await runtime.runTextTurn(id, "Read it."), true), undefined);
  assert.equal(json(await runtime.startTurn(id, "Read it.").result, true), undefined);
  const open: z.ZodType = Invoice;
  const opened = await runtime.runTextTurn(id, "Read it.", { responseFormat: { name: "invoice", schema: open } });
  assert.deepEqual(json(opened, true), { total: 12.5 });
});
