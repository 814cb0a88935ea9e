// deno run --no-prompt --allow-env=OPENAI_API_KEY,OPENAI_BASE_URL,OPENAI_MODEL --allow-net=api.openai.com:443 examples/openai_runtime.ts

/**
 * Talk to OpenAI: register its driver, select it as the default model, run a turn.
 *
 *     export OPENAI_API_KEY=sk-...
 *
 * `OPENAI_BASE_URL` points it at any server that speaks the Responses API, or the Chat Completions API when `completions`
 * is added to the command; grant that server's host and port instead of OpenAI's. For Ollama:
 *
 *     OPENAI_BASE_URL=http://localhost:11434/v1 OPENAI_MODEL=qwen3 deno run --no-prompt \
 *       --allow-env=OPENAI_API_KEY,OPENAI_BASE_URL,OPENAI_MODEL --allow-net=localhost:11434 \
 *       examples/openai_runtime.ts completions
 *
 * @module
 */

import {
  CapabilityRegistry,
  DriverId,
  DriverRegistry,
  InProcessRuntimeBuilder,
  PlatformDefinition,
  type ResolvedModel,
} from "@everruns/runtime";
import { registerDriver } from "@everruns/runtime/openai";

const model = modelFromEnv();
if (model === undefined) {
  console.log("Set OPENAI_API_KEY to talk to OpenAI, or OPENAI_BASE_URL to talk to a compatible server.");
} else {
  await sayHello(model);
}

async function sayHello(model: ResolvedModel): Promise<void> {
  // 1. Register the OpenAI drivers so that `DriverId.OpenAI` can be resolved.
  const drivers = new DriverRegistry();
  registerDriver(drivers);

  // 2. Build the platform from that registry.
  const platform = new PlatformDefinition({ capabilities: new CapabilityRegistry(), drivers });

  // 3. Point the runtime's default model at OpenAI.
  await using runtime = await new InProcessRuntimeBuilder()
    .platformDefinition(platform)
    .defaultModel(model)
    .singleSession((s) =>
      s.harness("assistant", "You are a concise, helpful assistant.")
        .agent("assistant-agent", "Answer in one short sentence.")
        .sessionTitle("OpenAI Session")
    )
    .build();

  const turn = await runtime.runTextTurn(
    runtime.defaultSessionId,
    "Say hello from everruns-runtime in one sentence.",
  );
  if (turn.success) {
    console.log(turn.response);
  } else {
    console.error(`[${turn.error?.code}] ${turn.error?.message}`);
    Deno.exitCode = 1;
  }
}

/** A library reads no environment; a program does. */
function modelFromEnv(): ResolvedModel | undefined {
  const apiKey = Deno.env.get("OPENAI_API_KEY");
  const baseUrl = Deno.env.get("OPENAI_BASE_URL");
  if (!apiKey && !baseUrl) return undefined;
  return {
    model: Deno.env.get("OPENAI_MODEL") ?? "gpt-5.5",
    providerType: Deno.args.includes("completions") ? DriverId.OpenAICompletions : DriverId.OpenAI,
    ...(apiKey ? { apiKey } : {}),
    ...(baseUrl ? { baseUrl } : {}),
  };
}
