/** Which turns a call is made from, carried through asynchronous calls. */

import type { ChainLink, TurnChain } from "../turn/kernel_ports.ts";

/** One chain for the whole process: a turn of one runtime may start turns of another. */
let chain: TurnChain | undefined;

/**
 * The chain of the process.
 *
 * Loaded only when code of the host can run inside a turn: the first `node:` import of a program costs about 8 ms
 * (Deno 2.9.6), a third of the start of an empty one.
 */
export async function loadTurnChain(): Promise<TurnChain> {
  if (chain !== undefined) return chain;
  const { AsyncLocalStorage } = await import("node:async_hooks");
  const storage = new AsyncLocalStorage<ChainLink | undefined>();
  chain ??= Object.freeze({
    current: () => storage.getStore(),
    run: <T>(link: ChainLink | undefined, call: () => T): T => storage.run(link, call),
  });
  return chain;
}
