/**
 * Ten thousand deltas of one reply: to one subscriber, and to ten of which one never reads.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import {
  type Driver,
  type DriverDescriptor,
  DriverRegistry,
  type Event,
  type InProcessRuntime,
  LlmSimConfig,
  llmSimDriver,
  type ModelEvent,
  type SessionId,
} from "@everruns/runtime";
import { cost, median, rate, report } from "./figures.ts";
import { mustAnswer, newSession, startRuntime, subjectBuilder } from "./subject.ts";

const DELTAS = 10_000;
const WARM_UP = 30;
const ROUNDS = 60;
const TEXT = "tok ".repeat(DELTAS);
/** Deltas between two macrotasks of the paced driver: about what one read of a socket brings. */
const BURST = 10;

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

const config = LlmSimConfig.fixed(TEXT).withChunks(DELTAS);
await using runtime = await startRuntime(config);
await using pacedRuntime = await startPaced();
const paced: Streamed[] = [];
const one: Streamed[] = [];
const ten: Streamed[] = [];
for (let i = 0; i < WARM_UP + ROUNDS; i++) {
  const alone = await stream(runtime, 1, 0);
  const crowd = await stream(runtime, 9, 1);
  const live = await stream(pacedRuntime, 1, 0);
  if (i < WARM_UP) continue;
  one.push(alone);
  ten.push(crowd);
  paced.push(live);
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
  rate(
    { name: "source deltas in bursts of 10, one subscriber", unit: "M/s" },
    paced.map(({ readMs }) => DELTAS / readMs / 1000),
  ),
  cost({ name: "... first piece", unit: "us" }, paced.map(({ firstMs }) => firstMs * 1000)),
  cost({ name: "... delta events", unit: "" }, paced.map(({ events }) => events)),
]);

/** The same model, but giving way to the event loop after every burst, as a provider's stream does. */
async function startPaced(): Promise<InProcessRuntime> {
  const simulated = llmSimDriver(config);
  const descriptor: DriverDescriptor = { ...simulated, create: async (given) => pace(await simulated.create(given)) };
  return await subjectBuilder()
    .driverRegistry(new DriverRegistry().register(descriptor))
    .defaultModel({ model: "llmsim-model", providerType: simulated.id })
    .build();
}

function pace(driver: Driver): Driver {
  return {
    id: driver.id,
    prepare: (request) => driver.prepare(request),
    stream: async function* (request, options): AsyncGenerator<ModelEvent> {
      let count = 0;
      for await (const event of driver.stream(request, options)) {
        yield event;
        if (++count % BURST === 0) await setImmediate();
      }
    },
  };
}

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
