import assert from "node:assert/strict";
import { ProviderError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/records/secret.ts";
import type { Driver, DriverConfig, DriverDescriptor } from "../../../../src/ports/driver.ts";
import { type FetchFunction, geminiDriver, registerDriver } from "../../../../src/drivers/gemini/mod.ts";
import { assertFailed, collect } from "../../../net/fault_table.ts";
import { bytesOf, rechunk, sizesFrom } from "../../../_support/rechunk.ts";
import { streamOf, textStream } from "../openai/canned_fetch.ts";
import { requestOf } from "../openai/requests.ts";
import { GEMINI_CALLS, GEMINI_TEXT, parts } from "./recordings.ts";

const KEY = "AIza-test-0123456789abcdef";

/** A model whose price nobody knows. */
const REQUEST = requestOf({ model: "gemini-x" });

for (const recording of [GEMINI_TEXT, GEMINI_CALLS]) {
  const bytes = bytesOf(recording.pieces);

  Deno.test(`"${recording.name}" is never complete when it ends after any byte before its last event`, async () => {
    let body = bytes;
    const driver = await make(() => Promise.resolve(streamOf([body])));
    const needed = bytesOf(recording.pieces).length - 2;
    for (let length = 0; length < needed; length++) {
      body = bytes.subarray(0, length);
      assertFailed(await collect(driver, REQUEST), { code: "provider_unavailable", retryable: true }, `${length}`);
    }
  });

  Deno.test(`"${recording.name}" gives the same events in 100 random chunkings`, async () => {
    let seed = 0;
    const driver = await make(() => Promise.resolve(streamOf(rechunk(bytes, sizesFrom(++seed, 1 + seed)))));
    for (let i = 0; i < 100; i++) assert.deepEqual(await collect(driver, REQUEST), { events: recording.events });
  });

  Deno.test(`"${recording.name}" gives the same events with other line ends and a byte order mark`, async () => {
    for (const lineEnd of ["\n", "\r"]) {
      const body = new TextEncoder().encode(`\ufeff${recording.pieces.join("").replaceAll("\r\n", lineEnd)}`);
      const driver = await make(() => Promise.resolve(streamOf([body])));
      assert.deepEqual(await collect(driver, REQUEST), { events: recording.events });
    }
  });
}

Deno.test("registerDriver() registers the driver, which needs a key and one host", async () => {
  const drivers: DriverDescriptor[] = [];
  registerDriver({ register: (driver) => drivers.push(driver) });
  assert.deepEqual(drivers.map(({ id, requiresApiKey }) => [id, requiresApiKey]), [["gemini", true]]);
  const [driver] = drivers;
  assert.deepEqual(driver?.permissions({}), { net: ["generativelanguage.googleapis.com:443"] });
  assert.deepEqual(driver?.permissions({ baseUrl: "http://localhost:9000" }), { net: ["localhost:9000"] });
  await assert.rejects(async () => await driver?.create({}), misconfigured(/no API key was given/));
});

Deno.test("the key is in a header of the request and nowhere else", async () => {
  let sent: string | null = null;
  let url = "";
  const driver = await make((to, init) => {
    url = to;
    sent = new Headers(init.headers).get("x-goog-api-key");
    return Promise.reject(new TypeError(`connection to ${KEY} failed`));
  });
  const { thrown } = await collect(driver, REQUEST);
  assert.equal(sent, KEY);
  for (const value of [url, thrown, driver, driver.prepare(REQUEST)]) {
    assert.ok(!Deno.inspect(value, { depth: 20, showHidden: true }).includes(KEY));
  }
});

const PATHS: readonly [model: string, path: string][] = [
  ["gemini-2.5-flash", "models/gemini-2.5-flash"],
  ["models/gemini-2.5-flash", "models/gemini-2.5-flash"],
  ["tunedModels/mine-1", "tunedModels/mine-1"],
  ["odd model?key=1", "models/odd%20model%3Fkey%3D1"],
];

for (const [model, path] of PATHS) {
  Deno.test(`model "${model}" is asked at ${path}`, async () => {
    const driver = await make();
    assert.equal(
      driver.prepare(requestOf({ model })).url,
      `https://generativelanguage.googleapis.com/v1beta/${path}:streamGenerateContent?alt=sse`,
    );
  });
}

Deno.test("an error inside a stream fails the call with its code", async () => {
  const error = { error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } };
  const driver = await make(() =>
    Promise.resolve(textStream(parts([{ text: "Hi" }]), `data: ${JSON.stringify(error)}\n\n`))
  );
  const outcome = await collect(driver, REQUEST);
  assertFailed(outcome, { code: "provider_unavailable", retryable: true, status: 503 });
  assert.deepEqual(outcome.events, [{ type: "text", delta: "Hi" }]);
});

