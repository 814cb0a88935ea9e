/** The event bus port: where live events go. */

import type { Event } from "../records/event.ts";

/**
 * Delivers events as they happen.
 *
 * It only delivers: history is the journal's. `emit` is called outside every turn and never awaited; what it throws
 * is dropped, so a bus cannot delay or fail a turn.
 */
export interface EventBus {
  /** Takes one event; durable ones follow their commit, deltas may be joined. */
  emit(event: Event): void | Promise<void>;
  /** What the bus kept, for `runtime.events()`; a bus without it keeps nothing. */
  collectedEvents?(): readonly Event[];
}
