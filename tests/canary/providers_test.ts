/** The keys of providers come out of no failure of any of them. */

import assert from "node:assert/strict";
import { DriverRegistry } from "../../src/kit/registries.ts";
import { idFromSeed, type ModelId } from "../../src/records/ids.ts";
import { DriverId, type ResolvedModel } from "../../src/records/model.ts";
import { userMessage } from "../../src/records/message.ts";
import { Secret } from "../../src/records/secret.ts";
import { registerDriver as registerAnthropic } from "../../src/drivers/anthropic/mod.ts";
import { registerDriver as registerGemini } from "../../src/drivers/gemini/mod.ts";
import { registerDriver as registerOpenAI } from "../../src/drivers/openai/mod.ts";
import { registerDriver as registerOpenRouter } from "../../src/drivers/openai/openrouter.ts";
import { driverConfig } from "../../src/runtime/driver_pool.ts";
import { canary, type Place } from "./_canaries.ts";
import { FAULTS, serveEcho } from "./_echo_server.ts";
import { inWorld, SHOWN } from "./_world.ts";

/** The model of a provider that never answers. */
const STALLING: ModelId = idFromSeed("model", 1_000);

interface Subject {
  readonly place: Place;
  readonly driver: DriverId;
  readonly metadata?: ResolvedModel["providerMetadata"];
}

const SUBJECTS: readonly Subject[] = [
  { place: "openai_responses_key", driver: DriverId.OpenAI },
  { place: "openai_completions_key", driver: DriverId.OpenAICompletions },
  { place: "anthropic_key", driver: DriverId.Anthropic },
  { place: "gemini_key", driver: DriverId.Gemini },
  { place: "openrouter_key", driver: DriverId.OpenRouter },
  { place: "azure_key", driver: DriverId.AzureOpenAI },
  { place: "azure_token", driver: DriverId.AzureOpenAI, metadata: { auth: "token" } },
  { place: "ollama_key", driver: DriverId.Ollama },
];

for (const { place, driver, metadata } of SUBJECTS) {
  for (const wrapped of [false, true]) {
    Deno.test(`${place} as a ${wrapped ? "Secret" : "string"} comes out of no failure of its provider`, async () => {
      await using server = serveEcho();
      const apiKey = wrapped ? new Secret(canary(place)) : canary(place);
      const modelAt = (baseUrl: string): ResolvedModel => ({
        model: "some-model",
        providerType: driver,
        apiKey,
        baseUrl,
        ...(metadata === undefined ? {} : { providerMetadata: metadata }),
      });
      const models = new Map<ModelId, ResolvedModel>(
        [...FAULTS.map((fault) => `${server.origin}/${fault}`), "http://127.0.0.1:9/refused"].map((url, index) => [
          idFromSeed("model", index + 1),
          modelAt(url),
        ]),
      );
      const registry = drivers();
      const sinks = await inWorld({
        configure: (builder) => {
          builder.driverRegistry(registry).defaultModel(modelAt(`${server.origin}/500`));
          for (const [id, model] of models) builder.model(id, model);
          builder.model(STALLING, modelAt(`${server.origin}/stall`));
        },
      }, async ({ runtime, attempt, turn, sinks }) => {
        for (const [modelId, model] of models) {
          await turn(userMessage(SHOWN, { controls: { modelId } }));
          await attempt("list of models", async () => {
            const made = await registry.get(driver)?.create(driverConfig(model));
            return await made?.listModels?.({ signal: AbortSignal.timeout(5_000) });
          });
          sinks.addValue("model", model.apiKey instanceof Secret ? model : { ...model, apiKey: "given as a string" });
        }
        const stop = new AbortController();
        const stalled = turn(userMessage(SHOWN, { controls: { modelId: STALLING } }), { signal: stop.signal });
        await server.stalled;
        stop.abort(new Error("nobody waits any more"));
        await stalled;
        assert.ok(runtime.events().some(({ type }) => type === "turn.cancelled"));
        assert.ok(runtime.events().some(({ type }) => type === "turn.failed"));
      });
      assert.ok(server.received.some((text) => text.includes(canary(place))), "the key was never sent");
      assert.ok(sinks.has("file local.db", SHOWN), "the search does not see the database");
      sinks.assertClean();
    });
  }
}

Deno.test("a credential among the headers of a driver, and in a base URL, comes out of no failure", async () => {
  await using server = serveEcho();
  const headers = { "x-gateway-key": canary("driver_header") };
  const registry = new DriverRegistry();
  registerOpenAI(registry, { headers });
  registerAnthropic(registry, { headers });
  registerGemini(registry, { headers });
  registerOpenRouter(registry, { headers });
  const host = server.origin.slice("http://".length);
  const password = encodeURIComponent(canary("base_url_password"));
  const query = encodeURIComponent(canary("base_url_query"));
  const models: ResolvedModel[] = [];
  for (const providerType of [DriverId.OpenAI, DriverId.Anthropic, DriverId.Gemini, DriverId.OpenRouter]) {
    for (const fault of FAULTS) {
      models.push({ model: "m", providerType, apiKey: "none", baseUrl: `http://${host}/${fault}` });
    }
    models.push({ model: "m", providerType, apiKey: "none", baseUrl: `http://user:${password}@${host}/401` });
    models.push({ model: "m", providerType, apiKey: "none", baseUrl: `http://${host}/401?key=${query}` });
    models.push({ model: "m", providerType, apiKey: "none", baseUrl: `no url ${canary("base_url_query")}` });
  }
  const sinks = await inWorld({
    configure: (builder) => {
      builder.driverRegistry(registry).defaultModel({ model: "m", providerType: DriverId.OpenAI, apiKey: "none" });
      models.forEach((model, index) => builder.model(idFromSeed("model", index + 1), model));
    },
  }, async ({ turn }) => {
    for (const index of models.keys()) {
      await turn(userMessage(SHOWN, { controls: { modelId: idFromSeed("model", index + 1) } }));
    }
    // A context shows the address of the newest turn's model, as the host gave it: an address is no place for a key.
    await turn(SHOWN, { signal: AbortSignal.timeout(1) });
  });
  assert.ok(server.received.some((text) => text.includes(canary("driver_header"))), "the header was never sent");
  sinks.assertClean();
});

function drivers(): DriverRegistry {
  const registry = new DriverRegistry();
  registerOpenAI(registry);
  registerAnthropic(registry);
  registerGemini(registry);
  registerOpenRouter(registry);
  return registry;
}
