/** Cancelling a turn whose input, or the answer to its question, is not stored yet. */

import assert from "node:assert/strict";
import { RuntimeClosedError } from "../../../src/errors.ts";
import { InMemoryProviderStore } from "../../../src/in_memory/record_stores.ts";
import { InMemoryTurnStore } from "../../../src/in_memory/turn_store.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { defineClientTool } from "../../../src/kit/define_tool.ts";
import type { SessionHead } from "../../../src/ports/journal.ts";
import type { SessionId } from "../../../src/records/ids.ts";
import { textOf } from "../../../src/records/content.ts";
import type { ResolvedModel } from "../../../src/records/model.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { calls, faultRuntime, isSettled, logOf, SESSION, stalls, text, until } from "../_support/faults.ts";

class HangingProviderStore extends InMemoryProviderStore {
  hangs = false;
  asked = 0;

  override getDefaultModel(): Promise<ResolvedModel | undefined> {
    if (!this.hangs) return super.getDefaultModel();
    this.asked++;
    return new Promise(() => {});
  }
}

class SlowTurnStore extends InMemoryTurnStore {
  slow: PromiseWithResolvers<void> | undefined;

  override async getHead(sessionId: SessionId): Promise<SessionHead | undefined> {
    await this.slow?.promise;
    return await super.getHead(sessionId);
  }
}

Deno.test("cancel() does not wait for a provider store that hangs while the input is accepted", async () => {
  const store = new HangingProviderStore();
  const runtime = await faultRuntime({
    backends: RuntimeBackends.inMemory().withProviderStore(store),
    capabilities: [defineCapability({ id: "plain", name: "Plain" })],
  });
  store.hangs = true;
  const turn = runtime.startTurn(SESSION, "hi");
  await until(() => store.asked === 1);
  turn.cancel();
  assert.equal((await turn.result).status, "cancelled");
  assert.deepEqual(await runtime.messages(SESSION), []);
  await runtime.close();
});

/** A session whose turn waits for an answer that is being taken in: the store hangs. */
async function answering() {
  const store = new HangingProviderStore();
  const backends = RuntimeBackends.inMemory().withProviderStore(store);
  const runtime = await faultRuntime({
    backends,
    capabilities: [defineCapability({ id: "plain", name: "Plain" })],
    clientTools: [defineClientTool({ name: "ask", description: "Asks the user" })],
    respond: () => calls("ask"),
  });
  const { waitingFor: [call] } = await runtime.runTurn(SESSION, "go");
  assert.ok(call !== undefined);
  store.hangs = true;
  const answered = runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: call.id, result: "yes" }] });
  await until(() => store.asked > 0);
  store.hangs = false;
  return { runtime, backends, answered };
}

Deno.test("cancelTurn() while an answer is taken in cancels the turn, which does not wait any longer", async () => {
  const { runtime, answered } = await answering();
  assert.equal(await runtime.cancelTurn(SESSION, "enough"), true);
  assert.equal((await answered).status, "cancelled");
  assert.equal(await runtime.status(SESSION), "idle");
  assert.equal((await runtime.runTurn(SESSION, "again")).status, "waiting");
  await runtime.close();
});

Deno.test("a turn that is cancelled at once stores nothing and asks no model, also later", async () => {
  const store = new SlowTurnStore();
  const backends = RuntimeBackends.inMemory().withTurnStore(store);
  let asked = 0;
  await using runtime = await faultRuntime({
    backends,
    respond: () => {
      asked++;
      return text("ok");
    },
  });
  store.slow = Promise.withResolvers();
  const turn = runtime.startTurn(SESSION, "go");
  turn.cancel();
  assert.equal((await turn.result).status, "cancelled");
  store.slow.resolve();
  // The session's next turn comes after whatever the cancelled one still does.
  await runtime.runTurn(SESSION, "next");
  assert.equal(asked, 1);
  assert.deepEqual((await runtime.messages(SESSION)).map(({ content }) => textOf(content)), ["next", "ok"]);
});

Deno.test("close() does not wait for a turn whose lease was still being asked for", async () => {
  const store = new SlowTurnStore();
  const backends = RuntimeBackends.inMemory().withTurnStore(store);
  const runtime = await faultRuntime({ backends, respond: stalls() });
  store.slow = Promise.withResolvers();
  const turn = runtime.startTurn(SESSION, "go");
  const closed = runtime.close();
  store.slow.resolve();
  await closed;
  assert.equal((await turn.result).status, "cancelled");
  assert.deepEqual(await logOf(backends), []);
});

Deno.test("what waited for its place in a session when the runtime was closed is refused", async () => {
  const store = new SlowTurnStore();
  const backends = RuntimeBackends.inMemory().withTurnStore(store);
  const runtime = await faultRuntime({
    backends,
    clientTools: [defineClientTool({ name: "ask", description: "Asks the user" })],
    respond: () => calls("ask"),
  });
  await runtime.runTurn(SESSION, "go");
  store.slow = Promise.withResolvers();
  const recovered = runtime.recover({ sessions: [SESSION] });
  await isSettled(recovered);
  // The one asks for the lease, the other waits for it to be done.
  const cancelled = runtime.cancelTurn(SESSION);
  const closed = runtime.close();
  store.slow.resolve();
  await Promise.all([assert.rejects(cancelled, RuntimeClosedError), closed]);
  assert.equal((await backends.slots.turnStore.getHead(SESSION))?.checkpoint?.state.phase, "wait");
});

Deno.test("a turn waits on when the runtime is closed while an answer is taken in", async () => {
  const { runtime, backends, answered } = await answering();
  await Promise.all([assert.rejects(answered, /closed/), runtime.close()]);
  const next = await faultRuntime({ backends });
  assert.equal(await next.status(SESSION), "waiting_for_tool_results");
  await next.close();
});
