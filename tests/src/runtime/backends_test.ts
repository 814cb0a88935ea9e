/** Stores and services a host brings itself. */

import assert from "node:assert/strict";
import {
  type ConnectionResolver,
  defineTool,
  type Event,
  type EventBus,
  InMemoryAgentStore,
  InMemoryEventBus,
  InMemoryFileStore,
  InMemoryHarnessStore,
  InMemoryMessageStore,
  InMemoryProviderStore,
  InMemorySessionStorageStore,
  InMemorySessionStore,
  InMemoryTurnStore,
  type InProcessRuntime,
  LlmSimConfig,
  RuntimeBackends,
  Secret,
  type SessionHost,
} from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime, simRuntime } from "../_support/runtime.ts";

Deno.test("a runtime runs on a whole bundle of the host's stores", async () => {
  const stores = {
    harness: new InMemoryHarnessStore(),
    agent: new InMemoryAgentStore(),
    session: new InMemorySessionStore(),
    message: new InMemoryMessageStore(),
    turn: new InMemoryTurnStore(),
    provider: new InMemoryProviderStore(),
    bus: new InMemoryEventBus(),
    storage: new InMemorySessionStorageStore(),
    file: new InMemoryFileStore(),
  };
  const backends = RuntimeBackends.inMemory()
    .withHarnessStore(stores.harness).withAgentStore(stores.agent).withSessionStore(stores.session)
    .withMessageStore(stores.message).withTurnStore(stores.turn).withProviderStore(stores.provider)
    .withEventBus(stores.bus).withStorageStore(stores.storage).withFileStore(stores.file);
  await using runtime = await simRuntime("hello", {
    backends,
    session: (single) => single.agent("a").sessionInitialFile({ path: "/a.txt", content: "file", encoding: "text" }),
  });
  await say(runtime, "hi");
  const id = runtime.defaultSessionId;
  const session = await stores.session.getSession(id);
  assert.equal((await stores.harness.getHarnessChain(session!.harnessId)).length, 1);
  assert.equal((await stores.agent.getAgent(session!.agentId!))?.name, "a");
  assert.equal((await stores.message.loadMessages(id)).length, 2);
  assert.equal((await stores.turn.getHead(id))?.lastSequence, 8);
  assert.equal((await stores.provider.getDefaultModel())?.model, "llmsim-model");
  assert.equal(stores.bus.collectedEvents().length, runtime.events().length);
  assert.equal((await stores.file.readFile(id, "/a.txt")).content, "file");
});

Deno.test("stores that are not set stay in memory when one is replaced", async () => {
  const messageStore = new InMemoryMessageStore();
  const backends = RuntimeBackends.inMemory();
  const varied = backends.withMessageStore(messageStore);
  assert.equal(varied.slots.messageStore, messageStore);
  for (const slot of ["harnessStore", "agentStore", "sessionStore", "turnStore", "eventBus", "storageStore"] as const) {
    assert.equal(varied.slots[slot], backends.slots[slot], slot);
  }
  assert.notEqual(backends.slots.messageStore, messageStore);
  await using runtime = await simRuntime("hello", { backends: varied });
  assert.equal((await say(runtime)).response, "hello");
  assert.equal(await messageStore.countMessages(runtime.defaultSessionId), 2);
});

Deno.test("history that a host's message store already has is sent to the model", async () => {
  const { runtime: first, requests: _, ...rest } = await scriptedRuntime(["one"]);
  await using _closed = { ...rest };
  await say(first, "before");
  const messageStore = new InMemoryMessageStore();
  await messageStore.storeMessages(first.defaultSessionId, await first.messages(first.defaultSessionId));
  await using sim = await scriptedRuntime(["two"], {
    backends: RuntimeBackends.inMemory().withMessageStore(messageStore),
    session: (single) => single.sessionId(first.defaultSessionId),
  });
  await say(sim.runtime, "after");
  assert.deepEqual(sim.requests[0]?.messages.map(({ role }) => role), ["user", "assistant", "user"]);
});

/** A bus that only delivers. */
class ForwardingBus implements EventBus {
  readonly seen: string[] = [];

  emit(event: Event): void {
    this.seen.push(event.type);
  }
}

Deno.test("runtime.events() is empty for a bus that keeps nothing", async () => {
  const bus = new ForwardingBus();
  await using runtime = await simRuntime("hello", { backends: RuntimeBackends.inMemory().withEventBus(bus) });
  await say(runtime);
  assert.deepEqual(runtime.events(), []);
  assert.equal(bus.seen.length, 11);
  assert.deepEqual([bus.seen[0], bus.seen.at(-1)], ["input.message", "session.idled"]);
});

