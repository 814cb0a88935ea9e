/** Writes that wait for their transaction. */

/** One write that waits for its transaction. */
export interface Job {
  /** Changes rows; may run more than once. */
  apply(): unknown;
  /** Looks whether it is stored; undefined when it is not. */
  readonly verify: (() => unknown) | undefined;
  /** About how many bytes it writes. */
  readonly bytes: number;
  /** Since when it waits, on the monotonic clock; milliseconds. */
  readonly since: number;
  /** Whether it gets a transaction of its own. */
  alone: boolean;
  /** Told what `apply` returned, once that is stored. */
  resolve(value: unknown): void;
  /** Told why it is not stored. */
  reject(error: unknown): void;
}

/** What a job came to inside a transaction. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Tells whoever waits for a job what it came to. */
export function settle(job: Job, outcome: Outcome | undefined): void {
  if (outcome === undefined) return;
  if ("error" in outcome) job.reject(outcome.error);
  else job.resolve(outcome.value);
}
