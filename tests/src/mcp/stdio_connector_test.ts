/** The connector of local programs against scripted processes, on a clock that stands still. */

import assert from "node:assert/strict";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { mcpStdio, type McpStdioOptions } from "../../../src/mcp/stdio/mod.ts";
import type { McpServerConfig } from "../../../src/records/mcp.ts";
import { until } from "../_support/faults.ts";
import { type Message, olderServer, Processes, type Script, type ScriptedProcess } from "./_process.ts";
import { type Connected, connected } from "./_servers.ts";

const say = (text: string) => (request: Message, process: ScriptedProcess): void =>
  process.answer(request, { content: [{ type: "text", text }] });

interface Started extends Connected {
  readonly clock: FakeClock;
}

async function start(
  processes: Processes,
  config: McpServerConfig = {},
  options: McpStdioOptions = {},
): Promise<Started> {
  const clock = new FakeClock();
  const connector = mcpStdio({ spawn: processes.spawn, clock, ...options });
  const client = await connected(connector, { type: "stdio", command: "server", protocolMode: "legacy", ...config });
  return Object.assign(client, { clock });
}

Deno.test("a server gets exactly the command, arguments and environment of its configuration and host", async () => {
  const processes = new Processes(olderServer(say("done")));
  await using client = await start(processes, { args: ["--x"], env: { A: "1" }, cwd: "/srv" }, {
    env: ({ server }) => ({ KEY: `secret-of-${server}` }),
  });
  await client.tools();
  assert.deepEqual(processes.started[0]?.command, {
    command: "server",
    args: ["--x"],
    env: { A: "1", KEY: "secret-of-test" },
    cwd: "/srv",
  });
});

Deno.test("one process serves every list and call until the source is closed", async () => {
  const processes = new Processes(olderServer(say("done")));
  {
    await using client = await start(processes);
    await Promise.all([client.tools(), client.call("work"), client.call("work")]);
    assert.deepEqual(await client.call("work"), { type: "success", value: { result: "done" } });
    assert.equal(processes.started.length, 1);
    assert.equal(processes.living, 1);
    assert.deepEqual((await client.tools())[0]?.permissions, { run: ["server"] });
  }
  assert.equal(processes.living, 0);
});

for (const protocolMode of ["auto", "legacy"]) {
  Deno.test(`an older server is reached in protocol mode ${protocolMode}`, async () => {
    await using client = await start(new Processes(olderServer(say("done"))), { protocolMode });
    assert.equal((await client.call("work")).type, "success");
  });
}

Deno.test("an older server that ends at the first question is started again and not asked", async () => {
  const fragile = olderServer(say("done"));
  const processes = new Processes({
    ...fragile,
    onMessage: (message, process) =>
      message.method === "server/discover" ? process.exit(1) : fragile.onMessage(message, process),
  });
  await using client = await start(processes, { protocolMode: "auto" });
  assert.equal((await client.call("work")).type, "success");
  assert.equal(processes.started.length, 2);
});

Deno.test("what is no message is skipped: banners, garbage, half UTF-8, answers to nothing, batches", async () => {
  const noisy = olderServer((request, process) => {
    process.say({ jsonrpc: "2.0", id: 4711, result: {} });
    process.say([{ jsonrpc: "2.0", method: "notifications/progress" }]);
    process.say({ jsonrpc: "2.0", method: "notifications/unheard_of" });
    process.say({ jsonrpc: "1.0", id: request.id, result: {} });
    process.write(new Uint8Array([0xff, 0xfe, 0xc3, 10]));
    say("done")(request, process);
    say("twice")(request, process);
  }, {
    onStart: (process) => {
      process.say("Welcome to the server!");
      process.say("{ not json");
      process.say("");
    },
  });
  await using client = await start(new Processes(noisy));
  assert.deepEqual(await client.call("work"), { type: "success", value: { result: "done" } });
  assert.deepEqual(await client.call("work"), { type: "success", value: { result: "done" } });
});

