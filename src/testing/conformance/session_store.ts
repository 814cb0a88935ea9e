/** What every session store must do. */

import assert from "node:assert/strict";
import { idFromSeed } from "../../records/ids.ts";
import type { Session } from "../../records/session.ts";
import type { RuntimeSessionStore } from "../../ports/stores.ts";
import { check, type ConformanceOptions } from "./conformance_options.ts";
import { sessionFixture } from "./record_fixtures.ts";

/**
 * Registers one check for each promise of {@linkcode RuntimeSessionStore}.
 *
 * A check of a method the store leaves out passes.
 *
 * @example
 * ```ts ignore
 * testSessionStore({ name: "MySessionStore", create: () => new MySessionStore(), test: Deno.test });
 * ```
 */
export function testSessionStore(options: ConformanceOptions<RuntimeSessionStore>): void {
  check(options, "getSession() is undefined for a session that is not there", async (store) => {
    await store.addSession(sessionFixture(1));
    assert.equal(await store.getSession(idFromSeed("session", 2)), undefined);
  });

  check(options, "getSession() gives a session with every member", async (store) => {
    const session = sessionFixture(1, { agentId: idFromSeed("agent", 1), goal: "Win", isPinned: true });
    await store.addSession(session);
    assert.deepEqual(await store.getSession(session.id), session);
  });

  check(options, "addSession() replaces a session of the same id", async (store) => {
    const changed = sessionFixture(1, { title: "Changed", tags: ["new"] });
    await store.addSession(sessionFixture(1));
    await store.addSession(changed);
    assert.deepEqual(await store.getSession(changed.id), changed);
  });

  check(options, "listSessions() gives all sessions, newest first", async (store) => {
    if (store.listSessions === undefined) return;
    assert.deepEqual(await store.listSessions(), []);
    for (const seed of [2, 3, 1]) await store.addSession(sessionFixture(seed));
    assert.deepEqual(await store.listSessions(), [sessionFixture(3), sessionFixture(2), sessionFixture(1)]);
  });

  check(options, "updateSessionTitle() changes the title and nothing else", async (store) => {
    if (store.updateSessionTitle === undefined) return;
    const session = sessionFixture(1);
    await store.addSession(session);
    await store.updateSessionTitle(session.id, "Renamed");
    await assertChanged(store, session, { title: "Renamed" });
  });

  check(options, "upsertSessionCapability() adds a capability after the others", async (store) => {
    if (store.upsertSessionCapability === undefined) return;
    const session = sessionFixture(1);
    await store.addSession(session);
    await store.upsertSessionCapability(session.id, { ref: "test_math", config: { digits: 3 } });
    await assertChanged(store, session, {
      capabilities: [{ ref: "current_time" }, { ref: "test_math", config: { digits: 3 } }],
    });
  });

  check(options, "upsertSessionCapability() replaces a capability in its place", async (store) => {
    if (store.upsertSessionCapability === undefined) return;
    const session = sessionFixture(1, { capabilities: [{ ref: "a", config: { old: true } }, { ref: "b" }] });
    await store.addSession(session);
    await store.upsertSessionCapability(session.id, { ref: "a", config: { kept: false } });
    await assertChanged(store, session, { capabilities: [{ ref: "a", config: { kept: false } }, { ref: "b" }] });
  });

  check(options, "upsertSessionCapability() loses none of many edits made at the same time", async (store) => {
    const { upsertSessionCapability } = store;
    if (upsertSessionCapability === undefined) return;
    const session = sessionFixture(1, { capabilities: [] });
    await store.addSession(session);
    const refs = Array.from({ length: 20 }, (_, index) => `capability_${index}`);
    await Promise.all(refs.map((ref) => store.upsertSessionCapability?.(session.id, { ref })));
    const stored = await store.getSession(session.id);
    assert.deepEqual(stored?.capabilities.map(({ ref }) => ref).sort(), [...refs].sort());
  });

  check(options, "removeSessionCapability() removes a capability and tells whether it was there", async (store) => {
    if (store.removeSessionCapability === undefined) return;
    const session = sessionFixture(1, { capabilities: [{ ref: "a" }, { ref: "b" }] });
    await store.addSession(session);
    assert.equal(await store.removeSessionCapability(session.id, "c"), false);
    assert.deepEqual(await store.getSession(session.id), session);
    assert.equal(await store.removeSessionCapability(session.id, "a"), true);
    await assertChanged(store, session, { capabilities: [{ ref: "b" }] });
  });

  check(options, "edits of a session that is not there reject", async (store) => {
    const id = idFromSeed("session", 1);
    if (store.updateSessionTitle !== undefined) await assert.rejects(store.updateSessionTitle(id, "Title"));
    if (store.upsertSessionCapability !== undefined) {
      await assert.rejects(store.upsertSessionCapability(id, { ref: "a" }));
    }
    assert.equal(await store.getSession(id), undefined);
  });
}

/** Checks an edit; whoever caches a session tells the change from a later `updatedAt`. */
async function assertChanged(store: RuntimeSessionStore, old: Session, change: Partial<Session>): Promise<void> {
  const stored = await store.getSession(old.id);
  assert.ok(stored !== undefined);
  assert.ok(stored.updatedAt > old.updatedAt, `updatedAt ${stored.updatedAt} is not later than ${old.updatedAt}`);
  assert.deepEqual({ ...stored, updatedAt: 0 }, { ...old, ...change, updatedAt: 0 });
}
