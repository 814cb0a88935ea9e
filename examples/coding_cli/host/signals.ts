/** Ending in order when the system asks: commands that run are ended too, and stores closed. */

/** Signals that ask the program to end, and their numbers. */
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A signal that asks the program to end. */
export type EndingSignal = keyof typeof NUMBERS;

const SIGNALS: readonly EndingSignal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Calls a function when the process is to end, until it is disposed. */
export function onSignals(end: (signal: EndingSignal) => void): Disposable {
  const listeners = SIGNALS.map((signal) => ({ signal, listener: (): void => end(signal) }));
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return {
    [Symbol.dispose]: () => {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

/** What a program exits with that a signal ended, as shells have it. */
export function exitCodeOfSignal(signal: EndingSignal): number {
  return 128 + NUMBERS[signal];
}
