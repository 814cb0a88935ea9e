/** Hands events to whoever listens in this process, and keeps none. */

import type { Event, EventBus } from "@everruns/runtime";

/** Told about every event of every session. */
export type EventListener = (event: Event) => void;

/** The bus of the program. */
export class ListenerBus implements EventBus {
  readonly #listeners = new Set<EventListener>();

  /** Listens until the returned function is called. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: Event): void {
    for (const listener of this.#listeners) listener(event);
  }
}
