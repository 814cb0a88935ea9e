/** Ids made of a call's key. */

import assert from "node:assert/strict";
import { derivedId } from "../../../src/kit/derived_id.ts";

const CALL = { idempotencyKey: "a", acceptedAt: 0x0190_1234_5678 };

Deno.test("derivedId() gives every run of a call the same UUIDv8 of its turn's instant", async () => {
  const id = await derivedId("task", "spawn", CALL);
  assert.equal(await derivedId("task", "spawn", CALL), id);
  assert.match(id, /^task_0190123456788[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
});

Deno.test("derivedId() gives other calls, purposes and kinds other ids", async () => {
  const ids = [
    await derivedId("task", "spawn", CALL),
    await derivedId("task", "spawn", { ...CALL, idempotencyKey: "b" }),
    await derivedId("task", "other", CALL),
    await derivedId("session", "spawn", CALL),
  ];
  assert.equal(new Set(ids.map((id) => id.split("_")[1])).size, 4);
});
