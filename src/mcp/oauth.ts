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
import type { McpFetch } from "./guarded_fetch.ts";
import type { McpServerScope } from "./options.ts";
import { TokenRefresh } from "./token_refresh.ts";

/** Longest wait for a user to sign in, in milliseconds. */
const SIGN_IN_MS = 600_000;
/** Most requests for consent that are under way at a time. */
const MAX_VERIFIERS = 16;
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

/** A page that asks for consent, and what its answer is redeemed with. */
interface ConsentPage {
  readonly url: URL;
  readonly verifier: string;
  /** Where the answer must come from. */
  readonly discovery: OAuthDiscoveryState | undefined;
}

/** The consent of one user for one server. */
export class Consent {
  /** What the official client asks. */
  readonly provider: OAuthClientProvider;
  readonly #options: McpOAuthOptions;
  readonly #key: McpAuthKey;
  readonly #refresh = new TokenRefresh(async () => readStored((await this.#load()).tokens, isTokens));
  /** Verifiers by the challenge in the page they belong to; requests may ask for consent at the same time. */
  readonly #verifiers = new Map<string, string>();
  #credentials: Promise<McpCredentials> | undefined;
  /** The page nobody was shown yet. */
  #page: ConsentPage | undefined;
  /** The page whose answer is being redeemed. */
  #redeemed: ConsentPage | undefined;
  #signingIn: Promise<void> | undefined;
  #discovery: OAuthDiscoveryState | undefined;

  /** Asks nobody yet. */
  constructor(options: McpOAuthOptions, key: McpAuthKey) {
    this.#options = options;
    this.#key = key;
    this.provider = this.#makeProvider();
  }

  /** Wraps the fetch of a connection, so that requests share a refresh. */
  sharingRefresh(fetch: McpFetch): McpFetch {
    return this.#refresh.wrap(fetch);
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

  async #signIn(page: ConsentPage, finish: (params: URLSearchParams) => Promise<void>): Promise<void> {
    const signal = AbortSignal.timeout(SIGN_IN_MS);
    const answer = unlessAborted(this.#options.authorize({ key: this.#key, url: page.url, signal }), signal);
    const back = new URL(await answer);
    if (back.searchParams.get("state") !== page.url.searchParams.get("state")) {
      throw mcpError("mcp_authorization_required", "Cannot sign in: the answer belongs to another request");
    }
    const problem = back.searchParams.get("error");
    if (problem !== null) throw mcpError("mcp_authorization_required", `Cannot sign in: ${problem.slice(0, 200)}`);
    this.#redeemed = page;
    try {
      await finish(back.searchParams);
      // Whoever asked for consent meanwhile finds the tokens.
      this.#page = undefined;
    } finally {
      this.#redeemed = undefined;
    }
  }

  async #keepVerifier(verifier: string): Promise<void> {
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    this.#verifiers.set(new Uint8Array(hash).toBase64({ alphabet: "base64url", omitPadding: true }), verifier);
    const [oldest] = this.#verifiers.keys();
    if (this.#verifiers.size > MAX_VERIFIERS && oldest !== undefined) this.#verifiers.delete(oldest);
  }

  #keepPage(url: URL): void {
    const challenge = url.searchParams.get("code_challenge") ?? "";
    this.#page = { url, verifier: this.#verifiers.get(challenge) ?? "", discovery: this.#discovery };
    this.#verifiers.delete(challenge);
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
      state: () => crypto.randomUUID(),
      clientInformation: async () => this.#registered() ?? readStored((await this.#load()).client, isClient),
      saveClientInformation: (client) => this.#save({ client: toJson(client) }),
      tokens: async () => readStored((await this.#load()).tokens, isTokens),
      saveTokens: async (tokens) => {
        await this.#save({ tokens: toJson(tokens) });
        this.#refresh.settled();
      },
      redirectToAuthorization: (page) => this.#keepPage(page),
      saveCodeVerifier: (verifier) => this.#keepVerifier(verifier),
      codeVerifier: () => this.#redeemed?.verifier ?? "",
      saveDiscoveryState: (state) => void (this.#discovery = state),
      // The answer must come from the server that was asked. At any other time it is found anew: it may have moved.
      discoveryState: () => this.#redeemed?.discovery,
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
    if (which === "verifier" || which === "all") this.#verifiers.clear();
    if (which === "verifier" || which === "discovery") return;
    this.#refresh.settled();
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
