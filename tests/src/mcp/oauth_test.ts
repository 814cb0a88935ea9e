/** Signing in to a server: the server and its authorization server answer inside this process. */

import assert from "node:assert/strict";
import { type McpAuthKey, type McpAuthorization, type McpCredentials, mcpHttp } from "../../../src/mcp/mod.ts";
import type { NetworkAccess } from "../../../src/records/network_access.ts";
import { Consents } from "../../../src/mcp/oauth.ts";
import { UnauthorizedError } from "@modelcontextprotocol/client";
import { addEcho, callContext, type Connected, connected, type FetchServer, fetchServer, SESSION } from "./_servers.ts";

const SERVER = "https://mcp.example.com/mcp";
const ISSUER = "https://auth.example.com";
const REDIRECT = "http://127.0.0.1:8765/callback";

/** A server that wants a token, and the authorization server that gives one. */
class ProtectedServer {
  readonly server: FetchServer = fetchServer(addEcho);
  readonly visited: string[] = [];
  /** Hosts that were sent the configured header. */
  readonly keyed = new Set<string>();
  /** The token that is good now. */
  good = "token-1";
  /** Refresh tokens that were used; each is good once. */
  readonly refreshed: string[] = [];
  /** Verifiers that were given for codes, by the challenge they answer. */
  readonly challenges: string[] = [];
  /** Told of each request of the server's own, before it is answered. */
  hold: (token: string | null, body: string) => Promise<void> = () => Promise.resolve();
  /** Whether no token is ever good. */
  isStubborn = false;
  #issued = 0;

  fetch = async (target: string | URL, init?: RequestInit): Promise<Response> => {
    const url = new URL(target);
    if (new Headers(init?.headers).has("x-key")) this.keyed.add(url.host);
    this.visited.push(`${init?.method ?? "GET"} ${url.host}${url.pathname}`);
    if (url.href === SERVER) {
      const token = new Headers(init?.headers).get("authorization");
      await this.hold(token, String(init?.body));
      if (token === `Bearer ${this.good}`) return await this.server.fetch(url, init);
      const metadata = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
      const challenge = `Bearer resource_metadata="${metadata}", scope="tools"`;
      return new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
    }
    if (url.pathname.startsWith("/.well-known/oauth-protected-resource")) {
      return Response.json({ resource: SERVER, authorization_servers: [ISSUER] });
    }
    if (url.pathname === "/.well-known/oauth-authorization-server") {
      return Response.json({
        issuer: ISSUER,
        authorization_endpoint: `${ISSUER}/authorize`,
        token_endpoint: `${ISSUER}/token`,
        registration_endpoint: `${ISSUER}/register`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
      });
    }
    if (url.pathname === "/register") {
      return Response.json({ ...JSON.parse(String(init?.body)), client_id: "client-1" }, { status: 201 });
    }
    if (url.pathname === "/token") {
      const asked = new URLSearchParams(String(init?.body));
      if (asked.get("grant_type") === "refresh_token") {
        const used = asked.get("refresh_token") ?? "";
        if (this.refreshed.includes(used)) return Response.json({ error: "invalid_grant" }, { status: 400 });
        this.refreshed.push(used);
      } else this.challenges.push(await challengeOf(asked.get("code_verifier") ?? ""));
      const token = `token-${++this.#issued + 1}`;
      if (!this.isStubborn) this.good = token;
      const refresh = `refresh-${this.#issued}`;
      return Response.json({ access_token: token, token_type: "Bearer", refresh_token: refresh, expires_in: 60 });
    }
    return new Response("not found", { status: 404 });
  };
}

/** What a code verifier is announced as (RFC 7636, 4.2). */
async function challengeOf(verifier: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return new Uint8Array(hash).toBase64({ alphabet: "base64url", omitPadding: true });
}

interface SignedIn {
  readonly client: Connected;
  readonly asked: McpAuthorization[];
  readonly kept: Map<string, McpCredentials>;
}

async function signIn(
  protectedServer: ProtectedServer,
  answer: (request: McpAuthorization) => Promise<string | URL> = (request) => Promise.resolve(consent(request)),
  kept = new Map<string, McpCredentials>(),
  networkAccess?: NetworkAccess,
): Promise<SignedIn> {
  const config = { url: SERVER, authMode: "oauth", headers: { "X-Key": "for the server alone" } } as const;
  const asked: McpAuthorization[] = [];
  const id = ({ server, url, sessionId }: McpAuthKey): string => `${server} ${url} ${sessionId}`;
  const connector = mcpHttp({
    fetch: protectedServer.fetch,
    lookup: () => Promise.resolve(["93.184.215.14"]),
    oauth: {
      redirectUrl: REDIRECT,
      store: {
        load: (key) => Promise.resolve(kept.get(id(key))),
        save: (key, credentials) => Promise.resolve(void kept.set(id(key), credentials)),
      },
      authorize: (request) => {
        asked.push(request);
        return answer(request);
      },
    },
  });
  return { client: await connected(connector, config, "test", networkAccess), asked, kept };
}

