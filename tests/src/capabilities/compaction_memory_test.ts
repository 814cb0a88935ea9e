/** What compaction remembers of sessions, and what it reads from the storage. */

import assert from "node:assert/strict";
import { CompactionMemory, type Remembered } from "../../../src/capabilities/compaction/memory.ts";
import { InMemorySessionStorageStore } from "../../../src/in_memory/session_storage_store.ts";
import type { CapabilityContext } from "../../../src/ports/capability.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import { capabilityContext } from "./_capability_context.ts";
import { turnOver } from "./_conversation.ts";

class CountingStorage extends InMemorySessionStorageStore {
  reads = 0;

  override getValue(...args: Parameters<InMemorySessionStorageStore["getValue"]>): Promise<JsonValue | undefined> {
    this.reads++;
    return super.getValue(...args);
  }
}

const context = capabilityContext();
const storage = new CountingStorage();

function inTurn(turn: number, model = "test-model"): CapabilityContext {
  return { ...context, model, turn: { ...turnOver([]), turnId: idFromSeed("turn", turn), storage } };
}

function remembered(turn: number, sequence: number): Remembered {
  return {
    turnId: idFromSeed("turn", turn),
    model: "test-model",
    cut: idFromSeed("message", 5),
    ceiling: 100,
    checkpoint: { messageId: idFromSeed("message", sequence), sequence, text: `up to ${sequence}` },
  };
}

Deno.test("the storage is asked once a turn, and of two summaries the one that reaches further counts", async () => {
  const memory = new CompactionMemory();
  await memory.store(inTurn(1), remembered(1, 7).checkpoint!);
  storage.reads = 0;
  assert.equal((await memory.recall(inTurn(1))).checkpoint?.text, "up to 7");
  memory.keep(context.session.id, remembered(1, 9));
  assert.equal((await memory.recall(inTurn(1))).checkpoint?.text, "up to 9");
  assert.equal(storage.reads, 1);
  assert.equal((await memory.recall(inTurn(2))).checkpoint?.text, "up to 9");
  assert.equal(storage.reads, 2);
  memory.keep(context.session.id, remembered(2, 3));
  assert.equal((await memory.recall(inTurn(3))).checkpoint?.text, "up to 7");
});

Deno.test("another model keeps the summary, and starts anew with what was left out for the first", async () => {
  const memory = new CompactionMemory();
  memory.keep(context.session.id, remembered(1, 9));
  const { cut, ceiling, checkpoint } = await memory.recall(inTurn(1, "larger-model"));
  assert.deepEqual([cut, ceiling, checkpoint?.sequence], [undefined, undefined, 9]);
  assert.equal((await memory.recall(inTurn(1))).ceiling, 100);
});

Deno.test("what is remembered is bounded, the newest sessions last", async () => {
  const memory = new CompactionMemory();
  const contextOf = (seed: number): CapabilityContext => ({
    ...context,
    session: { ...context.session, id: idFromSeed("session", seed) },
  });
  for (let seed = 1; seed <= 257; seed++) memory.keep(idFromSeed("session", seed), remembered(seed, seed));
  assert.equal((await memory.recall(contextOf(1))).checkpoint, undefined);
  assert.equal((await memory.recall(contextOf(2))).checkpoint?.sequence, 2);
  assert.equal((await memory.recall(contextOf(257))).checkpoint?.sequence, 257);
});
