import assert from "node:assert/strict";
import type { McpServerConfig } from "../../../src/records/mcp.ts";
import { envCredentials, headerCredentials } from "../../../src/kit/credentials.ts";
import { answeredCredentials, formCredentials, redactorFor } from "../../../src/mcp/server_secrets.ts";

const CREDENTIALS: readonly [what: string, config: McpServerConfig, secrets: readonly string[]][] = [
  ["a header", { headers: { Authorization: "Bearer canary-header-3" } }, ["canary-header-3"]],
  ["a header of basic authorization", { headers: { Authorization: `Basic ${btoa("me:canary-4")}` } }, ["canary-4"]],
  ["a variable", { env: { API_KEY: "canary-env", SOMETHING: "a-long-opaque-value-5" } }, [
    "canary-env",
    "a-long-opaque-value-5",
  ]],
  ["an address in a variable", { env: { DATABASE: "postgres://me:canary-pw@db.test/shop" } }, ["canary-pw"]],
  ["an address", { url: "https://me:canary%2Fpw@a.test/s/0a1b2c3d4e5f6a7b8c9d/mcp?key=canary-q" }, [
    "canary/pw",
    "0a1b2c3d4e5f6a7b8c9d",
    "canary-q",
  ]],
  ["a token in the place of a user", { url: "https://canary-user@a.test/" }, ["canary-user"]],
  ["an argument", { args: ["--api-key", "canary-a", "--token=canary-b", "postgres://me:canary-c@db.test/"] }, [
    "canary-a",
    "canary-b",
    "canary-c",
  ]],
  ["a header in an argument", { args: ["--header", "Authorization: Bearer canary-d"] }, ["canary-d"]],
  ["an address in an option", { args: ["--dsn=postgres://me:canary-e@db.test/"] }, ["canary-e"]],
];

for (const [what, config, secrets] of CREDENTIALS) {
  Deno.test(`the credentials of ${what} go out of failures and results`, () => {
    const redactor = redactorFor(config);
    for (const secret of secrets) {
      assert.equal(redactor.redact(secret), "[secret]");
      assert.equal(redactor.redactResult(secret), "[secret]");
    }
  });
}

Deno.test("values that may be no credentials go out of failures only", () => {
  const redactor = redactorFor({
    url: "https://postgres:canary-pw@a.test/mcp?region=eu-west",
    headers: { "X-Tenant": "acme-corp" },
    env: { COMPANY: "the whole company" },
  });
  for (const value of ["acme-corp", "eu-west", "postgres", "the whole company"]) {
    assert.equal(redactor.redact(value), "[secret]");
    assert.equal(redactor.redactResult(value), value);
  }
});

Deno.test("paths, addresses without credentials and words are left alone", () => {
  const redactor = redactorFor({
    url: "https://a.test/mcp/streamable-http-endpoint",
    env: { PATH: "/usr/bin:/bin", BASE: "https://b.test/api/v1", AUTH_FILE: "/home/me/key.pem" },
    args: ["--root", "/home/me", "--token-file", "/home/me/token", "-y", "some-server@1.2.3"],
  });
  for (
    const text of [
      "/usr/bin:/bin",
      "https://b.test/api/v1",
      "/home/me/key.pem",
      "/home/me/token",
      "some-server@1.2.3",
      "streamable-http-endpoint",
    ]
  ) assert.equal(redactor.redact(text), text);
});

Deno.test("what only has a name like a credential, or tells of one, stays in results", () => {
  const env = {
    GIT_AUTHOR_NAME: "Jane Doe",
    KEYBOARD_LAYOUT: "german",
    TOKENIZER: "cl100k_base",
    MONKEY: "banana",
    COMPASS: "north-west",
    PASSENGER_ENV: "production",
    BYPASS_CACHE: "always",
    AUTHORITY: "example",
    AUTH_TYPE: "oauth2",
    SIGNATURE_ALGORITHM: "ed25519",
    TOKEN_LIMIT: "100000",
    MAX_TOKENS: "200000",
    KEY_COUNT: "1000000",
  };
  const redactor = redactorFor({ env, headers: { "X-Author": "Joan Roe" }, args: ["--max-tokens", "400000"] });
  for (const value of [...Object.values(env), "Joan Roe", "400000"]) assert.equal(redactor.redactResult(value), value);
  const secret = {
    AUTHORIZATION: "canary1",
    apiKeys: "canary2",
    DB_PASSWD: "123456",
    API_KEY: "654321",
    AUTHTOKEN: "canary3",
    PGPASS: "canary4",
  };
  assert.deepEqual(envCredentials(secret), Object.values(secret));
});

Deno.test("what proves the client is found in headers, environments, requests for tokens and their answers", () => {
  assert.deepEqual(headerCredentials({ cookie: "a", accept: "b", "x-api-key": "c" }), ["a", "c"]);
  assert.deepEqual(envCredentials({ A_TOKEN: "a", LANG: "en_US.UTF-8" }), ["a"]);
  const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: "a", client_secret: "b", code: "c" });
  assert.deepEqual(formCredentials(form), ["a", "b", "c"]);
  assert.deepEqual(answeredCredentials('{"access_token": "token-a", "id_token":"token-b", "expires_in" nonsense'), [
    "token-a",
    "token-b",
  ]);
});
