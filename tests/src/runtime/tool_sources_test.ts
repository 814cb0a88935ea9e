/**
 * Servers that fail in every way there is: each is skipped with a warning, and the turn goes on. And servers that do
 * not: they are connected once and asked as seldom as possible.
 */

import assert from "node:assert/strict";
import type { InProcessRuntimeBuilder } from "../../../mod.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import type { ToolSource, ToolSourceConnector, ToolSourceScope } from "../../../src/ports/tool_source.ts";
import { defineTool } from "../../../src/kit/define_tool.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { calls, faultRuntime, isSettled, script, SESSION, text, until } from "../_support/faults.ts";
import { eventsOf } from "../_support/runtime.ts";

const TOOL = defineTool({ name: "mcp_docs__search", description: "Searches", execute: () => "found" });

function source(list: () => unknown, close: () => Promise<void> = () => Promise.resolve()): ToolSource {
  return { name: "docs", revision: 1, list: list as ToolSource["list"], close };
}

function connector(connect: (name: string, scope: ToolSourceScope) => unknown): ToolSourceConnector {
  return {
    type: "http",
    connect: ((name, _, scope) => connect(name, scope)) as ToolSourceConnector["connect"],
  };
}

function runtimeWith(toolSource: ToolSourceConnector, clock: FakeClock = new FakeClock(), servers = ["docs"]) {
  return faultRuntime({
    clock,
    configure: (builder: InProcessRuntimeBuilder) => void builder.toolSource(toolSource),
    session: (single) =>
      void single.sessionMcpServers(
        Object.fromEntries(servers.map((name) => [name, { type: "http", url: "http://127.0.0.1/" }])),
      ),
  });
}

const never = (): Promise<never> => new Promise(() => {});

const failing: readonly (readonly [what: string, connect: () => unknown])[] = [
  ["connect() throws", () => {
    throw new Error("boom");
  }],
  ["connect() rejects", () => Promise.reject(new Error("boom"))],
  ["connect() gives nothing", () => Promise.resolve(undefined)],
  ["list() throws", () =>
    Promise.resolve(source(() => {
      throw new Error("boom");
    }))],
  ["list() gives no array", () => Promise.resolve(source(() => Promise.resolve(5)))],
  ["list() gives nothing", () => Promise.resolve(source(() => undefined))],
  ["list() gives null among the tools", () => Promise.resolve(source(() => Promise.resolve([TOOL, null])))],
  [
    "list() gives a tool without a name",
    () => Promise.resolve(source(() => Promise.resolve([{ ...TOOL, definition: { type: "builtin" } }]))),
  ],
  [
    "list() gives a tool that cannot run",
    () => Promise.resolve(source(() => Promise.resolve([{ definition: TOOL.definition }]))),
  ],
];
for (const [what, connect] of failing) {
  Deno.test(`a server whose ${what} is skipped with a warning`, async () => {
    await using runtime = await runtimeWith(connector(connect));
    assert.equal((await runtime.runTurn(SESSION, "go")).status, "completed");
    const warnings = eventsOf(runtime, "runtime.warning").map(({ data }) => data);
    assert.deepEqual(warnings.map(({ code }) => code), ["mcp_server_failed"]);
    assert.match(warnings[0]?.message ?? "", /^MCP server "docs" is skipped: /);
  });
}

