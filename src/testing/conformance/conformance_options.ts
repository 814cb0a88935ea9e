/** What every part of the conformance suite is given, and how it registers its checks. */

/**
 * Registers one check; `Deno.test` fits, as do the `test` functions of `node:test`, Bun and Vitest.
 *
 * A check passes when its promise resolves.
 */
export type RegisterCheck = (name: string, check: () => Promise<void>) => void;

/** Options of a part of the conformance suite. */
export interface ConformanceOptions<T> {
  /** What is checked; put before the name of each check. */
  readonly name: string;
  /** Makes an empty instance that shares nothing with earlier ones; called once for each check. */
  create(): T | Promise<T>;
  /** Releases an instance after its check, failed or not. */
  close?(instance: T): void | Promise<void>;
  /** Registers one check. */
  readonly test: RegisterCheck;
}

/** Options of a part whose port may be shared by several instances, such as two processes. */
export interface SharedConformanceOptions<T> extends ConformanceOptions<T> {
  /**
   * Makes a further instance over the state of another one, which stays open.
   *
   * Without it the checks that need two instances are left out.
   */
  reopen?(first: T): T | Promise<T>;
}

/** Registers a check of one instance. */
export function check<T>(options: ConformanceOptions<T>, name: string, body: (instance: T) => Promise<void>): void {
  options.test(`${options.name}: ${name}`, async () => {
    const instance = await options.create();
    try {
      await body(instance);
    } finally {
      await options.close?.(instance);
    }
  });
}

/** Registers a check of two instances over the same state, when there can be two. */
export function checkShared<T>(
  options: SharedConformanceOptions<T>,
  name: string,
  body: (first: T, second: T) => Promise<void>,
): void {
  const { reopen } = options;
  if (reopen === undefined) return;
  check(options, name, async (first) => {
    const second = await reopen(first);
    try {
      await body(first, second);
    } finally {
      await options.close?.(second);
    }
  });
}
