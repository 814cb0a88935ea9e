/** What proves the client to MCP servers comes out of no answer and no failure of theirs. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { LlmSimConfig } from "../../src/drivers/llmsim/config.ts";
import { mcpHttp, type McpHttpOptions } from "../../src/mcp/mod.ts";
import { mcpStdio } from "../../src/mcp/stdio/mod.ts";
import type { McpServers } from "../../src/records/mcp.ts";
import { canary, findCanaries } from "./_canaries.ts";
import { serveTelling, TOOLS } from "./_mcp_server.ts";
import type { Sinks } from "./_sinks.ts";
import { hostSecret, inWorld } from "./_world.ts";

/** Tools of some servers, one after the other, in one turn each. */
function calling(...servers: readonly string[]): LlmSimConfig {
  const names = servers.flatMap((server) => TOOLS.map((tool) => `mcp_${server}__${tool}`));
  return LlmSimConfig.scripted(names.flatMap((name) => [
    { type: "tool_calls" as const, toolCalls: [{ name, arguments: {} }] },
    "Done.",
  ]));
}

async function talking(servers: McpServers, turns: number, options: McpHttpOptions): Promise<Sinks> {
  return await inWorld({
    model: calling(...Object.keys(servers)),
    session: (session) => session.sessionMcpServers(servers),
    configure: (builder) =>
      void builder.toolSource(mcpHttp({ allowLoopback: true, connectMs: 5_000, ...options }))
        .toolSource(mcpStdio({ env: () => ({ MCP_KEY: canary("mcp_env"), PLAIN: "plain" }), connectMs: 10_000 })),
  }, async ({ turn }) => {
    for (let count = 0; count < turns; count++) await turn();
  });
}

Deno.test("a header and a bearer token come out of nothing that a server over HTTP answers", async () => {
  await using server = serveTelling(() => new Response(null, { status: 404 }));
  const url = `${server.origin}/mcp`;
  const sinks = await talking({ keyed: { url }, bearing: { url } }, 2 * TOOLS.length, {
    headers: ({ server: name }) => name === "keyed" ? { "x-api-key": canary("mcp_header") } : {},
    bearer: ({ server: name }) =>
      name === "bearing" ? { token: () => Promise.resolve(canary("mcp_bearer")) } : undefined,
  });
  const received = new Set(server.received.flatMap(findCanaries).map(({ place }) => place));
  assert.deepEqual(received, new Set(["mcp_header", "mcp_bearer"]));
  assert.ok(sinks.has("file local.db", "[secret]"), "no tool was called");
  sinks.assertClean();
});

Deno.test("a header and a bearer token come out of no list that fails", async () => {
  await using server = serveTelling(() => new Response(null, { status: 404 }));
  const sinks = await talking({ unlisted: { url: `${server.origin}/unlisted` } }, 1, {
    headers: () => ({ "x-api-key": canary("mcp_header") }),
    bearer: () => ({ token: () => Promise.resolve(canary("mcp_bearer")) }),
  });
  assert.ok(sinks.has("subscriber", "mcp_server_failed"));
  sinks.assertClean();
});

/** What the authorization server may say to a request for tokens. */
const TOKEN_ANSWERS: readonly (readonly [what: string, answer: (told: string) => Response])[] = [
  ["a refusal", (told) => Response.json({ error: "invalid_grant", error_description: told }, { status: 400 })],
  ["an unknown error", (told) => Response.json({ error: told, error_description: told }, { status: 401 })],
  ["a page", (told) => new Response(`<html>${told}</html>`, { status: 502 })],
  ["no JSON", (told) => new Response(`{"access_token": "${canary("mcp_access_token")}", ${told}`)],
  ["other types", (told) => Response.json({ access_token: [canary("mcp_access_token")], told })],
  ["tokens", newTokens],
  ["tokens that cannot be stored", newTokens],
];

function newTokens(): Response {
  return Response.json({
    access_token: canary("mcp_access_token"),
    refresh_token: canary("mcp_refresh_token"),
    token_type: "Bearer",
  });
}

