/**
 * A client for the official conformance suite: it connects the server of its last argument with our connector, lists
 * the tools and calls them.
 *
 * The suite names the scenario in `MCP_CONFORMANCE_SCENARIO`, the revision in `MCP_CONFORMANCE_PROTOCOL_VERSION` and
 * what a scenario hands out, such as credentials, in `MCP_CONFORMANCE_CONTEXT`.
 *
 * @module
 */

import { ClientCredentialsProvider, PrivateKeyJwtProvider } from "@modelcontextprotocol/client";
import { type McpAuthorization, type McpCredentials, mcpHttp, type McpHttpOptions } from "../../src/mcp/mod.ts";
import type { JsonObject, JsonValue } from "../../src/records/json.ts";
import type { Tool } from "../../src/ports/tool.ts";
import { callContext, connected } from "../src/mcp/_servers.ts";

const REDIRECT = "http://localhost:3000/callback";
/** Long enough for a server that closes a stream and wants it resumed. */
const TIMEOUT_MS = 20_000;

interface ScenarioContext {
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly private_key_pem?: string;
  readonly signing_algorithm?: string;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: JsonObject }[];
}

const url = Deno.args.at(-1) ?? "";
const scenario = Deno.env.get("MCP_CONFORMANCE_SCENARIO") ?? "";
const version = Deno.env.get("MCP_CONFORMANCE_PROTOCOL_VERSION") ?? "2025-11-25";
const context: ScenarioContext = JSON.parse(Deno.env.get("MCP_CONFORMANCE_CONTEXT") || "{}");
const isModern = version >= "2026";

await using client = await connected(mcpHttp(options()), {
  url,
  authMode: scenario.startsWith("auth/") ? "oauth" : "none",
  protocolMode: isModern ? version : "legacy",
  timeoutMs: TIMEOUT_MS,
});
const tools = await client.tools();
for (const report of client.reports) console.error(report);
for (const tool of tools) {
  const wanted = context.toolCalls?.filter(({ name }) => name === ownName(tool)) ??
    [{ arguments: sampleArguments(tool) }];
  for (const call of wanted) {
    // Past our own check: some scenarios send what does not fit the schema on purpose.
    const outcome = await tool.execute(call.arguments, callContext());
    console.error(ownName(tool), JSON.stringify(outcome).slice(0, 500));
  }
}

function options(): McpHttpOptions {
  const kept = new Map<string, McpCredentials>();
  const { client_id: clientId, client_secret: clientSecret } = context;
  return {
    allowLoopback: true,
    // All scenarios of a set run at once, perhaps on a small machine.
    connectMs: 100_000,
    fetch: isModern ? discovering : (target, init) => fetch(target, init),
    handlers: () => ({ elicitForm: () => Promise.resolve({ action: "accept", content: {} }) }),
    oauthProvider: () => providerWithoutUser(),
    oauth: {
      redirectUrl: REDIRECT,
      clientMetadataUrl: "https://conformance-test.local/client-metadata.json",
      store: {
        load: ({ server }) => Promise.resolve(kept.get(server)),
        save: ({ server }, credentials) => Promise.resolve(void kept.set(server, credentials)),
      },
      authorize: agree,
      registration: () =>
        clientId === undefined ? undefined : { clientId, ...(clientSecret === undefined ? {} : { clientSecret }) },
    },
  };
}

/** The user who agrees to everything: the authorization server sends the browser straight back. */
async function agree({ url: page }: McpAuthorization): Promise<string> {
  const response = await fetch(page, { redirect: "manual" });
  await response.body?.cancel();
  const location = response.headers.get("location");
  if (location === null) throw new Error(`The authorization page answered ${response.status} and no redirect`);
  return location;
}

/** A provider for the scenarios in which no user takes part. */
function providerWithoutUser(): object | undefined {
  const { client_id: clientId = "", client_secret: clientSecret = "", private_key_pem: privateKey = "" } = context;
  if (scenario === "auth/client-credentials-basic") return new ClientCredentialsProvider({ clientId, clientSecret });
  if (scenario !== "auth/client-credentials-jwt") return undefined;
  return new PrivateKeyJwtProvider({ clientId, privateKey, algorithm: context.signing_algorithm ?? "ES256" });
}

/** Some mock servers of the suite do not answer `server/discover`; it is answered for them. */
async function discovering(target: string | URL, init?: RequestInit): Promise<Response> {
  const body = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
  const isMock = /^(http-|sep-2322)/.test(scenario);
  if (!isMock || body?.method !== "server/discover") return await fetch(target, init);
  const result = {
    resultType: "complete",
    supportedVersions: [version],
    capabilities: { tools: {} },
    ttlMs: 0,
    cacheScope: "private",
    _meta: { "io.modelcontextprotocol/serverInfo": { name: "mock", version: "1" } },
  };
  return Response.json({ jsonrpc: "2.0", id: body.id, result });
}

function ownName(tool: Tool): string {
  return String(tool.definition.hints?.metadata?.["mcpTool"]);
}

/** Arguments that fit a tool's schema; a server that wants a schema back gets the one it listed first. */
function sampleArguments({ definition }: Tool): JsonObject {
  const [first] = tools;
  if (definition.name.endsWith("json_schema_echo") && first !== undefined) {
    return { schema: first.definition.parameters };
  }
  const { properties = {}, required = [] } = definition.parameters as {
    properties?: Record<string, { type?: string; default?: JsonValue; enum?: readonly JsonValue[] }>;
    required?: readonly string[];
  };
  const samples: Readonly<Record<string, JsonValue>> = {
    string: "text",
    number: 1,
    integer: 1,
    boolean: true,
    array: [],
    object: {},
  };
  return Object.fromEntries(required.map((name) => {
    const schema = properties[name] ?? {};
    return [name, schema.default ?? schema.enum?.[0] ?? samples[schema.type ?? "string"] ?? null];
  }));
}