const hanging: readonly (readonly [what: string, connect: () => unknown])[] = [
  ["connect()", never],
  ["list()", () => Promise.resolve(source(never))],
];
for (const [what, connect] of hanging) {
  Deno.test(`a server whose ${what} never answers is skipped after ten seconds, and can be connected again`, async () => {
    const clock = new FakeClock();
    let tries = 0;
    const signals: AbortSignal[] = [];
    await using runtime = await runtimeWith(
      connector((_, { signal }) => {
        signals.push(signal);
        return ++tries === 1 ? connect() : Promise.resolve(source(() => Promise.resolve([TOOL])));
      }),
      clock,
    );
    const turn = runtime.runTurn(SESSION, "go");
    await until(() => tries === 1);
    await clock.advanceAsync(9_999);
    assert.equal(await isSettled(turn), false);
    await clock.advanceAsync(1);
    assert.equal((await turn).status, "completed");
    const [warning] = eventsOf(runtime, "runtime.warning");
    assert.match(warning?.data.message ?? "", /^MCP server "docs" is skipped: no answer within 10000 ms$/);
    assert.equal(signals[0]?.aborted, true);
    const { runtimeAgent } = await runtime.loadContext(SESSION);
    assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), [TOOL.definition.name]);
    assert.equal(signals[1]?.aborted, false);
  });
}

Deno.test("loadContext() says which servers were left out and why, each time it looks", async () => {
  const fail = connector(() => Promise.reject(new Error("boom")));
  await using runtime = await runtimeWith(fail);
  const skipped = ['MCP server "docs" is skipped: boom'];
  assert.deepEqual((await runtime.loadContext(SESSION)).warnings, skipped);
  assert.deepEqual((await runtime.loadContext(SESSION)).warnings, skipped);
  await using bare = await faultRuntime({
    session: (single) => void single.sessionMcpServers({ docs: { type: "http", url: "http://127.0.0.1/" } }),
  });
  assert.deepEqual((await bare.loadContext(SESSION)).warnings, [
    'MCP server "docs" is skipped: no connector for http servers was given',
  ]);
});

Deno.test("a server that fails takes no other server's tools along", async () => {
  const good = source(() => Promise.resolve([TOOL]));
  await using runtime = await runtimeWith(
    connector((name) => {
      if (name === "bad") throw new Error("boom");
      return Promise.resolve(good);
    }),
    new FakeClock(),
    ["bad", "docs"],
  );
  const { runtimeAgent } = await runtime.loadContext(SESSION);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), [TOOL.definition.name]);
});

Deno.test("a connection that comes too late is closed", async () => {
  const clock = new FakeClock();
  let closed = 0;
  const arrival = Promise.withResolvers<ToolSource>();
  await using runtime = await runtimeWith(connector(() => arrival.promise), clock);
  const context = runtime.loadContext(SESSION);
  await until(() => clock.pending > 0);
  await clock.advanceAsync(10_000);
  assert.deepEqual((await context).runtimeAgent.tools, []);
  arrival.resolve(source(() => Promise.resolve([]), () => {
    closed++;
    return Promise.resolve();
  }));
  await until(() => closed === 1);
});

Deno.test("close() waits for connections to end, but not for ever", async () => {
  const clock = new FakeClock();
  const runtime = await runtimeWith(
    connector(() => Promise.resolve(source(() => Promise.resolve([TOOL] satisfies Tool[]), never))),
    clock,
  );
  await runtime.loadContext(SESSION);
  const closing = runtime.close();
  await until(() => clock.pending > 0);
  assert.equal(await isSettled(closing), false);
  await clock.advanceAsync(10_000);
  await closing;
});

function named(name: string): Tool {
  return defineTool({ name, description: "", execute: () => name });
}

Deno.test("a runtime that is closed while servers are looked for connects none of those that wait", async () => {
  const connected: string[] = [];
  const first = Promise.withResolvers<ToolSource>();
  const servers = Array.from({ length: 17 }, (_, place) => `s${place + 10}`);
  const runtime = await runtimeWith(
    connector((name) => {
      connected.push(name);
      return first.promise;
    }),
    new FakeClock(),
    servers,
  );
  const looking = runtime.loadContext(SESSION);
  await until(() => connected.length === 16);
  const closing = runtime.close();
  first.resolve(source(() => Promise.resolve([TOOL])));
  await Promise.allSettled([looking, closing]);
  assert.deepEqual(connected, servers.slice(0, 16));
});