/** What the browser is sent back to after the user agreed. */
function consent({ url }: McpAuthorization, state = url.searchParams.get("state") ?? ""): string {
  return `${REDIRECT}?${new URLSearchParams({ code: "code-1", state })}`;
}

Deno.test("a user signs in once, and the tokens are kept in the host's store", async () => {
  const server = new ProtectedServer();
  const { client, asked, kept } = await signIn(server);
  await using _client = client;
  assert.equal((await client.tools()).length, 1);
  assert.deepEqual(await client.call("echo", { message: "hi" }), { type: "success", value: { result: "hi" } });
  assert.equal(asked.length, 1);
  const page = asked[0]!.url;
  assert.equal(page.origin + page.pathname, `${ISSUER}/authorize`);
  assert.equal(page.searchParams.get("code_challenge_method"), "S256");
  assert.equal(page.searchParams.get("resource"), SERVER);
  assert.equal(page.searchParams.get("redirect_uri"), REDIRECT);
  const [credentials] = kept.values();
  assert.equal(credentials?.tokens?.["access_token"], server.good);
  assert.equal(credentials?.client?.["client_id"], "client-1");
});

Deno.test("kept tokens are used without asking anybody", async () => {
  const server = new ProtectedServer();
  const first = await signIn(server);
  await first.client.tools();
  await first.client[Symbol.asyncDispose]();
  const second = await signIn(server, undefined, first.kept);
  await using _client = second.client;
  assert.equal((await second.client.tools()).length, 1);
  assert.deepEqual(second.asked, []);
});

Deno.test("a store of credentials that failed once is asked again", async () => {
  const server = new ProtectedServer();
  const kept = new Map<string, McpCredentials>();
  let fails = true;
  kept.get = (key) => {
    if (!fails) return Map.prototype.get.call(kept, key);
    fails = false;
    throw new Error("the store is away");
  };
  const { client } = await signIn(server, undefined, kept);
  await using _client = client;
  await assert.rejects(client.tools());
  assert.equal((await client.tools()).length, 1);
});

Deno.test("a token that ran out is refreshed without asking anybody", async () => {
  const server = new ProtectedServer();
  const { client, asked } = await signIn(server);
  await using _client = client;
  await client.tools();
  server.good = "something else";
  assert.deepEqual(await client.call("echo", { message: "hi" }), { type: "success", value: { result: "hi" } });
  assert.equal(asked.length, 1);
});

Deno.test("an answer that belongs to another request is refused", async () => {
  const { client } = await signIn(new ProtectedServer(), (request) => Promise.resolve(consent(request, "forged")));
  await using _client = client;
  await assert.rejects(client.tools(), /the answer belongs to another request/);
});

Deno.test("a user who refuses is a reason, not a loop", async () => {
  const { client, asked } = await signIn(
    new ProtectedServer(),
    ({ url }) => Promise.resolve(`${REDIRECT}?error=access_denied&state=${url.searchParams.get("state")}`),
  );
  await using _client = client;
  await assert.rejects(client.tools(), /Cannot sign in: access_denied/);
  assert.equal(asked.length, 1);
});

Deno.test("a server that no token is good enough for is asked a bounded number of times", async () => {
  const server = new ProtectedServer();
  server.isStubborn = true;
  const { client, asked } = await signIn(server);
  await using _client = client;
  await assert.rejects(client.tools());
  assert.ok(asked.length <= 2, `asked ${asked.length} times`);
});

Deno.test("a sign-in goes on when its turn does not wait, and asks only once", async () => {
  const server = new ProtectedServer();
  const done = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<McpAuthorization>();
  const { client, asked } = await signIn(server, (request) => {
    begun.resolve(request);
    return done.promise;
  });
  await using _client = client;
  const first = client.tools();
  const request = await begun.promise;
  const second = client.tools();
  done.resolve(consent(request));
  assert.equal((await first).length, 1);
  assert.equal((await second).length, 1);
  assert.equal(asked.length, 1);
});

Deno.test("metadata never leads into a private network", async () => {
  const server = new ProtectedServer();
  const honest = server.fetch;
  const evil = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const response = await honest(url, init);
    if (!String(url).includes("oauth-protected-resource")) return response;
    return Response.json({ resource: SERVER, authorization_servers: ["http://169.254.169.254"] });
  };
  const { client } = await signIn(Object.assign(server, { fetch: evil }));
  await using _client = client;
  await assert.rejects(client.tools(), /169\.254\.169\.254.*private address|private address/);
  assert.deepEqual(server.visited.filter((visit) => visit.includes("169.254")), []);
});

Deno.test("configured headers are for the server alone, not for the authorization server it names", async () => {
  const protectedServer = new ProtectedServer();
  const { client } = await signIn(protectedServer);
  await using _closing = client;
  await client.tools();
  assert.ok(protectedServer.visited.includes("POST auth.example.com/token"));
  assert.deepEqual([...protectedServer.keyed], ["mcp.example.com"]);
});

