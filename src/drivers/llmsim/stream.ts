/** Streams of a simulated model and their speed, written by hand: an async generator costs four times as much per event. */

import type { ProviderError } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ModelEvent } from "../../ports/driver.ts";
import { checkMilliseconds } from "./check.ts";

/** What a stream yields and how it ends. */
export interface StreamPlan {
  /** The text deltas, shared between streams. */
  readonly deltas: readonly ModelEvent[];
  /** Tool calls and `done`; without `done` the stream counts as dropped. */
  readonly tail: readonly ModelEvent[];
  /** Thrown after the last event. */
  readonly error?: ProviderError | Promise<ProviderError>;
}

/** When the events of a stream come. */
export interface StreamTiming {
  /** Wait before the first thing that happens, in milliseconds. */
  readonly firstMs: number;
  /** Wait before each further text delta, in milliseconds. */
  readonly deltaMs: number;
  /** Whether the stream goes silent after its last event. */
  readonly stalls: boolean;
}

type Result = IteratorResult<ModelEvent, undefined>;

const END: Result = Object.freeze({ done: true, value: undefined });

/** A stream whose events are all there: `next()` never waits and no abort signal is looked at. */
export class ReadyStream implements AsyncIterableIterator<ModelEvent, undefined> {
  readonly #plan: StreamPlan;
  #index = 0;

  /** Creates the stream. */
  constructor(plan: StreamPlan) {
    this.#plan = plan;
  }

  /** The next event, in a promise that is resolved already. */
  next(): Promise<Result> {
    const { deltas, tail, error } = this.#plan;
    const index = this.#index++;
    const value = index < deltas.length ? deltas[index] : tail[index - deltas.length];
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (error === undefined || index > deltas.length + tail.length) return Promise.resolve(END);
    return error instanceof Promise ? error.then((made) => Promise.reject(made)) : Promise.reject(error);
  }

  /** Ends the stream early. */
  return(): Promise<Result> {
    this.#index = Infinity;
    return Promise.resolve(END);
  }

  /** The stream itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * A stream that takes its time; aborting ends a wait at once with the signal's reason.
 *
 * `return()` ends a wait too, so that a consumer which gives up on a stalled stream is not held by it. One `next()` at
 * a time, as `for await` does it.
 */
export class TimedStream implements AsyncIterableIterator<ModelEvent, undefined> {
  readonly #ready: ReadyStream;
  readonly #plan: StreamPlan;
  readonly #timing: StreamTiming;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #index = 0;
  #endWait: (() => void) | undefined;

  /** Creates the stream. */
  constructor(plan: StreamPlan, timing: StreamTiming, clock: Clock, signal: AbortSignal) {
    this.#ready = new ReadyStream(plan);
    this.#plan = plan;
    this.#timing = timing;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** The next event, when its time has come. */
  async next(): Promise<Result> {
    const milliseconds = this.#waitBefore(this.#index++);
    if (milliseconds > 0) await this.#wait(milliseconds);
    return await this.#ready.next();
  }

  /** Ends the stream early. */
  return(): Promise<Result> {
    this.#end();
    return Promise.resolve(END);
  }

  /** The stream itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #waitBefore(index: number): number {
    const { deltas, tail } = this.#plan;
    const { firstMs, deltaMs, stalls } = this.#timing;
    if (stalls && index === deltas.length + tail.length) return Infinity;
    if (index === 0) return firstMs;
    return index < deltas.length ? deltaMs : 0;
  }

  #wait(milliseconds: number): Promise<void> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(signal.reason);
        this.#end();
      };
      if (signal.aborted) return onAbort();
      const stop = (): void => {
        timer?.cancel();
        signal.removeEventListener("abort", onAbort);
        this.#endWait = undefined;
        resolve();
      };
      // A stall has no timer: it lasts until somebody ends it.
      const timer = milliseconds === Infinity ? undefined : this.#clock.setTimer(stop, milliseconds);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#endWait = stop;
    });
  }

  /** Nothing follows; a wait under way ends. */
  #end(): void {
    this.#index = Infinity;
    void this.#ready.return();
    this.#endWait?.();
  }
}

/** Waits between the pieces of a streamed reply. */
export interface LlmSimLatency {
  /**
   * Wait before the first token, in milliseconds.
   *
   * @default {300}
   */
  readonly firstTokenMs?: number;
  /**
   * Wait before each further token, in milliseconds; a token is four characters.
   *
   * @default {20}
   */
  readonly tokenMs?: number;
}

const FIRST_TOKEN_MS = 300;
const TOKEN_MS = 20;

/**
 * Checks a latency and fills in what was left out.
 *
 * @throws {TypeError} when it is not an object of numbers
 * @throws {RangeError} when a wait is negative or not finite
 */
export function checkLatency(latency: LlmSimLatency): Required<LlmSimLatency> {
  if (typeof latency !== "object" || latency === null) {
    throw new TypeError(`Cannot use ${String(latency)} as a latency: expected an object`);
  }
  return {
    firstTokenMs: checkMilliseconds(latency.firstTokenMs ?? FIRST_TOKEN_MS, "firstTokenMs"),
    tokenMs: checkMilliseconds(latency.tokenMs ?? TOKEN_MS, "tokenMs"),
  };
}

/**
 * The latency a model's name asks for, if any.
 *
 * A name that ends with `-latency` speaks at a realistic speed, `-ttft-N` sets the wait before the first token to N
 * milliseconds; both may be given, in any order.
 */
export function latencyOfModel(model: string): Required<LlmSimLatency> | undefined {
  const firstTokenMs = /-ttft-(\d{1,9})(?:-latency)?$/.exec(model)?.[1];
  const realistic = /-latency(?:-ttft-\d{1,9})?$/.test(model);
  if (firstTokenMs === undefined && !realistic) return undefined;
  return {
    firstTokenMs: firstTokenMs === undefined ? FIRST_TOKEN_MS : Number(firstTokenMs),
    tokenMs: realistic ? TOKEN_MS : 0,
  };
}
