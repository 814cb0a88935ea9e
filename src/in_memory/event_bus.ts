/** The default event bus: keeps what it is given, for `runtime.events()`. */

import type { Event } from "../records/event.ts";
import type { EventBus } from "../ports/event_bus.ts";

/** Options of {@linkcode InMemoryEventBus}. */
export interface InMemoryEventBusOptions {
  /**
   * Most ephemeral events kept; older ones are dropped.
   *
   * @default {10000}
   */
  readonly ephemeralLimit?: number;
}

/**
 * Keeps all durable events and the newest ephemeral ones, in one order of arrival.
 *
 * Durable events are the journal's own objects, so keeping them costs 16 bytes each.
 *
 * @example
 * ```ts
 * import { InMemoryEventBus, RuntimeBackends } from "@everruns/runtime";
 *
 * const backends = RuntimeBackends.inMemory().withEventBus(new InMemoryEventBus({ ephemeralLimit: 500 }));
 * ```
 */
export class InMemoryEventBus implements EventBus {
  readonly #limit: number;
  #arrivals = 0;
  readonly #durable: Event[] = [];
  readonly #durableArrivals: number[] = [];
  /** A ring once it is full; `#oldest` is where it starts. */
  readonly #ephemeral: Event[] = [];
  readonly #ephemeralArrivals: number[] = [];
  #oldest = 0;

  /**
   * Makes an empty bus.
   *
   * @throws {RangeError} when `ephemeralLimit` is not a whole number of 0 or more
   */
  constructor(options: InMemoryEventBusOptions = {}) {
    this.#limit = options.ephemeralLimit ?? 10_000;
    if (!Number.isSafeInteger(this.#limit) || this.#limit < 0) {
      throw new RangeError(
        `Cannot make an event bus: ephemeralLimit is ${this.#limit}, expected a whole number of 0 or more`,
      );
    }
  }

  /** Takes one event. */
  emit(event: Event): void {
    const arrival = this.#arrivals++;
    if (event.sequence !== undefined) {
      this.#durable.push(event);
      this.#durableArrivals.push(arrival);
    } else if (this.#ephemeral.length < this.#limit) {
      this.#ephemeral.push(event);
      this.#ephemeralArrivals.push(arrival);
    } else if (this.#limit > 0) {
      this.#ephemeral[this.#oldest] = event;
      this.#ephemeralArrivals[this.#oldest] = arrival;
      this.#oldest = (this.#oldest + 1) % this.#limit;
    }
  }

  /** What was kept, in order of arrival; later events do not change the returned array. */
  collectedEvents(): readonly Event[] {
    const collected: Event[] = [];
    let next = 0;
    const count = this.#ephemeral.length;
    for (let index = 0; index < count; index++) {
      const at = (this.#oldest + index) % count;
      const arrival = this.#ephemeralArrivals[at] ?? 0;
      while ((this.#durableArrivals[next] ?? Infinity) < arrival) collected.push(this.#durable[next++]!);
      collected.push(this.#ephemeral[at]!);
    }
    while (next < this.#durable.length) collected.push(this.#durable[next++]!);
    return collected;
  }
}
