/** Doubles for tests of background work: a host that runs tools when told to, schedules in memory. */

import { RuntimeError } from "../../../src/errors.ts";
import { InMemoryFileStore } from "../../../src/in_memory/file_store.ts";
import { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import { defineTool, type ToolOptions } from "../../../src/kit/define_tool.ts";
import { IdSource } from "../../../src/kit/ids.ts";
import type { SessionFiles } from "../../../src/ports/file_store.ts";
import type { NewSchedule, SessionScheduleStore } from "../../../src/ports/schedule_store.ts";
import type { HostedToolCall, SessionHost } from "../../../src/ports/session_host.ts";
import type { Tool, ToolContext, ToolOutcome } from "../../../src/ports/tool.ts";
import { idFromSeed, type ScheduleId, type SessionId } from "../../../src/records/ids.ts";
import type { SessionSchedule } from "../../../src/records/schedule.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { sessionFiles, toolContext } from "./_tool_context.ts";

/** The session of all tests. */
export const SESSION: SessionId = idFromSeed("session", 1);
/** Another session. */
export const OTHER_SESSION: SessionId = idFromSeed("session", 2);

/** A call that runs until a test ends it. */
export interface HeldCall {
  /** The session. */
  readonly sessionId: SessionId;
  /** What was asked. */
  readonly call: HostedToolCall;
  /** Ends it. */
  end(outcome: ToolOutcome): void;
  /** Lets it fail. */
  fail(error: unknown): void;
}

/** A session host that only runs tools; each call waits for its test, or for its signal. */
export class FakeHost implements SessionHost {
  /** The calls so far. */
  readonly calls: HeldCall[] = [];
  /** The files of every session. */
  readonly store: InMemoryFileStore = new InMemoryFileStore();
  /** Whether a call that is aborted goes on as if nothing had happened. */
  ignoresSignals = false;

  /** Runs a tool until its test ends it. */
  runTool(sessionId: SessionId, call: HostedToolCall): Promise<ToolOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<ToolOutcome>();
    this.calls.push({ sessionId, call, end: resolve, fail: reject });
    if (!this.ignoresSignals) call.signal?.addEventListener("abort", () => reject(call.signal?.reason));
    return promise;
  }

  /** The files of a session. */
  files(): Promise<SessionFiles> {
    return Promise.resolve(sessionFiles(this.store));
  }

  /** A file's text, or undefined. */
  async text(path: string): Promise<string | undefined> {
    const stat = await this.store.statFile("workspace-1", path);
    return stat === undefined ? undefined : (await this.store.readFile("workspace-1", path)).content;
  }

  createSession(): Promise<never> {
    return unused();
  }
  run(): Promise<never> {
    return unused();
  }
  deliver(): Promise<never> {
    return unused();
  }
  cancel(): Promise<never> {
    return unused();
  }
  status(): Promise<never> {
    return unused();
  }
  messages(): Promise<never> {
    return unused();
  }
}

function unused(): Promise<never> {
  return Promise.reject(new Error("no test expects this"));
}

/** Schedules in memory that refuse what a test says. */
export class FakeSchedules implements SessionScheduleStore {
  /** What was asked to be stored, refused ones too. */
  readonly asked: NewSchedule[] = [];
  /** What storing one fails with. */
  refusal: Error | undefined;
  /** What switching one off fails with. */
  cancelFailure: Error | undefined;
  readonly #ids = new IdSource(new FakeClock(), seededRandom(7));
  readonly #all = new Map<ScheduleId, SessionSchedule>();

  createSchedule(): Promise<never> {
    return Promise.reject(new Error("tools use createScheduleEnforcingLimits"));
  }

  createScheduleEnforcingLimits(input: NewSchedule): Promise<SessionSchedule> {
    this.asked.push(input);
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    const { sessionId, description, cronExpression, scheduledAt, timezone = "UTC" } = input;
    const schedule: SessionSchedule = {
      id: this.#ids.next("sched"),
      sessionId,
      description,
      timezone,
      enabled: true,
      scheduleType: cronExpression === undefined ? "oneshot" : "recurring",
      nextTriggerAt: scheduledAt ?? Date.UTC(2026, 0, 2),
      triggerCount: 0,
      createdAt: 0,
      updatedAt: 0,
      ...(cronExpression === undefined ? {} : { cronExpression }),
      ...(scheduledAt === undefined ? {} : { scheduledAt }),
    };
    this.#all.set(schedule.id, schedule);
    return Promise.resolve(schedule);
  }

  cancelSchedule(sessionId: SessionId, id: ScheduleId): Promise<SessionSchedule | undefined> {
    if (this.cancelFailure !== undefined) return Promise.reject(this.cancelFailure);
    const schedule = this.#all.get(id);
    if (schedule?.sessionId !== sessionId) return Promise.resolve(undefined);
    const { nextTriggerAt: _, ...rest } = schedule;
    return Promise.resolve(this.change(id, { ...rest, enabled: false }));
  }

  listSchedules(sessionId: SessionId): Promise<readonly SessionSchedule[]> {
    return Promise.resolve([...this.#all.values()].filter((schedule) => schedule.sessionId === sessionId));
  }

  countActiveSchedules(): Promise<never> {
    return Promise.reject(new Error("no test expects this"));
  }

  /** Replaces a schedule. */
  change(id: ScheduleId, schedule: SessionSchedule): SessionSchedule {
    this.#all.set(id, schedule);
    return schedule;
  }

  /** Notes that a one-shot schedule has fired. */
  fired(id: ScheduleId): void {
    const schedule = this.#all.get(id);
    if (schedule !== undefined) this.change(id, { ...schedule, enabled: false, triggerCount: 1 });
  }
}

/** A registry on a clock. */
export function taskRegistry(clock: FakeClock = new FakeClock()): InMemorySessionTaskRegistry {
  return new InMemorySessionTaskRegistry({ clock, ids: new IdSource(clock, seededRandom(1)), workerId: "worker-1" });
}

/** A context with some services. */
export function contextWith(services: Partial<ToolContext>): ToolContext {
  return { ...toolContext(), ...services };
}

/** Tools by name. */
export function toolMap(...tools: readonly Tool[]): ReadonlyMap<string, Tool> {
  return new Map(tools.map((tool) => [tool.definition.name, tool]));
}

/** What a schedule store says of a schedule it cannot use. */
export function scheduleInvalid(message: string): RuntimeError {
  return new RuntimeError("schedule_invalid", message);
}

/** A tool that says it may run in the background. */
export function backgroundTool(options: Partial<ToolOptions> = {}): Tool {
  return defineTool({
    name: "crunch",
    description: "Crunches numbers",
    parameters: { type: "object", properties: { n: { type: "number" } }, required: ["n"], additionalProperties: false },
    hints: { supportsBackground: true },
    execute: () => "crunched",
    ...options,
  });
}
