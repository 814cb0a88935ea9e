/** The running turn as capabilities and tools see it. */

import type { EventDraft } from "../records/event.ts";
import type { EventDataMap } from "../records/event_data.ts";
import type { TurnId } from "../records/ids.ts";
import type { Message } from "../records/message.ts";
import type { Usage } from "../records/usage.ts";
import type { CapabilityEventType, RunningTurn, SideModelReply, SideModelRequest } from "../ports/running_turn.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";
import { lazy } from "../kit/lazy.ts";
import type { ObservedTurn } from "./side_call.ts";

const sideCalls = lazy(() => import("./side_call.ts"));

/** A view of a turn for those who only may know of it. */
export function runningTurn(run: ObservedTurn): RunningTurn {
  return new RunningTurnView(run);
}

class RunningTurnView implements RunningTurn {
  readonly #run: ObservedTurn;

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
    return this.#run.share.history.messages;
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
    this.#run.recorded.push({ type, data, context: this.#run.eventContext } as EventDraft);
  }

  warn(code: string, message: string): void {
    this.#run.warn(code, message);
  }
}
