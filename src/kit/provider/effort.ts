/** Efforts in a model's own terms. */

const ORDER: readonly string[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/**
 * The effort of a model that comes nearest to a wish: the next one up where it lacks that one, else its highest.
 *
 * Providers refuse an effort their model does not know. Unknown wishes pass through.
 */
export function nearestEffort(wish: string, known: readonly string[]): string {
  const wanted = ORDER.indexOf(wish);
  if (wanted < 0 || known.includes(wish)) return wish;
  return known.find((effort) => ORDER.indexOf(effort) >= wanted) ?? known.at(-1) ?? wish;
}
