/** Which sessions could take a text now. */

import type { SessionId } from "../../src/records/ids.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { WakeDelivery } from "../wakes/delivery.ts";

/**
 * Asks about sessions without being held up by an answer that does not come.
 *
 * A session is asked about once at a time; one without an answer is not ready, and is not waited for again.
 */
export class ReadySessions {
  readonly #delivery: WakeDelivery;
  readonly #clock: Clock;
  readonly #unanswered = new Set<SessionId>();

  /** Asks a delivery. */
  constructor(delivery: WakeDelivery, clock: Clock) {
    this.#delivery = delivery;
    this.#clock = clock;
  }

  /** Those of the sessions that are ready, in their order; waits for answers at most so many milliseconds. */
  async among(sessions: readonly SessionId[], waitMs: number, signal: AbortSignal): Promise<SessionId[]> {
    const ready = new Set<SessionId>();
    const asked = sessions.filter((session) => !this.#unanswered.has(session)).map(async (session) => {
      this.#unanswered.add(session);
      try {
        if (await this.#delivery.canDeliver(session)) ready.add(session);
      } catch {
        // A delivery that cannot tell cannot deliver.
      } finally {
        this.#unanswered.delete(session);
      }
    });
    if (asked.length > 0) await this.#allOrLater(asked, waitMs, signal);
    return sessions.filter((session) => ready.has(session));
  }

  async #allOrLater(asked: readonly Promise<void>[], waitMs: number, signal: AbortSignal): Promise<void> {
    const later = Promise.withResolvers<void>();
    function onAbort(): void {
      later.resolve();
    }
    const timer = this.#clock.setTimer(onAbort, waitMs);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    await Promise.race([Promise.all(asked), later.promise]);
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
