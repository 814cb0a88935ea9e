import assert from "node:assert/strict";
import { ProviderError } from "../../../../src/errors.ts";
import type { JsonObject } from "../../../../src/records/json.ts";
import { Secret } from "../../../../src/records/secret.ts";
import type { Driver, ModelEvent, ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import {
  openRouterDriver,
  type OpenRouterDriverOptions,
  registerDriver,
} from "../../../../src/drivers/openai/openrouter.ts";
import { collect, type RecordedStream } from "../../../net/fault_table.ts";
import { bytesOf, rechunk, sizesFrom } from "../../../_support/rechunk.ts";
import { KEY, streamOf, textStream } from "./canned_fetch.ts";
import { OPENROUTER_COMPLETIONS, OPENROUTER_RESPONSES } from "./openrouter_recordings.ts";
import { completionsDelta } from "./recordings.ts";
import { requestOf } from "./requests.ts";

const CLAUDE = "anthropic/claude-sonnet-4.5";

const RECORDINGS: readonly [recording: RecordedStream, options: OpenRouterDriverOptions][] = [
  [OPENROUTER_RESPONSES, { api: "responses" }],
  [OPENROUTER_COMPLETIONS, {}],
];

for (const [recording, options] of RECORDINGS) {
  Deno.test(`"${recording.name}" gives the same events in 100 random chunkings`, async () => {
    let seed = 0;
    const bytes = bytesOf(recording.pieces);
    const fetch = () => Promise.resolve(streamOf(rechunk(bytes, sizesFrom(++seed, 1 + seed))));
    const driver = await make({ ...options, fetch });
    for (let i = 0; i < 100; i++) {
      assert.deepEqual(await collect(driver, requestOf()), { events: recording.events });
    }
  });
}

Deno.test("registerDriver() registers the driver for openrouter.ai, which needs a key", async () => {
  const ids: string[] = [];
  registerDriver({ register: (driver) => ids.push(driver.id) });
  assert.deepEqual(ids, ["openrouter"]);
  assert.deepEqual(openRouterDriver().permissions({}), { net: ["openrouter.ai:443"] });
  await assert.rejects(async () => await openRouterDriver().create({}), /no API key was given/);
});

Deno.test("OpenRouter is asked through its Chat API, or its Responses API", async () => {
  assert.equal((await make()).prepare(requestOf()).url, "https://openrouter.ai/api/v1/chat/completions");
  const responses = await make({ api: "responses" });
  assert.equal(responses.prepare(requestOf()).url, "https://openrouter.ai/api/v1/responses");
});

Deno.test("the attribution of a session wins over the driver's, and what no header may hold is left out", async () => {
  let sent = new Headers();
  const driver = await make({
    api: "responses",
    referer: "https://example.com",
    title: "Example",
    fetch: (_url, init) => {
      sent = new Headers(init.headers);
      return Promise.resolve(textStream(...OPENROUTER_RESPONSES.pieces));
    },
  });
  const attribution = async (request: ModelRequest) => {
    await collect(driver, request);
    const { headers } = driver.prepare(request);
    assert.deepEqual([headers["http-referer"], headers["x-title"]], [
      sent.get("http-referer") ?? undefined,
      sent.get("x-title") ?? undefined,
    ]);
    assert.equal(sent.get("x-own-headers"), null);
    return [sent.get("http-referer"), sent.get("x-title")];
  };
  assert.deepEqual(await attribution(requestOf()), ["https://example.com", "Example"]);
  const own = { openrouter_http_referer: "https://other.test", openrouter_x_title: "Größe 世界\r\nx: y" };
  assert.deepEqual(await attribution(requestOf({ metadata: own })), [
    "https://other.test",
    "Gre x: y",
  ]);
  const none = { openrouter_http_referer: "", openrouter_x_title: "世界" };
  assert.deepEqual(await attribution(requestOf({ metadata: none })), [null, null]);
});

Deno.test("a session's attribution cannot replace the key", async () => {
  let sent = new Headers();
  const driver = await make({
    api: "responses",
    headers: { "x-title": "Fixed" },
    fetch: (_url, init) => {
      sent = new Headers(init.headers);
      return Promise.resolve(textStream(...OPENROUTER_RESPONSES.pieces));
    },
  });
  await collect(driver, requestOf({ metadata: { openrouter_x_title: "Other", authorization: "Bearer other" } }));
  assert.deepEqual([sent.get("x-title"), sent.get("authorization")], ["Fixed", `Bearer ${KEY}`]);
});

Deno.test("routing is that of the options, and of the model where it says something", async () => {
  const options = { routing: { models: ["a/b"], provider: { order: ["x"] }, plugins: [{ id: "web" }], preset: "p" } };
  const sent = async (providerMetadata: JsonObject) => {
    const { models, provider, plugins, preset, other } = parsed(await make(options, providerMetadata), requestOf());
    return { models, provider, plugins, preset, other };
  };
  const all = { ...options.routing, other: undefined };
  assert.deepEqual(await sent({}), all);
  assert.deepEqual(await sent({ models: ["c/d", "e/f"], other: 1 }), { ...all, models: ["c/d", "e/f"] });
});

Deno.test("routing of another shape is refused by name", async () => {
  const wrong: readonly JsonObject[] = [{ models: "a/b" }, { models: [1] }, { modalities: {} }, { provider: [] }, {
    plugins: {},
  }, {
    preset: 1,
  }];
  for (const providerMetadata of wrong) {
    await assert.rejects(() => make({}, providerMetadata), (error) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, "provider_misconfigured");
      assert.ok(error.message.includes(`"${Object.keys(providerMetadata)[0]}"`));
      return true;
    });
  }
});

