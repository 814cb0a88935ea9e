import assert from "node:assert/strict";
import { ProviderError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/records/secret.ts";
import type { DriverConfig, DriverDescriptor } from "../../../../src/ports/driver.ts";
import {
  openAICompletionsDriver,
  type OpenAIDriverOptions,
  openAIResponsesDriver,
  registerDriver,
} from "../../../../src/drivers/openai/mod.ts";
import { assertFailed, collect, type RecordedStream } from "../../../net/fault_table.ts";
import { bytesOf, rechunk, sizesFrom } from "../../../_support/rechunk.ts";
import { completions, KEY, responses, streamOf, textStream } from "./canned_fetch.ts";
import { COMPLETIONS_CALLS, COMPLETIONS_TEXT, RESPONSES_CALLS, RESPONSES_TEXT } from "./recordings.ts";
import { requestOf } from "./requests.ts";

const RECORDINGS: readonly [recording: RecordedStream, make: typeof responses][] = [
  [RESPONSES_TEXT, responses],
  [RESPONSES_CALLS, responses],
  [COMPLETIONS_TEXT, completions],
  [COMPLETIONS_CALLS, completions],
];

/** The model of the recordings, whose price nobody knows. */
const UNPRICED = requestOf({ model: "m-1" });

for (const [recording, make] of RECORDINGS) {
  const bytes = bytesOf(recording.pieces);

  Deno.test(`"${recording.name}" is never complete when it ends after any byte before its last event`, async () => {
    let body = bytes;
    const driver = await make(() => Promise.resolve(streamOf([body])));
    // Without its blank line an event still counts: the whole of its data is there.
    const needed = bytesOf(recording.pieces.slice(0, (recording.endable ?? recording.terminal) + 1)).length - 2;
    for (let length = 0; length < needed; length++) {
      body = bytes.subarray(0, length);
      assertFailed(await collect(driver, UNPRICED), { code: "provider_unavailable", retryable: true }, `${length}`);
    }
  });

  Deno.test(`"${recording.name}" gives the same events in 100 random chunkings`, async () => {
    let seed = 0;
    const driver = await make(() => Promise.resolve(streamOf(rechunk(bytes, sizesFrom(++seed, 1 + seed)))));
    for (let i = 0; i < 100; i++) {
      assert.deepEqual(await collect(driver, UNPRICED), { events: recording.events });
    }
  });

  Deno.test(`"${recording.name}" gives the same events with other line ends and a byte order mark`, async () => {
    for (const lineEnd of ["\r\n", "\r"]) {
      const body = new TextEncoder().encode(`\ufeff${recording.pieces.join("").replaceAll("\n", lineEnd)}`);
      const driver = await make(() => Promise.resolve(streamOf([body])));
      assert.deepEqual(await collect(driver, UNPRICED), { events: recording.events });
    }
  });
}

Deno.test("every event of a stream yields at least a sign of life", async () => {
  const driver = await responses(() => Promise.resolve(textStream(...RESPONSES_CALLS.pieces)));
  let count = 0;
  for await (const _ of driver.stream(requestOf(), { signal: new AbortController().signal })) count++;
  assert.ok(count >= RESPONSES_CALLS.pieces.length, `${count} events`);
});

Deno.test("comments are signs of life while there is no event", async () => {
  const body = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const writer = body.writable.getWriter();
  const driver = await completions(() => Promise.resolve(new Response(body.readable)));
  const stream = driver.stream(requestOf(), { signal: new AbortController().signal })[Symbol.asyncIterator]();
  for (let i = 0; i < 3; i++) {
    const step = stream.next();
    await writer.write(new TextEncoder().encode(": OPENROUTER PROCESSING\n\n"));
    assert.deepEqual((await step).value, { type: "activity" });
  }
  await stream.return?.();
  await writer.abort().catch(() => {});
});

Deno.test("an error event fails the call with the provider's code", async () => {
  for (
    const event of [
      'event: error\ndata: {"type":"error","code":"rate_limit_exceeded","message":"slow down"}\n\n',
      'data: {"type":"error","code":"rate_limit_exceeded","message":"slow down"}\n\n',
      'data: {"error":{"code":"rate_limit_exceeded","message":"slow down"}}\n\n',
      'data: {"error":{"code":429,"message":"slow down"}}\n\n',
    ]
  ) {
    const driver = await responses(() => Promise.resolve(textStream(RESPONSES_TEXT.pieces[0] ?? "", event)));
    assertFailed(await collect(driver, requestOf()), { code: "provider_rate_limited", retryable: true }, event);
  }
});

Deno.test("JSON with status 200 instead of a stream fails with its error", async () => {
  const driver = await completions(() =>
    Promise.resolve(
      Response.json({ error: { message: "model is not found: model x not found", code: "model_not_found" } }),
    )
  );
  assertFailed(await collect(driver, requestOf()), { code: "model_unavailable", retryable: false });
});

Deno.test("an abort that comes while events are buffered never looks like success", async () => {
  for (const [recording, make] of RECORDINGS) {
    const driver = await make(() => Promise.resolve(textStream(...recording.pieces)));
    for (let taken = 1; taken < recording.events.length; taken++) {
      const abort = new AbortController();
      const stream = driver.stream(requestOf(), { signal: abort.signal })[Symbol.asyncIterator]();
      for (let i = 0; i < taken; i++) await stream.next();
      abort.abort(new Error("stop"));
      await assert.rejects(async () => {
        for (let step = await stream.next(); step.done !== true; step = await stream.next()) {
          if (step.value.type === "done") return;
        }
      }, { message: "stop" });
    }
  }
});

Deno.test(
  "a missing network grant is a failure that names the exact flag and is not retried",
  { permissions: "none" },
  async () => {
    for (
      const [baseUrl, flag] of [["https://api.openai.com/v1", "api.openai.com:443"], [
        "http://[::1]:9000",
        "[::1]:9000",
      ]]
    ) {
      const driver = await openAIResponsesDriver().create({ apiKey: new Secret(KEY), baseUrl: baseUrl ?? "" });
      const { thrown } = await collect(driver, requestOf());
      assert.ok(thrown instanceof ProviderError);
      assert.deepEqual([thrown.code, thrown.retryable], ["permission_missing", false]);
      assert.equal(
        thrown.message,
        `Cannot connect to "${flag}": network access is not granted (run with --allow-net=${flag})`,
      );
    }
  },
);

Deno.test("a missing key fails where one is needed, and is a dummy elsewhere", async () => {
  await assert.rejects(async () => await openAIResponsesDriver().create({}), (error) => {
    assert.ok(error instanceof ProviderError);
    assert.equal(error.code, "provider_misconfigured");
    assert.match(error.message, /no API key was given \(set apiKey of the model\)/);
    return true;
  });
  let sent: string | null = null;
  const descriptor = openAICompletionsDriver({
    fetch: (_url, init) => {
      sent = new Headers(init.headers).get("authorization");
      return Promise.resolve(textStream(...COMPLETIONS_TEXT.pieces));
    },
  });
  await collect(await descriptor.create({ baseUrl: "http://localhost:11434/v1" }), requestOf());
  assert.equal(sent, "Bearer no-key");
});

Deno.test("a key no header may have is refused without repeating it", async () => {
  for (const key of ["sk-test\n0123456789", "sk-tést…0123456789"]) {
    await assert.rejects(async () => await openAIResponsesDriver().create({ apiKey: new Secret(key) }), (error) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, "provider_misconfigured");
      assert.ok(!Deno.inspect(error).includes("0123456789"));
      return true;
    });
  }
});

