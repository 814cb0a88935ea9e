/** A server's tools inside turns: everything that holds for tools holds for them. */

import assert from "node:assert/strict";
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { mcpHttp, type McpHttpOptions } from "../../../src/mcp/mod.ts";
import type { McpServerConfig } from "../../../src/records/mcp.ts";
import {
  callTools,
  eventsOf,
  say,
  type ScriptedRuntime,
  scriptedRuntime,
  type SimOptions,
} from "../_support/runtime.ts";
import { tick } from "../_support/faults.ts";
import { addEcho, fetchServer } from "./_servers.ts";

const ECHO = { name: "mcp_docs__echo", arguments: { message: "hi" } };

function runtimeWith(
  build: (server: McpServer) => void,
  turns: Parameters<typeof scriptedRuntime>[0],
  { config, options, ...sim }: SimOptions & { readonly config?: McpServerConfig; readonly options?: McpHttpOptions } =
    {},
): Promise<ScriptedRuntime> {
  const { fetch } = fetchServer(build, "reject");
  const connector = mcpHttp({ fetch, lookup: () => Promise.resolve(["93.184.215.14"]), ...options });
  return scriptedRuntime(turns, {
    ...sim,
    configure: (builder) => void builder.toolSource(connector),
    session: (single) =>
      void single.sessionMcpServers({
        docs: { url: "https://mcp.example.com/mcp", protocolMode: "2026-07-28", ...config },
      }),
  });
}

function resultOf({ runtime }: ScriptedRuntime): string {
  return JSON.stringify(eventsOf(runtime, "tool.completed").map(({ data }) => data));
}

Deno.test("a turn offers a server's tools to the model, as loadContext() shows them, and calls them", async () => {
  await using scripted = await runtimeWith(addEcho, [callTools(ECHO), "done"]);
  const { runtime, requests } = scripted;
  const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(runtimeAgent.tools.map(({ name }) => name), ["mcp_docs__echo"]);
  assert.equal((await say(runtime)).response, "done");
  assert.deepEqual(requests[0]?.tools?.map(({ name }) => name), ["mcp_docs__echo"]);
  assert.match(resultOf(scripted), /"result":\{"result":"hi"\}/);
});

Deno.test("hooks see and block a server's tools", async () => {
  const seen: string[] = [];
  let reached = 0;
  await using scripted = await runtimeWith(
    (server) => {
      addEcho(server);
      reached++;
    },
    [callTools(ECHO), "done"],
    {
      capabilities: [{
        id: "guard",
        name: "Guard",
        hooks: {
          preToolUse: ({ name }, definition) => {
            seen.push(`${name} ${definition.effect} ${definition.hints?.readonly}`);
            return { action: "block", reason: "not today" };
          },
        },
      }],
    },
  );
  await scripted.runtime.loadContext(scripted.runtime.defaultSessionId);
  const before = reached;
  await say(scripted.runtime);
  assert.deepEqual(seen, ["mcp_docs__echo at_most_once false"]);
  assert.match(resultOf(scripted), /Blocked by a pre_tool_use hook: not today/);
  assert.equal(reached, before);
});

Deno.test("a tool that needs approval waits for it, and runs after it", async () => {
  await using scripted = await runtimeWith(addEcho, [callTools(ECHO), "done"], { config: { approveTools: ["*"] } });
  const { runtime } = scripted;
  const turn = await say(runtime);
  assert.equal(turn.status, "waiting");
  const [waiting] = eventsOf(runtime, "turn.waiting");
  const [call] = waiting?.data.calls ?? [];
  assert.ok(call !== undefined);
  const after = await runtime.resumeTurn(runtime.defaultSessionId, {
    decisions: [{ toolCallId: call.id, approved: true }],
  });
  assert.equal(after.response, "done");
  assert.match(resultOf(scripted), /"result":"hi"/);
});

