/** Servers that fail in every way there is: each is skipped with a warning, and the turn goes on. */

import assert from "node:assert/strict";
import type { InProcessRuntimeBuilder } from "../../../mod.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import type { ToolSource, ToolSourceConnector, ToolSourceScope } from "../../../src/ports/tool_source.ts";
import { defineTool } from "../../../src/kit/define_tool.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { faultRuntime, isSettled, SESSION, until } from "../_support/faults.ts";
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
