/** Connecting servers over HTTP. */

import type {
  AuthProvider,
  OAuthClientProvider,
  ReconnectionScheduler,
  StreamableHTTPClientTransport,
  Transport,
} from "@modelcontextprotocol/client";
import type { NetworkAccess } from "../records/network_access.ts";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../kit/clock.ts";
import { isAllowed } from "../kit/network_policy.ts";
import type { Redactor } from "../kit/redactor.ts";
import { addressKind } from "../kit/private_address.ts";
import { within } from "../kit/within.ts";
import { ConnectionPool } from "../kit/web/connection_pool.ts";
import type { HttpConnection } from "../kit/web/http_connection.ts";
import { type HostLookup, systemLookup } from "../kit/web/vetted_address.ts";
import {
  type ClientSetup,
  connectClient,
  type ConnectionListener,
  type Dial,
  loadSdk,
  type McpConnection,
} from "./connection.ts";
import { CONNECT_MS, makeConnector } from "./connector.ts";
import { mcpError, reasonOf } from "./failure.ts";
import { guardFetch, type GuardOptions, type McpFetch } from "./guarded_fetch.ts";
import { type Consent, Consents, type McpOAuthOptions } from "./oauth.ts";
import type { McpConnector, McpConnectorOptions, McpServerScope } from "./options.ts";
import { rememberingAuth, rememberingFetch } from "./remembered_proofs.ts";

/** Proves the client to a server with a bearer token. */
export interface McpBearerToken {
  /** The token, asked before every request; undefined sends none. */
  token(): Promise<string | undefined>;
  /** Told that the server refused the token, before the request is made once more. */
  onUnauthorized?(): Promise<void>;
}

/** Options of {@linkcode mcpHttp}. */
export interface McpHttpOptions extends McpConnectorOptions {
  /**
   * Whether servers on this machine may be reached, also without TLS.
   *
   * @default {false}
   */
  readonly allowLoopback?: boolean;
  /**
   * Whether servers in private networks may be reached, also without TLS; includes this machine.
   *
   * @default {false}
   */
  readonly allowPrivate?: boolean;
  /** Further headers, such as a key that no record should hold; asked at every new connection. @default none */
  readonly headers?: (scope: McpServerScope) => Readonly<Record<string, string>> | Promise<Record<string, string>>;
  /** Proves the client to a server with a token; wins over `oauth`. @default none */
  readonly bearer?: (scope: McpServerScope) => McpBearerToken | undefined;
  /**
   * An `OAuthClientProvider` of `@modelcontextprotocol/client`, for flows without a user, such as client credentials;
   * wins over `bearer` and `oauth`.
   *
   * @default none
   */
  readonly oauthProvider?: (scope: McpServerScope) => object | undefined;
  /** Lets users sign in to servers whose `authMode` is `oauth`. @default such servers are refused */
  readonly oauth?: McpOAuthOptions;
  /**
   * Makes requests. It resolves a name by itself, after its addresses were vetted.
   *
   * The default connects to the vetted addresses themselves, and keeps connections of a session's server for a few
   * seconds; the global `fetch` comes at the price of the moment between the two resolutions.
   *
   * @default {requests over connections to the vetted addresses}
   */
  readonly fetch?: McpFetch;
  /** Finds the addresses of host names. @default the system's resolver */
  readonly lookup?: HostLookup;
}

/**
 * Connects MCP servers over streamable HTTP, or over the older SSE transport where a server speaks nothing else.
 *
 * Give it to the builder's `toolSource()`. Needs `--allow-net=HOST` of each server: the name without a port, because
 * its addresses are vetted before every request.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import { mcpHttp } from "@everruns/runtime/mcp";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("hello"))
 *   .toolSource(mcpHttp())
 *   .singleSession((s) => s.harness("assistant", "You are helpful."))
 *   .build();
 * ```
 */
export function mcpHttp(options: McpHttpOptions = {}): McpConnector {
  const clock = options.clock ?? systemClock();
  const guard: GuardOptions = {
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    lookup: options.lookup ?? systemLookup,
    allowLoopback: options.allowLoopback ?? false,
    allowPrivate: options.allowPrivate ?? false,
    connectMs: options.connectMs ?? CONNECT_MS,
    clock,
  };
  const consents = options.oauth === undefined ? undefined : new Consents(options.oauth);
  return makeConnector("http", options, (scope, setup, redactor, networkAccess) => {
    const { config } = scope;
    const url = URL.parse(config.url ?? "");
    if (url === null) throw mcpError("mcp_config_invalid", `its address ${JSON.stringify(config.url)} is no URL`);
    const own = options.oauthProvider?.(scope) as OAuthClientProvider | undefined;
    const consent = config.authMode === "oauth" && own === undefined ? consents?.of(scope) : undefined;
    if (config.authMode === "oauth" && own === undefined && consent === undefined) {
      throw mcpError("mcp_config_invalid", "it wants OAuth and the host's connector has no `oauth` option");
    }
    const given = own ?? options.bearer?.(scope) ?? consent?.provider;
    const auth = given === undefined ? undefined : rememberingAuth(given, redactor);
    // One for each source: what one session's connection is told never comes to another session.
    const pool = new ConnectionPool<HttpConnection>({ clock });
    const seen = rememberingFetch(withinPolicy(guardFetch({ ...guard, pool }), networkAccess), redactor);
    const dialer = new HttpDialer(url, scope, setup, seen, options, { auth, consent, redactor });
    return { dial: dialer.dial, permissions: { net: [permissionOf(url)] }, release: () => pool[Symbol.dispose]() };
  });
}