Deno.test("a large answer of a server is cut to the cap of results", async () => {
  await using scripted = await runtimeWith(
    (server) => {
      server.registerTool("big", {}, () => ({ content: [{ type: "text", text: "x".repeat(1_000_000) }] }));
    },
    [callTools("mcp_docs__big"), "done"],
    { limits: { maxToolResultBytes: 1000 } },
  );
  await say(scripted.runtime);
  assert.ok(resultOf(scripted).length < 2000);
  assert.match(resultOf(scripted), /"truncated":true/);
});

Deno.test("arguments that do not fit never reach the server", async () => {
  await using scripted = await runtimeWith(addEcho, [
    callTools({ name: "mcp_docs__echo", arguments: { message: 5 } }),
    "done",
  ]);
  await say(scripted.runtime);
  assert.match(resultOf(scripted), /do not fit the tool's schema: at \/message/);
});

Deno.test("calls of one reply run on the server at the same time", async () => {
  const both = Promise.withResolvers<void>();
  let running = 0;
  await using scripted = await runtimeWith((server) => {
    server.registerTool("meet", { inputSchema: z.object({}) }, async () => {
      if (++running === 2) both.resolve();
      await both.promise;
      return { content: [{ type: "text", text: "met" }] };
    });
  }, [callTools("mcp_docs__meet", "mcp_docs__meet"), "done"]);
  assert.equal((await say(scripted.runtime)).response, "done");
});

Deno.test("progress of a server's tool is a live event of the turn", async () => {
  await using scripted = await runtimeWith((server) => {
    server.registerTool("work", {}, async (ctx) => {
      const progressToken = ctx.mcpReq._meta?.progressToken ?? "";
      const params = { progressToken, progress: 1, total: 2, message: "half way" };
      await ctx.mcpReq.notify({ method: "notifications/progress", params });
      return { content: [] };
    });
  }, [callTools("mcp_docs__work"), "done"]);
  await say(scripted.runtime);
  const [progress] = eventsOf(scripted.runtime, "tool.progress");
  assert.equal(progress?.data.message, "half way");
  assert.deepEqual({ ...progress?.data.data as object }, { progress: 1, total: 2 });
});

Deno.test("a cancelled turn ends the call on the server", async () => {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await using scripted = await runtimeWith((server) => {
    server.registerTool("hang", {}, async (ctx) => {
      ctx.mcpReq.signal.addEventListener("abort", () => ended.resolve());
      begun.resolve();
      await ended.promise;
      return { content: [] };
    });
  }, [callTools("mcp_docs__hang"), "done"]);
  const { runtime } = scripted;
  const turn = say(runtime);
  await begun.promise;
  await runtime.cancelTurn(runtime.defaultSessionId);
  assert.equal((await turn).status, "cancelled");
  await ended.promise;
});

Deno.test("a changed tool is told as a warning of the session", async () => {
  let description = "one";
  const { fetch, handler } = fetchServer((server) => addEcho(server, description), "reject");
  const connector = mcpHttp({ fetch, lookup: () => Promise.resolve(["93.184.215.14"]), changedTools: "quarantine" });
  await using scripted = await scriptedRuntime(["one", "two"], {
    configure: (builder) => void builder.toolSource(connector),
    session: (single) => void single.sessionMcpServers({ docs: { url: "https://mcp.example.com/mcp" } }),
  });
  const { runtime } = scripted;
  await say(runtime);
  description = "two";
  handler.notify.toolsChanged();
  const offered = async (): Promise<number> =>
    (await runtime.loadContext(runtime.defaultSessionId)).runtimeAgent.tools.length;
  for (let round = 0; round < 500 && await offered() > 0; round++) await tick();
  assert.deepEqual(eventsOf(runtime, "runtime.warning").map(({ data }) => data.code), ["mcp_tool_changed"]);
  await connector.approve("docs", "echo");
  assert.equal((await runtime.loadContext(runtime.defaultSessionId)).runtimeAgent.tools[0]?.description, "two");
  await handler.close();
});
