import assert from "node:assert/strict";
import { scriptedModel } from "../../../src/testing/scripted_model.ts";
import { ask, askText, driverOf, user } from "../drivers/llmsim/_support.ts";

Deno.test("scriptedModel() plays its turns and keeps a copy of every request", async () => {
  const model = scriptedModel([{ type: "tool_calls", toolCalls: [{ name: "t" }] }, "done"]);
  const driver = await driverOf(model.config);
  const messages = [user("one")];
  assert.deepEqual((await ask(driver, { messages })).map((event) => event.type), ["tool_call", "done"]);
  messages.push(user("two"));
  assert.equal(await askText(driver, ...messages), "done");
  assert.deepEqual(model.requests.map((request) => request.messages.length), [1, 2]);
});

Deno.test("scriptedModel() fails when it is asked more often than its script says", async () => {
  const driver = await driverOf(scriptedModel(["only"]).config);
  await askText(driver);
  await assert.rejects(askText(driver), { message: /exhausted: its only turn/ });
});

Deno.test("scriptedModel() repeats or loops when told to", async () => {
  const driver = await driverOf(scriptedModel(["a", "b"], { onExhausted: "loop" }).config);
  assert.equal(await askText(driver) + await askText(driver) + await askText(driver), "aba");
});