Deno.test("a quota that comes back is waited for as long as Gemini says", async () => {
  const error = {
    code: 429,
    message: "You exceeded your current quota, please check your plan and billing details.",
    status: "RESOURCE_EXHAUSTED",
    details: [
      { violations: [{ quotaId: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier" }] },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "12s" },
    ],
  };
  const driver = await make(() => Promise.resolve(Response.json({ error }, { status: 429 })));
  const expected = { code: "provider_rate_limited", retryable: true, status: 429, retryAfterMs: 12_000 };
  assertFailed(await collect(driver, REQUEST), expected);
});

Deno.test("an estimate of the cost is made where the price is known", async () => {
  const driver = await make(() => Promise.resolve(textStream(...GEMINI_TEXT.pieces)));
  const { events } = await collect(driver, requestOf({ model: "gemini-2.5-flash" }));
  const done = events.at(-1);
  assert.equal(
    done?.type === "done" ? done.usage?.estimatedCostUsd : undefined,
    (36 * 0.3 + 64 * 0.03 + 20 * 2.5) / 1_000_000,
  );
});

Deno.test("a cache of the host's stands for the system prompt and the tools", async () => {
  const request = requestOf({
    model: "gemini-2.5-flash",
    tools: [{ type: "builtin", name: "clock", description: "Tells the time", parameters: {} }],
  });
  const driver = await make(undefined, { providerMetadata: { cachedContent: "cachedContents/abc" } });
  const body = JSON.parse(driver.prepare(request).body);
  assert.deepEqual([body.cachedContent, body.systemInstruction, body.tools], [
    "cachedContents/abc",
    undefined,
    undefined,
  ]);
  assert.equal(body.contents.length, 1);
});

Deno.test("safety settings are those of the options, and of the model where it has some", async () => {
  const setting = (threshold: string) => ({ category: "HARM_CATEGORY_HARASSMENT", threshold });
  const sent = async (config: DriverConfig) => {
    const driver = await geminiDriver({ safetySettings: [setting("OFF")] }).create({
      apiKey: new Secret(KEY),
      ...config,
    });
    return JSON.parse(driver.prepare(REQUEST).body).safetySettings;
  };
  assert.deepEqual(await sent({}), [setting("OFF")]);
  assert.deepEqual(await sent({ providerMetadata: { safetySettings: [setting("BLOCK_NONE")] } }), [
    setting("BLOCK_NONE"),
  ]);
});

Deno.test("provider metadata of another shape is refused by name", async () => {
  for (const providerMetadata of [{ cachedContent: 7 }, { safetySettings: {} }]) {
    await assert.rejects(
      () => make(undefined, { providerMetadata }),
      misconfigured(new RegExp(`providerMetadata\\.${Object.keys(providerMetadata)[0]}`)),
    );
  }
});

function misconfigured(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ProviderError);
    assert.equal(error.code, "provider_misconfigured");
    assert.match(error.message, message);
    return true;
  };
}

async function make(fetch?: FetchFunction, config: DriverConfig = {}): Promise<Driver> {
  const options = fetch === undefined ? {} : { fetch };
  return await geminiDriver(options).create({ apiKey: new Secret(KEY), ...config });
}

Deno.test("Google is told to store nothing, and a server that does not know the member is not told", async () => {
  const sent: string[] = [];
  const refusal = {
    error: { code: 400, message: 'Unknown name "store": Cannot find field.', status: "INVALID_ARGUMENT" },
  };
  const fetch: FetchFunction = (_url, init) => {
    sent.push(String(init.body));
    return Promise.resolve(
      sent.length === 1 ? Response.json(refusal, { status: 400 }) : textStream(...GEMINI_TEXT.pieces),
    );
  };
  const driver = await make(fetch);
  assert.match(driver.prepare(REQUEST).body, /"store":false/);
  for (const _ of [1, 2]) assert.equal((await collect(driver, REQUEST)).thrown, undefined);
  assert.deepEqual(sent.map((body) => body.includes("store")), [true, false, false]);
  const elsewhere = await make(fetch, { baseUrl: "http://localhost:9000" });
  assert.doesNotMatch(elsewhere.prepare(REQUEST).body, /store/);
});
