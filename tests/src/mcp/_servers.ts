/** Servers inside the test's own process, and the tools that come of them. */

import { createMcpHandler, type McpHttpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import type { McpServerConfig } from "../../../src/records/mcp.ts";
import type { NetworkAccess } from "../../../src/records/network_access.ts";
import type { Tool, ToolContext, ToolOutcome } from "../../../src/ports/tool.ts";
import type { ToolSource, ToolSourceConnector } from "../../../src/ports/tool_source.ts";
import type { McpFetch } from "../../../src/mcp/guarded_fetch.ts";

export const SESSION: SessionId = idFromSeed("session", 1);

/** A connected server. */
export interface Connected extends AsyncDisposable {
  readonly source: ToolSource;
  /** What was reported: code and message. */
  readonly reports: string[];
  /** Its tools now. */
  tools(): Promise<readonly Tool[]>;
  /** Calls one of them by the server's own name. */
  call(name: string, args?: JsonValue, context?: Partial<ToolContext>): Promise<ToolOutcome>;
}

/** Connects a server as the runtime would. */
export async function connected(
  connector: ToolSourceConnector,
  config: McpServerConfig,
  name = "test",
  networkAccess?: NetworkAccess,
): Promise<Connected> {
  const reports: string[] = [];
  const stop = new AbortController();
  const scope = {
    sessionId: SESSION,
    signal: stop.signal,
    ...(networkAccess === undefined ? {} : { networkAccess }),
    report: (code: string, message: string) => void reports.push(`${code}: ${message}`),
  };
  const source = await connector.connect(name, config, scope);
  const tools = (): Promise<readonly Tool[]> => source.list(scope);
  return {
    source,
    reports,
    tools,
    call: async (wanted, args = {}, context) => {
      const tool = (await tools()).find(({ definition }) => definition.hints?.metadata?.["mcpTool"] === wanted);
      if (tool === undefined) throw new Error(`no tool ${wanted}`);
      const parsed = await tool.parse(args);
      if (!parsed.ok) return { type: "error", message: parsed.message };
      return await tool.execute(parsed.value, callContext(context));
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await source.close();
    },
  };
}

/** What a call gets; reports of progress are dropped unless a test says otherwise. */
export function callContext(change: Partial<ToolContext> = {}): ToolContext {
  const context: Partial<ToolContext> = {
    sessionId: SESSION,
    signal: new AbortController().signal,
    progress: () => {},
    ...change,
  };
  return context as ToolContext;
}

/** A server over HTTP without a network. */
export interface FetchServer {
  /** Answers its requests. */
  readonly fetch: McpFetch;
  /** The bodies and headers of all requests so far. */
  readonly requests: {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly body: string;
  }[];
  /** The handler, for notices. */
  readonly handler: McpHttpHandler;
}

/** A server of both protocol eras; `build` adds the tools of each request's server. */
export function fetchServer(
  build: (server: McpServer) => void,
  legacy: "stateless" | "reject" = "stateless",
): FetchServer {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "fixture", version: "1.0.0" }, {
      capabilities: { tools: { listChanged: true } },
    });
    build(server);
    return server;
  }, { legacy, keepAliveMs: 0 });
  const requests: FetchServer["requests"] = [];
  return {
    handler,
    requests,
    fetch: async (url, init) => {
      const request = new Request(url, init);
      const { method, headers } = request;
      requests.push({ method, url: String(url), headers, body: await request.clone().text() });
      return await handler.fetch(request);
    },
  };
}

/** Adds a tool that answers its argument. */
export function addEcho(server: McpServer, description = "Says it again"): void {
  server.registerTool("echo", {
    description,
    inputSchema: z.object({ message: z.string() }),
    annotations: { readOnlyHint: true },
  }, ({ message }) => ({ content: [{ type: "text", text: message }] }));
}
