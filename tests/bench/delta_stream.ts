/**
 * Ten thousand deltas of one reply: to one subscriber, and to ten of which one never reads.
 *
 * @module
 */

import { type Event, type InProcessRuntime, LlmSimConfig, type SessionId } from "@everruns/runtime";
import { cost, median, rate, report } from "./figures.ts";
import { mustAnswer, newSession, startRuntime } from "./subject.ts";

const DELTAS = 10_000;
const WARM_UP = 30;
const ROUNDS = 60;
const TEXT = "tok ".repeat(DELTAS);

interface Streamed {
  /** Milliseconds until the turn was over. */
  readonly turnMs: number;
  /** Milliseconds until also every reader had the whole text. */
  readonly readMs: number;
  /** Milliseconds until the first reader had its first piece. */
  readonly firstMs: number;
  /** How many delta events the first reader got. */
  readonly events: number;
}

await using runtime = await startRuntime(LlmSimConfig.fixed(TEXT).withChunks(DELTAS));
const one: Streamed[] = [];
const ten: Streamed[] = [];
for (let i = 0; i < WARM_UP + ROUNDS; i++) {
  const alone = await stream(runtime, 1, 0);
  const crowd = await stream(runtime, 9, 1);
  if (i < WARM_UP) continue;
  one.push(alone);
  ten.push(crowd);
}

const ratio = median(ten.map(({ turnMs }) => turnMs)) / median(one.map(({ turnMs }) => turnMs));
report([
  rate(
    { name: "source deltas whose text one subscriber got", unit: "M/s", budget: { atLeast: 1.7 } },
    one.map(({ readMs }) => DELTAS / readMs / 1000),
  ),
  cost({ name: "turn with ten subscribers (one never reads) / with one", unit: "x", budget: { atMost: 2 } }, [ratio]),
  cost({ name: "streamed turn, one subscriber", unit: "us" }, one.map(({ turnMs }) => turnMs * 1000)),
  cost({ name: "streamed turn, ten subscribers", unit: "us" }, ten.map(({ turnMs }) => turnMs * 1000)),
  cost({ name: "... until all nine readers have the text", unit: "us" }, ten.map(({ readMs }) => readMs * 1000)),
  cost({ name: "first piece reaches one subscriber", unit: "us" }, one.map(({ firstMs }) => firstMs * 1000)),
  cost({ name: "delta events one subscriber got (joined)", unit: "" }, one.map(({ events }) => events)),
]);

async function stream(runtime: InProcessRuntime, readers: number, sleepers: number): Promise<Streamed> {
  const sessionId = await newSession(runtime);
  const asleep = Array.from({ length: sleepers }, () => runtime.subscribe(sessionId));
  const startedAt = performance.now();
  const reading = Array.from({ length: readers }, () => read(runtime, sessionId, startedAt));
  const turn = await runtime.runTextTurn(sessionId, "go");
  const turnMs = performance.now() - startedAt;
  const reads = await Promise.all(reading);
  const readMs = performance.now() - startedAt;
  mustAnswer(turn, TEXT);
  for (const subscriber of asleep) await subscriber.return?.();
  const [first] = reads;
  return { turnMs, readMs, firstMs: first?.firstMs ?? 0, events: first?.events ?? 0 };
}

/** Reads one whole reply as a host would: it puts the text together. */
async function read(
  runtime: InProcessRuntime,
  sessionId: SessionId,
  startedAt: number,
): Promise<Pick<Streamed, "firstMs" | "events">> {
  let text = "";
  let events = 0;
  let firstMs = 0;
  for await (const event of runtime.subscribe(sessionId)) {
    if (isEnd(event)) break;
    if (event.type !== "output.message.delta") continue;
    if (events++ === 0) firstMs = performance.now() - startedAt;
    text += event.data.delta;
  }
  if (text !== TEXT) throw new Error(`a subscriber got ${text.length} of ${TEXT.length} characters`);
  return { firstMs, events };
}

function isEnd({ type }: Event): boolean {
  return type === "output.message.completed";
}
