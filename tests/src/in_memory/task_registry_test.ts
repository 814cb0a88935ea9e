import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers";
import { RuntimeError } from "../../../src/errors.ts";
import { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import { IdSource } from "../../../src/kit/ids.ts";
import type { DeliverOptions } from "../../../src/ports/new_session.ts";
import type { SessionHost } from "../../../src/ports/session_host.ts";
import type { NewTask } from "../../../src/ports/task_registry.ts";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import type { SessionTask, TaskMessage } from "../../../src/records/task.ts";
import { conformanceSuite } from "../../../src/testing/conformance/conformance_suite.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";

conformanceSuite({
  name: "in memory",
  test: Deno.test,
  taskRegistry: { create: () => new InMemorySessionTaskRegistry(), reopen: (first) => first },
});

const SESSION = idFromSeed("session", 1);
const TASK: NewTask = { sessionId: SESSION, kind: "k", displayName: "Build", state: "running" };

/** A host that only takes deliveries, and fails as often as it is told to. */
class FakeHost {
  readonly got: string[] = [];
  readonly keys: string[] = [];
  readonly seen: unknown[] = [];
  failures: RuntimeError[] = [];
  onDeliver: () => unknown = () => undefined;

  deliver(_sessionId: SessionId, text: string, options: DeliverOptions): Promise<void> {
    this.keys.push(options.idempotencyKey ?? "");
    this.seen.push(this.onDeliver());
    // A delivery takes a while.
    const taken = new Promise<void>((resolve) => setImmediate(resolve));
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    this.got.push(text);
    return taken;
  }
}

interface Fixture extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly host: FakeHost;
  readonly registry: InMemorySessionTaskRegistry;
  bind(): void;
}