Deno.test("the key is in the request and nowhere else", async () => {
  let authorization: string | null = null;
  const driver = await responses((_url, init) => {
    authorization = new Headers(init.headers).get("authorization");
    return Promise.reject(new TypeError(`connection to ${KEY} failed`, { cause: new Error(`os ${KEY}`) }));
  });
  const { thrown } = await collect(driver, requestOf());
  assert.equal(authorization, `Bearer ${KEY}`);
  const prepared = driver.prepare(requestOf());
  assert.equal(prepared.headers["authorization"], "Bearer [secret]");
  for (const value of [thrown, driver, prepared]) {
    assert.ok(!Deno.inspect(value, { depth: 20, showHidden: true }).includes(KEY));
    assert.ok(!JSON.stringify(value).includes(KEY));
  }
});

Deno.test("configured headers are sent, and shown unless they look like credentials", async () => {
  let sent = new Headers();
  const descriptor = openAIResponsesDriver({
    headers: { "OpenAI-Organization": "org-1", "X-Api-Key": "hidden-1" },
    fetch: (_url, init) => {
      sent = new Headers(init.headers);
      return Promise.resolve(textStream(...RESPONSES_TEXT.pieces));
    },
  });
  const driver = await descriptor.create({ apiKey: new Secret(KEY) });
  await collect(driver, requestOf());
  assert.deepEqual([sent.get("openai-organization"), sent.get("x-api-key")], ["org-1", "hidden-1"]);
  const { headers } = driver.prepare(requestOf());
  assert.deepEqual([headers["openai-organization"], headers["x-api-key"]], ["org-1", "[secret]"]);
  assert.deepEqual(Object.keys(headers).sort(), [...sent.keys()]);
});

