/** One name against one part of a pattern of an ignore file. */

/** Tells whether a name, or any other thing, matches. */
type Test<T> = (value: T) => boolean;

/** An element of a pattern: a test of one thing, or any number of things. */
export type Element<T> = Test<T> | "any number";

/** Named classes of characters, such as `[:digit:]`. */
const CLASSES: ReadonlyMap<string, RegExp> = new Map([
  ["alnum", /[A-Za-z0-9]/],
  ["alpha", /[A-Za-z]/],
  ["blank", /[ \t]/],
  ["cntrl", /\p{Cc}/u],
  ["digit", /[0-9]/],
  ["graph", /[\x21-\x7e]/],
  ["lower", /[a-z]/],
  ["print", /[\x20-\x7e]/],
  ["punct", /[!-/:-@[-`{-~]/],
  ["space", /\s/],
  ["upper", /[A-Z]/],
  ["xdigit", /[0-9A-Fa-f]/],
]);

/**
 * Tells whether a row of things matches a row of elements.
 *
 * It only ever goes back to the last "any number", so it costs at most the product of both lengths.
 */
export function matchesRow<T>(elements: readonly Element<T>[], row: ArrayLike<T>): boolean {
  let element = 0;
  let at = 0;
  let retryElement = -1;
  let retryAt = 0;
  while (at < row.length) {
    const current = elements[element];
    const value = row[at];
    if (current === "any number") {
      retryElement = ++element;
      retryAt = at;
    } else if (current !== undefined && value !== undefined && current(value)) {
      element++;
      at++;
    } else if (retryElement >= 0) {
      element = retryElement;
      at = ++retryAt;
    } else {
      return false;
    }
  }
  while (elements[element] === "any number") element++;
  return element === elements.length;
}

/**
 * Compiles one part of a pattern (no `/` in it): `*`, `?`, `[a-z]`, `[!a-z]`, `[[:digit:]]`, and `\` before any of them.
 *
 * @returns undefined for what matches nothing: a class that does not end, a `\` at the end
 */
export function compileName(pattern: string): Test<string> | undefined {
  // Most are plain names, or an ending.
  if (!/[*?[\\]/.test(pattern)) return (name) => name === pattern;
  if (/^\*[^*?[\\]*$/.test(pattern)) {
    const ending = pattern.slice(1);
    return (name) => name.endsWith(ending);
  }
  const elements: Element<string>[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "*") {
      if (elements.at(-1) !== "any number") elements.push("any number");
    } else if (character === "?") elements.push(() => true);
    else if (character === "[") {
      const found = readClass(pattern, at + 1);
      if (found === undefined) return undefined;
      elements.push(found.test);
      at = found.end;
    } else if (character === "\\" && at + 1 === pattern.length) return undefined;
    else {
      const literal = character === "\\" ? pattern.charAt(++at) : character;
      elements.push((value) => value === literal);
    }
  }
  return (name) => matchesRow(elements, name);
}

/** Reads a class that begins after its `[`; gives where its `]` is. */
function readClass(pattern: string, start: number): { readonly test: Test<string>; readonly end: number } | undefined {
  const tests: Test<string>[] = [];
  const isNegated = pattern[start] === "!" || pattern[start] === "^";
  const first = isNegated ? start + 1 : start;
  for (let at = first; at < pattern.length; at++) {
    if (pattern[at] === "]" && at > first) {
      return { test: (value) => tests.some((test) => test(value)) !== isNegated, end: at };
    }
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(at, at + 12));
    if (named !== null) {
      const characters = CLASSES.get(named[1] ?? "");
      if (characters === undefined) return undefined;
      tests.push((value) => characters.test(value));
      at += named[0].length - 1;
      continue;
    }
    if (pattern[at] === "\\") at++;
    const low = pattern.charAt(at);
    if (pattern[at + 1] === "-" && at + 2 < pattern.length && pattern[at + 2] !== "]") {
      at += pattern[at + 2] === "\\" ? 3 : 2;
      const high = pattern.charAt(at);
      tests.push((value) => low <= value && value <= high);
    } else tests.push((value) => value === low);
  }
  return undefined;
}
