import assert from "node:assert/strict";
import { ToolError } from "../../../mod.ts";
import { progressGuard } from "../../../src/capabilities/progress_guard.ts";
import { call, texts } from "../_support/played_driver.ts";
import { eventsOf, say } from "../_support/runtime.ts";
import { answering, guardedRuntime } from "./_guarded_runtime.ts";

Deno.test("progress_guard seals a turn whose rounds only repeat, also in a circle of two", async () => {
  const plays = Array.from({ length: 20 }, (_, i) => call(i % 2 === 0 ? "left" : "right"));
  await using it = await guardedRuntime(plays, progressGuard, {
    config: { max_repeated_rounds: 3 },
    tools: [answering("left", "wall"), answering("right", "wall")],
  });
  const result = await say(it.runtime);
  assert.deepEqual([result.status, result.sealed?.reason, result.iterations], ["sealed", "no_progress", 5]);
  assert.equal(it.driver.requests.length, 5);
  assert.match(eventsOf(it.runtime, "turn.sealed")[0]?.data.detail ?? "", /3 rounds/);
});

Deno.test("progress_guard lets a turn go on whose calls bring something new", async () => {
  const plays = [...Array.from({ length: 8 }, () => call("poll")), texts("done")];
  const tools = [answering("poll", ..."12345678")];
  await using it = await guardedRuntime(plays, progressGuard, { config: { max_repeated_rounds: 1 }, tools });
  assert.equal((await say(it.runtime)).response, "done");
});

Deno.test("progress_guard seals a turn whose calls only fail, and the next input starts anew", async () => {
  const failing = (n: number) => call("work", { n });
  const plays = [failing(1), failing(2), failing(3), failing(4), texts("better")];
  const tools = [answering("work", new ToolError("no"))];
  await using it = await guardedRuntime(plays, progressGuard, { config: { max_failed_rounds: 3 }, tools });
  assert.equal((await say(it.runtime)).sealed?.reason, "no_progress");
  assert.equal((await say(it.runtime)).response, "better");
});

Deno.test("progress_guard with a configuration that cannot be read lets no turn run", async () => {
  await using it = await guardedRuntime([texts("x")], progressGuard, { config: { max_failed_rounds: 0 } });
  assert.equal((await say(it.runtime)).sealed?.reason, "guard_failed");
  assert.match(JSON.stringify(eventsOf(it.runtime, "runtime.warning")), /max_failed_rounds/);
});