for (const [what, answer] of TOKEN_ANSWERS) {
  Deno.test(`tokens and the secret of a client come out of no sign-in that is answered with ${what}`, async () => {
    let given = false;
    await using server = serveTelling((_, told) => {
      given = true;
      return answer(told);
    });
    const isBroken = what === "tokens that cannot be stored";
    const sinks = await talking({ oauth: { url: `${server.origin}/protected`, authMode: "oauth" } }, 2, {
      oauth: {
        redirectUrl: "http://127.0.0.1:9/callback",
        registration: () => ({ clientId: "client-1", clientSecret: canary("mcp_client_secret") }),
        store: {
          load: () =>
            Promise.resolve({
              tokens: {
                access_token: canary("mcp_access_token"),
                refresh_token: canary("mcp_refresh_token"),
                token_type: "Bearer",
              },
            }),
          save: (_, credentials) => {
            // Who gives the tokens is stored before they are.
            if (!given || !isBroken) return Promise.resolve();
            return Promise.reject(new Error(`Cannot store ${JSON.stringify(credentials)}`));
          },
        },
        authorize: ({ url }) =>
          Promise.resolve(
            `http://127.0.0.1:9/callback?${new URLSearchParams({
              code: "c",
              state: url.searchParams.get("state") ?? "",
            })}`,
          ),
      },
    });
    const received = new Set(server.received.flatMap(findCanaries).map(({ place }) => place));
    for (const place of ["mcp_access_token", "mcp_refresh_token", "mcp_client_secret"] as const) {
      assert.ok(received.has(place), `${place} was never sent`);
    }
    if (isBroken) assert.ok(sinks.has("subscriber", "Cannot store"));
    sinks.assertClean();
  });
}

Deno.test("credentials come out of no store that cannot keep them", async () => {
  await using server = serveTelling(newTokens);
  const kept = {
    tokens: {
      access_token: canary("mcp_access_token"),
      refresh_token: canary("mcp_refresh_token"),
      token_type: "Bearer",
    },
  };
  const sinks = await talking({ oauth: { url: `${server.origin}/protected`, authMode: "oauth" } }, 1, {
    oauth: {
      redirectUrl: "http://127.0.0.1:9/callback",
      registration: () => ({ clientId: "client-1", clientSecret: canary("mcp_client_secret") }),
      store: {
        load: () => Promise.resolve(kept),
        save: (_, credentials) => Promise.reject(new Error(`Cannot store ${JSON.stringify(credentials)}`)),
      },
      authorize: () => Promise.reject(new Error("nobody is there")),
    },
  });
  assert.ok(sinks.has("subscriber", "Cannot store"));
  sinks.assertClean();
});

Deno.test("what a local server gets in its environment and arguments comes out of nothing it says", async () => {
  using _secret = hostSecret();
  const script = fileURLToPath(new URL("./_mcp_child.ts", import.meta.url));
  const args = ["run", "-q", "--no-prompt", "--no-config", "--allow-env", script];
  const running = (mode: string): McpServers => ({ [mode]: { type: "stdio", command: "deno", args: [...args, mode] } });
  const sinks = await talking({ ...running("text"), ...running("garbage") }, 2 * TOOLS.length, {});
  assert.ok(sinks.has("file local.db", "MCP_KEY"), "the child told nothing");
  assert.ok(sinks.has("file local.db", "[secret]"));
  // What the host has and the child was not given would have been told too.
  assert.ok(!sinks.has("file local.db", "CANARY_OF_HOST"));
  sinks.assertClean();
  const crashes = await talking(running("dies"), 2, {});
  assert.ok(crashes.has("file local.db", "exited with code 3"));
  crashes.assertClean();
});

Deno.test("an argument of a configuration comes out of nothing a local server says; the configuration has it", async () => {
  const script = fileURLToPath(new URL("./_mcp_child.ts", import.meta.url));
  const args = [
    "run",
    "-q",
    "--no-prompt",
    "--no-config",
    "--allow-env",
    script,
    "text",
    "--token",
    canary("mcp_argument"),
  ];
  const sinks = await talking({ text: { type: "stdio", command: "deno", args } }, 2, {});
  const sinksOfEvents = new Set(sinks.findings().map((finding) => finding.split(" in ")[1]));
  for (const sink of ["events", "subscriber", "messages", "turn"]) assert.ok(!sinksOfEvents.has(sink), sink);
});
