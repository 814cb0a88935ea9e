/** Which turns a call is made from, carried through asynchronous calls. */

import { AsyncLocalStorage } from "node:async_hooks";
import type { ChainLink, TurnChain } from "../turn/kernel_ports.ts";

/** One storage for the whole process: a turn of one runtime may start turns of another. */
const STORAGE: AsyncLocalStorage<ChainLink | undefined> = new AsyncLocalStorage();

/** The chain of the process. */
export const TURN_CHAIN: TurnChain = Object.freeze({
  current: () => STORAGE.getStore(),
  run: <T>(link: ChainLink | undefined, call: () => T): T => STORAGE.run(link, call),
});