Deno.test("a session stays with its provider", async () => {
  for (const api of ["responses", "completions"] as const) {
    const metadata = { session_id: "s".repeat(300), openrouter_x_title: "T" };
    const body = parsed(await make({ api }), requestOf({ model: CLAUDE, metadata }));
    assert.deepEqual([body["session_id"], body["metadata"]], ["s".repeat(256), undefined]);
  }
});

Deno.test("for Claude the system prompt and the newest user message are marked to be cached, for others nothing", async () => {
  const driver = await make();
  const image = { type: "image", url: "https://a.test/b.png" } as const;
  const user = (...content: Extract<ModelMessage, { role: "user" }>["content"]): ModelMessage => ({
    role: "user",
    content,
  });
  const messages = [
    user({ type: "text", text: "First" }),
    user({ type: "text", text: "Look" }, image),
    { role: "assistant", content: "Nice.", toolCalls: [] } as const,
  ];
  const mark = { cache_control: { type: "ephemeral" } };
  assert.deepEqual(parsed(driver, requestOf({ model: CLAUDE, messages }))["messages"], [
    { role: "system", content: [{ type: "text", text: "Be brief.", ...mark }] },
    { role: "user", content: "First" },
    {
      role: "user",
      content: [{ type: "text", text: "Look", ...mark }, { type: "image_url", image_url: { url: image.url } }],
    },
    { role: "assistant", content: "Nice." },
  ]);
  assert.doesNotMatch(driver.prepare(requestOf({ model: "openai/gpt-5.5", messages })).body, /cache_control/);
});

Deno.test("effort is a member of `reasoning` in both APIs", async () => {
  const request = requestOf({ model: CLAUDE, reasoningEffort: "high" });
  assert.deepEqual(parsed(await make({ api: "responses" }), request)["reasoning"], { effort: "high", summary: "auto" });
  const chat = parsed(await make(), request);
  assert.deepEqual([chat["reasoning"], chat["reasoning_effort"]], [{ effort: "high" }, undefined]);
});

Deno.test("a reasoning item of the Responses API comes back whole, signature included", async () => {
  const [item] = await sentBack({ api: "responses" }, OPENROUTER_RESPONSES);
  assert.deepEqual(item, {
    type: "reasoning",
    id: "rs_1",
    summary: [],
    content: [{ type: "reasoning_text", text: "Hm." }],
    signature: "c2ln",
    format: "anthropic-claude-v1",
  });
});

