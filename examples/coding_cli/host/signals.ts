/** Ending in order when the system asks: commands that run are ended too, and stores closed. */

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Calls a function when the process is to end, until it is disposed. */
export function onSignals(end: () => void): Disposable {
  for (const signal of SIGNALS) Deno.addSignalListener(signal, end);
  return {
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, end);
    },
  };
}
