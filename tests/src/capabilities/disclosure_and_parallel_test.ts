import assert from "node:assert/strict";
import { ProviderError, textOf } from "../../../mod.ts";
import { errorDisclosure } from "../../../src/capabilities/error_disclosure.ts";
import { parallelToolCalls } from "../../../src/capabilities/parallel_tool_calls.ts";
import { texts } from "../_support/played_driver.ts";
import { say } from "../_support/runtime.ts";
import { guardedRuntime } from "./_guarded_runtime.ts";

const cases = [
  ["generic", { mode: "generic" }, /^Something went wrong while answering\.$/],
  ["standard", {}, /^The model is not available\.$/],
  ["detailed", { mode: "detailed" }, /host db7/],
  ["generic, because it is unreadable", { mode: "loud" }, /^Something went wrong while answering\.$/],
] as const;
for (const [name, config, told] of cases) {
  Deno.test(`error_disclosure tells the user what it is configured to: ${name}`, async () => {
    const failure = new ProviderError("model_unavailable", "host db7 is gone");
    await using it = await guardedRuntime([failure], errorDisclosure, { config });
    assert.equal((await say(it.runtime)).success, false);
    const last = (await it.runtime.messages(it.runtime.defaultSessionId)).at(-1);
    assert.match(textOf(last?.content ?? []), told);
  });
}

Deno.test("parallel_tool_calls says in the request whether calls may come together", async () => {
  for (const [config, expected] of [[{}, true], [{ enabled: false }, false], [{ enabled: "x" }, false]] as const) {
    await using it = await guardedRuntime([texts("ok")], parallelToolCalls, { config });
    await say(it.runtime);
    assert.equal(it.driver.requests[0]?.parallelToolCalls, expected);
  }
  assert.match(parallelToolCalls.validateConfig?.({ enabled: 1 }) ?? "", /true or false/);
});
