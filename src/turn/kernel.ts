/** The kernel: starts, steers, resumes, cancels and recovers turns. */

import { DuplicateInputError, QueueFullError, ReentrantTurnError, RuntimeClosedError } from "../errors.ts";
import type { SessionId, TurnId } from "../records/ids.ts";
import type { ResponseFormat } from "../records/response_format.ts";
import { type InputMessage, toInputMessage } from "../records/message.ts";
import type { SessionStatus } from "../records/session.ts";
import type { TurnForm, TurnResult } from "../records/turn.ts";
import type { ToolParameters } from "../kit/define_tool.ts";
import { lazy } from "../kit/lazy.ts";
import { acceptTurn, cancelledTurn } from "./accept.ts";
import type { ChainLink, KernelPorts } from "./kernel_ports.ts";
import type { ResumeInput, ResumeOptions } from "./resume.ts";
import { abortText, Lanes, type SessionLane } from "./session_lane.ts";
import { eventsOfTurn } from "./live_events.ts";
import type { Recovered, SteerOptions, SteerReceipt, TurnHandle } from "./turn_handle.ts";
import { TurnInterruption, type TurnRun } from "./turn_run.ts";
import type { PendingInput } from "./session_share.ts";

/** Options of a turn. */
export interface TurnOptions {
  /** Cancels the turn, or leaves the queue. */
  readonly signal?: AbortSignal;
  /** A repeat of the key returns the first turn. */
  readonly idempotencyKey?: string;
  /**
   * The form of the final answer; a valid one is the result's `output`.
   *
   * Of a Standard Schema (zod, ArkType) the JSON Schema counts; parse `output` with it for its defaults and transforms.
   * An answer without the form is asked for again once; a second one fails the turn as `invalid_output`. It is kept
   * with the turn, also across restarts, so `resumeTurn` takes none.
   *
   * @default {any text}
   */
  readonly responseFormat?: ResponseFormat<ToolParameters>;
}

const answerForm = lazy(() => import("./answer_form.ts"));
const openTurns = lazy(() => import("./open_turns.ts"));

/** Runs turns of many sessions; each session's one after another. */
export class Kernel {
  readonly #ports: KernelPorts;
  readonly #lanes: Lanes;
  #closed = false;

