/** sessionEnd hooks: when they run, what they are told, and that they cannot keep a runtime from closing. */

import assert from "node:assert/strict";
import type { Capability, CapabilityHooks, SessionFiles } from "../../../mod.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { say, simRuntime } from "../_support/runtime.ts";

function ending(id: string, sessionEnd: NonNullable<CapabilityHooks["sessionEnd"]>): Capability {
  return { id, name: id, hooks: { sessionEnd } };
}

Deno.test("a sessionEnd hook runs once when the runtime closes, with the session and the files of it", async () => {
  const seen: unknown[] = [];
  let files: SessionFiles | undefined;
  const runtime = await simRuntime("hello", {
    capabilities: [ending("ending", ({ session, files: own, model }) => {
      files = own;
      seen.push(session.id, model);
    })],
  });
  await say(runtime);
  await say(runtime);
  assert.deepEqual(seen, []);
  await runtime.close();
  await runtime.close();
  assert.deepEqual(seen, [runtime.defaultSessionId, "llmsim-model"]);
  assert.equal(typeof files?.readFile, "function");
});

Deno.test("a sessionEnd hook does not run for a session without a prompt", async () => {
  let count = 0;
  const runtime = await simRuntime("hello", { capabilities: [ending("ending", () => void count++)] });
  await runtime.loadContext(runtime.defaultSessionId);
  await runtime.close();
  assert.equal(count, 0);
});

Deno.test("a sessionEnd hook runs after the turn it interrupts by closing has ended", async () => {
  let isOver = false;
  const seen: boolean[] = [];
  const runtime = await simRuntime("hello", { capabilities: [ending("ending", () => void seen.push(isOver))] });
  const turn = runtime.startTurn(runtime.defaultSessionId, "go");
  const over = turn.result.catch(() => {}).finally(() => isOver = true);
  await turn.accepted;
  await runtime.close();
  await over;
  assert.deepEqual(seen, [true]);
});

Deno.test("a sessionEnd hook that throws keeps nothing from closing, and the next one runs", async () => {
  let ran = false;
  const runtime = await simRuntime("hello", {
    capabilities: [
      ending("bad", () => {
        throw new Error("no");
      }),
      ending("good", () => void (ran = true)),
    ],
  });
  await say(runtime);
  await runtime.close();
  assert.equal(ran, true);
});

Deno.test("a sessionEnd hook that hangs is given up after the time hooks have", async () => {
  const clock = new FakeClock();
  const hanging = Promise.withResolvers<void>();
  const runtime = await simRuntime("hello", {
    capabilities: [ending("hanging", () => {
      hanging.resolve();
      return new Promise<void>(() => {});
    })],
    clock,
  });
  await say(runtime);
  const closed = runtime.close();
  await hanging.promise;
  clock.advance(30_000);
  await closed;
});
