/** Signing in to servers: the authorization code flow with the host's token store and the host's browser. */

import type {
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import type { SessionId } from "../records/ids.ts";
import type { JsonObject } from "../records/json.ts";
import { unlessAborted } from "../kit/unless_aborted.ts";
import { mcpError } from "./failure.ts";
import { loadSdk } from "./connection.ts";
import type { McpServerScope } from "./options.ts";

/** Longest wait for a user to sign in, in milliseconds. */
const SIGN_IN_MS = 600_000;
/** Most sign-ins that are remembered; tokens are the store's. */
const MAX_CONSENTS = 1024;

/** Whose credentials for what. */
export interface McpAuthKey {
  /** The server's name in the configuration. */
  readonly server: string;
  /** Its address: tokens of one address never go to another. */
  readonly url: string;
  /** The session; a host that serves several users tells by it whose tokens these are. */
  readonly sessionId: SessionId;
  /** The provider the configuration names. */
  readonly providerId?: string;
}

/** What is kept for a server; secret. */
export interface McpCredentials {
  /** The tokens, as the authorization server gave them. */
  readonly tokens?: JsonObject;
  /** How this client is registered, as the authorization server answered. */
  readonly client?: JsonObject;
}

/** How this client is known to an authorization server. */
export interface McpClientRegistration {
  /** Its id. */
  readonly clientId: string;
  /** Its secret, if it has one. */
  readonly clientSecret?: string;
}

/** Keeps credentials; the host decides where and how safely. */
export interface McpTokenStore {
  /** What is kept; undefined when nothing is. */
  load(key: McpAuthKey): Promise<McpCredentials | undefined>;
  /** Replaces what is kept. */
  save(key: McpAuthKey, credentials: McpCredentials): Promise<void>;
}

/** A user is to sign in. */
export interface McpAuthorization {
  /** Whose credentials are asked for. */
  readonly key: McpAuthKey;
  /** The page to open in the user's browser. */
  readonly url: URL;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Options of the sign-in. */
export interface McpOAuthOptions {
  /** Keeps credentials. */
  readonly store: McpTokenStore;
  /** Where the authorization server sends the browser back to. */
  readonly redirectUrl: string;
  /**
   * Has the user sign in: opens the page and resolves with the address the browser was sent back to.
   *
   * It may take minutes; turns meanwhile go on without the server.
   */
  readonly authorize: (request: McpAuthorization) => Promise<string | URL>;
  /** Address of this client's metadata document, for servers that take one instead of a registration. @default none */
  readonly clientMetadataUrl?: string;
  /** What is said about this client when it registers (RFC 7591). @default its name and redirect address */
  readonly clientMetadata?: JsonObject;
  /** How this client is registered already. @default it registers itself */
  readonly registration?: (key: McpAuthKey) => McpClientRegistration | undefined;
}

/** The consent of one user for one server. */
export class Consent {
  /** What the official client asks. */
  readonly provider: OAuthClientProvider;
  readonly #options: McpOAuthOptions;
  readonly #key: McpAuthKey;
  #credentials: Promise<McpCredentials> | undefined;
  #verifier: string | undefined;
  #state: string | undefined;
  #page: URL | undefined;
  #signingIn: Promise<void> | undefined;
  #discovery: OAuthDiscoveryState | undefined;
  #finishing = false;

  /** Asks nobody yet. */
  constructor(options: McpOAuthOptions, key: McpAuthKey) {
    this.#options = options;
    this.#key = key;
    this.provider = this.#makeProvider();
  }

  /** When an error says that the user has to sign in: has them do it, and tells that it helped. */
  async given(
    error: unknown,
    finish: (params: URLSearchParams) => Promise<void>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { UnauthorizedError } = await loadSdk();
    const page = this.#page;
    if (!(error instanceof UnauthorizedError) || (page === undefined && this.#signingIn === undefined)) return false;
    if (page !== undefined && this.#signingIn === undefined) {
      this.#page = undefined;
      this.#signingIn = this.#signIn(page, finish).finally(() => this.#signingIn = undefined);
      // It goes on when nobody waits any more; whoever connects next finds the tokens.
      this.#signingIn.catch(() => {});
    }
    await this.settled(signal);
    return true;
  }

  /** Waits while the user is signing in: a second request for consent would void the first. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#signingIn !== undefined) await unlessAborted(this.#signingIn, signal);
  }

  async #signIn(page: URL, finish: (params: URLSearchParams) => Promise<void>): Promise<void> {
    const signal = AbortSignal.timeout(SIGN_IN_MS);
    const answer = unlessAborted(this.#options.authorize({ key: this.#key, url: page, signal }), signal);
    const back = new URL(await answer);
    if (back.searchParams.get("state") !== this.#state) {
      throw mcpError("mcp_authorization_required", "Cannot sign in: the answer belongs to another request");
    }
    const problem = back.searchParams.get("error");
    if (problem !== null) throw mcpError("mcp_authorization_required", `Cannot sign in: ${problem.slice(0, 200)}`);
    this.#finishing = true;
    try {
      await finish(back.searchParams);
    } finally {
      this.#finishing = false;
      this.#discovery = undefined;
    }
  }

  #makeProvider(): OAuthClientProvider {
    const { redirectUrl, clientMetadata, clientMetadataUrl } = this.#options;
    const metadata: OAuthClientMetadata = {
      client_name: "everruns-runtime",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      ...clientMetadata,
      redirect_uris: [redirectUrl],
    };
    return {
      redirectUrl,
      clientMetadata: metadata,
      ...(clientMetadataUrl === undefined ? {} : { clientMetadataUrl }),
      state: () => this.#state = crypto.randomUUID(),
      clientInformation: async () => this.#registered() ?? readStored((await this.#load()).client, isClient),
      saveClientInformation: (client) => this.#save({ client: toJson(client) }),
      tokens: async () => readStored((await this.#load()).tokens, isTokens),
      saveTokens: (tokens) => this.#save({ tokens: toJson(tokens) }),
      redirectToAuthorization: (page) => void (this.#page = page),
      saveCodeVerifier: (verifier) => void (this.#verifier = verifier),
      codeVerifier: () => this.#verifier ?? "",
      saveDiscoveryState: (state) => void (this.#discovery = state),
      // The answer must come from the server that was asked. At any other time it is found anew: it may have moved.
      discoveryState: () => this.#finishing ? this.#discovery : undefined,
      invalidateCredentials: (which) => this.#forget(which),
    };
  }

  #registered(): StoredOAuthClientInformation | undefined {
    const known = this.#options.registration?.(this.#key);
    if (known === undefined) return undefined;
    const { clientId, clientSecret } = known;
    return { client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret }) };
  }

  #load(): Promise<McpCredentials> {
    this.#credentials ??= Promise.try(() => this.#options.store.load(this.#key)).then((kept) => kept ?? {}, (error) => {
      // A store that failed once is asked again.
      this.#credentials = undefined;
      throw error;
    });
    return this.#credentials;
  }

  async #save(part: McpCredentials): Promise<void> {
    const credentials = { ...await this.#load(), ...part };
    this.#credentials = Promise.resolve(credentials);
    await this.#options.store.save(this.#key, credentials);
  }

  async #forget(which: "all" | "client" | "tokens" | "verifier" | "discovery"): Promise<void> {
    if (which === "verifier" || which === "all") this.#verifier = undefined;
    if (which === "verifier" || which === "discovery") return;
    const { tokens, client } = await this.#load();
    const kept: McpCredentials = {
      ...(which === "client" && tokens !== undefined ? { tokens } : {}),
      ...(which === "tokens" && client !== undefined ? { client } : {}),
    };
    this.#credentials = Promise.resolve(kept);
    await this.#options.store.save(this.#key, kept);
  }
}

/** The consents of one connector: a sign-in outlives the connection that asked for it. */
export class Consents {
  readonly #options: McpOAuthOptions;
  readonly #consents = new Map<string, Consent>();

  /** Asks nobody yet. */
  constructor(options: McpOAuthOptions) {
    this.#options = options;
  }

  /** The consent for a server of a session. */
  of({ server, config, sessionId }: McpServerScope): Consent {
    const { url = "", oauthProviderId } = config;
    const key = { server, url, sessionId, ...(oauthProviderId === undefined ? {} : { providerId: oauthProviderId }) };
    const id = JSON.stringify(key);
    const consent = this.#consents.get(id) ?? new Consent(this.#options, key);
    this.#consents.delete(id);
    this.#consents.set(id, consent);
    const [oldest] = this.#consents.keys();
    if (this.#consents.size > MAX_CONSENTS && oldest !== undefined) this.#consents.delete(oldest);
    return consent;
  }
}

function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

/** What a store gave back, unless it is something else. */
function readStored<T>(value: JsonObject | undefined, is: (value: object) => value is T & object): T | undefined {
  return value !== undefined && is(value) ? value : undefined;
}

function isTokens(value: object): value is StoredOAuthTokens {
  return "access_token" in value && typeof value.access_token === "string";
}

function isClient(value: object): value is StoredOAuthClientInformation {
  return "client_id" in value && typeof value.client_id === "string";
}
