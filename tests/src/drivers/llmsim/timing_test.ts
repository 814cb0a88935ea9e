/** Deltas, latency, stalls and aborts of a simulated model, on a clock that the test moves. */

import assert from "node:assert/strict";
import { LlmSimConfig } from "../../../../src/drivers/llmsim/config.ts";
import type { ModelEvent } from "../../../../src/ports/driver.ts";
import { FakeClock } from "../../../../src/testing/fake_clock.ts";
import { ask, driverOf, request, textOf } from "./_support.ts";

/** A call under way: what came when, and how it ended. */
interface Call {
  readonly clock: FakeClock;
  readonly seen: [ms: number, what: string][];
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

async function start(config: LlmSimConfig, model = "m"): Promise<Call> {
  const clock = new FakeClock();
  const driver = await driverOf(config, clock);
  const controller = new AbortController();
  const seen: [number, string][] = [];
  const ended = (async () => {
    for await (const event of driver.stream(request({ model }), { signal: controller.signal })) {
      seen.push([clock.monotonic(), event.type === "text" ? event.delta : event.type]);
    }
  })();
  ended.catch(() => {});
  return { clock, seen, controller, ended };
}

Deno.test("withChunks() streams the text in so many deltas, or one per character when it is shorter", async () => {
  const deltas = async (text: string, count: number): Promise<string[]> => {
    const events = await ask(await driverOf(LlmSimConfig.fixed(text).withChunks(count)));
    return events.flatMap((event) => event.type === "text" ? [event.delta] : []);
  };
  assert.deepEqual(await deltas("abcdef", 3), ["ab", "cd", "ef"]);
  assert.deepEqual(await deltas("abcdefg", 3), ["ab", "cd", "efg"]);
  assert.deepEqual(await deltas("abc", 10_000_000), ["a", "b", "c"]);
  assert.deepEqual(await deltas("", 3), []);
  assert.equal((await deltas("x".repeat(10_000), 10_000)).length, 10_000);
});

Deno.test("withChunks() never cuts a character of two units", async () => {
  const text = "a😀b😀😀c";
  for (let count = 1; count <= text.length; count++) {
    const events = await ask(await driverOf(LlmSimConfig.fixed(text).withChunks(count)));
    assert.equal(textOf(events), text);
    for (const event of events) if (event.type === "text") assert.ok(event.delta.isWellFormed());
  }
});

Deno.test("withLatency() streams token by token with the configured waits", async () => {
  const { clock, seen, ended } = await start(
    LlmSimConfig.fixed("abcdefghij").withLatency({ firstTokenMs: 100, tokenMs: 10 }),
  );
  await clock.advanceAsync(99);
  assert.deepEqual(seen, []);
  await clock.advanceAsync(1000);
  await ended;
  assert.deepEqual(seen, [[100, "abc"], [110, "def"], [120, "ghij"], [120, "done"]]);
  assert.equal(clock.pending, 0);
});

Deno.test("withLatency() and withChunks() together stream the chunks with the waits", async () => {
  const config = LlmSimConfig.echo().withLatency({ firstTokenMs: 0, tokenMs: 5 }).withChunks(2);
  const { clock, seen, ended } = await start(config);
  await clock.advanceAsync(100);
  await ended;
  assert.deepEqual(seen, [[0, "Ech"], [5, "o: "], [5, "done"]]);
});

Deno.test("a model name turns latency on, and the configured latency wins over it", async () => {
  const config = LlmSimConfig.fixed("abcdefgh");
  const times = async (given: LlmSimConfig, model: string): Promise<number[]> => {
    const { clock, seen, ended } = await start(given, model);
    await clock.advanceAsync(10_000);
    await ended;
    return seen.map(([ms]) => ms);
  };
  assert.deepEqual(await times(config, "sim"), [0, 0]);
  assert.deepEqual(await times(config, "sim-latency"), [300, 320, 320]);
  assert.deepEqual(await times(config, "sim-ttft-250"), [250, 250]);
  assert.deepEqual(await times(config, "sim-ttft-250-latency"), [250, 270, 270]);
  assert.deepEqual(await times(config, "sim-latency-ttft-250"), [250, 270, 270]);
  assert.deepEqual(await times(config, "latency-sim"), [0, 0]);
  assert.deepEqual(await times(config.withModel("sim-ttft-9"), "m"), [9, 9]);
  assert.deepEqual(await times(config.withLatency({ firstTokenMs: 1, tokenMs: 0 }), "sim-latency"), [1, 1]);
});

Deno.test("one driver follows the latency of each model it is asked for", async () => {
  const clock = new FakeClock();
  const driver = await driverOf(LlmSimConfig.fixed("x"), clock);
  assert.equal(textOf(await ask(driver, { model: "m" })), "x");
  const slow = ask(driver, { model: "m-ttft-50" });
  await clock.advanceAsync(49);
  assert.equal(clock.pending, 1);
  await clock.advanceAsync(1);
  assert.equal(textOf(await slow), "x");
  assert.equal(textOf(await ask(driver, { model: "m" })), "x");
});

Deno.test("withResponseDelay() delays a reply and also an error", async () => {
  for (const config of [LlmSimConfig.fixed("x"), LlmSimConfig.echo(), LlmSimConfig.error("other")]) {
    const { clock, seen, ended } = await start(config.withResponseDelay(40));
    await clock.advanceAsync(39);
    assert.equal(clock.pending, 1);
    assert.deepEqual(seen, []);
    await clock.advanceAsync(1);
    await ended.catch(() => {});
    assert.equal(clock.pending, 0);
  }
});

Deno.test("an abort ends a wait at once with the signal's reason and leaves nothing behind", async () => {
  const { clock, seen, controller, ended } = await start(
    LlmSimConfig.fixed("abcdefgh").withLatency({ firstTokenMs: 10, tokenMs: 1000 }),
  );
  await clock.advanceAsync(10);
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(ended, reason);
  assert.deepEqual(seen, [[10, "abcd"]]);
  assert.equal(clock.pending, 0);
});

Deno.test("a call that must wait and is already aborted throws the reason and has ended", async () => {
  const clock = new FakeClock();
  const driver = await driverOf(LlmSimConfig.fixed("x").withResponseDelay(1), clock);
  const reason = new Error("too late");
  const stream = driver.stream(request(), { signal: AbortSignal.abort(reason) })[Symbol.asyncIterator]();
  await assert.rejects(stream.next(), reason);
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
  assert.equal(clock.pending, 0);
});

Deno.test("a stalled stream gives its text and then nothing until it is aborted", async () => {
  const { clock, seen, controller, ended } = await start(
    LlmSimConfig.scripted([{ type: "stream_stall", text: "so far" }]),
  );
  await clock.advanceAsync(1_000_000);
  assert.deepEqual(seen, [[0, "so far"]]);
  controller.abort("stop");
  await assert.rejects(ended, (reason) => reason === "stop");
});

Deno.test("a stalled stream without text is silent from the start", async () => {
  const { clock, seen, controller, ended } = await start(LlmSimConfig.scripted([{ type: "stream_stall" }]));
  await clock.advanceAsync(1_000_000);
  assert.deepEqual(seen, []);
  controller.abort();
  await assert.rejects(ended, { name: "AbortError" });
});

Deno.test("return() frees a consumer that waits for a stalled or slow stream", async () => {
  for (
    const config of [
      LlmSimConfig.scripted([{ type: "stream_stall" }]),
      LlmSimConfig.fixed("x").withResponseDelay(1000),
    ]
  ) {
    const clock = new FakeClock();
    const driver = await driverOf(config, clock);
    const stream: AsyncIterator<ModelEvent> = driver.stream(request(), { signal: new AbortController().signal })
      [Symbol.asyncIterator]();
    const waiting = stream.next();
    await stream.return?.();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
    assert.equal(clock.pending, 0);
  }
});

Deno.test("a loop that breaks out of a stream has ended it", async () => {
  const driver = await driverOf(LlmSimConfig.fixed("abc").withChunks(3));
  const stream = driver.stream(request(), { signal: new AbortController().signal });
  for await (const event of stream) {
    assert.equal(event.type, "text");
    break;
  }
  assert.deepEqual(await Array.fromAsync(stream), []);
});