Deno.test("a bus that throws or rejects cannot hurt a turn", async () => {
  const buses: readonly EventBus[] = [
    {
      emit: () => {
        throw new Error("bus broke");
      },
    },
    { emit: () => Promise.reject(new Error("bus broke")) },
    { emit: () => new Promise(() => {}) },
  ];
  for (const bus of buses) {
    await using runtime = await simRuntime("hello", { backends: RuntimeBackends.inMemory().withEventBus(bus) });
    assert.equal((await say(runtime)).response, "hello");
  }
});

/** A bus that starts a turn of the same session as soon as one is started. */
class EagerBus extends InMemoryEventBus {
  runtime: InProcessRuntime | undefined;
  next: Promise<unknown> | undefined;

  override emit(event: Event): void {
    super.emit(event);
    if (event.type !== "turn.started" || this.runtime === undefined || this.next !== undefined) return;
    this.next = this.runtime.startTurn(event.sessionId, "from the bus").result.then(({ response }) => response);
  }
}

Deno.test("a bus is called outside of every turn, also one that extends the default bus", async () => {
  const bus = new EagerBus();
  await using runtime = await simRuntime(LlmSimConfig.echo(), {
    backends: RuntimeBackends.inMemory().withEventBus(bus),
    // Host code in the turn, so that re-entrance is watched.
    capabilities: [{ id: "one", name: "One", systemPrompt: () => "Text." }],
  });
  bus.runtime = runtime;
  assert.equal((await say(runtime, "from outside")).response, "Echo: from outside");
  assert.equal(await bus.next, "Echo: from the bus");
});

/** A bus that extends the default one to show deltas as they come. */
class DeltaBus extends InMemoryEventBus {
  readonly whole = Promise.withResolvers<string>();
  #shown = "";

  override emit(event: Event): void {
    super.emit(event);
    if (event.type !== "output.message.delta") return;
    this.#shown += event.data.delta;
    if (this.#shown.endsWith("far")) this.whole.resolve(this.#shown);
  }
}

Deno.test("a bus that extends the default one sees every delta while the model still speaks", async () => {
  const bus = new DeltaBus();
  const model = LlmSimConfig.scripted([{ type: "stream_stall", text: "a long text so far" }]).withChunks(6);
  await using runtime = await simRuntime(model, { backends: RuntimeBackends.inMemory().withEventBus(bus) });
  const turn = runtime.startTurn(runtime.defaultSessionId, "hi");
  assert.equal(await bus.whole.promise, "a long text so far");
  turn.cancel();
  await turn.result;
});

const RESOLVER: ConnectionResolver = { resolveConnection: () => Promise.resolve(new Secret("token")) };

Deno.test("backends without a connection resolver have none", () => {
  assert.equal(RuntimeBackends.inMemory().slots.connectionResolver, undefined);
});

Deno.test("an injected connection resolver is visible and reaches tools during a turn", async () => {
  const backends = RuntimeBackends.inMemory().withConnectionResolver(RESOLVER);
  assert.equal(backends.slots.connectionResolver, RESOLVER);
  let found: unknown;
  const spy = defineTool({
    name: "spy",
    description: "",
    execute: async (_, { connections, sessionId }) => {
      found = (await connections?.resolveConnection(sessionId, "github"))?.reveal();
      return "ok";
    },
  });
  await using sim = await scriptedRuntime([callTools("spy"), "done"], { backends, tools: [spy] });
  await say(sim.runtime);
  assert.equal(found, "token");
});

Deno.test("build() binds the runtime as host to every backend that wants it, once", async () => {
  const hosts: SessionHost[] = [];
  class Hosted extends InMemorySessionStorageStore {
    bind(host: SessionHost): void {
      hosts.push(host);
    }
  }
  const store = new Hosted();
  await using runtime = await simRuntime("hello", { backends: RuntimeBackends.inMemory().withStorageStore(store) });
  assert.deepEqual(hosts.length, 1);
  const { id } = await hosts[0]!.createSession({
    harnessId: (await runtime.loadContext(runtime.defaultSessionId)).session.harnessId,
    title: "child",
    parentSessionId: runtime.defaultSessionId,
  });
  assert.equal((await hosts[0]!.run(id, "hi")).response, "hello");
  assert.equal((await hosts[0]!.messages(id)).length, 2);
});

Deno.test("an MCP server without its connector is skipped with a warning", async () => {
  await using sim = await scriptedRuntime(["hello"], {
    session: (single) =>
      single.sessionMcpServers({
        docs: { type: "stdio", command: "docs-server" },
        web: { url: "https://web.example" },
      }),
  });
  assert.equal((await say(sim.runtime)).response, "hello");
  assert.deepEqual(eventsOf(sim.runtime, "runtime.warning").map(({ data }) => [data.code, data.message]), [
    ["mcp_server_skipped", 'MCP server "docs" is skipped: no connector for stdio servers was given'],
    ["mcp_server_skipped", 'MCP server "web" is skipped: no connector for http servers was given'],
  ]);
  assert.deepEqual(sim.requests[0]?.tools, []);
});
