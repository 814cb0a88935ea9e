import assert from "node:assert/strict";
import { NotFoundError } from "../../../src/errors.ts";
import { InMemorySessionStore } from "../../../src/in_memory/record_stores.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { sessionFixture } from "../../../src/testing/conformance/record_fixtures.ts";

Deno.test("getSession() gives the same frozen object until an edit replaces it", async () => {
  const store = new InMemorySessionStore();
  const { id } = sessionFixture(1);
  await store.addSession(sessionFixture(1));
  const first = await store.getSession(id);
  assert.ok(Object.isFrozen(first));
  assert.equal(await store.removeSessionCapability(id, "not there"), false);
  assert.equal(await store.getSession(id), first);
  await store.updateSessionTitle(id, "New");
  const second = await store.getSession(id);
  assert.notEqual(second, first);
  assert.equal(await store.getSession(id), second);
  assert.equal(first?.title, "Session 1");
});

Deno.test("an edit takes its time from the clock it was given", async () => {
  const store = new InMemorySessionStore({ now: () => 1_900_000_000_000 });
  const { id } = sessionFixture(1);
  await store.addSession(sessionFixture(1));
  await store.updateSessionTitle(id, "New");
  assert.equal((await store.getSession(id))?.updatedAt, 1_900_000_000_000);
});

Deno.test("each edit has a later updatedAt even when the clock goes back", async () => {
  const times = [2_000_000_000_000, 1, 1];
  const store = new InMemorySessionStore({ now: () => times.shift() ?? 0 });
  const { id } = sessionFixture(1);
  await store.addSession(sessionFixture(1));
  const seen: number[] = [];
  for (const title of ["a", "b", "c"]) {
    await store.updateSessionTitle(id, title);
    seen.push((await store.getSession(id))?.updatedAt ?? 0);
  }
  assert.deepEqual(seen, [2_000_000_000_000, 2_000_000_000_001, 2_000_000_000_002]);
});

Deno.test("listSessions() gives the one added later first when two are equally old", async () => {
  const store = new InMemorySessionStore();
  for (const seed of [1, 2]) await store.addSession(sessionFixture(seed, { createdAt: 5 }));
  const ids = (await store.listSessions()).map(({ id }) => id);
  assert.deepEqual(ids, [idFromSeed("session", 2), idFromSeed("session", 1)]);
});

Deno.test("an edit of a session that is not there rejects with session_not_found", async () => {
  const store = new InMemorySessionStore();
  await assert.rejects(
    store.updateSessionTitle(idFromSeed("session", 1), "New"),
    (error: unknown) => error instanceof NotFoundError && error.code === "session_not_found",
  );
});
