/** Which provider and model a conversation runs on. */

import { DriverId, DriverRegistry, LlmSimConfig, llmSimDriver, type ResolvedModel } from "@everruns/runtime";
import { envProviders, envVariables, providerFromEnv, type ProviderSettings } from "@everruns/runtime/env";
import type { Environment } from "./environment.ts";
import { UsageError } from "./options.ts";

/** A provider that was chosen. */
export interface ProviderChoice {
  readonly provider: string;
  readonly model: ResolvedModel;
  /** Variables that decided about it, or may. */
  readonly variables: readonly string[];
}

/** What a provider is asked for when nobody names a model; Azure wants the name of a deployment, Ollama of a download. */
const MODELS: Readonly<Record<string, string>> = {
  [DriverId.OpenAI]: "gpt-5.5",
  [DriverId.OpenAICompletions]: "gpt-5.5",
  [DriverId.Anthropic]: "claude-sonnet-5",
  [DriverId.Gemini]: "gemini-3.5-flash",
  [DriverId.OpenRouter]: "anthropic/claude-sonnet-4.5",
  [DriverId.LlmSim]: "llmsim-model",
};

/** Providers in the order they are looked for when none is named. */
const ORDER: readonly string[] = [
  DriverId.OpenAI,
  DriverId.Anthropic,
  DriverId.Gemini,
  DriverId.OpenRouter,
  DriverId.AzureOpenAI,
  DriverId.Ollama,
];

const PROVIDER_VARIABLE = "CODING_CLI_PROVIDER";
const MODEL_VARIABLE = "CODING_CLI_MODEL";

/** What the command line says about the model. */
export interface ModelWishes {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly baseUrl?: string | undefined;
}

/**
 * Chooses provider and model: by the wishes, then by the environment.
 *
 * @throws {UsageError} when nothing says enough, telling what to set
 */
export function chooseProvider(wishes: ModelWishes, env: Environment): ProviderChoice {
  const named = wishes.provider ?? env.get(PROVIDER_VARIABLE);
  const own = [PROVIDER_VARIABLE, MODEL_VARIABLE].filter((name) => env.get(name) !== undefined);
  const model = wishes.model ?? env.get(MODEL_VARIABLE);
  if (named === undefined && wishes.baseUrl !== undefined) {
    return withModel(DriverId.OpenAICompletions, { ...wishes, model }, env, own);
  }
  if (named !== undefined) {
    if (named === DriverId.LlmSim) {
      return { provider: named, model: { model: model ?? "llmsim-model", providerType: named }, variables: own };
    }
    if (!envProviders.includes(named)) {
      throw new UsageError(`unknown provider "${named}"; it is one of ${[...envProviders, "llmsim"].join(", ")}`);
    }
    return withModel(named, { ...wishes, model }, env, own);
  }
  const found = ORDER.find((provider) => settingsOf(provider, env) !== undefined);
  if (found !== undefined) return withModel(found, { ...wishes, model }, env, own);
  throw new UsageError(nothingSetUp(env));
}

/** All drivers; importing them loads no npm package, and that of a provider is loaded when it is first asked. */
export async function allDrivers(): Promise<DriverRegistry> {
  const drivers = new DriverRegistry();
  const entries = await Promise.all([
    import("@everruns/runtime/openai"),
    import("@everruns/runtime/anthropic"),
    import("@everruns/runtime/gemini"),
    import("@everruns/runtime/openrouter"),
  ]);
  for (const { registerDriver } of entries) registerDriver(drivers);
  drivers.register(llmSimDriver(LlmSimConfig.echo().withChunks(4)));
  return drivers;
}

function withModel(
  provider: string,
  { model: wished, baseUrl }: ModelWishes,
  env: Environment,
  own: readonly string[],
): ProviderChoice {
  const keyless = baseUrl !== undefined || provider === DriverId.Ollama;
  const settings = settingsOf(provider, env) ?? (keyless ? { providerType: provider } : undefined);
  if (settings === undefined) throw new UsageError(notSetUp(provider, env));
  const model = wished ?? MODELS[provider];
  if (model === undefined) throw new UsageError(`provider "${provider}" has no usual model; name one with --model`);
  return {
    provider,
    model: { model, ...settings, ...(baseUrl === undefined ? {} : { baseUrl }) },
    variables: [...envVariables(provider), ...own],
  };
}

function settingsOf(provider: string, env: Environment): ProviderSettings | undefined {
  return providerFromEnv(provider, (name) => env.get(name));
}

function notSetUp(provider: string, env: Environment): string {
  const names = envVariables(provider);
  return `provider "${provider}" is not set up: set ${names.join(", ")}${refusal(names, env)}`;
}

function nothingSetUp(env: Environment): string {
  const names = ORDER.flatMap((provider) => envVariables(provider));
  return `no model provider is set up: set one of ${
    ORDER.map((provider) => envVariables(provider)[0]).join(", ")
  } in the environment, or try the program without one: --provider llmsim (it echoes)${refusal(names, env)}`;
}

/** What is not granted counts as not set; whoever set it should learn why it does not help. */
function refusal(names: readonly string[], env: Environment): string {
  const refused = env.refused(names);
  return refused.length === 0 ? "" : `\nnot granted, and so not read: --allow-env=${refused.join(",")}`;
}