/** Bounds of what a server may say about when a stream that ended is asked for again, in milliseconds. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** Longest wait for a server to hear that its session is over, in milliseconds. */
const GOODBYE_MS = 500;

/** A name is granted without its port, so that it may be resolved too. */
function permissionOf({ hostname, host, port, protocol }: URL): string {
  if (addressKind(hostname) === undefined) return hostname;
  return port === "" ? `${hostname}:${protocol === "http:" ? 80 : 443}` : host;
}

/** Lets the session's network policy judge every request: redirects and authorization servers lead elsewhere. */
function withinPolicy(fetch: McpFetch, policy: NetworkAccess | undefined): McpFetch {
  if (policy === undefined) return fetch;
  return async (url, init) => {
    if (isAllowed(policy, String(url))) return await fetch(url, init);
    throw mcpError(
      "mcp_address_refused",
      `Cannot reach ${new URL(url).host}: the network access policy does not allow it`,
    );
  };
}

/**
 * Adds headers to the requests of one origin, under those a request has itself.
 *
 * The official client would send them to the authorization server too, which the server names and may be anybody.
 */
function withHeaders(fetch: McpFetch, origin: string, headers: Headers): McpFetch {
  return async (url, init) => {
    if (new URL(url).origin !== origin) return await fetch(url, init);
    const sent = new Headers(init?.headers);
    for (const [name, value] of headers) if (!sent.has(name)) sent.set(name, value);
    return await fetch(url, { ...init, headers: sent });
  };
}

type Auth = AuthProvider | OAuthClientProvider;

/** Makes the connections to one server. */
class HttpDialer {
  readonly #url: URL;
  readonly #scope: McpServerScope;
  readonly #setup: ClientSetup;
  readonly #fetch: McpFetch;
  readonly #options: McpHttpOptions;
  readonly #auth: Auth | undefined;
  readonly #consent: Consent | undefined;
  readonly #redactor: Redactor;

  constructor(
    url: URL,
    scope: McpServerScope,
    setup: ClientSetup,
    fetch: McpFetch,
    options: McpHttpOptions,
    { auth, consent, redactor }: {
      readonly auth: Auth | undefined;
      readonly consent: Consent | undefined;
      readonly redactor: Redactor;
    },
  ) {
    this.#url = url;
    this.#scope = scope;
    this.#setup = setup;
    this.#fetch = fetch;
    this.#options = options;
    this.#auth = auth;
    this.#consent = consent;
    this.#redactor = redactor;
  }

