/** The command btw. */

import assert from "node:assert/strict";
import { PlayedDriver, texts, USED } from "../_support/played_driver.ts";
import { useDriver } from "../_support/drivers.ts";
import { say, type SimOptions, simRuntime } from "../_support/runtime.ts";

function on(driver: PlayedDriver) {
  const options: SimOptions = {
    configure: useDriver(driver.descriptor),
    session: (session) => session.withCapability("btw"),
  };
  return simRuntime("unused", options);
}

Deno.test("/btw answers with the conversation in mind and leaves the history as it is", async () => {
  const driver = new PlayedDriver(texts("Hello"), texts("A fence proves a lease."), texts("Bye"));
  await using runtime = await on(driver);
  const id = runtime.defaultSessionId;
  await say(runtime, "hi");
  const before = JSON.stringify(await runtime.messages(id));
  const answer = await runtime.executeCommand(id, "btw", "  what is a fence? ");
  assert.deepEqual(answer, { output: "A fence proves a lease.", data: { usage: { ...USED } } });
  assert.equal(JSON.stringify(await runtime.messages(id)), before);
  assert.deepEqual(driver.requests[1]?.messages.map(({ role }) => role), ["user", "assistant", "user"]);
  assert.match(JSON.stringify(driver.requests[1]?.messages.at(-1)), /"what is a fence\?"/);
  assert.deepEqual(driver.requests[1]?.tools, []);
  await say(runtime, "go on");
  assert.ok(!JSON.stringify(driver.requests[2]).includes("fence"));
});

Deno.test("/btw without a question is an error, and the model is not asked", async () => {
  const driver = new PlayedDriver();
  await using runtime = await on(driver);
  for (const args of ["", "  \n"]) {
    await assert.rejects(runtime.executeCommand(runtime.defaultSessionId, "btw", args), /requires a question/);
  }
  assert.equal(driver.requests.length, 0);
});