  /** Runs on the given ports. */
  constructor(ports: KernelPorts) {
    this.#ports = ports;
    this.#lanes = new Lanes(ports, {
      leftOver: (lane, first, rest) => this.#startNext(lane, first, rest),
    });
  }

  /**
   * Starts a turn.
   *
   * @throws {RuntimeClosedError} when the runtime is closed
   * @throws {ReentrantTurnError} when called from inside a turn of the session
   */
  start(sessionId: SessionId, input: string | InputMessage, options: TurnOptions = {}): TurnHandle {
    const message = toInputMessage(input);
    this.#assertOpen("start a turn");
    this.#assertOutside(sessionId);
    return this.#begin(sessionId, message, options, []);
  }

  #begin(
    sessionId: SessionId,
    input: InputMessage,
    options: TurnOptions,
    joining: readonly PendingInput[],
  ): TurnHandle {
    const ports = this.#ports;
    const turnId = ports.ids.next("turn");
    const lane = this.#lanes.get(sessionId);
    const early: PendingInput[] = [...joining];
    const accepted = Promise.withResolvers<void>();
    const { promise: result, ...outcome } = Promise.withResolvers<TurnResult>();
    let run: TurnRun | undefined;
    let over = false;
    let cancelled: TurnInterruption | undefined;
    let leaveQueue: ((result: TurnResult) => void) | undefined;
    let earlierId: TurnId | undefined;
    const cancel = (reason?: string): void => {
      cancelled ??= new TurnInterruption(reason);
      if (run !== undefined) return run.interrupts.interrupt(cancelled);
      // It waits for its place, or for a store: nothing is stored, and nobody has to wait for that any longer.
      const nothing = cancelledTurn(turnId, sessionId);
      leaveQueue?.(nothing);
      outcome.resolve(nothing);
    };
    const { responseFormat, signal } = options;
    const key = checkedKey(options);
    // Copied now, not when the turn leaves the queue; what is wrong with it shows then.
    const form = responseFormat === undefined ? undefined : toForm(responseFormat);
    form?.catch(ignore);
    const onAbort = (): void => cancel(abortText(signal));
    const parent = ports.chain.current();
    const job = lane.enqueue(async (): Promise<TurnResult> => {
      leaveQueue = undefined;
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        const ended = await this.#turn(lane, parent, turnId, {
          input,
          form: form === undefined ? undefined : await form,
          key,
          accepted: (earlier) => {
            earlierId = earlier?.turnId;
            accepted.resolve();
          },
          begun: (begun) => {
            run = begun;
            if (begun.state.turnId === turnId) begun.pending.push(...early.splice(0));
            if (cancelled !== undefined) begun.interrupts.interrupt(cancelled);
          },
        });
        if (ended.status !== "waiting") return ended;
        return await (await openTurns()).unlessCancelled(ports, this.#lanes, lane, run, ended);
      } finally {
        signal?.removeEventListener("abort", onAbort);
      }
    }, { signal, queued: (leave) => leaveQueue = leave });
    this.#lanes.track(job);
    job.then(outcome.resolve, outcome.reject);
    const refuse = (error: unknown): void => {
      over = true;
      accepted.reject(error);
      for (const pending of early.splice(0)) pending.rejected(error);
    };
    result.then(() => {
      // Cancelled before anything was stored: the input is not accepted, and neither is what was to join it.
      const reason: unknown = run?.interrupts.reason ?? cancelled;
      if (reason !== undefined) return refuse(reason);
      over = true;
      // The input was a repeat: its turn is another one.
      const [first, ...rest] = early.splice(0);
      if (first !== undefined) this.#startNext(lane, first, rest);
    }, refuse);
    // A caller that only looks at `result` must not be surprised by an unhandled rejection of `accepted`, or vice versa.
    accepted.promise.catch(ignore);
    result.catch(ignore);
    return {
      sessionId,
      get turnId() {
        return earlierId ?? turnId;
      },
      accepted: accepted.promise,
      result,
      cancel,
      events: () => eventsOfTurn(ports.live.subscribe(sessionId), turnId, result),
      steer: (more, steerOptions) =>
        this.#steer(lane, turnId, () => run === undefined && !over ? early : undefined, more, steerOptions),
    };
  }

  /** Inputs that came too late for their turn start the next one together, and are told so. */
  #startNext(lane: SessionLane, first: PendingInput, rest: readonly PendingInput[]): void {
    const joining = rest.map((pending): PendingInput => ({
      ...pending,
      accepted: (later) => pending.accepted(later ?? next),
    }));
    const options = first.key === undefined ? {} : { idempotencyKey: first.key };
    const next = this.#begin(lane.sessionId, first.input, options, joining);
    next.accepted.then(() => first.accepted(next), first.rejected);
  }

  /**
   * Hands an input to the running turn of a session, or starts one.
   *
   * @throws {TurnWaitingError} when the open turn waits for its client
   */
  async deliver(sessionId: SessionId, input: string | InputMessage, options: TurnOptions = {}): Promise<void> {
    const message = toInputMessage(input);
    this.#assertOpen("deliver an input");
    const lane = this.#lanes.get(sessionId);
    const stored = Promise.withResolvers<void>();
    const pending: PendingInput = {
      input: message,
      key: checkedKey(options),
      accepted: () => stored.resolve(),
      rejected: stored.reject,
    };
    if (lane.join(pending)) return await stored.promise;
    await this.#begin(sessionId, message, options, []).accepted;
  }

  /**
   * Answers a waiting turn.
   *
   * @throws {RuntimeError} `turn_not_waiting`, `unknown_call` or `answer_conflict`
   */
  async resume(sessionId: SessionId, input: ResumeInput, options: ResumeOptions = {}): Promise<TurnResult> {
    this.#assertOpen("resume a turn");
    this.#assertOutside(sessionId);
    const lane = this.#lanes.get(sessionId);
    const parent = this.#ports.chain.current();
    const checked = Promise.resolve(openTurns()).then(({ checkAnswers }) => checkAnswers(input));
    // It takes its place at once: what is asked for after it comes after it.
    const job = this.#lanes.track(lane.enqueue(async () => {
      await checked;
      const answers = options.signal === undefined ? input : { ...input, signal: options.signal };
      return await (await openTurns()).resumeOpen(this.#ports, this.#lanes, lane, parent, answers);
    }, { signal: options.signal }));
    job.catch(ignore);
    await checked;
    return await job;
  }

  /** Cancels the open turn, running or waiting; tells whether there was one. */
  async cancel(sessionId: SessionId, reason?: string): Promise<boolean> {
    this.#assertOpen("cancel a turn");
    const lane = this.#lanes.get(sessionId);
    // A turn that is about to begin is cancelled as soon as it has.
    while (lane.isStarting) await lane.started();
    this.#assertOpen("cancel a turn");
    if (lane.current !== undefined) {
      lane.current.interrupts.interrupt(new TurnInterruption(reason));
      return true;
    }
    return await this.#lanes.track(lane.enqueue(async () => {
      return await (await openTurns()).cancelOpen(this.#ports, this.#lanes, lane, reason);
    }));
  }

  /** Finishes interrupted turns: those of the given sessions, or all of dead owners. */
  async recover(sessions?: readonly SessionId[]): Promise<readonly Recovered[]> {
    this.#assertOpen("recover turns");
    const { recoverAll } = await openTurns();
    return await recoverAll(this.#ports, this.#lanes, sessions, (sessionId) => this.#assertOutside(sessionId));
  }

  /** What a session is doing. */
  async status(sessionId: SessionId): Promise<SessionStatus> {
    return this.#lanes.isRunning(sessionId) ? "active" : await (await openTurns()).statusOf(this.#ports, sessionId);
  }

  /** The session's configuration changed: its next reason step assembles its context again. */
  changed(sessionId: SessionId): void {
    this.#lanes.get(sessionId).epoch++;
  }

  /** Cancels running turns, waits for their closing commits and refuses everything from now on. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#lanes.close();
  }

  async #turn(
    lane: SessionLane,
    parent: ChainLink | undefined,
    turnId: TurnId,
    turn: {
      readonly input: InputMessage;
      readonly key: string | undefined;
      readonly form: TurnForm | undefined;
      accepted(earlier?: TurnResult): void;
      begun(run: TurnRun): void;
    },
  ): Promise<TurnResult> {
    const ports = this.#ports;
    const lanes = this.#lanes;
    return await lanes.inTurn(lane, parent, async () => {
      this.#assertOpen("run a queued turn");
      if (turn.key !== undefined) {
        const earlier = await (await openTurns()).earlierTurn(ports, lanes, lane, turn.key);
        if (earlier !== undefined) {
          turn.accepted(earlier);
          return earlier;
        }
      }
      let acquired = await lanes.acquire(lane);
      if (acquired.openTurn !== undefined) {
        acquired = await (await openTurns()).clearTheWay(ports, lanes, lane, acquired);
      }
      try {
        return await acceptTurn(ports, lane, acquired, {
          turnId,
          input: turn.input,
          key: turn.key,
          form: turn.form,
          accepted: turn.accepted,
          begun: (run) => {
            lanes.enter(lane, run);
            turn.begun(run);
          },
        });
      } catch (error) {
        if (!(error instanceof DuplicateInputError) || turn.key === undefined) throw error;
        const earlier = await (await openTurns()).earlierTurn(ports, lanes, lane, turn.key);
        if (earlier === undefined) throw error;
        turn.accepted(earlier);
        return earlier;
      }
    });
  }

  async #steer(
    lane: SessionLane,
    turnId: TurnId,
    early: () => PendingInput[] | undefined,
    input: string | InputMessage,
    options: SteerOptions = {},
  ): Promise<SteerReceipt> {
    const message = toInputMessage(input);
    this.#assertOpen("steer a turn");
    const stored = Promise.withResolvers<TurnHandle | undefined>();
    const pending: PendingInput = {
      input: message,
      key: checkedKey(options),
      accepted: stored.resolve,
      rejected: stored.reject,
    };
    const waiting = early();
    const { maxQueue } = this.#ports.limits;
    if (waiting !== undefined) {
      if (waiting.length >= maxQueue) throw new QueueFullError("input of this turn", maxQueue);
      waiting.push(pending);
    } else if (lane.current?.state.turnId !== turnId || !lane.join(pending)) {
      const turn = this.#begin(lane.sessionId, message, options, []);
      await turn.accepted;
      return { joined: false, turn };
    }
    const next = await stored.promise;
    return next === undefined ? { joined: true } : { joined: false, turn: next };
  }

  #assertOpen(action: string): void {
    if (this.#closed) throw new RuntimeClosedError(action);
  }

  #assertOutside(sessionId: SessionId): void {
    for (let link = this.#ports.chain.current(); link !== undefined; link = link.parent) {
      if (link.active && link.sessionId === sessionId) throw new ReentrantTurnError(sessionId);
    }
  }
}

async function toForm(format: ResponseFormat<ToolParameters>): Promise<TurnForm> {
  return (await answerForm()).toForm(format);
}

function checkedKey({ idempotencyKey: key }: SteerOptions): string | undefined {
  if (key === undefined || typeof key === "string") return key;
  throw new TypeError(`Cannot use ${key === null ? "null" : typeof key} as an idempotency key: expected a string`);
}

function ignore(): void {}
