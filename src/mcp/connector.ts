/** What both connectors do around their dialling. */

import { systemClock } from "../kit/clock.ts";
import type { Redactor } from "../kit/redactor.ts";
import { sha256Hex } from "../kit/sha256.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { McpServerConfig } from "../records/mcp.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { ToolSource, ToolSourceScope } from "../ports/tool_source.ts";
import { type ClientSetup, type Dial, protocolOf } from "./connection.ts";
import { failureOf, mcpError } from "./failure.ts";
import { McpSource } from "./mcp_source.ts";
import { nameTest } from "./name_globs.ts";
import type { McpConnector, McpConnectorOptions, McpServerScope } from "./options.ts";
import { redactorFor } from "./server_secrets.ts";
import { ToolPins } from "./tool_pins.ts";

/** Longest wait for a connection unless something else is said, in milliseconds. */
export const CONNECT_MS = 30_000;

/** What dialling a server of one kind needs. */
export interface Dialling {
  /** Makes connections. */
  readonly dial: Dial;
  /** Deno permissions of the server. */
  readonly permissions: PermissionNeeds;
  /** Told when the source was closed and said goodbye to the server. */
  readonly release?: () => void;
}

/** Prepares the dialling of one server; throws when its configuration cannot be used. */
export type PrepareDial = (
  scope: McpServerScope,
  setup: ClientSetup,
  redactor: Redactor,
  networkAccess: NetworkAccess | undefined,
) => Dialling | Promise<Dialling>;

/** Makes a connector of one kind. */
export function makeConnector(
  type: "http" | "stdio",
  options: McpConnectorOptions,
  prepare: PrepareDial,
): McpConnector {
  const pins = new ToolPins(options.pins);
  const sources = new Set<McpSource>();
  const allowed = nameTest(options.allowServers);
  const denied = nameTest(options.denyServers);
  const clock = options.clock ?? systemClock();
  const connectMs = options.connectMs ?? CONNECT_MS;

  async function connect(
    name: string,
    config: McpServerConfig,
    scope: ToolSourceScope,
    redactor: Redactor,
  ): Promise<ToolSource> {
    if (allowed?.(name) === false || denied?.(name) === true) {
      throw mcpError("mcp_config_invalid", "the host's connector does not allow it");
    }
    const server: McpServerScope = { server: name, config, sessionId: scope.sessionId };
    const setup: ClientSetup = {
      info: options.clientInfo ?? { name: "everruns-runtime", version: "0" },
      handlers: options.handlers?.(server) ?? {},
      who: { server: name, sessionId: scope.sessionId },
      protocol: protocolOf(config.protocolMode),
      connectMs,
      clock,
    };
    const { dial, permissions, release = () => {} } = await prepare(server, setup, redactor, scope.networkAccess);
    const source: McpSource = new McpSource({
      name,
      config,
      // Addresses and arguments hold keys, and the host files what it keeps under this.
      identity: `${name} ${type} ${await sha256Hex(JSON.stringify(config.url ?? [config.command, config.args ?? []]))}`,
      dial,
      pins,
      quarantine: options.changedTools === "quarantine",
      trustAnnotations: options.trustAnnotations ?? false,
      permissions,
      redactor,
      clock,
      onClose: () => sources.delete(source),
      release,
    });
    sources.add(source);
    return source;
  }

  return {
    type,
    discoveryMs: connectMs,
    connect: async (name, config, scope) => {
      const redactor = redactorFor(config);
      try {
        return await connect(name, config, scope, redactor);
      } catch (error) {
        throw failureOf(error, redactor);
      }
    },
    changedTools: () => pins.pending(),
    approve: async (server, tool, after) => {
      const found = await pins.approve(server, tool, after);
      if (found) { for (const source of sources) if (source.name === server) source.changed(); }
      return found;
    },
  };
}
