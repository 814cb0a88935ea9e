/** What reads a provider's events. */

import type { ModelEvent } from "../../ports/driver.ts";

/** Turns the events of one reply into ours. */
export interface ReplyReader {
  /**
   * What an event means; never empty, as every event is at least a sign of life.
   *
   * After a `done` the reply is complete and nothing more is read.
   *
   * @throws {ProviderError} when the event says that the reply failed
   */
  read(event: unknown): readonly ModelEvent[];
  /** What a clean end of the stream means: events that end with `done`, or none when the reply was cut off. */
  end(): readonly ModelEvent[];
}

/** A sign of life. */
export const ALIVE: ModelEvent = Object.freeze({ type: "activity" });

/** What an event with nothing to show means. */
export const ACTIVITY: readonly ModelEvent[] = Object.freeze([ALIVE]);

/** A piece of text; nothing to show when it is empty. */
export function textEvent(delta: string): readonly ModelEvent[] {
  return delta === "" ? ACTIVITY : [{ type: "text", delta }];
}

/** A piece of thinking; nothing to show when it is empty. */
export function thinkingEvent(delta: string): readonly ModelEvent[] {
  return delta === "" ? ACTIVITY : [{ type: "thinking", delta }];
}