Deno.test("a message in any pieces is one message", async () => {
  const processes = new Processes(olderServer(({ id }, process) => {
    const text = JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "žluťoučký 🐎" }] } });
    for (const byte of new TextEncoder().encode(`${text}\n`)) process.write(new Uint8Array([byte]));
  }));
  await using client = await start(processes);
  assert.deepEqual(await client.call("work"), { type: "success", value: { result: "žluťoučký 🐎" } });
});

Deno.test("a call of a server that ends says how it ended and what it said last, without secrets", async () => {
  const processes = new Processes(olderServer((_, process) => {
    process.complain("starting\nfatal: bad key canary-key-12345\n");
    process.exit(3);
  }));
  await using client = await start(processes, { env: { API_KEY: "canary-key-12345" } });
  const outcome = await client.call("work");
  assert.deepEqual(outcome, {
    type: "error",
    message: 'MCP server "test" exited with code 3; stderr: starting\nfatal: bad key [secret]',
  });
});

Deno.test("a server that ended is started again by the next call, and its list counts as changed", async () => {
  const processes = new Processes((place) => olderServer(place === 0 ? (_, process) => process.exit(1) : say("back")));
  await using client = await start(processes);
  const { revision } = client.source;
  assert.equal((await client.call("work")).type, "error");
  assert.notEqual(client.source.revision, revision);
  assert.deepEqual(await client.call("work"), { type: "success", value: { result: "back" } });
  assert.equal(processes.started.length, 2);
});

Deno.test("a server that keeps ending is started later and later", async () => {
  const processes = new Processes(olderServer((_, process) => process.exit(1)));
  await using client = await start(processes);
  await client.call("work");
  await client.call("work");
  for (const wait of [500, 1000, 2000]) {
    const before = processes.started.length;
    const call = client.call("work");
    await until(() => client.clock.pending > 0);
    await client.clock.advanceAsync(wait - 1);
    assert.equal(processes.started.length, before);
    await client.clock.advanceAsync(1);
    await call;
    assert.equal(processes.started.length, before + 1);
  }
});

Deno.test("a server that cannot start says so in the words of its standard error", async () => {
  const processes = new Processes({
    onMessage: () => {},
    onStart: (process) => {
      process.complain("cannot find module");
      process.exit(1);
    },
  });
  await using client = await start(processes);
  await assert.rejects(client.tools(), /exited with code 1; stderr: cannot find module/);
});

