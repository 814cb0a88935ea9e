import assert from "node:assert/strict";
import { promptCaching } from "../../../src/capabilities/prompt_caching.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { say, scriptedRuntime } from "../_support/runtime.ts";
import { capabilityContext } from "./_capability_context.ts";

Deno.test("each strategy has its key", () => {
  const { session } = capabilityContext();
  const withAgent = { ...session, agentId: idFromSeed("agent", 1) };
  const key = (strategy: string, of = session) => promptCaching.promptCacheKey?.(of, { strategy });
  assert.deepEqual(
    [key("auto"), key("session"), key("shared"), key("shared", withAgent), key("off")],
    [session.id, session.id, session.harnessId, withAgent.agentId, undefined],
  );
});

Deno.test("the key is in the request, and the same in every turn", async () => {
  await using scripted = await scriptedRuntime(["one", "two"], {
    session: (single) => single.withCapability("prompt_caching"),
  });
  const { runtime, requests } = scripted;
  await say(runtime);
  await say(runtime);
  assert.deepEqual(requests.map(({ promptCacheKey }) => promptCacheKey), [
    runtime.defaultSessionId,
    runtime.defaultSessionId,
  ]);
});

Deno.test("the strategy of the configuration reaches the request", async () => {
  await using scripted = await scriptedRuntime(["one"], {
    session: (single) => single.withCapability({ ref: "prompt_caching", config: { strategy: "off" } }),
  });
  await say(scripted.runtime);
  assert.equal(scripted.requests[0]?.promptCacheKey, undefined);
  assert.match(String(promptCaching.validateConfig?.({ strategy: "always" })), /not one of auto, session, shared, off/);
});