  readonly dial: Dial = async (listener) => {
    checkGranted(this.#url, this.#options);
    try {
      return await this.#streamable(listener);
    } catch (error) {
      if (listener.signal.aborted || !await this.#speaksOnlySse(error)) throw error;
      return await this.#sse(listener).catch(async (later) => {
        const { SseError } = await loadSdk();
        if (!(later instanceof SseError)) throw later;
        // It is no older server either: what it said first is the reason.
        const reasons = [error, later].map((reason) => reasonOf(reason, this.#redactor));
        throw mcpError("mcp_server_unreachable", reasons.join("; "));
      });
    }
  };

  async #streamable(listener: ConnectionListener): Promise<McpConnection> {
    const { StreamableHTTPClientTransport } = await loadSdk();
    const settings = await this.#settings();
    const reconnectionScheduler: ReconnectionScheduler = (reconnect, delay) => {
      const timer = this.#setup.clock.setTimer(reconnect, Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, delay)));
      return () => timer.cancel();
    };
    const make = (): StreamableHTTPClientTransport =>
      failingWithoutAnswer(new StreamableHTTPClientTransport(this.#url, { ...settings, reconnectionScheduler }));
    return await this.#authorized(make, listener);
  }

  async #sse(listener: ConnectionListener): Promise<McpConnection> {
    const { SSEClientTransport, SseError } = await loadSdk();
    const settings = await this.#settings();
    const legacy = { ...this.#setup, protocol: { versionNegotiation: { mode: "legacy" as const } } };
    const made = await this.#authorized(() => new SSEClientTransport(this.#url, settings), listener, legacy);
    const { client } = made;
    let hasLostStream = false;
    client.onerror = (error) => {
      if (!(error instanceof SseError)) return;
      // The session is that of the stream: the one the transport would open next knows nothing of us.
      hasLostStream = true;
      // Later: it plans to open that one after it has told us.
      Promise.resolve().then(() => client.close()).catch(() => {});
    };
    return { ...made, ended: made.ended.then((how) => hasLostStream ? "lost its stream of events" : how) };
  }

  /** Connects, and once more after the user signed in. */
  async #authorized(
    make: () => Transport & { finishAuth(params: URLSearchParams): Promise<void> },
    listener: ConnectionListener,
    setup: ClientSetup = this.#setup,
  ): Promise<McpConnection> {
    const { signal } = listener;
    for (let tries = 1;; tries++) {
      await this.#consent?.settled(signal);
      const transport = make();
      try {
        const client = await connectClient(transport, setup, listener);
        const ended = new Promise<string>((resolve) => client.onclose = () => resolve("closed the connection"));
        return {
          client,
          ended,
          mend: async (error) =>
            await isLostSession(error, transport) ||
            (await this.#consent?.given(error, (params) => transport.finishAuth(params), signal) ?? false),
          close: () => closeHttp(client, transport, this.#options.clock ?? systemClock()),
        };
      } catch (error) {
        await transport.close().catch(() => {});
        const isMended = tries < 3 &&
          await this.#consent?.given(error, (params) => transport.finishAuth(params), signal);
        if (isMended !== true) throw error;
      }
    }
  }

  async #settings(): Promise<{ fetch: McpFetch; authProvider?: Auth }> {
    const headers = new Headers(this.#scope.config.headers);
    for (const [name, value] of Object.entries(await this.#options.headers?.(this.#scope) ?? {})) {
      headers.set(name, value);
    }
    const fetch = withHeaders(this.#fetch, this.#url.origin, headers);
    return {
      fetch: this.#consent?.sharingRefresh(fetch) ?? fetch,
      ...(this.#auth === undefined ? {} : { authProvider: this.#auth }),
    };
  }

  /** A server that knows no POST answers it with an error of its router. */
  async #speaksOnlySse(error: unknown): Promise<boolean> {
    const { SdkHttpError } = await loadSdk();
    const isPinned = typeof this.#setup.protocol.versionNegotiation?.mode === "object";
    return !isPinned && error instanceof SdkHttpError && [400, 404, 405, 406, 415].includes(error.status ?? 0);
  }
}

/**
 * Answers a request itself when the stream that was to bring the answer has ended for good.
 *
 * The official client would wait for the deadline (2.4.0).
 */
function failingWithoutAnswer(transport: StreamableHTTPClientTransport): StreamableHTTPClientTransport {
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    if (Array.isArray(message) || !("method" in message) || !("id" in message)) return await send(message, options);
    const { id } = message;
    const error = { code: -32000, message: "it ended its answer without saying what came of the request" };
    const onRequestStreamEnd = (): void => transport.onmessage?.({ jsonrpc: "2.0", id, error });
    // An answer that came already is the one that counts.
    await send(message, { onRequestStreamEnd, ...options });
  };
  return transport;
}

/**
 * The server forgot the session: nothing of the request was done.
 *
 * The protocol wants a 404. Servers made after the official SDK's examples answer 400, and say why in words.
 */
async function isLostSession(error: unknown, transport: Transport): Promise<boolean> {
  const { SdkHttpError } = await loadSdk();
  if (!(error instanceof SdkHttpError) || transport.sessionId === undefined) return false;
  return error.status === 404 || error.status === 400 && /session|not initialized/i.test(error.message);
}

/** Tells the server too; one that does not answer is not waited for. */
async function closeHttp(client: McpConnection["client"], transport: Transport, clock: Clock): Promise<void> {
  if ("terminateSession" in transport && typeof transport.terminateSession === "function") {
    const told: Promise<void> = transport.terminateSession();
    await within(clock, GOODBYE_MS, told);
  }
  await client.close();
}

/** Says what to grant instead of letting Deno ask; a resolver of the host's own may need no grant of the name. */
function checkGranted(url: URL, { fetch, lookup }: McpHttpOptions): void {
  if (fetch !== undefined || lookup !== undefined) return;
  const host = permissionOf(url);
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  throw mcpError(
    "permission_missing",
    `Cannot reach ${url.host}: net access is not granted (run with --allow-net=${host})`,
  );
}