Deno.test("reasoning details of the Chat API come back in one piece, under the id the call is sent with", async () => {
  const [message] = await sentBack({}, OPENROUTER_COMPLETIONS);
  assert.deepEqual(message?.["reasoning_details"], [
    { type: "reasoning.text", text: "Hm, weather.", signature: "c2ln", format: "anthropic-claude-v1", index: 0 },
    { type: "reasoning.encrypted", data: "AAAA", id: "call_ours", format: "google-gemini-v1", index: 1 },
  ]);
});

Deno.test("images of the Chat API are images of the reply", async () => {
  const url = `data:image/png;base64,${"A".repeat(2_000_000)}`;
  const driver = await make({
    fetch: () =>
      Promise.resolve(textStream(
        completionsDelta({ content: "Here.", images: [{ type: "image_url", image_url: { url } }, null, {}] }),
        completionsDelta({}, "stop"),
      )),
  });
  const { events } = await collect(driver, requestOf());
  assert.deepEqual(events.slice(0, 2), [{ type: "text", delta: "Here." }, {
    type: "image",
    image: { type: "image", url },
  }]);
});

Deno.test("reasoning that is damaged or of another provider is not sent", async () => {
  const reasoning = [
    { type: "reasoning", provider: "openai", encryptedContent: '[{"type":"reasoning.text"}]' },
    { type: "reasoning", provider: "openrouter", encryptedContent: "{nonsense" },
    { type: "reasoning", provider: "openrouter" },
  ] as const;
  const messages: ModelMessage[] = [{ role: "assistant", content: "Hi", toolCalls: [], reasoning }];
  const chat = parsed(await make(), requestOf({ systemPrompt: "", messages }));
  assert.deepEqual(chat["messages"], [{ role: "assistant", content: "Hi" }]);
});

/** What is sent of a reply when it has become part of the conversation. */
async function sentBack(options: OpenRouterDriverOptions, { events }: RecordedStream): Promise<readonly JsonObject[]> {
  const items = events.filter((event): event is Extract<ModelEvent, { type: "reasoning_item" }> =>
    event.type === "reasoning_item"
  );
  const messages: ModelMessage[] = [{
    role: "assistant",
    content: "",
    toolCalls: [{ id: "call_ours", name: "weather", arguments: {} }],
    reasoning: items.map(({ item }) => item),
  }];
  const body = parsed(await make(options), requestOf({ model: CLAUDE, systemPrompt: "", messages }));
  const sent = body["input"] ?? body["messages"];
  assert.ok(Array.isArray(sent));
  return sent;
}

function parsed(driver: Driver, request: ModelRequest): JsonObject {
  return JSON.parse(driver.prepare(request).body);
}

async function make(options: OpenRouterDriverOptions = {}, providerMetadata: JsonObject = {}): Promise<Driver> {
  return await openRouterDriver(options).create({ apiKey: new Secret(KEY), providerMetadata });
}

Deno.test("for Claude the newest result of a long turn is marked too, so that the turn itself is cached", async () => {
  const driver = await openRouterDriver().create({ apiKey: new Secret("sk-or-test-0123456789") });
  const step = (index: number): readonly ModelMessage[] => [
    { role: "assistant", content: "", toolCalls: [{ id: `call_${index}`, name: "clock", arguments: {} }] },
    { role: "tool", toolCallId: `call_${index}`, toolName: "clock", content: "noon", isError: false },
  ];
  const marksOf = (messages: readonly ModelMessage[]) => {
    const { body } = driver.prepare(requestOf({ model: "anthropic/claude-sonnet-4.5", messages }));
    const { messages: sent }: { messages?: readonly object[] } = JSON.parse(body);
    return sent?.map((message) => JSON.stringify(message).includes("cache_control"));
  };
  const turn = [...requestOf().messages, ...step(1), ...step(2)];
  assert.deepEqual(marksOf(turn), [true, true, false, false, false, true]);
  assert.deepEqual(marksOf([...turn, ...requestOf().messages]), [true, false, false, false, false, false, true]);
});
