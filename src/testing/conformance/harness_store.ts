/** What every harness store must do. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../records/ids.ts";
import type { RuntimeHarnessStore } from "../../ports/stores.ts";
import { check, type ConformanceOptions } from "./conformance_options.ts";
import { harnessFixture } from "./record_fixtures.ts";

/**
 * Registers one check for each promise of {@linkcode RuntimeHarnessStore}.
 *
 * @example
 * ```ts ignore
 * testHarnessStore({ name: "MyHarnessStore", create: () => new MyHarnessStore(), test: Deno.test });
 * ```
 */
export function testHarnessStore(options: ConformanceOptions<RuntimeHarnessStore>): void {
  check(options, "getHarnessChain() is empty for a harness that is not there", async (store) => {
    await store.addHarness(harnessFixture(1));
    assert.deepEqual(await store.getHarnessChain(idFromSeed("harness", 2)), []);
  });

  check(options, "getHarnessChain() gives a harness without a parent alone, with every member", async (store) => {
    const harness = harnessFixture(1);
    await store.addHarness(harness);
    assert.deepEqual(await store.getHarnessChain(harness.id), [harness]);
  });

  check(options, "getHarnessChain() gives the parents first, from the root on", async (store) => {
    const root = harnessFixture(1);
    const middle = harnessFixture(2, { parentHarnessId: root.id });
    const leaf = harnessFixture(3, { parentHarnessId: middle.id });
    for (const harness of [leaf, root, middle]) await store.addHarness(harness);
    assert.deepEqual(await store.getHarnessChain(leaf.id), [root, middle, leaf]);
    assert.deepEqual(await store.getHarnessChain(middle.id), [root, middle]);
  });

  check(options, "getHarnessChain() rejects rather than leave out a parent that is not there", async (store) => {
    const orphan = harnessFixture(1, { parentHarnessId: idFromSeed("harness", 9) });
    await store.addHarness(orphan);
    await assert.rejects(store.getHarnessChain(orphan.id));
  });

  check(options, "getHarnessChain() rejects a circle of parents", async (store) => {
    await store.addHarness(harnessFixture(1, { parentHarnessId: idFromSeed("harness", 2) }));
    await store.addHarness(harnessFixture(2, { parentHarnessId: idFromSeed("harness", 1) }));
    await assert.rejects(store.getHarnessChain(idFromSeed("harness", 1)));
  });

  check(options, "addHarness() replaces a harness of the same id, also as a parent", async (store) => {
    const leaf = harnessFixture(2, { parentHarnessId: idFromSeed("harness", 1) });
    const changed = harnessFixture(1, { name: "changed", updatedAt: 1_760_000_000_000 });
    for (const harness of [harnessFixture(1), leaf, changed]) await store.addHarness(harness);
    assert.deepEqual(await store.getHarnessChain(leaf.id), [changed, leaf]);
  });
}
