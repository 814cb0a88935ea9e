/** The running turn as capabilities and tools see it. */

import type { EventDraft } from "../records/event.ts";
import type { EventDataMap } from "../records/event_data.ts";
import type { TurnId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { Usage } from "../records/usage.ts";
import type { CapabilityEventType, RunningTurn, SideModelReply, SideModelRequest } from "../ports/running_turn.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";
import { lazy } from "../kit/lazy.ts";
import type { ObservedTurn } from "./side_call.ts";

const sideCalls = lazy(() => import("./side_call.ts"));

/** A view of a turn for those who only may know of it. */
export function runningTurn(run: ObservedTurn): RunningTurn {
  return new RunningTurnView(run);
}

const RECORDED: ReadonlySet<string> = new Set<CapabilityEventType>([
  "context.compacting",
  "context.compacted",
  "budget.warning",
  "budget.paused",
  "budget.exhausted",
  "budget.resumed",
]);

class RunningTurnView implements RunningTurn {
  readonly #run: ObservedTurn;
  #messages: readonly Message[] = [];

  constructor(run: ObservedTurn) {
    this.#run = run;
  }

  get turnId(): TurnId {
    return this.#run.state.turnId;
  }

  get iteration(): number {
    return this.#run.state.iteration;
  }

  get maxIterations(): number {
    return this.#run.state.maxIterations;
  }

  get usage(): Usage {
    return this.#run.state.usage;
  }

  get llmCallCount(): number {
    return this.#run.state.llmCallCount;
  }

  get elapsedMs(): number {
    return Math.max(0, this.#run.ports.clock.now() - this.#run.state.facts.acceptedAt);
  }

  get messages(): readonly Message[] {
    const { messages } = this.#run.share.history;
    const seen = this.#messages;
    if (seen.length === messages.length && seen.at(-1) === messages.at(-1)) return seen;
    // A copy, because the list is the session's history: sorting it in place would damage every later request.
    return this.#messages = Object.freeze([...messages]);
  }

  get storage(): SessionStorageStore | undefined {
    return this.#run.ports.services.storageStore;
  }

  async sessionUsage(): Promise<Usage> {
    return await (await sideCalls()).readSessionUsage(this.#run);
  }

  async complete(request: SideModelRequest): Promise<SideModelReply> {
    return await (await sideCalls()).askInTurn(this.#run, request);
  }

  record<T extends CapabilityEventType>(type: T, data: EventDataMap[T]): void {
    if (!RECORDED.has(type)) throw new TypeError(`Cannot record "${type}": expected ${[...RECORDED].join(", ")}`);
    // It is stored with the turn's own events: data that is no JSON would keep the turn from ever being stored.
    const { value } = toBoundedJson(data);
    this.#run.recorded.push({ type, data: value, context: this.#run.eventContext } as EventDraft);
  }

  warn(code: string, message: string): void {
    this.#run.warn(code, message);
  }
}
