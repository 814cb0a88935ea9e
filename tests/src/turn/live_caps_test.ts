/** What a call may show while it runs, and what is kept of it for those who do not read, is bounded. */

import assert from "node:assert/strict";
import { IdSource, systemRandom } from "../../../src/kit/ids.ts";
import type { SessionJournal } from "../../../src/ports/journal.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";
import type { Event } from "../../../src/records/event.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { deltaEvent } from "../../../src/testing/conformance/event_fixtures.ts";
import { Channel, DeltaRun } from "../../../src/turn/event_channel.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import { calls, faultRuntime, ofType, script, SESSION, text, tool } from "../_support/faults.ts";

/** The live events of a subscriber to a turn with some calls of one tool. */
async function shown(run: (context: ToolContext) => void, count = 1): Promise<readonly Event[]> {
  const act = tool("act", (_, context) => {
    run(context);
    return "ok";
  });
  const wanted = Array.from({ length: count }, () => "act");
  await using runtime = await faultRuntime({ tools: [act], respond: script(calls(...wanted), text("done")) });
  assert.equal((await runtime.runTurn(SESSION, "go")).response, "done");
  return runtime.events();
}

Deno.test("a call shows 1 MiB of output, then a notice, then nothing", async () => {
  const events = await shown(({ output }) => {
    for (let piece = 0; piece < 2_000; piece++) output("x".repeat(1_000), piece % 2 === 0 ? "stdout" : "stderr");
  });
  const pieces = ofType(events, "tool.output.delta").map(({ data }) => data.delta);
  assert.match(pieces.at(-1) ?? "", /not shown/);
  assert.equal(pieces.slice(0, -1).join("").length, 1024 * 1024);
});

Deno.test("tiny pieces of output are bounded in number", async () => {
  const events = await shown(({ output }) => {
    for (let piece = 0; piece < 50_000; piece++) output(".");
  });
  // The default bus keeps the newest 10,000: the notice is the last one.
  const pieces = ofType(events, "tool.output.delta");
  assert.match(pieces.at(-1)?.data.delta ?? "", /not shown/);
  assert.equal(pieces.filter(({ data }) => data.delta !== ".").length, 1);
});

Deno.test("a call reports its progress 1,000 times, then with a notice, then never", async () => {
  const events = await shown(({ progress }) => {
    for (let step = 0; step < 5_000; step++) progress(`step ${step}`);
  });
  const messages = ofType(events, "tool.progress").map(({ data }) => data.message);
  assert.equal(messages.length, 1_001);
  assert.equal(messages[999], "step 999");
  assert.match(messages[1_000] ?? "", /not shown/);
});

Deno.test("each call has a budget of its own", async () => {
  const events = await shown(({ progress }) => {
    for (let step = 0; step < 1_500; step++) progress(`step ${step}`);
  }, 3);
  assert.equal(ofType(events, "tool.progress").length, 3 * 1_001);
});

function openChannel(): Channel {
  const clock = new FakeClock();
  const journal = { events: () => Promise.resolve([]) } as Partial<SessionJournal> as SessionJournal;
  return new Channel(SESSION, { journal, ids: new IdSource(clock, systemRandom()), clock }, () => {});
}

function big(seed: number): Event {
  const event = deltaEvent(seed);
  return { ...event, data: { ...event.data, delta: "x".repeat(64 * 1024) } } as Event;
}

Deno.test("a channel keeps 16 MiB of events for a subscriber that does not read", async () => {
  const channel = openChannel();
  const subscriber = channel.subscribe(undefined, undefined);
  for (let seed = 0; seed < 2_000; seed++) {
    channel.push(big(seed));
    assert.ok(channel.endIndex - channel.base <= 128);
  }
  assert.equal((await subscriber.next()).value?.type, "subscription.gap");
  channel.end();
  const rest = await Array.fromAsync(subscriber);
  assert.ok(rest.length >= 50 && rest.length <= 128, `${rest.length} events were kept`);
});

Deno.test("a channel makes no gap for a subscriber that keeps pace, however much it has read", async () => {
  const channel = openChannel();
  const subscriber = channel.subscribe(undefined, undefined);
  for (let seed = 0; seed < 1_000; seed++) {
    const pair = [big(seed), big(seed)];
    for (const event of pair) channel.push(event);
    for (const event of pair) assert.equal((await subscriber.next()).value, event);
    assert.ok(channel.endIndex - channel.base <= 128);
  }
});

Deno.test("a run of deltas that is too long is kept while it grows, and what is before it goes", async () => {
  const channel = openChannel();
  const subscriber = channel.subscribe(undefined, undefined);
  channel.push(deltaEvent(1));
  const run = new DeltaRun("output.message.delta", idFromSeed("message", 1), idFromSeed("turn", 1), {}, 0);
  channel.push(run);
  const piece = "x".repeat(100_000);
  for (let at = 0; at < 100; at++) {
    run.append(piece);
    channel.grow(piece.length);
  }
  run.reveal();
  channel.end();
  assert.deepEqual((await Array.fromAsync(subscriber)).map(({ type }) => type), [
    "subscription.gap",
    "output.message.delta",
  ]);
});
