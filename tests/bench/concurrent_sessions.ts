/**
 * A thousand sessions, one turn each, all in flight at the same time: what a session costs in memory.
 *
 * @module
 */

import {
  type Driver,
  type DriverDescriptor,
  DriverRegistry,
  LlmSimConfig,
  llmSimDriver,
  type ModelEvent,
} from "@everruns/runtime";
import { collectGarbage, cost, report } from "./figures.ts";
import { mustAnswer, newSession, subjectBuilder } from "./subject.ts";

const SESSIONS = 1000;

/** Holds every model call until so many wait. */
class Barrier {
  readonly #opened = Promise.withResolvers<void>();
  readonly #count: number;
  #arrived = 0;

  constructor(count: number) {
    this.#count = count;
  }

  get arrived(): number {
    return this.#arrived;
  }

  async pass(): Promise<void> {
    this.#arrived++;
    if (this.#arrived === this.#count) {
      held = Deno.memoryUsage().rss;
      this.#opened.resolve();
    }
    await this.#opened.promise;
  }
}

let held = 0;
let barrier = new Barrier(1);
const simulated = llmSimDriver(LlmSimConfig.fixed("ok"));
const gated: DriverDescriptor = { ...simulated, create: async (config) => gate(await simulated.create(config)) };
await using runtime = await subjectBuilder({ effect: "pure" })
  .driverRegistry(new DriverRegistry().register(gated))
  .defaultModel({ model: "llmsim-model", providerType: simulated.id })
  .build();
mustAnswer(await runtime.runTextTurn(runtime.defaultSessionId, "hi"), "ok");

barrier = new Barrier(SESSIONS);
collectGarbage();
const before = Deno.memoryUsage();
const startedAt = performance.now();
const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => newSession(runtime)));
const createdAt = performance.now();
const turns = await Promise.all(sessions.map((sessionId) => runtime.runTextTurn(sessionId, "hi")));
const endedAt = performance.now();
const after = Deno.memoryUsage();
collectGarbage();
const settled = Deno.memoryUsage();
for (const turn of turns) mustAnswer(turn, "ok");
if (barrier.arrived !== SESSIONS) throw new Error(`${barrier.arrived} of ${SESSIONS} turns were in flight`);

report([
  memory("RSS per session, 1,000 turns at once", after.rss - before.rss, 20),
  memory("... while all are in flight", held - before.rss),
  memory("... after garbage collection", settled.rss - before.rss),
  memory("live heap per session afterwards", settled.heapUsed - before.heapUsed),
  cost({ name: "1,000 sessions created", unit: "ms" }, [createdAt - startedAt]),
  cost({ name: "1,000 turns at once", unit: "ms" }, [endedAt - createdAt]),
]);

function memory(name: string, bytes: number, atMost?: number): ReturnType<typeof cost> {
  const caption = { name, unit: "KB" };
  return cost(atMost === undefined ? caption : { ...caption, budget: { atMost } }, [bytes / 1024 / SESSIONS]);
}

/** The same driver, with every call held at the barrier. */
function gate(driver: Driver): Driver {
  return {
    id: driver.id,
    prepare: (request) => driver.prepare(request),
    stream: async function* (request, options): AsyncGenerator<ModelEvent> {
      await barrier.pass();
      yield* driver.stream(request, options);
    },
  };
}
