/** Closing a runtime. */

import assert from "node:assert/strict";
import { defineTool, RuntimeBackends, RuntimeClosedError } from "../../../mod.ts";
import { callTools, say, scriptedRuntime, simRuntime } from "../_support/runtime.ts";

Deno.test("await using closes the runtime at the end of its scope", async () => {
  let kept;
  {
    await using runtime = await simRuntime("hello");
    kept = runtime;
    await say(runtime);
  }
  await assert.rejects(kept.runTextTurn(kept.defaultSessionId, "hi"), RuntimeClosedError);
});

Deno.test("a closed runtime refuses turns, steering, commands and subscriptions, but still shows its history", async () => {
  const runtime = await simRuntime("hello");
  const id = runtime.defaultSessionId;
  await say(runtime, "hi");
  await runtime.close();
  assert.throws(() => runtime.startTurn(id, "hi"), RuntimeClosedError);
  assert.throws(() => runtime.subscribe(id), RuntimeClosedError);
  for (
    const attempt of [
      () => runtime.runTurn(id, "hi"),
      () => runtime.deliver(id, "hi"),
      () => runtime.cancelTurn(id),
      () => runtime.recover(),
      () => runtime.executeCommand(id, "help"),
      () => runtime.createSession({ harnessId: `harness_${"0".repeat(32)}` }),
    ]
  ) await assert.rejects(attempt, RuntimeClosedError);
  assert.equal((await runtime.messages(id)).length, 2);
});

Deno.test("close() may be called several times", async () => {
  const runtime = await simRuntime("hello");
  await Promise.all([runtime.close(), runtime.close()]);
  await runtime[Symbol.asyncDispose]();
});

Deno.test("close() cancels running turns and waits for their closing commits", async () => {
  const started = Promise.withResolvers<void>();
  const hang = defineTool({
    name: "hang",
    description: "",
    execute: () => {
      started.resolve();
      return new Promise(() => {});
    },
  });
  const backends = RuntimeBackends.inMemory();
  const sim = await scriptedRuntime([callTools("hang")], { tools: [hang], backends });
  const { runtime } = sim;
  const turn = runtime.startTurn(runtime.defaultSessionId, "go");
  await started.promise;
  await runtime.close();
  const stored = await backends.slots.turnStore.loadEvents(runtime.defaultSessionId);
  assert.deepEqual(stored.slice(-3).map(({ type }) => type), ["tool.completed", "turn.cancelled", "session.idled"]);
  assert.equal((await turn.result).status, "cancelled");
});

Deno.test("close() ends subscriptions after what they still have to show", async () => {
  const runtime = await simRuntime("hello");
  const events = runtime.subscribe(runtime.defaultSessionId);
  await say(runtime);
  await runtime.close();
  const types = (await Array.fromAsync(events)).map(({ type }) => type);
  assert.deepEqual([types[0], types.at(-1)], ["input.message", "session.idled"]);
});

Deno.test("a second runtime over the same backends may go on as soon as the first is closed", async () => {
  const backends = RuntimeBackends.inMemory();
  const first = await simRuntime("one", { backends });
  await say(first);
  await first.close();
  await using second = await simRuntime("two", { backends });
  assert.equal((await second.runTextTurn(first.defaultSessionId, "again")).response, "two");
});
