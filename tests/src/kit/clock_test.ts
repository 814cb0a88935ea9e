import assert from "node:assert/strict";
import { sleep, systemClock } from "../../../src/kit/clock.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";

Deno.test("systemClock() tells the time of day, a time that never goes back, and the time zone", () => {
  const clock = systemClock();
  const [before, now, after] = [Date.now(), clock.now(), Date.now()];
  assert.ok(before <= now && now <= after);
  assert.ok(clock.monotonic() <= clock.monotonic());
  assert.equal(clock.timeZone(), Temporal.Now.timeZoneId());
  assert.equal(clock.timeZone(), clock.timeZone());
});

Deno.test("a timer of systemClock() fires once, and not at all when cancelled", async () => {
  const clock = systemClock();
  let fired = 0;
  const cancelled = clock.setTimer(() => fired += 100, 0);
  cancelled.cancel();
  await new Promise<void>((resolve) => {
    clock.setTimer(() => {
      fired++;
      resolve();
    }, 0);
  });
  assert.equal(fired, 1);
});

Deno.test("a timer of systemClock() longer than a timeout can hold does not fire at once", async () => {
  const clock = systemClock();
  let fired = false;
  const timer = clock.setTimer(() => fired = true, 2 ** 31 + 1000);
  await sleep(clock, 1);
  assert.equal(fired, false);
  timer.cancel();
});

Deno.test("sleep() resolves when its time has come and lets go of the signal", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const slept = sleep(clock, 10, controller.signal);
  clock.advance(10);
  await slept;
  controller.abort();
  assert.equal(clock.pending, 0);
});

Deno.test("sleep() ends at once with the reason when aborted, and cancels its timer", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const slept = sleep(clock, 10, controller.signal);
  const reason = new Error("stop");
  controller.abort(reason);
  await assert.rejects(slept, reason);
  assert.equal(clock.pending, 0);
});

Deno.test("sleep() sets no timer when the signal is aborted before", async () => {
  const clock = new FakeClock();
  const reason = new Error("before");
  await assert.rejects(sleep(clock, 10, AbortSignal.abort(reason)), reason);
  assert.equal(clock.pending, 0);
});

Deno.test("sleep() takes one listener from the signal it was given", async () => {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  const slept = sleep(clock, 1, signal);
  assert.equal(listeners, 1);
  clock.advance(1);
  await slept;
  assert.equal(listeners, 0);
});
