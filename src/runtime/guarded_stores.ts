/** A host's stores behind guards: what they throw becomes a `StoreError`, and every call has a deadline. */

import { RuntimeError, StoreError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { BackendSlots } from "./backend_slots.ts";
import { isPunctual } from "../kit/punctual.ts";
import { isBuiltInStore } from "./backends.ts";

/** How stores are guarded. */
export interface StoreGuardOptions {
  /** Measures the deadline. */
  readonly clock: Clock;
  /** Longest wait for an answer, in milliseconds. */
  readonly milliseconds: number;
}

/**
 * The slots with every store of the host behind a guard.
 *
 * The runtime's own stores in memory neither fail nor hang, so they are left as they are; those on disk keep a deadline
 * themselves. What a late answer would have said is
 * dropped; a late write is fenced off by the next acquire.
 */
export function guardStores(slots: BackendSlots, options: StoreGuardOptions): BackendSlots {
  const { journal } = slots;
  return {
    ...slots,
    harnessStore: guard(slots.harnessStore, "harness store", options),
    agentStore: guard(slots.agentStore, "agent store", options),
    sessionStore: guard(slots.sessionStore, "session store", options),
    messageStore: guard(slots.messageStore, "message store", options),
    turnStore: guard(slots.turnStore, "turn store", options),
    providerStore: guard(slots.providerStore, "provider store", options),
    ...(journal === undefined ? {} : { journal: guard(journal, "journal", options) }),
  };
}

function guard<T extends object>(store: T, name: string, options: StoreGuardOptions): T {
  if (isBuiltInStore(store)) return store;
  return new Proxy(store, {
    get(target, key): unknown {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function") return member;
      const action = `call ${String(key)}() of the ${name}`;
      const call = (args: unknown[]): unknown => Reflect.apply(member, target, args);
      if (isPunctual(store)) return (...args: unknown[]) => withTypedErrors(() => call(args), action);
      return (...args: unknown[]) => withDeadline(() => call(args), action, options);
    },
  });
}

async function withTypedErrors(call: () => unknown, action: string): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof RuntimeError ? error : new StoreError(action, error);
  }
}

function withDeadline(call: () => unknown, action: string, options: StoreGuardOptions): Promise<unknown> {
  const { clock, milliseconds } = options;
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      reject(new StoreError(action, new Error(`no answer within ${milliseconds} ms`)));
    }, milliseconds);
    Promise.try(call).then((value) => {
      timer.cancel();
      resolve(value);
    }, (error: unknown) => {
      timer.cancel();
      reject(error instanceof RuntimeError ? error : new StoreError(action, error));
    });
  });
}
