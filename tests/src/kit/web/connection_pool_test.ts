/** What a pool keeps, and for how long. */

import assert from "node:assert/strict";
import { ConnectionPool, type IdleConnection } from "../../../../src/kit/web/connection_pool.ts";
import { FakeClock } from "../../../../src/testing/fake_clock.ts";

class FakeConnection implements IdleConnection {
  isUsable = true;
  closed = 0;
  readonly address: string;

  constructor(address = "192.0.2.1") {
    this.address = address;
  }

  close(): void {
    this.closed++;
  }
}

const origin = "https://a.example:443";

Deno.test("a pool gives the newest connection first, each of them once", () => {
  using pool = new ConnectionPool({ clock: new FakeClock() });
  const [older, newer] = [new FakeConnection(), new FakeConnection()];
  pool.put(origin, older);
  pool.put(origin, newer);
  const taken = [1, 2, 3].map(() => pool.take(origin, ["192.0.2.1"]));
  assert.deepEqual([taken[0] === newer, taken[1] === older, taken[2]], [true, true, undefined]);
});

Deno.test("a pool gives no connection to an address that was not vetted, and keeps it", () => {
  using pool = new ConnectionPool({ clock: new FakeClock() });
  const connection = new FakeConnection();
  pool.put(origin, connection);
  assert.equal(pool.take(origin, ["192.0.2.2"]), undefined);
  assert.equal(pool.take(origin, ["192.0.2.2", "192.0.2.1"]), connection);
});

Deno.test("a pool closes instead of giving what cannot be used, or what a late timer left", () => {
  const clock = new FakeClock();
  const late = { now: () => 0, timeZone: () => "UTC", setTimer: () => ({ cancel: () => {} }) };
  using pool = new ConnectionPool({ clock: { ...late, monotonic: () => clock.monotonic() } });
  const [old, broken] = [new FakeConnection(), new FakeConnection()];
  pool.put(origin, old);
  clock.advance(4_000);
  pool.put(origin, broken);
  broken.isUsable = false;
  assert.equal(pool.take(origin, ["192.0.2.1"]), undefined);
  assert.deepEqual([old.closed, broken.closed, pool.size], [1, 1, 0]);
});

Deno.test("a pool keeps so many connections of an origin, and so many in all", () => {
  using pool = new ConnectionPool({ clock: new FakeClock(), maxIdlePerOrigin: 2, maxIdle: 3 });
  const put = (name: string) => pool.put(`https://${name}:443`, new FakeConnection());
  assert.deepEqual(["a", "a", "a", "b", "c"].map(put), [true, true, false, true, false]);
});

Deno.test("a pool leaves a server a second before the server said it would", () => {
  const clock = new FakeClock();
  using pool = new ConnectionPool({ clock });
  const connection = new FakeConnection();
  assert.equal(pool.put(origin, connection, 3_000), true);
  clock.advance(1_999);
  assert.equal(connection.closed, 0);
  clock.advance(1);
  assert.equal(connection.closed, 1);
  assert.equal(pool.put(origin, new FakeConnection(), 1_000), false);
});

Deno.test("a pool leaves no timer behind", () => {
  const clock = new FakeClock();
  const pool = new ConnectionPool({ clock });
  const [taken, kept] = [new FakeConnection(), new FakeConnection("192.0.2.2")];
  pool.put(origin, taken);
  pool.put(origin, kept);
  pool.take(origin, ["192.0.2.1"]);
  assert.equal(clock.pending, 1);
  pool[Symbol.dispose]();
  assert.deepEqual([clock.pending, taken.closed, kept.closed, pool.put(origin, taken)], [0, 0, 1, false]);
});
