/** Modules that are loaded when they are first needed. */

/**
 * Remembers what a loader gave; from then on it is there at once, without a promise.
 *
 * A failed load is tried again. Kept out of the start: what a first text turn does not use is not loaded by it.
 */
export function lazy<T>(load: () => Promise<T>): () => T | Promise<T> {
  let loaded: { readonly value: T } | undefined;
  return () => loaded === undefined ? load().then((value) => (loaded = { value }).value) : loaded.value;
}
