/** The default event bus: keeps what it is given, for `runtime.events()`. */

import type { Event } from "../records/event.ts";
import type { EventBus } from "../ports/event_bus.ts";
import { memorySize } from "../kit/projection.ts";

/** Most memory the ephemeral events may take by estimate, in bytes; the newest is kept whatever it takes. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Rough cost of an event besides its data, in bytes. */
const EVENT_BYTES = 300;

interface Ephemeral {
  readonly event: Event;
  readonly arrival: number;
  readonly bytes: number;
}

/** Options of {@linkcode InMemoryEventBus}. */
export interface InMemoryEventBusOptions {
  /**
   * Most ephemeral events kept; older ones are dropped, also when all together take more than 16 MiB.
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
  /** What is before `#oldest` is dropped. */
  readonly #ephemeral: (Ephemeral | undefined)[] = [];
  #oldest = 0;
  #bytes = 0;

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
    } else if (this.#limit > 0) {
      const bytes = EVENT_BYTES + memorySize(event.data);
      this.#ephemeral.push({ event, arrival, bytes });
      this.#bytes += bytes;
      this.#drop();
    }
  }

  #drop(): void {
    const kept = this.#ephemeral;
    for (
      let count = kept.length - this.#oldest;
      count > this.#limit || count > 1 && this.#bytes > MAX_BYTES;
      count--
    ) {
      this.#bytes -= kept[this.#oldest]!.bytes;
      kept[this.#oldest++] = undefined;
    }
    // Now and then, so that an event costs no shift of all others.
    if (this.#oldest <= kept.length / 2) return;
    kept.splice(0, this.#oldest);
    this.#oldest = 0;
  }

  /** What was kept, in order of arrival; later events do not change the returned array. */
  collectedEvents(): readonly Event[] {
    const collected: Event[] = [];
    let next = 0;
    for (let at = this.#oldest; at < this.#ephemeral.length; at++) {
      const { event, arrival } = this.#ephemeral[at]!;
      while ((this.#durableArrivals[next] ?? Infinity) < arrival) collected.push(this.#durable[next++]!);
      collected.push(event);
    }
    while (next < this.#durable.length) collected.push(this.#durable[next++]!);
    return collected;
  }
}
