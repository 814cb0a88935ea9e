import assert from "node:assert/strict";
import { CallWatch } from "../../../src/mcp/call_watch.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";

Deno.test("a question that was asked before a call began takes no pause from the call's own", () => {
  const clock = new FakeClock();
  using watch = new CallWatch(clock, 1000);
  watch.waiting(-1);
  watch.waiting(1);
  clock.advance(5000);
  assert.equal(watch.signal.aborted, false);
  watch.waiting(-1);
  clock.advance(1000);
  assert.equal(watch.signal.aborted, true);
});
