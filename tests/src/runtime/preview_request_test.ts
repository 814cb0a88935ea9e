/** previewRequest() shows exactly what is then sent, and leaves nothing behind. */

import assert from "node:assert/strict";
import {
  type Capability,
  defineTool,
  type InProcessRuntime,
  type InputMessage,
  ProviderError,
  userMessage,
} from "../../../mod.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
import { RecordingDriver, useDriver } from "../_support/drivers.ts";
import { say, type SimOptions, simRuntime } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

interface Recorded {
  readonly driver: RecordingDriver;
  readonly runtime: InProcessRuntime;
}

async function recorded(options: SimOptions = {}): Promise<Recorded> {
  const driver = new RecordingDriver("one", "two", "three");
  const configure = useDriver(driver.descriptor);
  return { driver, runtime: await simRuntime("unused", { clock: new WatchedClock(), ...options, configure }) };
}

/** Previews an input, then sends it, and compares byte for byte. */
async function assertExact({ driver, runtime }: Recorded, input: string | InputMessage): Promise<void> {
  const { hooksNotRun: _, ...preview } = await runtime.previewRequest(runtime.defaultSessionId, input);
  await runtime.runTurn(runtime.defaultSessionId, input);
  assert.deepEqual(preview, driver.sent.at(-1));
}

const BUSY: SimOptions = {
  tools: [defineTool({ name: "ping", description: "Pings", execute: () => "pong" })],
  capabilities: [
    { id: "recollection", name: "Memory", systemPrompt: ({ now }) => `Since ${now}.` },
    { id: "clock", name: "Clock", facts: ({ now }) => `It is ${now}.` },
    { id: "cache", name: "Cache", promptCacheKey: ({ id }) => id },
    { id: "deferral", name: "Deferral", hooks: { toolDefinitions: (tools) => tools.toReversed() } },
  ],
  session: (single) => single.locale("de-CH").openrouterAttribution("https://example.com", "X"),
};

Deno.test("previewRequest() is byte-equal to the first request of a session", async () => {
  const made = await recorded();
  await using _closed = made.runtime;
  await assertExact(made, "hi");
});

Deno.test("previewRequest() is byte-equal with a history, facts, prompt functions and wishes", async () => {
  const made = await recorded(BUSY);
  await using _closed = made.runtime;
  const wishes = { reasoning: { effort: "high" }, speed: "flex", verbosity: "low", locale: "fr" } as const;
  for (const input of ["hi", userMessage("and now?", { controls: wishes }), "again"]) await assertExact(made, input);
});

Deno.test("previewRequest() is byte-equal for a filtered and rewritten history", async () => {
  const made = await recorded({
    capabilities: [
      { id: "tail", name: "Tail", messageFilter: (query) => ({ ...query, limit: 2, keepHead: 1 }) },
      { id: "view", name: "View", modelView: { priority: 1, apply: (messages) => messages.slice(-2) } },
    ],
  });
  await using _closed = made.runtime;
  for (const input of ["a", "b", "c", "d"]) await assertExact(made, input);
});

Deno.test("previewRequest() is byte-equal for an input that is not the user's", async () => {
  const made = await recorded();
  await using _closed = made.runtime;
  const wishes = { reasoning: { effort: "high" }, locale: "fr" } as const;
  await assertExact(made, userMessage("hi", { controls: wishes }));
  await assertExact(made, { role: "system", content: [{ type: "text", text: "be kind" }] });
});

Deno.test("previewRequest() is byte-equal for an image, an outside actor and an agent's input", async () => {
  const made = await recorded();
  await using _closed = made.runtime;
  const image = { type: "image", url: "https://example.com/a.png" } as const;
  const actor = { actorId: "u1", actorName: "Ada", source: "slack" };
  await assertExact(made, { content: [image], externalActor: actor });
  await assertExact(made, { role: "assistant", content: [{ type: "text", text: "I said so" }] });
});

Deno.test("previewRequest() hides credentials and shows address and headers", async () => {
  const made = await recorded();
  await using _closed = made.runtime;
  const preview = await made.runtime.previewRequest(made.runtime.defaultSessionId, "hi");
  assert.equal(preview.method, "POST");
  assert.equal(preview.url, "test://model/test-model");
  assert.equal(preview.headers["authorization"], "[secret]");
});

