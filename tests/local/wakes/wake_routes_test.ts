/** Routes to live hosts. */

import assert from "node:assert/strict";
import { QueueFullError } from "../../../src/errors.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { type SessionWake, type WakeRoute, WakeRoutes } from "../../../local/wakes/wake_routes.ts";

const SESSION = idFromSeed("session", 1);
const OTHER_SESSION = idFromSeed("session", 2);

function wake(name: string): SessionWake {
  return { text: `text of ${name}`, key: name };
}

/** The next wakes of a route, by key. */
async function read(route: WakeRoute, count: number): Promise<(string | undefined)[]> {
  const keys: (string | undefined)[] = [];
  while (keys.length < count) keys.push((await route.next()).value?.key);
  return keys;
}

Deno.test("trySend() hands wakes to the session's route in order", async () => {
  const routes = new WakeRoutes();
  using route = routes.register(SESSION);
  using other = routes.register(OTHER_SESSION);
  assert.equal(routes.trySend(SESSION, wake("a")), true);
  assert.equal(routes.trySend(OTHER_SESSION, wake("x")), true);
  assert.equal(routes.trySend(SESSION, wake("b")), true);
  assert.deepEqual(await read(route, 2), ["a", "b"]);
  assert.deepEqual(await read(other, 1), ["x"]);
});

Deno.test("a route can be read in a loop that waits for wakes", async () => {
  const routes = new WakeRoutes();
  const route = routes.register(SESSION);
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { key } of route) {
      seen.push(key);
      if (key === "a") routes.trySend(SESSION, wake("b"));
      else routes.unregister(SESSION);
    }
  })();
  routes.trySend(SESSION, wake("a"));
  await reading;
  assert.deepEqual(seen, ["a", "b"]);
});

Deno.test("trySend() to a session without a route is false", () => {
  const routes = new WakeRoutes();
  assert.equal(routes.trySend(SESSION, wake("a")), false);
  routes.register(SESSION);
  assert.equal(routes.unregister(SESSION), true);
  assert.equal(routes.unregister(SESSION), false);
  assert.equal(routes.trySend(SESSION, wake("a")), false);
});

const ENDINGS: readonly [name: string, end: (route: WakeRoute) => unknown][] = [
  ["is disposed of", (route) => route[Symbol.dispose]()],
  ["has lost its reader", (route) => route.return?.()],
];
for (const [name, end] of ENDINGS) {
  Deno.test(`a route that ${name} is gone`, async () => {
    const routes = new WakeRoutes();
    const route = routes.register(SESSION);
    await end(route);
    assert.equal(route.isClosed, true);
    assert.deepEqual(routes.liveSessions(), []);
    assert.equal(routes.trySend(SESSION, wake("a")), false);
    assert.deepEqual(await read(route, 1), [undefined]);
  });
}

Deno.test("leaving a loop over a route ends it", async () => {
  const routes = new WakeRoutes();
  const route = routes.register(SESSION);
  routes.trySend(SESSION, wake("a"));
  for await (const _ of route) break;
  assert.equal(routes.trySend(SESSION, wake("b")), false);
});

Deno.test("the newest registration wins and ends the one before, also for who waits on it", async () => {
  const routes = new WakeRoutes();
  const older = routes.register(SESSION);
  const waiting = older.next();
  using newer = routes.register(SESSION);
  assert.equal((await waiting).done, true);
  routes.trySend(SESSION, wake("a"));
  assert.deepEqual(await read(newer, 1), ["a"]);
  assert.deepEqual(routes.liveSessions(), [SESSION]);
});

Deno.test("the end of an older route does not prune a newer one", () => {
  const routes = new WakeRoutes();
  const older = routes.register(SESSION);
  using newer = routes.register(SESSION);
  older[Symbol.dispose]();
  assert.equal(newer.isClosed, false);
  assert.equal(routes.trySend(SESSION, wake("a")), true);
});

Deno.test("what a route had not given to its reader begins the next one", async () => {
  const routes = new WakeRoutes();
  const first = routes.register(SESSION);
  for (const name of ["a", "b", "c"]) routes.trySend(SESSION, wake(name));
  assert.deepEqual(await read(first, 1), ["a"]);
  const second = routes.register(SESSION);
  assert.deepEqual(await read(first, 1), [undefined]);
  routes.trySend(SESSION, wake("d"));
  assert.deepEqual(await read(second, 1), ["b"]);
  second[Symbol.dispose]();
  using third = routes.register(SESSION);
  assert.deepEqual(await read(third, 2), ["c", "d"]);
});

Deno.test("a key that waits to be read is not added again", async () => {
  const routes = new WakeRoutes();
  using route = routes.register(SESSION);
  routes.trySend(SESSION, wake("a"));
  assert.equal(routes.trySend(SESSION, wake("a")), true);
  routes.trySend(SESSION, wake("b"));
  assert.deepEqual(await read(route, 2), ["a", "b"]);
  routes.trySend(SESSION, wake("a"));
  assert.deepEqual(await read(route, 1), ["a"]);
});

Deno.test("a full route refuses with an error and takes wakes again once it was read", async () => {
  const routes = new WakeRoutes({ capacity: 2 });
  using route = routes.register(SESSION);
  routes.trySend(SESSION, wake("a"));
  routes.trySend(SESSION, wake("b"));
  assert.throws(() => routes.trySend(SESSION, wake("c")), QueueFullError);
  assert.deepEqual(await read(route, 1), ["a"]);
  assert.equal(routes.trySend(SESSION, wake("c")), true);
});

Deno.test("a route keeps 1024 wakes unless told otherwise", () => {
  const routes = new WakeRoutes();
  using _route = routes.register(SESSION);
  for (let n = 0; n < 1024; n++) routes.trySend(SESSION, wake(String(n)));
  assert.throws(() => routes.trySend(SESSION, wake("one more")), QueueFullError);
  for (const capacity of [0, -1, 1.5, NaN]) assert.throws(() => new WakeRoutes({ capacity }), RangeError);
});