function fixture(): Fixture {
  const clock = new FakeClock();
  const host = new FakeHost();
  const registry = new InMemorySessionTaskRegistry({ clock, ids: new IdSource(clock, seededRandom(1)) });
  const bind = () => registry.bind(host as Partial<SessionHost> as SessionHost);
  return { clock, host, registry, bind, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
}

Deno.test("a task wakes its session as its policy says, and once", async () => {
  await using it = fixture();
  it.bind();
  for (const wakePolicy of ["silent", "on_terminal", "on_activity"] as const) {
    const { id } = await it.registry.create({ ...TASK, wakePolicy, displayName: wakePolicy });
    await it.registry.update(SESSION, id, { inputRequest: { id: "q", prompt: "?" } });
    await it.registry.recordMessage(SESSION, id, { direction: "outbound", content: [{ type: "text", text: "hi" }] });
    await it.registry.update(SESSION, id, { state: "succeeded" });
    await it.registry.update(SESSION, id, { state: "succeeded", summary: "more" });
  }
  await it.clock.advanceAsync(0);
  assert.deepEqual(it.host.got.map((text) => /"(\w+)".*(ended|answer|message)/.exec(text)?.slice(1).join(" ")), [
    "on_terminal ended",
    "on_activity answer",
    "on_activity message",
    "on_activity ended",
  ]);
  assert.equal(new Set(it.host.keys).size, 4);
});

Deno.test("a wake from before a host is bound is delivered when one is", async () => {
  await using it = fixture();
  const { id } = await it.registry.create({ ...TASK, wakePolicy: "on_terminal" });
  await it.registry.update(SESSION, id, { state: "succeeded" });
  it.bind();
  await it.clock.advanceAsync(0);
  assert.equal(it.host.got.length, 1);
});

Deno.test("a wake the session cannot take now is tried again with the same key", async () => {
  await using it = fixture();
  it.bind();
  it.host.failures = [1, 2].map(() => new RuntimeError("turn_waiting", "waits"));
  const { id } = await it.registry.create({ ...TASK, wakePolicy: "on_terminal" });
  await it.registry.update(SESSION, id, { state: "succeeded" });
  await it.clock.advanceAsync(999);
  assert.equal(it.host.keys.length, 1);
  await it.clock.advanceAsync(1);
  assert.equal(it.host.keys.length, 2);
  await it.clock.advanceAsync(2_000);
  assert.equal(it.host.got.length, 1);
  assert.equal(new Set(it.host.keys).size, 1);
  assert.equal(it.clock.pending, 0);
});

Deno.test("a wake that was tried ten times waits for the next one of its session", async () => {
  await using it = fixture();
  it.bind();
  it.host.failures = Array.from({ length: 10 }, () => new RuntimeError("turn_waiting", "waits"));
  const [first, second] = [
    await it.registry.create({ ...TASK, wakePolicy: "on_terminal", displayName: "first" }),
    await it.registry.create({ ...TASK, wakePolicy: "on_terminal", displayName: "second" }),
  ];
  await it.registry.update(SESSION, first.id, { state: "succeeded" });
  await it.clock.advanceAsync(3_600_000);
  assert.deepEqual([it.host.keys.length, it.clock.pending], [10, 0]);
  await it.registry.update(SESSION, second.id, { state: "succeeded" });
  await it.clock.advanceAsync(0);
  assert.equal(it.host.got.length, 2);
});

Deno.test("a closed runtime is not asked again, and a disposed registry leaves no timer", async () => {
  await using it = fixture();
  it.bind();
  it.host.failures = [new RuntimeError("runtime_closed", "closed"), new RuntimeError("turn_waiting", "waits")];
  for (const displayName of ["a", "b"]) {
    const { id } = await it.registry.create({ ...TASK, sessionId: SESSION, wakePolicy: "on_terminal", displayName });
    await it.registry.update(SESSION, id, { state: "failed" });
    if (displayName === "a") {
      await it.clock.advanceAsync(0);
      assert.equal(it.clock.pending, 0);
    }
  }
  await it.registry[Symbol.asyncDispose]();
  await it.clock.advanceAsync(0);
  assert.equal(it.clock.pending, 0);
});

Deno.test("a wake that is being delivered is not delivered a second time meanwhile", async () => {
  await using it = fixture();
  it.bind();
  const { id } = await it.registry.create({ ...TASK, wakePolicy: "on_terminal" });
  await it.registry.update(SESSION, id, { state: "succeeded" });
  it.bind();
  await it.clock.advanceAsync(0);
  assert.equal(it.host.keys.length, 1);
});

Deno.test("a wake that is caused inside a turn is delivered outside of it", async () => {
  await using it = fixture();
  const turn = new AsyncLocalStorage<string>();
  it.host.onDeliver = () => turn.getStore();
  it.bind();
  const { id } = await it.registry.create({ ...TASK, wakePolicy: "on_terminal" });
  await turn.run("a turn", () => it.registry.update(SESSION, id, { state: "succeeded" }));
  await it.clock.advanceAsync(0);
  assert.deepEqual(it.host.seen, [undefined]);
});

/** Changes a task in two acts: of changes that read the same attempt one is kept. */
class LosingRegistry extends InMemorySessionTaskRegistry {
  readonly #raised = new Set<string>();

  override async update(...args: Parameters<InMemorySessionTaskRegistry["update"]>): Promise<SessionTask | undefined> {
    const [sessionId, id, { incrementAttempt }] = args;
    if (incrementAttempt !== true) return await super.update(...args);
    const before = await this.get(sessionId, id);
    const read = `${id}:${before?.attempt}`;
    if (this.#raised.has(read)) return before;
    this.#raised.add(read);
    return await super.update(...args);
  }
}

/** Gives the oldest messages where the newest are asked for. */
class OldestFirstRegistry extends InMemorySessionTaskRegistry {
  override async listMessages(
    ...args: Parameters<InMemorySessionTaskRegistry["listMessages"]>
  ): Promise<readonly TaskMessage[]> {
    const [sessionId, id, { limit, ...query } = {}] = args;
    if (limit !== undefined) await super.listMessages(...args);
    return (await super.listMessages(sessionId, id, query)).slice(0, limit);
  }
}

/** Ignores a cursor it does not know. */
class ForgivingRegistry extends InMemorySessionTaskRegistry {
  override listMessages(
    ...args: Parameters<InMemorySessionTaskRegistry["listMessages"]>
  ): Promise<readonly TaskMessage[]> {
    return super.listMessages(...args).catch(() => super.listMessages(args[0], args[1]));
  }
}

const broken: readonly (readonly [what: string, create: () => InMemorySessionTaskRegistry, failing: RegExp])[] = [
  ["that loses changes", () => new LosingRegistry(), /concurrent changes of a task lose nothing/],
  ["whose newest messages are the oldest", () => new OldestFirstRegistry(), /with a limit gives the newest/],
  ["that ignores unknown cursors", () => new ForgivingRegistry(), /refuses a cursor/],
];
for (const [what, create, failing] of broken) {
  Deno.test(`the conformance suite refuses a task registry ${what}`, async () => {
    const failures: string[] = [];
    const checks: (readonly [name: string, run: () => Promise<void>])[] = [];
    conformanceSuite({ name: "broken", test: (name, run) => checks.push([name, run]), taskRegistry: { create } });
    for (const [name, run] of checks) await run().catch(() => failures.push(name));
    assert.match(failures.join("\n"), failing);
  });
}
