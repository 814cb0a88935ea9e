/** Recovering more sessions than are recovered at a time. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../../src/records/ids.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { faultRuntime, stalls, text } from "../_support/faults.ts";

const SESSIONS = 100;

Deno.test("recover() finishes the interrupted turns of every session, however many there are", async () => {
  const backends = RuntimeBackends.inMemory();
  const ids = Array.from({ length: SESSIONS }, (_, seed) => idFromSeed("session", 1000 + seed));
  const dead = await faultRuntime({ backends, respond: stalls() });
  const harnessId = (await dead.loadContext(dead.defaultSessionId)).session.harnessId;
  for (const id of ids) {
    await dead.createSession({ id, harnessId });
    await dead.startTurn(id, "hi").accepted;
  }
  const head = await backends.slots.turnStore.getHead(ids[0]!);
  await backends.slots.turnStore.disconnect(head?.owner ?? "");

  await using heir = await faultRuntime({ backends, respond: () => text("recovered") });
  const recovered = await heir.recover();
  assert.deepEqual(new Set(recovered.map(({ sessionId }) => sessionId)), new Set(ids));
  assert.deepEqual(new Set(recovered.map(({ result }) => result?.response)), new Set(["recovered"]));
  await dead.close();
});

Deno.test("recover() tries a session that cannot be recovered once, and goes on with the others", async () => {
  const backends = RuntimeBackends.inMemory();
  const ids = Array.from({ length: 40 }, (_, seed) => idFromSeed("session", 2000 + seed));
  const dead = await faultRuntime({ backends, respond: stalls() });
  const harnessId = (await dead.loadContext(dead.defaultSessionId)).session.harnessId;
  for (const id of ids) {
    await dead.createSession({ id, harnessId });
    await dead.startTurn(id, "hi").accepted;
  }
  const { turnStore } = backends.slots;
  const head = await turnStore.getHead(ids[0]!);
  await turnStore.disconnect(head?.owner ?? "");
  const broken = ids[3]!;
  const failing = new Proxy(turnStore, {
    get: (target, name) => {
      if (name === "compareAndAppend") {
        return (step: Parameters<typeof turnStore.compareAndAppend>[0]) =>
          step.sessionId === broken ? Promise.reject(new Error("disk full")) : target.compareAndAppend(step);
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

  await using heir = await faultRuntime({
    backends: backends.withTurnStore(failing),
    respond: () => text("recovered"),
  });
  const recovered = await heir.recover();
  assert.equal(recovered.length, ids.length);
  assert.deepEqual(recovered.filter(({ error }) => error !== undefined).map(({ sessionId }) => sessionId), [broken]);
  await dead.close();
});
