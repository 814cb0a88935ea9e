/** Asks twice over one connection, leaves it in its pool and has nothing more to do. */

import { systemClock } from "../../src/kit/clock.ts";
import { ConnectionPool } from "../../src/kit/web/connection_pool.ts";
import type { HttpConnection } from "../../src/kit/web/http_connection.ts";
import { pinnedFetch } from "../../src/kit/web/pinned_fetch.ts";
import { TEST_CA } from "../_support/certificates.ts";

async function askTwice(scheme: string, port: string): Promise<string> {
  const clock = systemClock();
  const pool = new ConnectionPool<HttpConnection>({ clock, idleMs: 3_600_000 });
  const host = { name: "good.example", addresses: ["127.0.0.1"], isPublic: false };
  const texts: string[] = [];
  for (let times = 0; times < 2; times++) {
    const url = new URL(`${scheme}://good.example:${port}/`);
    const answer = await pinnedFetch(url, host, { clock, connectMs: 10_000, caCerts: [TEST_CA], pool });
    texts.push(await new Response(answer.body).text());
  }
  return `${texts.join()} ${pool.size}`;
}

// Not awaited: a module that waits keeps the process, whatever it waits for (Deno 2.9.6).
askTwice(Deno.args[0] ?? "", Deno.args[1] ?? "").then(console.log);
