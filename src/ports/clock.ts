/** Time, as the runtime asks for it. */

/** A timer that was set. */
export interface Timer {
  /** Stops it; harmless when it has fired. */
  cancel(): void;
  /** Lets the process end although it has not fired; without this, it does not. */
  unref?(): void;
}

/** Where the runtime gets time from; replace it to make runs repeatable. */
export interface Clock {
  /** Milliseconds since the epoch; orders nothing. */
  now(): number;
  /** Milliseconds from any start that never go back, for durations. */
  monotonic(): number;
  /** Calls back once after so many milliseconds. */
  setTimer(callback: () => void, milliseconds: number): Timer;
  /** The host's IANA time zone. */
  timeZone(): string;
}

/** Where the runtime gets randomness from; replace it to make ids repeatable. */
export interface RandomSource {
  /** Fills the bytes. */
  fill(bytes: Uint8Array<ArrayBuffer>): void;
}
