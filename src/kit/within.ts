/** Waiting for something, but not for ever. */

import type { Clock } from "../ports/clock.ts";

/** Tells whether something is over within some time; it may have failed. Leaves no timer behind. */
export function within(clock: Clock, milliseconds: number, event: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(false), milliseconds);
    event.catch(() => {}).then(() => {
      timer.cancel();
      resolve(true);
    });
  });
}
