/** How local programs end: by themselves, by being closed, and by what they do wrong. */

import assert from "node:assert/strict";
import { mcpStdio } from "../../../src/mcp/stdio/mod.ts";
import { until } from "../_support/faults.ts";
import { olderServer, Processes, type Script } from "./_process.ts";
import { say, start } from "./_stdio.ts";
import { connected } from "./_servers.ts";

const ENDINGS: Readonly<Record<string, readonly [script: Partial<Script>, advance: number, signals: string[]]>> = {
  "minds that its input is closed": [{}, 0, []],
  "minds only SIGTERM": [{ onClose: () => {} }, 300, ["SIGTERM"]],
  "minds nothing": [{ onClose: () => {}, onTerminate: () => {} }, 600, ["SIGTERM", "SIGKILL"]],
};
for (const [what, [script, advance, signals]] of Object.entries(ENDINGS)) {
  Deno.test(`closing ends a server that ${what}`, async () => {
    const processes = new Processes(olderServer(say("done"), script));
    const client = await start(processes);
    await client.tools();
    const closing = client.source.close();
    for (let passed = 0; passed < advance; passed += 300) {
      await until(() => client.clock.pending > 0);
      await client.clock.advanceAsync(300);
    }
    await closing;
    assert.deepEqual(processes.signals, signals);
    assert.equal(processes.living, 0);
  });
}

Deno.test("a line that never ends ends the server", async () => {
  const processes = new Processes(olderServer((_, process) => {
    for (let megabytes = 0; megabytes < 5; megabytes++) process.write(new Uint8Array(1024 * 1024).fill(97));
  }));
  await using client = await start(processes);
  const outcome = await client.call("work");
  assert.match(
    outcome.type === "error" ? outcome.message : "",
    /wrote too much \(a line has more than 4194304 bytes\)/,
  );
  assert.deepEqual(processes.signals, ["SIGKILL"]);
});

Deno.test("a flood of notices does not keep a call from its answer", async () => {
  const processes = new Processes(olderServer((request, process) => {
    for (let count = 0; count < 2_000; count++) {
      process.say({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "spam" } });
    }
    say("done")(request, process);
  }));
  await using client = await start(processes);
  assert.equal((await client.call("work")).type, "success");
});

Deno.test("of a flood on the standard error only the end is kept", async () => {
  const processes = new Processes(olderServer((_, process) => {
    for (let megabytes = 0; megabytes < 8; megabytes++) process.complain("x".repeat(1024 * 1024));
    process.complain("the end");
    process.exit(1);
  }));
  await using client = await start(processes);
  const outcome = await client.call("work");
  assert.match(outcome.type === "error" ? outcome.message : "", /^.{0,60}stderr: …x{500,}the end$/);
});

Deno.test("no part of a secret is left where the end of the standard error is cut", async () => {
  const processes = new Processes(olderServer((_, process) => {
    process.complain(`canary-key-12345${"x".repeat(595)}`);
    process.exit(1);
  }));
  await using client = await start(processes, { env: { API_KEY: "canary-key-12345" } });
  const outcome = await client.call("work");
  assert.match(outcome.type === "error" ? outcome.message : "", /stderr: …cret\]x{595}$/);
});

Deno.test("a process that ends just as it is killed for closing its output harms nobody", async () => {
  const processes = new Processes(olderServer((_, process) => process.closeOutput()));
  await using client = await start(processes, {}, {
    spawn: (command) => ({
      ...processes.spawn(command),
      kill: () => {
        processes.started[0]?.exit(0);
        throw new TypeError("Child process has already terminated");
      },
    }),
  });
  const calling = client.call("work");
  await until(() => client.clock.pending > 1);
  await client.clock.advanceAsync(300);
  const outcome = await calling;
  assert.match(outcome.type === "error" ? outcome.message : "", /exited with code 0/);
});

Deno.test("closing while the server starts leaves no process behind", async () => {
  const processes = new Processes({ onMessage: () => {} });
  const client = await start(processes);
  const tools = client.tools();
  await until(() => processes.started.length === 1);
  await client[Symbol.asyncDispose]();
  await assert.rejects(tools);
  await until(() => processes.living === 0);
});

Deno.test(
  "a program that may not be run is refused without a prompt, and the flag is named",
  { permissions: "none" },
  async () => {
    await using client = await connected(mcpStdio(), { type: "stdio", command: "some-server" });
    await assert.rejects(client.tools(), /running it is not granted \(run with --allow-run=some-server\)/);
    await assert.rejects(connected(mcpStdio(), { type: "stdio" }), /it has no command/);
  },
);

Deno.test("a server that does not shake hands is not started again as an older one", async () => {
  const processes = new Processes({ onMessage: () => {} });
  await using client = await start(processes, { protocolMode: "auto" }, { connectMs: 1_000 });
  const tools = client.tools();
  const failed = assert.rejects(tools, { code: "mcp_timeout", message: /did not shake hands within 1000 ms/ });
  await until(() => processes.started.length === 1 && client.clock.pending > 0);
  let isOver = false;
  failed.then(() => isOver = true, () => isOver = true);
  await until(() => {
    client.clock.advance(1_000);
    return isOver;
  });
  await failed;
  assert.equal(processes.started.length, 1);
});

Deno.test("a server that ends before it shook hands has a code of its own", async () => {
  const processes = new Processes({ onMessage: (_, process) => process.exit(7) });
  await using client = await start(processes);
  await assert.rejects(client.tools(), { code: "mcp_server_exited", message: /exited with code 7/ });
});
