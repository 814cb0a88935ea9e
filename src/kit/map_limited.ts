/** Doing many things, not all at the same time. */

/**
 * Like `Promise.all` over the mapped items, but at most `limit` run at a time; results keep the order of the items.
 *
 * The first failure rejects; items that were not begun by then are not.
 */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const places = items.entries();
  async function run(): Promise<void> {
    for (const [place, item] of places) results[place] = await work(item);
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run));
  return results;
}