Deno.test("the dialect is the one named by the model, else by the options, else detected", async () => {
  const role = async (config: DriverConfig, options: OpenAIDriverOptions) => {
    const driver = await openAICompletionsDriver(options).create({ apiKey: new Secret(KEY), ...config });
    return JSON.parse(driver.prepare(requestOf()).body).messages[0].role;
  };
  const baseUrl = "https://gateway.test/v1";
  assert.equal(await role({ baseUrl }, {}), "system");
  assert.equal(await role({ baseUrl }, { dialect: "openai" }), "developer");
  assert.equal(await role({ baseUrl, providerMetadata: { dialect: "vllm" } }, { dialect: "openai" }), "system");
});

Deno.test("listModels() gives the names of the models", async () => {
  const answers = [
    Response.json({ object: "list", data: [{ id: "a" }, { id: "b" }, {}] }),
    Response.json([{ id: "c" }]),
  ];
  let asked = "";
  const driver = await responses((url, init) => {
    asked = `${init.method} ${url}`;
    return Promise.resolve(answers.shift() ?? new Response());
  });
  const signal = new AbortController().signal;
  assert.deepEqual(await driver.listModels?.({ signal }), ["a", "b"]);
  assert.deepEqual(await driver.listModels?.({ signal }), ["c"]);
  assert.equal(asked, "GET https://api.openai.com/v1/models");
});

Deno.test("listModels() fails when the answer is no list", async () => {
  for (const answer of [() => new Response("<html>"), () => Response.json({}), () => new Response(null)]) {
    const driver = await responses(() => Promise.resolve(answer()));
    await assert.rejects(
      async () => await driver.listModels?.({ signal: new AbortController().signal }),
      (error) => error instanceof ProviderError && error.code === "provider_unavailable",
    );
  }
});

Deno.test("registerDriver() registers every driver, with the permission each needs", () => {
  const drivers: DriverDescriptor[] = [];
  registerDriver({ register: (driver) => drivers.push(driver) });
  assert.deepEqual(drivers.map(({ id }) => id), ["openai", "openai_completions", "azure_openai", "ollama"]);
  for (const driver of drivers.slice(0, 2)) {
    assert.deepEqual(driver.permissions({}), { net: ["api.openai.com:443"] });
    assert.deepEqual(driver.permissions({ baseUrl: "http://localhost:11434/v1" }), { net: ["localhost:11434"] });
    assert.deepEqual(driver.profile?.("o3")?.reasoningEfforts, ["low", "medium", "high"]);
    assert.equal(driver.profile?.("qwen3"), undefined);
  }
});

Deno.test("a message is encoded once for all drivers of a descriptor", async () => {
  let reads = 0;
  const part = {
    type: "text",
    get text() {
      reads++;
      return "Hi";
    },
  } as const;
  const request = requestOf({ messages: [{ role: "user", content: [part] }] });
  const descriptor = openAIResponsesDriver();
  const bodies: string[] = [];
  for (let i = 0; i < 3; i++) {
    const driver = await descriptor.create({ apiKey: new Secret(KEY) });
    bodies.push(driver.prepare(request).body, driver.prepare(request).body);
  }
  assert.deepEqual(new Set(bodies).size, 1);
  assert.equal(reads, 1);
});
