import assert from "node:assert/strict";
import { Secret } from "../../../src/records/secret.ts";
import { anthropicDriver } from "../../../src/drivers/anthropic/mod.ts";
import { geminiDriver } from "../../../src/drivers/gemini/mod.ts";
import { openAICompletionsDriver, openAIResponsesDriver } from "../../../src/drivers/openai/mod.ts";
import { requestOf } from "./openai/requests.ts";

const REQUEST = requestOf({
  tools: [{
    type: "builtin",
    name: "update",
    description: "Updates an issue",
    parameters: {
      type: "object",
      properties: { title: { type: "string" }, state: { type: "string" } },
      anyOf: [{ required: ["title"] }, { required: ["state"] }],
    },
  }],
});

for (const descriptor of [anthropicDriver(), geminiDriver(), openAIResponsesDriver(), openAICompletionsDriver()]) {
  Deno.test(`${descriptor.id}: one tool with a choice at the top of its schema does not spoil every request`, async () => {
    const driver = await descriptor.create({ apiKey: new Secret("sk-test-0123456789") });
    const { body } = driver.prepare(REQUEST);
    assert.match(body, /"title":\{"type":"string"\},"state":\{"type":"string"\}/);
    assert.doesNotMatch(body, /anyOf/);
  });
}
