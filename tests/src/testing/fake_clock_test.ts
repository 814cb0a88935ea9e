import assert from "node:assert/strict";
import { sleep } from "../../../src/kit/clock.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";

Deno.test("FakeClock stands still at its start until it is advanced", () => {
  const clock = new FakeClock({ start: 1000, timeZone: "Europe/Oslo" });
  assert.deepEqual([clock.now(), clock.monotonic(), clock.timeZone()], [1000, 0, "Europe/Oslo"]);
  clock.advance(5);
  assert.deepEqual([clock.now(), clock.monotonic()], [1005, 5]);
});

Deno.test("FakeClock starts in 2026 and in UTC unless told otherwise", () => {
  const clock = new FakeClock();
  assert.equal(new Date(clock.now()).toISOString(), "2026-01-01T00:00:00.000Z");
  assert.equal(clock.timeZone(), "UTC");
});

Deno.test("advance() fires due timers in order, at their times, those due together as they were set", () => {
  const clock = new FakeClock();
  const fired: [string, number][] = [];
  const note = (name: string) => () => void fired.push([name, clock.monotonic()]);
  clock.setTimer(note("late"), 30);
  clock.setTimer(note("first"), 10);
  clock.setTimer(note("second"), 10);
  clock.setTimer(note("never"), 31);
  clock.advance(30);
  assert.deepEqual(fired, [["first", 10], ["second", 10], ["late", 30]]);
  assert.equal(clock.pending, 1);
});

Deno.test("advance() fires timers that are set on the way when they become due", () => {
  const clock = new FakeClock();
  const fired: number[] = [];
  const again = () => {
    fired.push(clock.monotonic());
    clock.setTimer(again, 10);
  };
  clock.setTimer(again, 10);
  clock.advance(35);
  assert.deepEqual(fired, [10, 20, 30]);
  assert.equal(clock.monotonic(), 35);
});

Deno.test("a cancelled timer does not fire, also when a timer due at the same time cancels it", () => {
  const clock = new FakeClock();
  let fired = false;
  clock.setTimer(() => other.cancel(), 10);
  const other = clock.setTimer(() => fired = true, 10);
  clock.advance(10);
  assert.equal(fired, false);
  other.cancel();
  assert.equal(clock.pending, 0);
});

Deno.test("a timer of no length waits until the clock is advanced, be it by nothing", () => {
  const clock = new FakeClock();
  let fired = 0;
  clock.setTimer(() => fired++, 0);
  clock.setTimer(() => fired++, -5);
  assert.equal(fired, 0);
  clock.advance(0);
  assert.equal(fired, 2);
});

Deno.test("a callback that throws leaves the clock at its timer and the later ones set", () => {
  const clock = new FakeClock();
  clock.setTimer(() => {
    throw new Error("boom");
  }, 10);
  clock.setTimer(() => {}, 20);
  assert.throws(() => clock.advance(100), /boom/);
  assert.deepEqual([clock.monotonic(), clock.pending], [10, 1]);
});

Deno.test("a callback may advance the clock and time does not go back", () => {
  const clock = new FakeClock();
  clock.setTimer(() => clock.advance(100), 10);
  clock.advance(20);
  assert.equal(clock.monotonic(), 110);
});

Deno.test("advanceAsync() gets code through that sleeps several times", async () => {
  const clock = new FakeClock();
  const woke: number[] = [];
  const task = (async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(clock, 10);
      await Promise.resolve();
      woke.push(clock.monotonic());
    }
  })();
  await clock.advanceAsync(30);
  assert.deepEqual(woke, [10, 20, 30]);
  await task;
});

Deno.test("runToNextTimer() goes to the next timer, fires all due then, and says when there is none", async () => {
  const clock = new FakeClock();
  let fired = 0;
  clock.setTimer(() => fired++, 500);
  clock.setTimer(() => fired++, 500);
  clock.setTimer(() => fired++, 501);
  assert.equal(await clock.runToNextTimer(), true);
  assert.deepEqual([fired, clock.monotonic()], [2, 500]);
  assert.equal(await clock.runToNextTimer(), true);
  assert.equal(await clock.runToNextTimer(), false);
  assert.deepEqual([fired, clock.monotonic()], [3, 501]);
});

Deno.test("setNow() and setTimeZone() move the wall clock alone", () => {
  const clock = new FakeClock({ start: 1000 });
  let fired = false;
  clock.setTimer(() => fired = true, 10);
  clock.advance(5);
  clock.setNow(99);
  clock.setTimeZone("Asia/Tokyo");
  assert.deepEqual([clock.now(), clock.monotonic(), clock.timeZone(), fired], [99, 5, "Asia/Tokyo", false]);
  clock.advance(5);
  assert.deepEqual([clock.now(), fired], [104, true]);
});

Deno.test("FakeClock refuses times that are not finite and durations below 0", async () => {
  const clock = new FakeClock();
  assert.throws(() => new FakeClock({ start: NaN }), RangeError);
  assert.throws(() => clock.setNow(Infinity), RangeError);
  for (const milliseconds of [-1, NaN, Infinity]) {
    assert.throws(() => clock.advance(milliseconds), RangeError);
    await assert.rejects(clock.advanceAsync(milliseconds), RangeError);
  }
});
