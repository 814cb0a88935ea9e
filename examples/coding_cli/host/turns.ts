/** Running the turns of one session to their end, with the questions they raise on the way. */

import {
  type Controls,
  type Event,
  type InProcessRuntime,
  type InputMessage,
  RuntimeError,
  type SessionId,
  type TurnHandle,
  type TurnResult,
} from "@everruns/runtime";
import type { ApprovalDesk } from "./approval.ts";
import type { ListenerBus } from "./event_bus.ts";

/** Runs turns, and settles the questions of every session of the runtime: subagents have sessions of their own. */
export class TurnRunner implements Disposable {
  readonly #runtime: InProcessRuntime;
  readonly #desk: ApprovalDesk;
  readonly #stopListening: () => void;
  /** Aborted when the questions of a session no longer matter; made anew for the next. */
  readonly #questions = new Map<SessionId, AbortController>();
  readonly #running = new Map<SessionId, TurnHandle>();
  /** Sessions with an open turn, whoever began it. */
  readonly #active = new Set<SessionId>();

  constructor(runtime: InProcessRuntime, desk: ApprovalDesk, bus: ListenerBus) {
    this.#runtime = runtime;
    this.#desk = desk;
    this.#stopListening = bus.listen((event) => this.#onEvent(event));
  }

  /** Whether a turn of the session is open, also one that a wake began. */
  isActive(sessionId: SessionId): boolean {
    return this.#running.has(sessionId) || this.#active.has(sessionId);
  }

  /** Starts a turn; `result` is what it comes to after every question. */
  start(
    sessionId: SessionId,
    input: InputMessage,
  ): { readonly accepted: Promise<void>; readonly result: Promise<TurnResult> } {
    const handle = this.#runtime.startTurn(sessionId, input);
    this.#running.set(sessionId, handle);
    const result = this.#toEnd(handle).finally(() => {
      if (this.#running.get(sessionId) === handle) this.#running.delete(sessionId);
    });
    // Whoever only waits for `accepted` must not end the program by a failure that `result` tells.
    result.catch(() => {});
    return { accepted: handle.accepted, result };
  }

  /** Adds an input to the open turn, also to one that a wake began; false when there is none any more. */
  async join(sessionId: SessionId, input: InputMessage): Promise<boolean> {
    const handle = this.#running.get(sessionId);
    if (handle === undefined) {
      if (!this.#active.has(sessionId)) return false;
      await this.#runtime.deliver(sessionId, input);
      return true;
    }
    const receipt = await handle.steer(input);
    // It came too late and began the next turn, which now is the running one.
    if (!receipt.joined) this.#follow(receipt.turn);
    return true;
  }

  /**
   * Finishes what an earlier process left: an interrupted turn goes on, a waiting one has its questions asked.
   *
   * @returns whether there was such a turn
   */
  async takeUp(sessionId: SessionId): Promise<boolean> {
    const recovered = await this.#runtime.recover({ sessions: [sessionId] });
    const tookUp = recovered.some(({ result, error }) => result !== undefined || error !== undefined);
    if (await this.#runtime.status(sessionId) !== "waiting_for_tool_results") return tookUp;
    const waiting = await this.#runtime.resumeTurn(sessionId, {}).catch((error: unknown) => {
      if (error instanceof RuntimeError && error.code === "turn_not_waiting") return undefined;
      throw error;
    });
    if (waiting !== undefined) await this.#settled(waiting);
    return tookUp || waiting !== undefined;
  }

  /** Cancels the turn and the questions of a session. */
  async cancel(sessionId: SessionId): Promise<boolean> {
    this.#dropQuestions(sessionId);
    return await this.#runtime.cancelTurn(sessionId, "the user cancelled");
  }

  [Symbol.dispose](): void {
    this.#stopListening();
    for (const questions of this.#questions.values()) questions.abort();
  }

  async #toEnd(handle: TurnHandle): Promise<TurnResult> {
    return await this.#settled(await handle.result);
  }

  async #settled(result: TurnResult): Promise<TurnResult> {
    let now = result;
    while (now.status === "waiting") {
      now = await this.#desk.settle(this.#runtime, now, this.#signalOf(now.sessionId));
    }
    return now;
  }

  #follow(handle: TurnHandle): void {
    const { sessionId } = handle;
    this.#running.set(sessionId, handle);
    this.#toEnd(handle).catch(() => {}).finally(() => {
      if (this.#running.get(sessionId) === handle) this.#running.delete(sessionId);
    });
  }

  #dropQuestions(sessionId: SessionId): void {
    this.#questions.get(sessionId)?.abort();
    this.#questions.delete(sessionId);
  }

  #signalOf(sessionId: SessionId): AbortSignal {
    let questions = this.#questions.get(sessionId);
    if (questions === undefined || questions.signal.aborted) {
      questions = new AbortController();
      this.#questions.set(sessionId, questions);
    }
    return questions.signal;
  }

  /** Turns nobody started here wait too: those of subagents, and those that wakes began. */
  #onEvent(event: Event): void {
    if (event.type === "session.activated") this.#active.add(event.sessionId);
    if (event.type === "session.idled") {
      this.#active.delete(event.sessionId);
      // Whoever ended the turn: its questions must not keep those of others waiting.
      this.#dropQuestions(event.sessionId);
    }
    if (event.type !== "turn.waiting") return;
    const { sessionId, data: { turnId } } = event;
    if (this.#running.get(sessionId)?.turnId === turnId) return;
    this.#runtime.resumeTurn(sessionId, {}).then((waiting) => this.#settled(waiting)).catch(() => {});
  }
}

/** The wishes of a message. */
export function controlsOf(effort: string | undefined): { readonly controls?: Controls } {
  return effort === undefined ? {} : { controls: { reasoning: { effort } } };
}
