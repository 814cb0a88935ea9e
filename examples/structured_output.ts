// deno run --no-prompt examples/structured_output.ts

/**
 * A turn whose answer is data: a JSON Schema goes in, a checked value comes out.
 *
 * The model is simulated, so no key and no permission is needed. Its first answer breaks the schema on purpose: the
 * runtime tells the model what is wrong and asks once more. For a live model register its driver and name it as the
 * default model; the rest of this file stays as it is:
 *
 *     import { DriverId, DriverRegistry } from "@everruns/runtime";
 *     import { registerDriver } from "@everruns/runtime/anthropic";
 *
 *     const drivers = new DriverRegistry();
 *     registerDriver(drivers);
 *     builder.driverRegistry(drivers).defaultModel({
 *       model: "claude-sonnet-5-5",
 *       providerType: DriverId.Anthropic,
 *       apiKey: Deno.env.get("ANTHROPIC_API_KEY") ?? "",
 *     });
 *
 * in place of `llmSim()`, and run it with --allow-env=ANTHROPIC_API_KEY --allow-net=api.anthropic.com:443 added.
 *
 * @module
 */

import { InProcessRuntimeBuilder, LlmSimConfig, type ResponseFormat } from "@everruns/runtime";

const INVOICE = "Invoice 2026-117 of Pen & Paper Ltd: 3 notebooks at 4.50, 1 ink at 7.00. Due 2026-12-15.";

const format: ResponseFormat = {
  name: "invoice",
  schema: {
    type: "object",
    properties: {
      number: { type: "string", description: "As printed, without the word invoice" },
      seller: { type: "string" },
      total: { type: "number", description: "Sum of all items" },
      due: { type: "string", description: "YYYY-MM-DD" },
    },
    required: ["number", "seller", "total", "due"],
    additionalProperties: false,
  },
};

await using runtime = await new InProcessRuntimeBuilder()
  .llmSim(LlmSimConfig.scripted([
    '{"number": "2026-117", "seller": "Pen & Paper Ltd", "total": "20.50"}',
    '{"number": "2026-117", "seller": "Pen & Paper Ltd", "total": 20.5, "due": "2026-12-15"}',
    "I would rather write a poem about it.",
    "Notebooks three, one ink, and nothing more.",
  ]))
  .singleSession((s) => s.harness("clerk", "You read invoices."))
  .build();

const turn = await runtime.runTextTurn(runtime.defaultSessionId, INVOICE, { responseFormat: format });
console.log("output:", turn.output);
console.log(`after ${turn.iterations} answers; the first one was:`);
for (const { role, content } of await runtime.messages(runtime.defaultSessionId)) {
  const [part] = content;
  if (role === "agent" && part?.type === "text") {
    console.log(`  ${part.text}`);
    break;
  }
}

const failed = await runtime.runTextTurn(runtime.defaultSessionId, "Once more, please.", { responseFormat: format });
console.log(`and a model that never gets it right: [${failed.error?.code}] ${failed.error?.message}`);
