import assert from "node:assert/strict";
import { ProviderError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/records/secret.ts";
import type { DriverConfig } from "../../../../src/ports/driver.ts";
import {
  azureOpenAIDriver,
  type AzureOpenAIDriverOptions,
  ollamaDriver,
  registerDriver,
} from "../../../../src/drivers/openai/mod.ts";
import { collect } from "../../../net/fault_table.ts";
import { KEY, textStream } from "./canned_fetch.ts";
import { COMPLETIONS_TEXT, RESPONSES_TEXT } from "./recordings.ts";
import { requestOf } from "./requests.ts";

const RESOURCE = "https://my-resource.openai.azure.com";

const ADDRESSES: readonly [baseUrl: string, url: string][] = [
  [RESOURCE, `${RESOURCE}/openai/v1/responses`],
  [`${RESOURCE}/`, `${RESOURCE}/openai/v1/responses`],
  [`${RESOURCE}/openai/`, `${RESOURCE}/openai/v1/responses`],
  [`${RESOURCE}/openai/v1/`, `${RESOURCE}/openai/v1/responses`],
  ["https://gateway.test/azure/v9", "https://gateway.test/azure/v9/responses"],
];

for (const [baseUrl, url] of ADDRESSES) {
  Deno.test(`Azure OpenAI at ${baseUrl} is asked at ${url}`, async () => {
    const driver = await azureOpenAIDriver().create({ apiKey: new Secret(KEY), baseUrl });
    assert.equal(driver.prepare(requestOf({ model: "my-deployment" })).url, url);
  });
}

Deno.test("Azure OpenAI without a resource is refused with what to set", async () => {
  for (const baseUrl of [undefined, ""]) {
    const config = baseUrl === undefined ? {} : { baseUrl };
    assert.throws(() => azureOpenAIDriver().permissions(config), misconfigured(/set baseUrl of the model/));
    await assert.rejects(async () => await azureOpenAIDriver().create(config), misconfigured(/set baseUrl/));
  }
});

Deno.test("a key of Azure OpenAI goes into `api-key`, a token of Entra ID into `authorization`", async () => {
  const sent = async (options: AzureOpenAIDriverOptions, config: DriverConfig) => {
    let headers = new Headers();
    const descriptor = azureOpenAIDriver({
      ...options,
      fetch: (_url, init) => {
        headers = new Headers(init.headers);
        return Promise.resolve(textStream(...RESPONSES_TEXT.pieces));
      },
    });
    const driver = await descriptor.create({ apiKey: new Secret(KEY), baseUrl: RESOURCE, ...config });
    await collect(driver, requestOf());
    const shown = driver.prepare(requestOf()).headers;
    return [headers.get("api-key"), headers.get("authorization"), shown["api-key"], shown["authorization"]];
  };
  assert.deepEqual(await sent({}, {}), [KEY, null, "[secret]", undefined]);
  const token = [null, `Bearer ${KEY}`, undefined, "Bearer [secret]"];
  assert.deepEqual(await sent({ auth: "token" }, {}), token);
  assert.deepEqual(await sent({}, { providerMetadata: { auth: "token" } }), token);
  await assert.rejects(() => sent({}, { providerMetadata: { auth: "entra" } }), misconfigured(/"key" or "token"/));
});

Deno.test("Azure OpenAI without a key is refused when a driver is made", async () => {
  await assert.rejects(
    async () => await azureOpenAIDriver().create({ baseUrl: RESOURCE }),
    misconfigured(/no API key was given/),
  );
});

Deno.test("the API of Azure OpenAI and Ollama is the one the model names, else the options, else their own", async () => {
  const path = async (driver: typeof azureOpenAIDriver | typeof ollamaDriver, named: unknown[]) => {
    const [option, metadata] = named;
    const descriptor = driver(option === undefined ? {} : { api: "completions" });
    const providerMetadata = metadata === undefined ? {} : { providerMetadata: { api: String(metadata) } };
    const made = await descriptor.create({ apiKey: new Secret(KEY), baseUrl: RESOURCE, ...providerMetadata });
    return new URL(made.prepare(requestOf()).url).pathname;
  };
  assert.equal(await path(azureOpenAIDriver, []), "/openai/v1/responses");
  assert.equal(await path(azureOpenAIDriver, ["completions"]), "/openai/v1/chat/completions");
  assert.equal(await path(azureOpenAIDriver, ["completions", "responses"]), "/openai/v1/responses");
  assert.equal(await path(ollamaDriver, []), "/v1/chat/completions");
  assert.equal(await path(ollamaDriver, [undefined, "responses"]), "/v1/responses");
  await assert.rejects(() => path(ollamaDriver, [undefined, "chat"]), misconfigured(/one of completions, responses/));
});

Deno.test("Ollama listens on this machine unless a base URL says otherwise, and needs no key", async () => {
  const asked: string[] = [];
  const descriptor = ollamaDriver({
    fetch: (url, init) => {
      asked.push(`${init.method} ${url} ${new Headers(init.headers).get("authorization")}`);
      return Promise.resolve(
        init.method === "GET"
          ? Response.json({ object: "list", data: [{ id: "qwen3:8b" }, { id: "llama3.2:latest" }] })
          : textStream(...COMPLETIONS_TEXT.pieces),
      );
    },
  });
  const driver = await descriptor.create({});
  const signal = new AbortController().signal;
  assert.deepEqual(await driver.listModels?.({ signal }), ["qwen3:8b", "llama3.2:latest"]);
  assert.deepEqual(await collect(driver, requestOf({ model: "qwen3:8b" })), { events: COMPLETIONS_TEXT.events });
  const remote = await descriptor.create({ baseUrl: "http://gpu.lan:11434/v1" });
  await collect(remote, requestOf());
  assert.deepEqual(asked, [
    "GET http://localhost:11434/v1/models Bearer no-key",
    "POST http://localhost:11434/v1/chat/completions Bearer no-key",
    "POST http://gpu.lan:11434/v1/chat/completions Bearer no-key",
  ]);
});

Deno.test("listModels() of Azure OpenAI asks the resource", async () => {
  let asked = "";
  const descriptor = azureOpenAIDriver({
    fetch: (url) => {
      asked = url;
      return Promise.resolve(Response.json({ data: [{ id: "gpt-5.5" }] }));
    },
  });
  const driver = await descriptor.create({ apiKey: new Secret(KEY), baseUrl: RESOURCE });
  assert.deepEqual(await driver.listModels?.({ signal: new AbortController().signal }), ["gpt-5.5"]);
  assert.equal(asked, `${RESOURCE}/openai/v1/models`);
});

Deno.test("reasoning of Azure OpenAI is its own: that of OpenAI is not sent to it", async () => {
  const driver = await azureOpenAIDriver().create({ apiKey: new Secret(KEY), baseUrl: RESOURCE });
  const item = (provider: string) => ({ type: "reasoning", provider, encryptedContent: `by ${provider}` }) as const;
  const { body } = driver.prepare(requestOf({
    messages: [{ role: "assistant", content: "Hi", toolCalls: [], reasoning: [item("openai"), item("azure_openai")] }],
  }));
  assert.deepEqual([body.includes("by openai"), body.includes("by azure_openai")], [false, true]);
});

Deno.test("registerDriver() keeps headers meant for OpenAI from Azure OpenAI and Ollama", async () => {
  const sent: (string | null)[] = [];
  const drivers = new Map<string, ReturnType<typeof ollamaDriver>>();
  registerDriver({ register: (driver) => drivers.set(driver.id, driver) }, {
    headers: { "x-gateway-key": "hidden" },
    fetch: (_url, init) => {
      sent.push(new Headers(init.headers).get("x-gateway-key"));
      return Promise.resolve(textStream(...COMPLETIONS_TEXT.pieces));
    },
  });
  for (const id of ["openai_completions", "ollama", "azure_openai"]) {
    const config = { apiKey: new Secret(KEY), baseUrl: RESOURCE, providerMetadata: { api: "completions" } };
    const driver = await drivers.get(id)?.create(config);
    assert.ok(driver);
    await collect(driver, requestOf());
  }
  assert.deepEqual(sent, ["hidden", null, null]);
});

function misconfigured(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ProviderError);
    assert.equal(error.code, "provider_misconfigured");
    assert.match(error.message, message);
    return true;
  };
}

Deno.test("an address of Azure's older API fails with what to write instead", () => {
  const baseUrl = "https://r.openai.azure.com/openai/deployments/gpt-5/chat/completions?api-version=2024-10-21";
  assert.throws(() => azureOpenAIDriver().permissions({ baseUrl }), (error) => {
    assert.ok(error instanceof ProviderError);
    assert.equal(error.code, "provider_misconfigured");
    assert.match(
      error.message,
      /names a deployment \(give the address of the resource, .*, and the deployment as the model\)/,
    );
    return true;
  });
});
