/** Layers whose capabilities are mistyped or wrongly set: what `strict()` refuses, and what is told without it. */

import assert from "node:assert/strict";
import { ConfigurationError } from "../../../src/errors.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { InProcessRuntimeBuilder } from "../../../src/runtime/builder.ts";
import { LlmSimConfig } from "../../../src/drivers/llmsim/config.ts";

const HARNESS = idFromSeed("harness", 1);
const SESSION = idFromSeed("session", 1);

function simulated(): InProcessRuntimeBuilder {
  return new InProcessRuntimeBuilder().llmSim(LlmSimConfig.fixed("ok"));
}

Deno.test("strict() makes build() refuse an unknown capability of any layer, and names the nearest", async () => {
  const built = simulated().strict().singleSession((s) =>
    s.harness("helper").withCapability("curent_time").agent("writer").agentCapability("skill")
      .sessionCapability("quite_another")
  ).build();
  await assert.rejects(built, (error) => {
    assert.ok(error instanceof ConfigurationError);
    assert.equal(
      error.message,
      "Cannot build a runtime: " +
        'capability "curent_time" of harness "helper" is not registered, did you mean "current_time"?; ' +
        'capability "skill" of agent "writer" is not registered, did you mean "skills"?; ' +
        `capability "quite_another" of session "${sessionOf(error.message)}" is not registered; ` +
        "correct it, register it with capability(), or leave strict() out",
    );
    return true;
  });
});

function sessionOf(message: string): string {
  return /session_[0-9a-f]{32}/.exec(message)?.[0] ?? "";
}

Deno.test("strict() makes build() refuse a wrong setting, and says what it may be", async () => {
  const built = simulated().strict().harness({
    name: "helper",
    capabilities: [
      { ref: "compaction", config: { budget_percent: 3 } },
      { ref: "loop_detection", config: { treshold: 3 } },
    ],
  }).build();
  await assert.rejects(built, {
    message: "Cannot build a runtime: " +
      'capability "compaction" of harness "helper": `budget_percent` is 3, not a number from 0.01 to 1; ' +
      'capability "loop_detection" of harness "helper": `treshold` is unknown: ' +
      "expected threshold, mutating_failure_threshold; " +
      "correct it, register it with capability(), or leave strict() out",
  });
});

Deno.test("strict() stores nothing when it refuses", async () => {
  const backends = RuntimeBackends.inMemory();
  const built = simulated().strict().backends(backends)
    .harness({ id: HARNESS, name: "helper", capabilities: ["nope"] })
    .session({ id: SESSION, harnessId: HARNESS })
    .build();
  await assert.rejects(built, ConfigurationError);
  assert.deepEqual(await backends.slots.harnessStore.getHarnessChain(HARNESS), []);
  assert.equal(await backends.slots.sessionStore.getSession(SESSION), undefined);
});

Deno.test("strict() lets aliases, right settings and the capabilities of the host pass", async () => {
  await using runtime = await simulated().strict()
    .capability(defineCapability({ id: "mine", name: "Mine" }))
    .singleSession((s) =>
      s.harness("helper").withCapability("mine").withCapability("auto_tool_search").withCapability("loop_detection", {
        threshold: 4,
      })
    ).build();
  assert.deepEqual((await runtime.loadContext(runtime.defaultSessionId)).warnings, []);
});

Deno.test("without strict() an unknown capability is left out, and the warning names the nearest", async () => {
  await using runtime = await simulated().singleSession((s) => s.harness("helper").withCapability("curent_time"))
    .build();
  assert.deepEqual((await runtime.loadContext(runtime.defaultSessionId)).warnings, [
    'Capability "curent_time" is not registered and was left out; did you mean "current_time"?',
  ]);
  assert.equal((await runtime.runTextTurn(runtime.defaultSessionId, "hi")).response, "ok");
});

Deno.test("activateCapability() names the nearest capability too", async () => {
  await using runtime = await simulated().singleSession((s) => s.harness("helper")).build();
  await assert.rejects(runtime.activateCapability(runtime.defaultSessionId, "current-time"), {
    code: "capability_unknown",
    message: 'Cannot activate "current-time": no such capability is registered; did you mean "current_time"?',
  });
});

Deno.test("withCapability() takes settings beside the id, and a wrong one is told with what it may be", async () => {
  await using runtime = await simulated().singleSession((s) =>
    s.harness("helper").withCapability("loop_detection", { threshold: 4 })
      .sessionCapability("progress_guard", { max_failed_rounds: "many" })
  ).build();
  const { resolvedCapabilityConfigs, warnings } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(resolvedCapabilityConfigs[0], { ref: "loop_detection", config: { threshold: 4 } });
  assert.deepEqual(warnings, [
    'Configuration of capability "progress_guard": `max_failed_rounds` is "many", not a whole number from 1 to 100',
  ]);
});

Deno.test("activateCapability() takes settings beside the id", async () => {
  await using runtime = await simulated().singleSession((s) => s.harness("helper")).build();
  const { defaultSessionId: id } = runtime;
  await runtime.activateCapability(id, "loop_detection", { threshold: 4 });
  assert.deepEqual((await runtime.loadContext(id)).session.capabilities, [
    { ref: "loop_detection", config: { threshold: 4 } },
  ]);
  await assert.rejects(runtime.activateCapability(id, "loop_detection", { treshold: 3 }), {
    code: "capability_config_invalid",
  });
});

Deno.test("settings that are no object are refused where they are given", () => {
  const message = 'Cannot use capability "loop_detection": its configuration is not an object of settings';
  for (const wrong of [[3], null] as unknown[]) {
    const config = wrong as JsonObject;
    const refused = { name: "TypeError", message };
    assert.throws(() => simulated().singleSession((s) => s.withCapability("loop_detection", config)), refused);
    assert.throws(() => simulated().singleSession((s) => s.withCapability({ ref: "loop_detection", config })), refused);
  }
});
