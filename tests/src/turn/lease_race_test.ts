/** Two runtimes that begin a turn of one session at the same moment. */

import assert from "node:assert/strict";
import { SessionBusyError } from "../../../src/errors.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { faultRuntime, SESSION, text } from "../_support/faults.ts";

Deno.test("of two runtimes that accept at the same moment one runs the turn, the other is told who is busy", async () => {
  const backends = RuntimeBackends.inMemory();
  const gate = Promise.withResolvers<void>();
  const respond = async function* () {
    await gate.promise;
    yield* text("done");
  };
  await using one = await faultRuntime({ backends, respond });
  await using two = await faultRuntime({ backends, respond });
  const turns = [one.startTurn(SESSION, "a"), two.startTurn(SESSION, "b")];
  const accepted = await Promise.allSettled(turns.map((turn) => turn.accepted));
  gate.resolve();
  const refused = accepted.filter((outcome) => outcome.status === "rejected");
  assert.equal(refused.length, 1);
  assert.ok(refused[0]?.reason instanceof SessionBusyError, String(refused[0]?.reason));
  const results = await Promise.allSettled(turns.map((turn) => turn.result));
  assert.equal(results.filter((outcome) => outcome.status === "fulfilled").length, 1);
});
