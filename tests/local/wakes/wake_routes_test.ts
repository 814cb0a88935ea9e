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

/** Sends a wake to {@linkcode SESSION}; tells whether it has a route. */
function send(routes: WakeRoutes, name: string): boolean {
  return routes.send(SESSION, wake(name)) !== undefined;
}

Deno.test("send() hands wakes to the session's route in order", async () => {
  const routes = new WakeRoutes();
  using route = routes.register(SESSION);
  using other = routes.register(OTHER_SESSION);
  assert.equal(send(routes, "a"), true);
  assert.notEqual(routes.send(OTHER_SESSION, wake("x")), undefined);
  assert.equal(send(routes, "b"), true);
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
      if (key === "a") send(routes, "b");
      else routes.unregister(SESSION);
    }
  })();
  send(routes, "a");
  await reading;
  assert.deepEqual(seen, ["a", "b"]);
});

Deno.test("send() to a session without a route is undefined", () => {
  const routes = new WakeRoutes();
  assert.equal(send(routes, "a"), false);
  routes.register(SESSION);
  assert.equal(routes.unregister(SESSION), true);
  assert.equal(routes.unregister(SESSION), false);
  assert.equal(send(routes, "a"), false);
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
    assert.equal(send(routes, "a"), false);
    assert.deepEqual(await read(route, 1), [undefined]);
  });
}

Deno.test("leaving a loop over a route ends it", async () => {
  const routes = new WakeRoutes();
  const route = routes.register(SESSION);
  send(routes, "a");
  for await (const _ of route) break;
  assert.equal(send(routes, "b"), false);
});

Deno.test("the newest registration wins and ends the one before, also for who waits on it", async () => {
  const routes = new WakeRoutes();
  const older = routes.register(SESSION);
  const waiting = older.next();
  using newer = routes.register(SESSION);
  assert.equal((await waiting).done, true);
  send(routes, "a");
  assert.deepEqual(await read(newer, 1), ["a"]);
  assert.deepEqual(routes.liveSessions(), [SESSION]);
});

Deno.test("the end of an older route does not prune a newer one", () => {
  const routes = new WakeRoutes();
  const older = routes.register(SESSION);
  using newer = routes.register(SESSION);
  older[Symbol.dispose]();
  assert.equal(newer.isClosed, false);
  assert.equal(send(routes, "a"), true);
});

Deno.test("a wake is done with when the host asks for the next one", async () => {
  const routes = new WakeRoutes();
  using route = routes.register(SESSION);
  const done: string[] = [];
  for (const name of ["a", "b"]) routes.send(SESSION, wake(name))?.then(() => done.push(name));
  assert.deepEqual(await read(route, 1), ["a"]);
  assert.deepEqual(done, []);
  assert.deepEqual(await read(route, 1), ["b"]);
  assert.deepEqual(done, ["a"]);
});

Deno.test("a route that ends is done with what was read, and gives back what was not", async () => {
  const routes = new WakeRoutes();
  const route = routes.register(SESSION);
  const [first, second] = ["a", "b"].map((name) => routes.send(SESSION, wake(name)));
  assert.deepEqual(await read(route, 1), ["a"]);
  using _next = routes.register(SESSION);
  await first;
  await assert.rejects(async () => await second, { code: "route_closed" });
});

Deno.test("a key is not sent again before its host is done with it", async () => {
  const routes = new WakeRoutes();
  using route = routes.register(SESSION);
  const first = routes.send(SESSION, wake("a"));
  assert.equal(routes.send(SESSION, wake("a")), first);
  send(routes, "b");
  assert.deepEqual(await read(route, 1), ["a"]);
  assert.equal(routes.send(SESSION, wake("a")), first);
  assert.deepEqual(await read(route, 1), ["b"]);
  send(routes, "a");
  assert.deepEqual(await read(route, 1), ["a"]);
});

Deno.test("a full route refuses with an error and takes wakes again once it was read", async () => {
  const routes = new WakeRoutes({ capacity: 2 });
  using route = routes.register(SESSION);
  send(routes, "a");
  send(routes, "b");
  assert.throws(() => send(routes, "c"), QueueFullError);
  assert.deepEqual(await read(route, 1), ["a"]);
  assert.equal(send(routes, "c"), true);
});

Deno.test("a route keeps 1024 wakes unless told otherwise", () => {
  const routes = new WakeRoutes();
  using _route = routes.register(SESSION);
  for (let n = 0; n < 1024; n++) send(routes, String(n));
  assert.throws(() => send(routes, "one more"), QueueFullError);
  for (const capacity of [0, -1, 1.5, NaN]) assert.throws(() => new WakeRoutes({ capacity }), RangeError);
});
