/** Breaking a runtime on purpose: crashing processes, faulty stores, models that say anything, effect ledgers. */

import assert from "node:assert/strict";
import { InMemoryEventBus } from "../../../src/in_memory/event_bus.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import { defineTool } from "../../../src/kit/define_tool.ts";
import { DriverRegistry } from "../../../src/kit/registries.ts";
import type { Capability } from "../../../src/ports/capability.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { DriverDescriptor, ModelCallOptions, ModelEvent, ModelRequest } from "../../../src/ports/driver.ts";
import type { RuntimeTurnStore, TurnStoreStep } from "../../../src/ports/journal.ts";
import type { Tool, ToolContext } from "../../../src/ports/tool.ts";
import type { Event, EventOf, EventType } from "../../../src/records/event.ts";
import { type HarnessId, idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import type { JsonValue } from "../../../src/records/json.ts";
import type { ToolDefinition, ToolEffect } from "../../../src/records/tool.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { BackendSlots } from "../../../src/runtime/backend_slots.ts";
import { InProcessRuntimeBuilder } from "../../../src/runtime/builder.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import type { SingleSessionBuilder } from "../../../src/runtime/single_session.ts";
import type { ProviderRetryConfig, TurnLimits } from "../../../src/turn/limits.ts";

/** The session of every runtime made here, unless a test names another. */
export const SESSION: SessionId = idFromSeed("session", 1);
const HARNESS: HarnessId = idFromSeed("harness", 1);

/** What a model answers to a request; `call` counts from 1. */
export type Respond = (
  request: ModelRequest,
  options: ModelCallOptions,
  call: number,
) => Iterable<ModelEvent> | AsyncIterable<ModelEvent>;

/** Options of {@linkcode faultRuntime}. */
export interface FaultOptions {
  /** The model. @default always answers "ok" */
  readonly respond?: Respond;
  /** Tools of one capability. @default none */
  readonly tools?: readonly Tool[];
  /** Tools the client runs. @default none */
  readonly clientTools?: readonly ToolDefinition[];
  /** Capabilities that are registered and switched on. @default none */
  readonly capabilities?: readonly Capability[];
  /** Stores. @default in memory */
  readonly backends?: RuntimeBackends;
  /** Time. @default stands still, so that nothing ends by a deadline unless the test says so */
  readonly clock?: Clock;
  /** Deadlines and caps. */
  readonly limits?: Partial<TurnLimits>;
  /** Retries. @default none */
  readonly retry?: Partial<ProviderRetryConfig>;
  /** The session. @default {@linkcode SESSION} */
  readonly sessionId?: SessionId;
  /** Says more about the session. */
  readonly session?: (single: SingleSessionBuilder) => void;
  /** Says more about the builder. */
  readonly configure?: (builder: InProcessRuntimeBuilder) => void;
}

/** A runtime of one session whose model is a function. */
export async function faultRuntime(options: FaultOptions = {}): Promise<InProcessRuntime> {
  const capabilities = [...options.capabilities ?? []];
  const { tools, clientTools } = options;
  if (tools !== undefined || clientTools !== undefined) {
    capabilities.push(defineCapability({
      id: "fault_tools",
      name: "Fault tools",
      tools: tools ?? [],
      clientTools: clientTools ?? [],
    }));
  }
  const builder = new InProcessRuntimeBuilder()
    .driverRegistry(new DriverRegistry().register(functionDriver(options.respond ?? (() => text("ok")))))
    .defaultModel({ model: "fault-model", providerType: "fault" })
    .providerRetryConfig({ maxRetries: 0, ...options.retry })
    .clock(options.clock ?? new FakeClock());
  if (options.backends !== undefined) builder.backends(options.backends);
  if (options.limits !== undefined) builder.limits(options.limits);
  for (const capability of capabilities) builder.capability(capability);
  builder.singleSession((single) => {
    single.harness("fault", "You are a test.").harnessId(HARNESS).sessionId(options.sessionId ?? SESSION);
    for (const { id } of capabilities) single.withCapability(id);
    options.session?.(single);
  });
  options.configure?.(builder);
  return await builder.build();
}

/** A driver that answers what a function says. */
export function functionDriver(respond: Respond, id = "fault"): DriverDescriptor {
  let calls = 0;
  return {
    id,
    requiresApiKey: false,
    permissions: () => ({}),
    create: () => ({
      id,
      prepare: () => ({ method: "POST", url: "fault://model", headers: {}, body: "" }),
      async *stream(request: ModelRequest, options: ModelCallOptions) {
        yield* respond(request, options, ++calls);
      },
    }),
  };
}

/** A complete reply of text. */
export function text(delta: string): ModelEvent[] {
  return [{ type: "text", delta }, { type: "done", finishReason: "stop" }];
}

/** A complete reply of calls: a name, or a name with arguments (a string is the model's own JSON text). */
export function calls(...wanted: readonly (string | readonly [name: string, args: JsonValue])[]): ModelEvent[] {
  const events: ModelEvent[] = wanted.map((call) =>
    typeof call === "string"
      ? { type: "tool_call", name: call, arguments: {} }
      : { type: "tool_call", name: call[0], arguments: call[1] }
  );
  return [...events, { type: "done", finishReason: "tool_calls" }];
}

/** Plays one reply per model call; the last one is repeated. */
export function script(...replies: readonly (readonly ModelEvent[])[]): Respond {
  return (_, __, call) => replies[Math.min(call, replies.length) - 1] ?? [];
}

/** A stream that says something, then nothing any more until it is aborted; counts how often that happened. */
export function stalls(before: readonly ModelEvent[] = [], seen: { aborted: number } = { aborted: 0 }): Respond {
  return async function* (_, { signal }) {
    yield* before;
    await new Promise((_, reject) => {
      const onAbort = (): void => {
        seen.aborted++;
        reject(signal.reason);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    });
  };
}

/** A tool made of a function. */
export function tool(
  name: string,
  execute: (args: Record<string, JsonValue>, context: ToolContext) => unknown,
  options: { readonly effect?: ToolEffect; readonly timeoutMs?: number } & Partial<Tool["definition"]> = {},
): Tool {
  return defineTool({
    name,
    description: name,
    parameters: { type: "object" },
    effect: "pure",
    ...options,
    execute: (args, context) => execute(args, context),
  });
}

/** Lets everything that is ready run: one macrotask. */
export function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Waits until something is so, one macrotask after the other; fails when it does not come true. */
export async function until(condition: () => boolean, what = "the condition"): Promise<void> {
  for (let round = 0; round < 500; round++) {
    if (condition()) return;
    await tick();
  }
  assert.fail(`${what} did not come true`);
}

/** Whether a promise is settled by now, everything that is ready having run. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const done = (): void => void (settled = true);
  promise.then(done, done);
  for (let round = 0; round < 20 && !settled; round++) await tick();
  return settled;
}

/** The durable events of one type. */
export function ofType<T extends EventType>(events: readonly Event[], type: T): readonly EventOf<T>[] {
  return events.filter((event): event is Extract<Event, EventOf<T>> => event.type === type);
}

/** The durable events of a session. */
export function logOf(backends: RuntimeBackends, sessionId: SessionId = SESSION): Promise<readonly Event[]> {
  return backends.slots.turnStore.loadEvents(sessionId);
}

/** A wrapped store must not pass for one of the runtime's own, which are trusted to neither fail nor hang. */
const LOOKS_FOREIGN: { getPrototypeOf(): object } = { getPrototypeOf: () => Object.prototype };

/** What a store does instead of its work. */
export type FaultKind = "throws" | "rejects" | "hangs";

/** The failure of a faulty store. */
export const FAULT: Error = new Error("the disk is on fire");

/** A switch for one method of a wrapped store. */
export class FaultSwitch {
  #method: string | undefined;
  #kind: FaultKind = "rejects";
  #skip = 0;
  #left = 0;
  /** How often the fault has happened. */
  hits = 0;

  /** Breaks a method from now on, or so many times, once it has worked some times. */
  arm(method: string, kind: FaultKind, options: { readonly times?: number; readonly skip?: number } = {}): void {
    this.#method = method;
    this.#kind = kind;
    this.#skip = options.skip ?? 0;
    this.#left = options.times ?? Infinity;
    this.hits = 0;
  }

  /** Mends everything. */
  disarm(): void {
    this.#method = undefined;
  }

  /** A store whose methods obey the switch. */
  wrap<T extends object>(store: T): T {
    return new Proxy(store, {
      ...LOOKS_FOREIGN,
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          if (key !== this.#method || this.#skip-- > 0 || this.#left <= 0) return Reflect.apply(member, target, args);
          this.#left--;
          this.hits++;
          if (this.#kind === "throws") throw FAULT;
          return this.#kind === "rejects" ? Promise.reject(FAULT) : new Promise(() => {});
        };
      },
    });
  }

  /** Backends one slot of which obeys the switch. */
  wrapSlot(backends: RuntimeBackends, slot: keyof BackendSlots): RuntimeBackends {
    const store = backends.slots[slot];
    assert.ok(store !== undefined);
    return new RuntimeBackends({ ...backends.slots, [slot]: this.wrap(store) });
  }
}

/** Where a process dies: just before or just after the n-th step is in the turn store. */
export interface CrashPoint {
  /** Counts from 1. */
  readonly commit: number;
  /** Which side of it. */
  readonly when: "before" | "after";
}

/** What is left of a process that died. */
export const CRASHED: Error = new Error("the process is dead");

/** One life of a process: its stores work until it dies, then nothing does, and its owner counts as dead. */
export class Process {
  /** The stores as this process sees them. */
  readonly backends: RuntimeBackends;
  /** Steps stored so far. */
  commits = 0;
  /** Whether it died. */
  dead = false;
  readonly #owners = new Set<string>();
  readonly #turnStore: RuntimeTurnStore;
  #crash: CrashPoint | undefined;

  /** Starts over what earlier processes left. */
  constructor(disk: RuntimeBackends, crash?: CrashPoint) {
    this.#crash = crash;
    this.#turnStore = disk.slots.turnStore;
    this.backends = disk
      .withTurnStore(this.#guard(disk.slots.turnStore))
      .withMessageStore(this.#guard(disk.slots.messageStore))
      .withEventBus(new InMemoryEventBus());
  }

  /** Dies at a later step. */
  crashAt(crash: CrashPoint): void {
    this.#crash = crash;
  }

  /** Dies now. */
  async kill(): Promise<void> {
    this.dead = true;
    for (const owner of this.#owners) await this.#turnStore.disconnect(owner);
  }

  #guard<T extends object>(store: T): T {
    return new Proxy(store, {
      ...LOOKS_FOREIGN,
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        const call = (args: unknown[]): unknown => Reflect.apply(member, target, args);
        return async (...args: unknown[]): Promise<unknown> => {
          if (this.dead) throw CRASHED;
          if (key === "connect") this.#owners.add(String(args[0]));
          if (key !== "compareAndAppend" || !isStep(args[0])) return await call(args);
          const crash = ++this.commits === this.#crash?.commit ? this.#crash.when : undefined;
          if (crash === "after") await call(args);
          if (crash === undefined) return await call(args);
          await this.kill();
          throw CRASHED;
        };
      },
    });
  }
}

function isStep(value: unknown): value is TurnStoreStep {
  return typeof value === "object" && value !== null && "events" in value;
}

/** One effect on the outside world. */
export interface Effect {
  /** The tool. */
  readonly tool: string;
  /** The call. */
  readonly callId: string;
  /** Its idempotency key. */
  readonly key: string;
}

/** What tools did to the outside world; it survives every crash. */
export class Ledger {
  /** In order. */
  readonly effects: Effect[] = [];
  /** The tools made here. */
  readonly names: Set<string> = new Set();

  /** A tool that leaves an entry each time it runs. */
  tool(name: string, effect: ToolEffect, options: { readonly policy?: "requires_approval" } = {}): Tool {
    this.names.add(name);
    return tool(name, (_, context) => {
      this.effects.push({ tool: name, callId: context.toolCallId, key: context.idempotencyKey });
      return `${name} done`;
    }, { effect, ...options });
  }

  /** How often a tool ran. */
  count(name: string): number {
    return this.effects.filter((effect) => effect.tool === name).length;
  }
}
