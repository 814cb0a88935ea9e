/** Which known name somebody probably meant, for messages about unknown ones. */

/** Longer ones are no slips of the hand. */
const MAX_LENGTH = 64;
const MAX_SLIPS = 3;

/** The known name that differs in a few letters at most, case and separators aside; undefined when none does. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = letters(name);
  let nearest: string | undefined;
  let least = Math.min(MAX_SLIPS, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    if (candidate.length > MAX_LENGTH) continue;
    const slips = distance(wanted, letters(candidate));
    if (slips < least) [nearest, least] = [candidate, slips];
  }
  return nearest;
}

/** `; did you mean "x"?`, or nothing when no known name is near. */
export function didYouMean(name: string, known: Iterable<string>, before = "; "): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : `${before}did you mean "${nearest}"?`;
}

function letters(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** Letters to insert, leave out or replace (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(row[j]! + (from[i] === to[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
