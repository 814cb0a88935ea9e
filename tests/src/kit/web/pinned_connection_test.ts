/** Which address a connection is opened to, and which peer is talked to. */

import assert from "node:assert/strict";
import { connectPinned, type ConnectTcp } from "../../../../src/kit/web/pinned_connection.ts";
import { FakeClock } from "../../../../src/testing/fake_clock.ts";

const host = { name: "a.example", addresses: ["93.184.216.34", "93.184.216.35"], isPublic: true };

/** A connection that is to nobody and knows only where it leads. */
class FakeConn {
  closed = 0;
  readonly remoteAddr: Deno.NetAddr;

  constructor(hostname: string, port: number) {
    this.remoteAddr = { transport: "tcp", hostname, port };
  }

  close(): void {
    this.closed++;
  }
}

function connecting(
  answer: (hostname: string) => FakeConn | Promise<FakeConn>,
): { readonly connect: ConnectTcp; readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    connect: async ({ hostname }) => {
      asked.push(hostname);
      return await answer(hostname) as Partial<Deno.TcpConn> as Deno.TcpConn;
    },
  };
}

Deno.test("connectPinned() connects to a vetted address and never to the name", async () => {
  const { connect, asked } = connecting((hostname) => new FakeConn(hostname, 80));
  (await connectPinned(host, 80, false, { clock: new FakeClock(), connectMs: 1_000, connect })).stream.destroy();
  assert.deepEqual(asked, ["93.184.216.34"]);
});

Deno.test("connectPinned() takes the peer it vetted where only the name may be connected to", async () => {
  const { connect, asked } = connecting(() => new FakeConn("93.184.216.35", 80));
  const options = { clock: new FakeClock(), connectMs: 1_000, connect, mayReach: () => false };
  await connectPinned(host, 80, false, options);
  assert.deepEqual(asked, ["a.example"]);
});

Deno.test("connectPinned() hangs up on a peer it did not vet", async () => {
  const conn = new FakeConn("127.0.0.1", 80);
  const { connect, asked } = connecting(() => conn);
  const options = { clock: new FakeClock(), connectMs: 1_000, connect, mayReach: () => false };
  await assert.rejects(connectPinned(host, 80, true, options), { code: "address_refused" });
  assert.deepEqual([asked, conn.closed], [["a.example"], 1]);
});

Deno.test("connectPinned() closes a connection that comes after its deadline", async () => {
  const clock = new FakeClock();
  const late = Promise.withResolvers<FakeConn>();
  const { connect } = connecting(() => late.promise);
  const pinned = connectPinned(host, 80, false, { clock, connectMs: 1_000, connect });
  clock.advance(1_000);
  await assert.rejects(pinned, { code: "host_unreachable", message: "Cannot reach a.example: no answer in 1000 ms" });
  const conn = new FakeConn("93.184.216.34", 80);
  late.resolve(conn);
  await late.promise;
  await Promise.resolve().then(() => {}).then(() => {});
  assert.deepEqual([conn.closed, clock.pending], [1, 0]);
});

Deno.test("connectPinned() tries four addresses at most", async () => {
  const { connect, asked } = connecting(() => Promise.reject(new Error("refused")));
  const many = {
    ...host,
    addresses: Array.from({ length: 1_000 }, (_, index) => `93.184.${index >> 8}.${index & 255}`),
  };
  const options = { clock: new FakeClock(), connectMs: 1_000, connect };
  await assert.rejects(connectPinned(many, 80, false, options), /Cannot reach a.example: refused/);
  assert.equal(asked.length, 4);
});