Deno.test("a server is connected once and asked once, however many turns and contexts there are", async () => {
  const count = { connected: 0, listed: 0 };
  await using runtime = await runtimeWith(connector(() => {
    count.connected++;
    return Promise.resolve(source(() => {
      count.listed++;
      return Promise.resolve([TOOL]);
    }));
  }));
  await runtime.runTurn(SESSION, "one");
  await runtime.runTurn(SESSION, "two");
  assert.equal((await runtime.loadContext(SESSION)).runtimeAgent.tools.length, 1);
  assert.deepEqual(count, { connected: 1, listed: 1 });
});

Deno.test("a server that says its list changed is asked again before the next turn", async () => {
  let listed = 0;
  const changing = { ...source(() => Promise.resolve([named(`mcp_docs__v${++listed}`)])), revision: 1 };
  await using runtime = await runtimeWith(connector(() => Promise.resolve(changing)));
  await runtime.loadContext(SESSION);
  changing.revision++;
  const { runtimeAgent } = await runtime.loadContext(SESSION);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), ["mcp_docs__v2"]);
});

Deno.test("a server that fails later keeps its earlier tools, with a warning", async () => {
  let listed = 0;
  const failing = {
    ...source(() => ++listed === 1 ? Promise.resolve([TOOL]) : Promise.reject(new Error("boom"))),
    revision: 1,
  };
  await using runtime = await runtimeWith(connector(() => Promise.resolve(failing)));
  await runtime.loadContext(SESSION);
  failing.revision++;
  const { runtimeAgent } = await runtime.loadContext(SESSION);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), [TOOL.definition.name]);
  const warnings = eventsOf(runtime, "runtime.warning").map(({ data }) => data);
  assert.deepEqual(warnings, [
    { code: "mcp_server_stale", message: 'MCP server "docs" keeps its earlier tools: boom' },
  ]);
});

Deno.test("no more than 16 servers are asked at a time, and their tools come in the order of the servers", async () => {
  const gates = new Map<string, () => void>();
  const names = Array.from({ length: 20 }, (_, place) => `s${String(place).padStart(2, "0")}`);
  await using runtime = await runtimeWith(
    connector((name) =>
      new Promise((resolve) => gates.set(name, () => resolve(source(() => Promise.resolve([named(`mcp_${name}__t`)])))))
    ),
    new FakeClock(),
    names,
  );
  const context = runtime.loadContext(SESSION);
  await until(() => gates.size === 16);
  gates.get("s15")?.();
  await until(() => gates.size === 17);
  const opened = new Set(["s15"]);
  while (opened.size < 20) {
    await until(() => [...gates.keys()].some((name) => !opened.has(name)));
    for (const name of gates.keys()) {
      opened.add(name);
      gates.get(name)?.();
    }
  }
  const { runtimeAgent } = await context;
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), names.map((name) => `mcp_${name}__t`));
});

Deno.test("of two servers with a tool of one name the first counts, with a warning", async () => {
  await using runtime = await runtimeWith(
    connector((name) =>
      Promise.resolve(
        source(() => Promise.resolve([defineTool({ ...TOOL.definition, description: name, execute: () => "" })])),
      )
    ),
    new FakeClock(),
    ["a", "b"],
  );
  const { runtimeAgent } = await runtime.loadContext(SESSION);
  assert.deepEqual(runtimeAgent.tools.map(({ description }) => description), ["a"]);
  assert.deepEqual(eventsOf(runtime, "runtime.warning").map(({ data }) => data.code), ["mcp_tool_hidden"]);
});

Deno.test("what a source reports becomes a warning of its session", async () => {
  await using runtime = await runtimeWith({
    type: "http",
    connect: (_, __, scope) => {
      scope.report?.("mcp_tool_changed", "look at this");
      return Promise.resolve(source(() => Promise.resolve([TOOL])));
    },
  });
  await runtime.loadContext(SESSION);
  const [event] = eventsOf(runtime, "runtime.warning");
  assert.deepEqual([event?.sessionId, event?.data], [SESSION, { code: "mcp_tool_changed", message: "look at this" }]);
});

