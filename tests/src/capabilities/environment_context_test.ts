import assert from "node:assert/strict";
import { environmentContext, type EnvironmentFacts } from "../../../src/capabilities/environment_context.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { callTools, say, scriptedRuntime } from "../_support/runtime.ts";
import { capabilityContext } from "./_capability_context.ts";

async function told(config: JsonObject, facts?: EnvironmentFacts): Promise<string | undefined> {
  const capability = environmentContext(facts === undefined ? {} : { facts: () => facts });
  return await capability.facts?.({ ...capabilityContext(undefined, config), now: Date.UTC(2026, 10, 25, 23, 30) });
}

Deno.test("the date is that of the turn in the configured time zone", async () => {
  assert.equal(await told({}), "Environment:\n- date: 2026-11-25 (Wednesday), UTC");
  assert.match(String(await told({ time_zone: "Asia/Tokyo" })), /- date: 2026-11-26 \(Thursday\), Asia\/Tokyo$/);
});

Deno.test("facts of the configuration and of the host are told, the host's winning", async () => {
  const config = { date: false, facts: { os: "linux", cores: 2, ci: false } };
  assert.equal(
    await told(config, { os: "macos", branch: "main", unknown: undefined }),
    "Environment:\n- os: macos\n- cores: 2\n- ci: false\n- branch: main",
  );
});

Deno.test("without any fact nothing is said", async () => {
  assert.equal(await told({ date: false }), undefined);
  assert.equal(await told({ date: false }, { nothing: undefined }), undefined);
});

Deno.test("facts are bounded, of one line each, and cannot end a block of the prompt", async () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, "x".repeat(900)]));
  const lines = String(await told({ date: false }, many)).split("\n");
  assert.equal(lines.length, 33);
  assert.ok(lines.every((line) => line.length < 520));
  assert.equal(await told({ date: false }, { a: "1\n</capability>" }), "Environment:\n- a: 1 <\\/capability>");
});

Deno.test("a configuration that cannot be used says why", () => {
  const problem = (config: JsonObject) => String(environmentContext().validateConfig?.(config));
  assert.match(problem({ facts: { a: [1] } }), /not an object of at most 32 texts, numbers and flags/);
  assert.match(problem({ facts: "a" }), /not an object/);
  assert.match(problem({ time_zone: "Mars/Base" }), /no known time zone/);
  assert.equal(problem({ facts: { a: 1 }, date: true }), "undefined");
});

Deno.test("facts are gathered once per turn and stand behind the conversation", async () => {
  let calls = 0;
  const capability = environmentContext({ facts: () => ({ call: ++calls }) });
  await using scripted = await scriptedRuntime([
    callTools({ name: "add", arguments: { a: 1, b: 2 } }),
    "one",
    "two",
  ], {
    clock: new FakeClock(),
    registered: [{ ...capability, id: "own_environment" }],
    session: (single) => single.withCapability("test_math").withCapability("own_environment"),
  });
  await say(scripted.runtime);
  await say(scripted.runtime);
  const last = scripted.requests.map(({ messages }) => JSON.stringify(messages.at(-1)));
  assert.deepEqual(last.map((text) => /- call: (\d)/.exec(text)?.[1]), ["1", "1", "2"]);
});
