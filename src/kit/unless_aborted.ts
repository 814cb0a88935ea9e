/** Ending a wait without ending what is waited for. */

/**
 * Resolves like the promise, unless the signal is aborted first; what was waited for goes on.
 *
 * @throws the signal's reason when it is aborted before or while waiting
 */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
