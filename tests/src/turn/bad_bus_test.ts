/** Event buses that misbehave: they only deliver, so they can neither delay nor fail a turn. */

import assert from "node:assert/strict";
import { InMemoryEventBus } from "../../../src/in_memory/event_bus.ts";
import type { EventBus } from "../../../src/ports/event_bus.ts";
import type { Event } from "../../../src/records/event.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { calls, faultRuntime, logOf, ofType, script, SESSION, text, tool, until } from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

const BUSES: Readonly<Record<string, () => unknown>> = {
  "throws an error": () => {
    throw new Error("broken");
  },
  "throws undefined": () => {
    const nothing: unknown = undefined;
    throw nothing;
  },
  "rejects": () => Promise.reject(new Error("broken")),
  "rejects with undefined": () => Promise.reject(undefined),
  "never resolves": () => new Promise(() => {}),
  "returns no promise": () => 5,
  "returns null": () => null,
  "returns a thenable that throws": () => ({
    then() {
      throw new Error("then");
    },
  }),
  "returns a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
};

for (const [what, emit] of Object.entries(BUSES)) {
  Deno.test(`a bus that ${what} does not touch a turn`, async () => {
    const bus = { emit } as EventBus;
    const backends = RuntimeBackends.inMemory().withEventBus(bus);
    await using runtime = await faultRuntime({
      backends,
      tools: [tool("act", (_, { progress }) => void progress)],
      respond: script(calls("act"), text("done")),
    });
    assert.equal((await runtime.runTurn(SESSION, "go")).response, "done");
    assert.deepEqual(runtime.events(), []);
    await assertSession(runtime, backends, { acked: ["go"] });
  });
}

Deno.test("a bus whose collectedEvents throws or answers nonsense does not touch a turn", async () => {
  for (const collectedEvents of [() => "no list", () => undefined]) {
    const bus = { emit: () => {}, collectedEvents } as unknown as EventBus;
    await using runtime = await faultRuntime({ backends: RuntimeBackends.inMemory().withEventBus(bus) });
    assert.equal((await runtime.runTurn(SESSION, "go")).success, true);
  }
});

/** Runs turns on a bus that starts another turn of the same session when the first one begins. */
async function reentrant(make: (started: (event: Event) => void) => EventBus) {
  const own: { runtime?: InProcessRuntime } = {};
  let second: Promise<unknown> | undefined;
  const bus = make((event) => {
    if (event.type === "turn.started") second ??= own.runtime?.runTurn(SESSION, "from the bus");
  });
  const backends = RuntimeBackends.inMemory().withEventBus(bus);
  const runtime = own.runtime = await faultRuntime({ backends });
  const first = await runtime.runTurn(SESSION, "go");
  assert.equal(first.success, true);
  await second;
  assert.equal(ofType(await logOf(backends), "turn.completed").length, 2);
  await assertSession(runtime, backends, { acked: ["go", "from the bus"] });
  await runtime.close();
}

Deno.test("a bus may run a turn of the session whose event it was given", async () => {
  await reentrant((started) => ({ emit: started }));
});

Deno.test("a subclass of the default bus may do so too", async () => {
  class CallingBus extends InMemoryEventBus {
    readonly #started: (event: Event) => void;

    constructor(started: (event: Event) => void) {
      super();
      this.#started = started;
    }

    override emit(event: Event): void {
      super.emit(event);
      this.#started(event);
    }
  }
  await reentrant((started) => new CallingBus(started));
});

Deno.test("a bus that awaits the turn it started is not awaited itself", async () => {
  const own: { runtime?: InProcessRuntime } = {};
  const done: string[] = [];
  const bus: EventBus = {
    emit: async (event) => {
      if (event.type !== "turn.started" || done.length > 0) return;
      done.push("begun");
      await own.runtime?.runTurn(SESSION, "from the bus");
      done.push("over");
    },
  };
  const backends = RuntimeBackends.inMemory().withEventBus(bus);
  const runtime = own.runtime = await faultRuntime({ backends });
  await runtime.runTurn(SESSION, "go");
  await until(() => done.length === 2);
  await assertSession(runtime, backends, { acked: ["go", "from the bus"] });
  await runtime.close();
});

Deno.test("a bus that closes the runtime closes it", async () => {
  const own: { runtime?: InProcessRuntime } = {};
  let closed: Promise<void> | undefined;
  const bus: EventBus = {
    emit: (event) => {
      if (event.type === "turn.started") closed ??= own.runtime?.close();
    },
  };
  const backends = RuntimeBackends.inMemory().withEventBus(bus);
  const runtime = own.runtime = await faultRuntime({ backends });
  const result = await runtime.runTurn(SESSION, "go");
  assert.ok(["cancelled", "completed"].includes(result.status));
  await closed;
  await using next = await faultRuntime({ backends: backends.withEventBus(new InMemoryEventBus()) });
  await assertSession(next, backends, { acked: ["go"] });
});
