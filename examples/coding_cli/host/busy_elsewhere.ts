/** What somebody is told whose session another program has. */

import { SessionBusyError } from "@everruns/runtime";

/** Another program runs a turn of the session. */
export class BusyElsewhereError extends Error {
  override readonly name = "BusyElsewhereError";

  constructor({ pid }: SessionBusyError) {
    const process = pid === undefined ? "" : ` (process ${pid})`;
    super(
      `This session is at work in another terminal or editor${process}. Wait until it is done, or close it; ` +
        "or begin another conversation: with /clear, or by a start without --session and --continue.",
    );
  }
}

/** The result of some work on a session; that another program has it is said in words for people. */
export async function orBusyElsewhere<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof SessionBusyError ? new BusyElsewhereError(error) : error;
  }
}
