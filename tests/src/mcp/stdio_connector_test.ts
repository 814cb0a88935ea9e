/** The connector of local programs against scripted processes, on a clock that stands still. */

import assert from "node:assert/strict";
import { until } from "../_support/faults.ts";
import { type Message, olderServer, Processes } from "./_process.ts";
import { say, start } from "./_stdio.ts";

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