Deno.test("previewRequest() without an input shows the conversation as it stands", async () => {
  const { driver, runtime } = await recorded();
  await using _closed = runtime;
  await say(runtime, "hi");
  const { body } = await runtime.previewRequest(runtime.defaultSessionId);
  assert.deepEqual(JSON.parse(body).messages.map(({ role }: { role: string }) => role), ["user", "assistant"]);
  assert.equal(driver.sent.length, 1);
});

Deno.test("previewRequest() works before the first message", async () => {
  const { runtime } = await recorded();
  await using _closed = runtime;
  const { body, hooksNotRun } = await runtime.previewRequest(runtime.defaultSessionId);
  assert.deepEqual([JSON.parse(body).messages, hooksNotRun], [[], []]);
});

function hooked(seen: string[]): Capability {
  const note = (name: string) => seen.push(name);
  return {
    id: "guard",
    name: "Guard",
    hooks: {
      userPromptSubmit: () => {
        note("userPromptSubmit");
        return { action: "rewrite", text: "rewritten" };
      },
      turnEnd: () => void note("turnEnd"),
      llmError: () => void note("llmError"),
    },
  };
}

Deno.test("previewRequest() runs no hooks and lists those that may rewrite the prompt", async () => {
  const seen: string[] = [];
  const { driver, runtime } = await recorded({ capabilities: [hooked(seen)] });
  await using _closed = runtime;
  const { hooksNotRun, body } = await runtime.previewRequest(runtime.defaultSessionId, "secret");
  assert.deepEqual([seen, hooksNotRun], [[], ["guard.userPromptSubmit"]]);
  assert.match(body, /secret/);
  await say(runtime, "secret");
  assert.match(driver.sent[0]?.body ?? "", /rewritten/);
});

Deno.test("previewRequest() lists no hooks when there is no input to submit", async () => {
  const { runtime } = await recorded({ capabilities: [hooked([])] });
  await using _closed = runtime;
  assert.deepEqual((await runtime.previewRequest(runtime.defaultSessionId)).hooksNotRun, []);
});

Deno.test("previewRequest() consumes nothing: no message, no event, no stream, no driver call", async () => {
  const { driver, runtime } = await recorded(BUSY);
  await using _closed = runtime;
  await runtime.previewRequest(runtime.defaultSessionId, "hi");
  assert.deepEqual(await runtime.messages(runtime.defaultSessionId), []);
  assert.deepEqual([runtime.events(), driver.sent], [[], []]);
  assert.equal(await runtime.status(runtime.defaultSessionId), "started");
});

Deno.test("previewRequest() mints no ids: a turn has the same ones with and without it", async () => {
  const turnIds = [];
  for (const previews of [0, 3]) {
    const { runtime } = await recorded({ random: seededRandom(5) });
    await using _closed = runtime;
    for (let i = 0; i < previews; i++) await runtime.previewRequest(runtime.defaultSessionId, "hi");
    turnIds.push((await say(runtime)).turnId);
  }
  assert.equal(turnIds[0], turnIds[1]);
});

Deno.test("previewRequest() may be repeated and gives the same bytes", async () => {
  const { runtime } = await recorded(BUSY);
  await using _closed = runtime;
  const ask = () => runtime.previewRequest(runtime.defaultSessionId, "hi");
  assert.equal((await ask()).body, (await ask()).body);
});

Deno.test("previewRequest() of the simulated model shows a request too", async () => {
  await using runtime = await simRuntime("ok");
  const { url, body } = await runtime.previewRequest(runtime.defaultSessionId, "hi");
  assert.equal(url, "llmsim://local/llmsim-model");
  assert.match(body, /You are a test\./);
});

Deno.test("previewRequest() throws what would make the turn fail", async () => {
  await using runtime = await simRuntime("ok", {
    configure: (builder) => builder.defaultModel({ model: "gpt-x", providerType: "openai" }),
  });
  await assert.rejects(
    runtime.previewRequest(runtime.defaultSessionId, "hi"),
    (error) => error instanceof ProviderError && error.code === "driver_not_registered",
  );
});
