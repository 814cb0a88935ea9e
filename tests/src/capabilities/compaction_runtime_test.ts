/** Compaction in a whole runtime: what a turn tells, counts and survives. */

import assert from "node:assert/strict";
import { InMemoryProviderStore, type ModelRequest, ProviderError, RuntimeBackends } from "../../../mod.ts";
import { useDriver } from "../_support/drivers.ts";
import { PlayedDriver, texts } from "../_support/played_driver.ts";
import { eventsOf, say, simRuntime } from "../_support/runtime.ts";

const LONG = "x".repeat(4_000);

function isSummary({ systemPrompt }: ModelRequest): boolean {
  return systemPrompt.startsWith("You write the memory");
}

/** A model of 10,000 tokens whose answers take 1,000, with compaction. */
async function talk(summary: "summary" | "none" | Error) {
  const driver = new PlayedDriver(...Array.from({ length: 40 }, () => (request: ModelRequest) => {
    if (!isSummary(request)) return texts(LONG);
    if (summary instanceof Error) throw summary;
    return summary === "none" ? texts("") : texts("What was said.");
  }));
  const profile = { getModelProfile: () => Promise.resolve({ contextWindow: 10_000, maxOutputTokens: 1_000 }) };
  const runtime = await simRuntime("unused", {
    backends: RuntimeBackends.inMemory().withProviderStore(Object.assign(new InMemoryProviderStore(), profile)),
    session: (single) => single.withCapability("compaction"),
    configure: useDriver(driver.descriptor),
    retry: { maxRetries: 0 },
  });
  return { driver, runtime };
}

Deno.test("a turn asks for a summary, counts it, and tells of it in its events", async () => {
  const { driver, runtime } = await talk("summary");
  await using _ = runtime;
  const turns = [];
  for (let turn = 0; turn < 14; turn++) turns.push(await say(runtime, `question ${turn}`));
  const asked = driver.requests.findIndex(isSummary);
  assert.ok(asked > 0 && turns.every(({ success }) => success));
  const after = JSON.stringify(driver.requests[asked + 1]!.messages);
  assert.ok(after.includes("What was said.") && after.includes("question 0"));
  const [compacted] = eventsOf(runtime, "context.compacted");
  assert.equal(compacted!.data.strategyUsed, "summarization");
  assert.ok(compacted!.data.messagesAfter < compacted!.data.messagesBefore);
  assert.ok(compacted!.sequence !== undefined, "it is stored");
  assert.equal(eventsOf(runtime, "context.compacting").length, eventsOf(runtime, "context.compacted").length);
  assert.deepEqual(turns[asked]!.usage, { inputTokens: 20, outputTokens: 10 });
  assert.equal((await runtime.messages(runtime.defaultSessionId)).length, 28);
});

for (const summary of ["none", new ProviderError("provider_unavailable", "down")] as const) {
  Deno.test(`a turn goes on without a summary when ${summary === "none" ? "it is empty" : "the model fails"}`, async () => {
    const { driver, runtime } = await talk(summary);
    await using _ = runtime;
    for (let turn = 0; turn < 14; turn++) assert.equal((await say(runtime)).success, true);
    assert.ok(driver.requests.some(isSummary));
    const warnings = eventsOf(runtime, "runtime.warning").map(({ data }) => data.code);
    assert.deepEqual(new Set(warnings), new Set(["compaction_failed"]));
    const sizes = driver.requests.filter((request) => !isSummary(request)).map(({ messages }) =>
      JSON.stringify(messages).length / 4
    );
    assert.ok(Math.max(...sizes) < 9_000, `${Math.max(...sizes)}`);
  });
}

Deno.test("a preview of a conversation that is too long asks the model nothing and is what would be sent", async () => {
  const { driver, runtime } = await talk("summary");
  await using _ = runtime;
  for (let turn = 0; turn < 14; turn++) await say(runtime);
  const before = driver.requests.length;
  const preview = await runtime.previewRequest(runtime.defaultSessionId, "next");
  assert.equal(driver.requests.length, before);
  await say(runtime, "next");
  assert.deepEqual(JSON.parse(preview.body).messages, JSON.parse(JSON.stringify(driver.requests.at(-1)!.messages)));
});

Deno.test("a turn that is cancelled while a summary is made ends, and the next one makes it", async () => {
  const { driver, runtime } = await talk("summary");
  await using _ = runtime;
  while (driver.requests.length < 9) await say(runtime);
  const play = driver.stream.bind(driver);
  let hung = 0;
  const reached = Promise.withResolvers<void>();
  driver.stream = async function* (request, options) {
    if (isSummary(request) && hung++ === 0) {
      reached.resolve();
      await new Promise((_, reject) => options.signal.addEventListener("abort", () => reject(options.signal.reason)));
    }
    yield* play(request, options);
  };
  const running = say(runtime);
  await reached.promise;
  await runtime.cancelTurn(runtime.defaultSessionId);
  assert.equal((await running).status, "cancelled");
  assert.equal((await say(runtime)).success, true);
  assert.equal(hung, 2);
});