Deno.test("a call without a sign of life ends at its deadline; progress is one", async () => {
  const calls: Message[] = [];
  const processes = new Processes(olderServer((request) => void calls.push(request)));
  await using client = await start(processes, { timeoutMs: 1000 });
  let over = false;
  const call = client.call("work").finally(() => over = true);
  await until(() => calls.length === 1);
  await client.clock.advanceAsync(900);
  const meta = calls[0]?.params?.["_meta"] as { progressToken: number };
  processes.started[0]?.say({
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: meta.progressToken, progress: 1 },
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
  await client.clock.advanceAsync(900);
  assert.equal(over, false);
  await client.clock.advanceAsync(100);
  assert.deepEqual(await call, { type: "error", message: 'MCP server "test" gave no sign of life for 1000 ms' });
});

Deno.test("a call that waits for a person has no deadline meanwhile", async () => {
  const answer = Promise.withResolvers<{ action: "accept"; content: { ok: boolean } }>();
  const asking = Promise.withResolvers<void>();
  let call: Message | undefined;
  const base = olderServer((request, process) => {
    call = request;
    process.say({
      jsonrpc: "2.0",
      id: "q1",
      method: "elicitation/create",
      params: { message: "Sure?", requestedSchema: { type: "object", properties: { ok: { type: "boolean" } } } },
    });
  });
  const processes = new Processes({
    onMessage: (message, process) =>
      message.id === "q1" && call !== undefined ? say("sure")(call, process) : base.onMessage(message, process),
  });
  await using client = await start(processes, { timeoutMs: 1000 }, {
    handlers: () => ({
      elicitForm: () => {
        asking.resolve();
        return answer.promise;
      },
    }),
  });
  const outcome = client.call("work");
  await asking.promise;
  await client.clock.advanceAsync(100_000);
  answer.resolve({ action: "accept", content: { ok: true } });
  assert.deepEqual(await outcome, { type: "success", value: { result: "sure" } });
});

for (
  const [url, action] of [["https://example.com/sign", "accept"], ["javascript:alert(1)", "decline"], [
    "file:///etc/passwd",
    "decline",
  ]]
) {
  Deno.test(`a server that asks the user to open ${url} gets the answer ${action}`, async () => {
    const answered = Promise.withResolvers<unknown>();
    const base = olderServer((request, process) => {
      const params = { mode: "url", elicitationId: "e1", message: "Open this", url };
      process.say({ jsonrpc: "2.0", id: "q1", method: "elicitation/create", params });
      say("done")(request, process);
    });
    const processes = new Processes({
      onMessage: (message, process) =>
        message.id === "q1"
          ? answered.resolve((message as { result?: unknown }).result)
          : base.onMessage(message, process),
    });
    const asked: string[] = [];
    await using client = await start(processes, {}, {
      handlers: () => ({
        elicitUrl: (request) => {
          asked.push(request.url);
          return Promise.resolve({ action: "accept" });
        },
      }),
    });
    await client.call("work");
    assert.equal((await answered.promise as { action?: string }).action, action);
    assert.deepEqual(asked, action === "accept" ? [url] : []);
  });
}

const ASKED: readonly (readonly [method: string, params: Readonly<Record<string, unknown>>])[] = [
  ["elicitation/create", { message: "Sure?", requestedSchema: { type: "object", properties: {} } }],
  ["sampling/createMessage", { messages: [{ role: "user", content: { type: "text", text: "hi" } }], maxTokens: 1 }],
  ["roots/list", {}],
];

for (const [method, params] of ASKED) {
  Deno.test(`a server that asks for ${method} is not told why the host has no answer`, async () => {
    const answers: unknown[] = [];
    const over = Promise.withResolvers<void>();
    const base = olderServer((request, process) => {
      process.say({ jsonrpc: "2.0", id: "q1", method, params });
      process.say({ jsonrpc: "2.0", id: "q2", method, params });
      say("done")(request, process);
    });
    const processes = new Processes({
      onMessage: (message, process) => {
        if (message.id !== "q1" && message.id !== "q2") return base.onMessage(message, process);
        answers.push((message as { error?: unknown }).error);
        if (answers.length === 2) over.resolve();
      },
    });
    let isLater = false;
    const fail = (): Promise<never> => {
      const error = new Error("the database at hush-hush is away");
      // An answer may be missing at once, too.
      if (isLater) return Promise.reject(error);
      isLater = true;
      throw error;
    };
    await using client = await start(processes, {}, {
      handlers: () => ({ elicitForm: fail, sample: fail, roots: fail }),
    });
    await client.call("work");
    await over.promise;
    for (const answer of answers) assert.match(JSON.stringify(answer), /"message":"The client could not answer"/);
  });
}

Deno.test("an aborted call tells the server", async () => {
  const cancelled = Promise.withResolvers<Message>();
  const called = Promise.withResolvers<Message>();
  const base = olderServer((request) => called.resolve(request));
  const processes = new Processes({
    onMessage: (message, process) => {
      if (message.method === "notifications/cancelled") cancelled.resolve(message);
      else base.onMessage(message, process);
    },
  });
  await using client = await start(processes);
  const stop = new AbortController();
  const outcome = client.call("work", {}, { signal: stop.signal });
  const { id } = await called.promise;
  stop.abort(new Error("no longer wanted"));
  await assert.rejects(outcome, /no longer wanted/);
  assert.equal((await cancelled.promise).params?.["requestId"], id);
});

Deno.test("a notice that the list changed changes the revision", async () => {
  const processes = new Processes(olderServer(say("done")));
  await using client = await start(processes);
  await client.tools();
  const { revision } = client.source;
  processes.started[0]?.say({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  await until(() => client.source.revision !== revision);
});

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
