// deno run --no-prompt --allow-env=OPENAI_API_KEY,OPENAI_BASE_URL,ANTHROPIC_API_KEY,ANTHROPIC_BASE_URL,GEMINI_API_KEY,GEMINI_BASE_URL,OPENROUTER_API_KEY,OPENROUTER_BASE_URL,AZURE_OPENAI_API_KEY,AZURE_OPENAI_AD_TOKEN,AZURE_OPENAI_BASE_URL,AZURE_OPENAI_ENDPOINT,OLLAMA_BASE_URL,OLLAMA_HOST,OLLAMA_API_KEY --allow-net=api.openai.com:443,api.anthropic.com:443,generativelanguage.googleapis.com:443,openrouter.ai:443,localhost:11434 examples/providers.ts

/**
 * The same prompt through the driver of every provider the environment has a key for.
 *
 *     export GEMINI_API_KEY=... OPENROUTER_API_KEY=...
 *
 * Without any key it says what to set. A provider at another address needs that host and port in `--allow-net`, such as
 * `--allow-net=my-resource.openai.azure.com:443` for Azure OpenAI.
 *
 * @module
 */

import { DriverId, DriverRegistry, InProcessRuntimeBuilder, Secret } from "@everruns/runtime";
import { registerDriver as registerAnthropic } from "@everruns/runtime/anthropic";
import { envVariables, providerFromEnv, type ProviderSettings } from "@everruns/runtime/env";
import { registerDriver as registerGemini } from "@everruns/runtime/gemini";
import { registerDriver as registerOpenAI } from "@everruns/runtime/openai";
import { registerDriver as registerOpenRouter } from "@everruns/runtime/openrouter";

const PROMPT = "Say hello from everruns-runtime in one short sentence.";

/** A model of each provider; for Azure the name of your deployment, for Ollama the first model it has is taken. */
const MODELS: Readonly<Record<string, string>> = {
  [DriverId.OpenAI]: "gpt-5.5",
  [DriverId.Anthropic]: "claude-sonnet-5",
  [DriverId.Gemini]: "gemini-3.5-flash",
  [DriverId.OpenRouter]: "anthropic/claude-sonnet-4.5",
  [DriverId.AzureOpenAI]: "gpt-5.5",
  [DriverId.Ollama]: "",
};

// 1. Register the drivers. Importing them costs little: what a driver needs is loaded when it is first used.
const drivers = new DriverRegistry();
for (const register of [registerOpenAI, registerAnthropic, registerGemini, registerOpenRouter]) register(drivers);

// 2. Ask the environment. The library reads none of it: this program passes the lookup.
let asked = 0;
for (const [provider, model] of Object.entries(MODELS)) {
  const settings = providerFromEnv(provider, (name) => Deno.env.get(name));
  if (settings === undefined) {
    console.log(`${provider}: set ${envVariables(provider).join(", ")} to use it`);
    continue;
  }
  asked++;
  try {
    await sayHello(settings, model || await firstModel(settings));
  } catch (error) {
    console.error(`${provider}: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
if (asked === 0) console.log("No provider is set up. One variable is enough for most: export GEMINI_API_KEY=...");

/** 3. A runtime whose default model is the provider's, and one turn. */
async function sayHello(settings: ProviderSettings, model: string): Promise<void> {
  await using runtime = await new InProcessRuntimeBuilder()
    .driverRegistry(drivers)
    .defaultModel({ model, ...settings })
    .singleSession((s) => s.harness("assistant", "You are a concise, helpful assistant."))
    .build();
  const { success, response, error, usage } = await runtime.runTextTurn(runtime.defaultSessionId, PROMPT);
  if (!success) throw new Error(`[${error?.code}] ${error?.message}`);
  const cost = usage.actualCostUsd ?? usage.estimatedCostUsd;
  const price = cost === undefined ? "" : `, ${usage.actualCostUsd === undefined ? "about " : ""}$${cost.toFixed(6)}`;
  console.log(`${settings.providerType} (${model}): ${response}`);
  console.log(`  ${usage.inputTokens} tokens in, ${usage.outputTokens} out${price}`);
}

async function firstModel({ providerType, apiKey, baseUrl }: ProviderSettings): Promise<string> {
  const driver = await drivers.get(providerType)?.create({
    ...(apiKey === undefined ? {} : { apiKey: Secret.from(apiKey) }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  });
  const [first] = await driver?.listModels?.({ signal: AbortSignal.timeout(10_000) }) ?? [];
  if (first === undefined) throw new Error("it has no model yet");
  return first;
}