Deno.test("a server whose address the network policy does not allow is never connected", async () => {
  let connected = 0;
  await using runtime = await faultRuntime({
    configure: (builder) =>
      void builder.toolSource(connector(() => {
        connected++;
        return Promise.resolve(source(() => Promise.resolve([TOOL])));
      })),
    session: (single) =>
      void single.harnessNetworkAccess({ allowed: ["docs.example.com"] }).sessionMcpServers({
        docs: { url: "https://docs.example.com/mcp" },
        evil: { url: "https://evil.example.com/mcp" },
      }),
  });
  await runtime.loadContext(SESSION);
  assert.equal(connected, 1);
  assert.deepEqual(eventsOf(runtime, "runtime.warning").map(({ data }) => data.message), [
    'MCP server "evil" is skipped: the network access policy does not allow its address',
  ]);
});

Deno.test("a source is told the network policy, for whatever address it is led to", async () => {
  const seen: unknown[] = [];
  await using runtime = await faultRuntime({
    configure: (builder) =>
      void builder.toolSource({
        type: "http",
        connect: (_, __, { networkAccess }) => {
          seen.push(networkAccess);
          return Promise.resolve(source(() => Promise.resolve([TOOL])));
        },
      }),
    session: (single) =>
      void single.harnessNetworkAccess({ allowed: ["docs.example.com"] }).sessionMcpServers({
        docs: { url: "https://docs.example.com/mcp" },
      }),
  });
  await runtime.loadContext(SESSION);
  assert.deepEqual(seen, [{ allowed: ["docs.example.com"] }]);
});

Deno.test("a capability's servers stand below those of the layers", async () => {
  const seen: unknown[] = [];
  const servers = { docs: { url: "https://capability.example" }, more: { url: "https://more.example" } };
  await using runtime = await faultRuntime({
    capabilities: [{ id: "docs", name: "Docs", mcpServers: servers }],
    configure: (builder) =>
      void builder.toolSource({
        type: "http",
        connect: (name, { url }) => {
          seen.push([name, url]);
          return Promise.resolve(source(() => Promise.resolve([])));
        },
      }),
    session: (single) => void single.sessionMcpServers({ docs: { url: "https://session.example" } }),
  });
  await runtime.loadContext(SESSION);
  assert.deepEqual(seen, [["docs", "https://session.example"], ["more", "https://more.example"]]);
});

Deno.test("a changed list of capabilities makes the session's servers be asked again", async () => {
  let listed = 0;
  await using runtime = await faultRuntime({
    configure: (builder) =>
      void builder.capability({ id: "extra", name: "Extra" }).toolSource(connector(() =>
        Promise.resolve(source(() => {
          listed++;
          return Promise.resolve([TOOL]);
        }))
      )),
    session: (single) => void single.sessionMcpServers({ docs: { url: "https://docs.example" } }),
  });
  await runtime.loadContext(SESSION);
  await runtime.activateCapability(SESSION, "extra");
  await runtime.loadContext(SESSION);
  assert.equal(listed, 2);
});

Deno.test("a server's tool does not take the place of a capability's tool of the same name", async () => {
  const own = defineTool({ name: TOOL.definition.name, description: "Ours", effect: "pure", execute: () => "ours" });
  const listed = connector(() => Promise.resolve(source(() => Promise.resolve([TOOL]))));
  await using runtime = await faultRuntime({
    tools: [own],
    configure: (builder) => void builder.toolSource(listed),
    session: (single) => void single.sessionMcpServers({ docs: { type: "http", url: "http://127.0.0.1/" } }),
    respond: script(calls(TOOL.definition.name), text("done")),
  });
  const { runtimeAgent } = await runtime.loadContext(SESSION);
  assert.deepEqual(runtimeAgent.tools.map(({ description }) => description), ["Ours"]);
  await runtime.runTurn(SESSION, "go");
  assert.deepEqual(eventsOf(runtime, "tool.completed").map(({ data }) => data.result), ["ours"]);
});