Deno.test("the session's network policy holds for the authorization server too", async () => {
  const server = new ProtectedServer();
  const { client, asked } = await signIn(server, undefined, undefined, { allowed: ["mcp.example.com"] });
  await using _client = client;
  await assert.rejects(client.tools(), /auth\.example\.com.*network access policy/);
  assert.deepEqual([asked, server.visited.filter((visit) => visit.includes("auth.example.com"))], [[], []]);
});

Deno.test("calls that meet a token that ran out make one refresh, whether they meet it together or one later", async () => {
  const server = new ProtectedServer();
  const { client, asked } = await signIn(server);
  await using _client = client;
  await client.tools();
  server.good = "something else";
  const calls = Array.from({ length: 5 }, (_, index) => client.call("echo", { message: String(index) }));
  assert.deepEqual((await Promise.all(calls)).map(({ type }) => type), Array(5).fill("success"));
  assert.deepEqual([server.refreshed.length, asked.length], [1, 1]);
});

Deno.test("a call whose token was refused before another call refreshed it makes no second refresh", async () => {
  const server = new ProtectedServer();
  const { client, asked } = await signIn(server);
  await using _client = client;
  const [echo] = await client.tools();
  const expired = server.good;
  server.good = "something else";
  const slow = Promise.withResolvers<void>();
  const isHeld = Promise.withResolvers<void>();
  server.hold = async (token, body) => {
    if (token !== `Bearer ${expired}` || !body.includes("late")) return;
    isHeld.resolve();
    await slow.promise;
  };
  const late = echo?.execute({ message: "late" }, callContext());
  await isHeld.promise;
  assert.equal((await echo?.execute({ message: "early" }, callContext()))?.type, "success");
  slow.resolve();
  assert.equal((await late)?.type, "success");
  assert.deepEqual([server.refreshed.length, asked.length], [1, 1]);
});

Deno.test("a token that is refused again is refreshed again", async () => {
  const server = new ProtectedServer();
  const { client } = await signIn(server);
  await using _client = client;
  await client.tools();
  for (let round = 1; round <= 3; round++) {
    server.good = "something else";
    assert.equal((await client.call("echo", { message: "hi" })).type, "success");
    assert.equal(server.refreshed.length, round);
  }
});

Deno.test("two requests for consent at once do not void each other", async () => {
  const sent: McpAuthorization[] = [];
  const consents = new Consents({
    redirectUrl: REDIRECT,
    store: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    authorize: (request) => {
      sent.push(request);
      return Promise.resolve(consent(request));
    },
  });
  const one = consents.of({ server: "test", config: { url: SERVER }, sessionId: SESSION });
  const { provider } = one;
  // As the official client does for each of two requests that were refused together.
  const states = [String(await provider.state?.()), String(await provider.state?.())];
  const pages: URL[] = [];
  for (const [place, verifier] of ["first", "second"].entries()) {
    const challenge = await challengeOf(verifier);
    pages.push(
      new URL(`${ISSUER}/authorize?${new URLSearchParams({ state: states[place]!, code_challenge: challenge })}`),
    );
    await provider.saveCodeVerifier(verifier);
  }
  await provider.redirectToAuthorization(pages[0]!);
  const verifiers: string[] = [];
  const finish = async () => void verifiers.push(await provider.codeVerifier());
  const signal = new AbortController().signal;
  const first = one.given(new UnauthorizedError(), finish, signal);
  await provider.redirectToAuthorization(pages[1]!);
  const second = one.given(new UnauthorizedError(), finish, signal);
  assert.deepEqual(await Promise.all([first, second]), [true, true]);
  // One page was shown, and its answer was redeemed with what belongs to it.
  assert.equal(sent.length, 1);
  assert.deepEqual(await Promise.all(verifiers.map(challengeOf)), [sent[0]!.url.searchParams.get("code_challenge")]);
});

Deno.test("a page keeps what belongs to it while others are asked for", async () => {
  const shown = Promise.withResolvers<McpAuthorization>();
  const gate = Promise.withResolvers<string>();
  const consents = new Consents({
    redirectUrl: REDIRECT,
    store: { load: () => Promise.resolve(undefined), save: () => Promise.resolve() },
    authorize: (request) => {
      shown.resolve(request);
      return gate.promise;
    },
  });
  const one = consents.of({ server: "test", config: { url: SERVER }, sessionId: SESSION });
  const { provider } = one;
  const ask = async (verifier: string): Promise<void> => {
    const params = { state: String(await provider.state?.()), code_challenge: await challengeOf(verifier) };
    await provider.saveCodeVerifier(verifier);
    await provider.redirectToAuthorization(new URL(`${ISSUER}/authorize?${new URLSearchParams(params)}`));
  };
  await ask("first");
  let redeemed = "";
  const finish = async () => void (redeemed = await provider.codeVerifier());
  const signing = one.given(new UnauthorizedError(), finish, new AbortController().signal);
  const request = await shown.promise;
  await ask("second");
  gate.resolve(consent(request));
  assert.deepEqual([await signing, redeemed], [true, "first"]);
});
