/** Whether connections that wait for a next request keep a process from its end. */

import assert from "node:assert/strict";
import { GOOD_EXAMPLE } from "../_support/certificates.ts";
import { spawnDenoOk } from "../_support/spawn_deno.ts";

const CLIENT = new URL("_idle_client.ts", import.meta.url).pathname;

for (const scheme of ["http", "https"]) {
  Deno.test(`a process ends while connections over ${scheme} are kept, but not while one is in use`, async () => {
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      ...(scheme === "https" ? GOOD_EXAMPLE : {}),
    }, async (_request, { remoteAddr }) => {
      // Long enough for a client that holds on to nothing to be gone.
      await new Promise((resolve) => setTimeout(resolve, 100));
      return new Response("port" in remoteAddr ? String(remoteAddr.port) : "");
    });
    const args = ["run", "--no-prompt", "--allow-net=127.0.0.1", CLIENT, scheme, String(server.addr.port)];
    const { stdout } = await spawnDenoOk(args, { cwd: ".", timeoutMs: 60_000 });
    assert.match(stdout, /^(\d+),\1 1\n$/);
  });
}
