/** Cancelling a turn whose input is not stored yet. */

import assert from "node:assert/strict";
import { InMemoryProviderStore } from "../../../src/in_memory/record_stores.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import type { ResolvedModel } from "../../../src/records/model.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { faultRuntime, SESSION, until } from "../_support/faults.ts";

class HangingProviderStore extends InMemoryProviderStore {
  hangs = false;
  asked = 0;

  override getDefaultModel(): Promise<ResolvedModel | undefined> {
    if (!this.hangs) return super.getDefaultModel();
    this.asked++;
    return new Promise(() => {});
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
