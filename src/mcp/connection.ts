/** One connection to a server, and how a client is put on a transport. */

import type { Client, ClientOptions, JsonSchemaValidator, Transport } from "@modelcontextprotocol/client";
import type { Clock } from "../ports/clock.ts";
import { lazy } from "../kit/lazy.ts";
import { unlessAborted } from "../kit/unless_aborted.ts";
import { mcpError } from "./failure.ts";
import {
  capabilitiesOf,
  installHandlers,
  type McpClientHandlers,
  type McpRequestContext,
  type QuestionListener,
} from "./client_handlers.ts";
import { mendToolList, type UnusableTool } from "./mended_list.ts";
import { isMembers, mendCallResult } from "./mended_result.ts";

/** A living connection. */
export interface McpConnection {
  /** The client on it. */
  readonly client: Client;
  /** Resolves with the reason when it ends without our doing; never rejects. */
  readonly ended: Promise<string>;
  /** Whether a new connection may do what failed with an error; it was not done by this one then. */
  mend?(error: unknown, signal: AbortSignal): Promise<boolean>;
  /** Ends it. */
  close(): Promise<void>;
}

/** What a connection tells its source. */
export interface ConnectionListener extends QuestionListener {
  /** Aborts the making of the connection. */
  readonly signal: AbortSignal;
  /** The server's tools may have changed. */
  readonly toolsChanged: () => void;
  /** The server lists a tool that nothing can be made of. */
  readonly unusable: UnusableTool;
}

/** Makes a connection. */
export type Dial = (listener: ConnectionListener) => Promise<McpConnection>;

/** Who the client says it is. */
export interface McpClientInfo {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
}

/** How a client is made. */
export interface ClientSetup {
  /** Who it says it is. */
  readonly info: McpClientInfo;
  /** What it answers. */
  readonly handlers: McpClientHandlers;
  /** For whom. */
  readonly who: Omit<McpRequestContext, "signal">;
  /** Which protocol revisions it tries. */
  readonly protocol: ClientProtocol;
  /** Longest wait for the handshake, in milliseconds. */
  readonly connectMs: number;
  /** Time. */
  readonly clock: Clock;
}

/** Which protocol revisions a client tries. */
export type ClientProtocol = Pick<ClientOptions, "versionNegotiation" | "supportedProtocolVersions">;

/** Longest wait for an answer to the first question whether a server is modern; a silent local one is not. */
const PROBE_MS = 5_000;

/** The official client, loaded when a server is first connected. */
export const loadSdk: () =>
  | typeof import("@modelcontextprotocol/client")
  | Promise<typeof import("@modelcontextprotocol/client")> = lazy(() => import("@modelcontextprotocol/client"));

/**
 * What a configured `protocolMode` means.
 *
 * @throws {RangeError} when it names no revision
 */
export function protocolOf(mode: string = "auto"): ClientProtocol {
  if (mode === "auto") return { versionNegotiation: { mode: "auto", probe: { timeoutMs: PROBE_MS } } };
  if (mode === "legacy" || mode === "stable") return { versionNegotiation: { mode: "legacy" } };
  if (mode === "rc") return { versionNegotiation: { mode: { pin: "2026-07-28" } } };
  if (!/^20\d\d-\d\d-\d\d$/.test(mode)) {
    throw new RangeError(`Cannot use protocol mode "${mode}": expected auto, legacy or the date of a revision`);
  }
  return mode < "2026"
    ? { versionNegotiation: { mode: "legacy" }, supportedProtocolVersions: [mode] }
    : { versionNegotiation: { mode: { pin: mode } } };
}

/**
 * Puts a client on a transport and shakes hands.
 *
 * @throws {RuntimeError} `mcp_timeout` when that takes too long, whatever it is that does not come
 */
export async function connectClient(
  transport: Transport,
  setup: ClientSetup,
  listener: ConnectionListener,
): Promise<Client> {
  const { Client } = await loadSdk();
  const client = new Client(setup.info, {
    ...setup.protocol,
    capabilities: capabilitiesOf(setup.handlers),
    // Schemas are a stranger's: the client's own validator would compile their patterns. Ours checks afterwards.
    jsonSchemaValidator: { getValidator: acceptEverything },
    listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => listener.toolsChanged() } },
  });
  // The client calls it before it reads a message itself.
  transport.onmessage = (message) => {
    const result: unknown = "result" in message ? message.result : undefined;
    if (!isMembers(result)) return;
    mendToolList(result, listener.unusable);
    mendCallResult(result, client.getProtocolEra() === "legacy");
  };
  // Lost streams and stray messages; what matters also fails a request or ends the connection.
  client.onerror = () => {};
  installHandlers(client, setup.handlers, setup.who, listener);
  const { clock, connectMs } = setup;
  const late = new AbortController();
  const timer = clock.setTimer(
    () => late.abort(mcpError("mcp_timeout", `it did not shake hands within ${connectMs} ms`)),
    connectMs,
  );
  const signal = AbortSignal.any([listener.signal, late.signal]);
  try {
    // The client's own deadline is for each of its requests; a stream that says nothing is none (2.4.0).
    await unlessAborted(client.connect(transport, { signal, timeout: connectMs + PROBE_MS }), signal);
  } catch (error) {
    late.signal.throwIfAborted();
    throw error;
  } finally {
    timer.cancel();
  }
  return client;
}

function acceptEverything<T>(): JsonSchemaValidator<T> {
  return (input) => ({ valid: true, data: input as T, errorMessage: undefined });
}
