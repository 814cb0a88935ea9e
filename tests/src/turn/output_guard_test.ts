/** outputGuard hooks: answers that are shown and stored, or replaced. */

import assert from "node:assert/strict";
import { type Capability, type ModelOutput, type OutputDecision, textOf } from "../../../mod.ts";
import { call, PlayedDriver, texts } from "../_support/played_driver.ts";
import { useDriver } from "../_support/drivers.ts";
import { eventsOf, say, simRuntime } from "../_support/runtime.ts";

const REMOVED: OutputDecision = { action: "replace", text: "[removed]", reasonCode: "leak", guardrailId: "words" };

function guarded(driver: PlayedDriver, guard: (output: ModelOutput) => OutputDecision | Promise<OutputDecision>) {
  const capability: Capability = { id: "guard", name: "Guard", hooks: { outputGuard: guard } };
  return simRuntime("unused", { capabilities: [capability], configure: useDriver(driver.descriptor) });
}

Deno.test("an answer that the guard lets pass is stored as it is, looked at once when it is short", async () => {
  const seen: ModelOutput[] = [];
  await using runtime = await guarded(new PlayedDriver(texts("all ", "well")), (output) => {
    seen.push(output);
    return { action: "allow" };
  });
  assert.equal((await say(runtime)).response, "all well");
  assert.deepEqual(seen, [{ text: "all well", thinking: "", checked: 0, complete: true }]);
  assert.deepEqual(eventsOf(runtime, "output.message.replaced"), []);
});

Deno.test("a guard that blocks while the answer streams ends the stream, and only the replacement is stored", async () => {
  const pieces = Array.from({ length: 100 }, (_, i) => `${i === 50 ? "SECRET" : "filler"} ${i} `.padEnd(50, "."));
  const driver = new PlayedDriver(texts(...pieces));
  await using runtime = await guarded(driver, ({ text }) => text.includes("SECRET") ? REMOVED : { action: "allow" });
  const result = await say(runtime);
  assert.deepEqual([result.response, result.stopReason, result.status], ["[removed]", "refusal", "completed"]);
  assert.ok((driver.pulled[0] ?? 0) < 70, `${driver.pulled[0]} events were read`);

  const [message] = (await runtime.messages(runtime.defaultSessionId)).filter(({ role }) => role === "agent");
  assert.ok(message);
  assert.equal(textOf(message.content), "[removed]");
  assert.deepEqual(message.metadata?.guardrail, { capabilityId: "guard", guardrailId: "words", reasonCode: "leak" });
  const [replaced] = eventsOf(runtime, "output.message.replaced");
  assert.deepEqual([replaced?.data.reasonCode, replaced?.data.replacement, replaced?.data.guardrailCapabilityId], [
    "leak",
    "[removed]",
    "guard",
  ]);
  const shown = eventsOf(runtime, "output.message.delta").map(({ data }) => data.delta).join("");
  assert.ok(shown.length > 0 && shown.length < 3000, "deltas stop when the stream does");
  assert.equal(
    JSON.stringify(runtime.events().filter(({ sequence }) => sequence !== undefined)).includes("SECRET"),
    false,
  );
});

Deno.test("a guard that blocks a complete answer drops its calls, thinking and response id", async () => {
  const driver = new PlayedDriver([
    { type: "thinking", delta: "SECRET" },
    { type: "thinking_signature", signature: "proof" },
    ...call("work"),
  ], texts("next"));
  await using runtime = await guarded(driver, ({ thinking }) => thinking === "" ? { action: "allow" } : REMOVED);
  const result = await say(runtime);
  assert.deepEqual([result.response, result.iterations, result.toolCallsCount], ["[removed]", 1, 0]);
  assert.deepEqual(result.usage, { inputTokens: 10, outputTokens: 5 });
  const [message] = (await runtime.messages(runtime.defaultSessionId)).filter(({ role }) => role === "agent");
  assert.deepEqual([message?.thinking, message?.thinkingSignature], [undefined, undefined]);
  assert.deepEqual(message?.content.map(({ type }) => type), ["text"]);
  await say(runtime);
  assert.equal(JSON.stringify(driver.requests[1]).includes("SECRET"), false);
});

Deno.test("a guard looks at a growing answer in growing steps, each time from where it looked before", async () => {
  const looks: [number, number][] = [];
  const pieces = Array.from({ length: 1000 }, () => "x".repeat(20));
  await using runtime = await guarded(new PlayedDriver(texts(...pieces)), ({ text, checked, complete }) => {
    if (!complete) looks.push([checked, text.length]);
    return { action: "allow" };
  });
  assert.equal((await say(runtime)).response.length, 20_000);
  assert.ok(looks.length > 10 && looks.length < 60, `${looks.length} looks`);
  assert.deepEqual(looks.slice(1).map(([checked]) => checked), looks.slice(0, -1).map(([, length]) => length));
});

Deno.test("a guard that fails withholds the answer", async () => {
  await using runtime = await guarded(new PlayedDriver(texts("all well")), () => {
    throw new Error("broken");
  });
  const result = await say(runtime);
  assert.match(result.response, /withheld/);
  assert.equal(eventsOf(runtime, "output.message.replaced")[0]?.data.reasonCode, "guard_failed");
});
