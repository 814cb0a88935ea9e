import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/records/json.ts";
import { Secret } from "../../../src/records/secret.ts";
import { envProviders, envVariables, providerFromEnv } from "../../../src/drivers/from_env.ts";

const KEY = "key-0123456789";

interface Row {
  readonly provider: string;
  readonly variables: Readonly<Record<string, string>>;
  /** What is found; `key` says whether the key is among it. */
  readonly found: { readonly key: boolean; readonly baseUrl?: string; readonly metadata?: JsonObject } | undefined;
}

const ROWS: readonly Row[] = [
  { provider: "openai", variables: { OPENAI_API_KEY: KEY }, found: { key: true } },
  {
    provider: "openai",
    variables: { OPENAI_BASE_URL: "http://a.test" },
    found: { key: false, baseUrl: "http://a.test" },
  },
  {
    provider: "openai_completions",
    variables: { OPENAI_API_KEY: ` ${KEY}\n`, OPENAI_BASE_URL: "http://a.test" },
    found: { key: true, baseUrl: "http://a.test" },
  },
  { provider: "openai", variables: { OPENAI_API_KEY: "  " }, found: undefined },
  { provider: "openai", variables: { GEMINI_API_KEY: KEY }, found: undefined },
  { provider: "anthropic", variables: { ANTHROPIC_API_KEY: KEY }, found: { key: true } },
  { provider: "anthropic", variables: { ANTHROPIC_BASE_URL: "http://a.test" }, found: undefined },
  {
    provider: "gemini",
    variables: { GEMINI_API_KEY: KEY, GEMINI_BASE_URL: "http://a.test" },
    found: { key: true, baseUrl: "http://a.test" },
  },
  { provider: "openrouter", variables: { OPENROUTER_API_KEY: KEY }, found: { key: true } },
  { provider: "azure_openai", variables: { AZURE_OPENAI_API_KEY: KEY }, found: undefined },
  { provider: "azure_openai", variables: { AZURE_OPENAI_ENDPOINT: "https://r.test" }, found: undefined },
  {
    provider: "azure_openai",
    variables: { AZURE_OPENAI_API_KEY: KEY, AZURE_OPENAI_ENDPOINT: "https://r.test", AZURE_OPENAI_AD_TOKEN: "token" },
    found: { key: true, baseUrl: "https://r.test" },
  },
  {
    provider: "azure_openai",
    variables: {
      AZURE_OPENAI_AD_TOKEN: KEY,
      AZURE_OPENAI_ENDPOINT: "https://r.test",
      AZURE_OPENAI_BASE_URL: "https://b.test",
    },
    found: { key: true, baseUrl: "https://b.test", metadata: { auth: "token" } },
  },
  { provider: "ollama", variables: {}, found: undefined },
  { provider: "ollama", variables: { OLLAMA_API_KEY: KEY }, found: { key: true, baseUrl: "https://ollama.com/v1" } },
  ...[
    ["gpu.lan", "http://gpu.lan:11434"],
    ["gpu.lan:80", "http://gpu.lan"],
    ["0.0.0.0", "http://localhost:11434"],
    ["0.0.0.0:9000", "http://localhost:9000"],
    ["https://ollama.test/v1/", "https://ollama.test/v1"],
  ].map(([host = "", baseUrl = ""]) => ({
    provider: "ollama",
    variables: { OLLAMA_HOST: host },
    found: { key: false, baseUrl },
  })),
];

for (const { provider, variables, found } of ROWS) {
  Deno.test(`providerFromEnv() finds ${JSON.stringify(found)} of ${provider} in ${JSON.stringify(variables)}`, () => {
    const asked: string[] = [];
    const settings = providerFromEnv(provider, (name) => {
      asked.push(name);
      return variables[name];
    });
    assert.deepEqual(asked.filter((name) => !envVariables(provider).includes(name)), []);
    if (found === undefined) {
      assert.equal(settings, undefined);
      return;
    }
    assert.equal(settings?.providerType, provider);
    assert.equal(settings.apiKey instanceof Secret ? settings.apiKey.reveal() : undefined, found.key ? KEY : undefined);
    assert.deepEqual([settings.baseUrl, settings.providerMetadata], [found.baseUrl, found.metadata]);
  });
}

Deno.test("a variable the program may not read counts as not set", () => {
  // This test runs without any permission.
  assert.equal(providerFromEnv("openai", (name) => Deno.env.get(name)), undefined);
  const partly = providerFromEnv("openai", (name) => name === "OPENAI_API_KEY" ? KEY : Deno.env.get(name));
  assert.deepEqual(Object.keys(partly ?? {}), ["providerType", "apiKey"]);
});

Deno.test("another failure of the lookup comes through", () => {
  const failure = new Error("vault is sealed");
  assert.throws(() =>
    providerFromEnv("gemini", () => {
      throw failure;
    }), failure);
});

Deno.test("a provider without variables is refused with the ones that have some", () => {
  for (const call of [() => envVariables("llmsim"), () => providerFromEnv("constructor", () => KEY)]) {
    assert.throws(call, { name: "RangeError", message: /expected one of openai, .*ollama/ });
  }
  assert.equal(new Set(envProviders).size, 7);
});
