/** What every agent store must do. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../records/ids.ts";
import type { RuntimeAgentStore } from "../../ports/stores.ts";
import { check, type ConformanceOptions } from "./conformance_options.ts";
import { agentFixture } from "./record_fixtures.ts";

/**
 * Registers one check for each promise of {@linkcode RuntimeAgentStore}.
 *
 * @example
 * ```ts ignore
 * testAgentStore({ name: "MyAgentStore", create: () => new MyAgentStore(), test: Deno.test });
 * ```
 */
export function testAgentStore(options: ConformanceOptions<RuntimeAgentStore>): void {
  check(options, "getAgent() is undefined for an agent that is not there", async (store) => {
    await store.addAgent(agentFixture(1));
    assert.equal(await store.getAgent(idFromSeed("agent", 2)), undefined);
  });

  check(options, "getAgent() gives an agent with every member", async (store) => {
    const agents = [agentFixture(1), agentFixture(2, { status: "archived" })];
    for (const agent of agents) await store.addAgent(agent);
    assert.deepEqual([await store.getAgent(agents[0]!.id), await store.getAgent(agents[1]!.id)], agents);
  });

  check(options, "addAgent() replaces an agent of the same id", async (store) => {
    const { displayName: _, ...plain } = agentFixture(1);
    await store.addAgent(agentFixture(1, { displayName: "Old" }));
    await store.addAgent(plain);
    assert.deepEqual(await store.getAgent(plain.id), plain);
  });
}
