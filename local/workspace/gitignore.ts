/** The rules of `.gitignore` files (git-scm.com/docs/gitignore), matched without backtracking: a model may write them. */

/** One character of a name. */
type Token =
  | { readonly type: "character"; readonly character: string }
  /** `?` */
  | { readonly type: "any" }
  /** `*` */
  | { readonly type: "star" }
  /** `[a-z]` */
  | { readonly type: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** The pattern of one name of a path, or any number of names: `**`. */
type NamePattern = readonly Token[] | "folders";

interface Rule {
  /** Names of a path that come before what the rule looks at: it counts from the folder of its file. */
  readonly depth: number;
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
  readonly names: readonly NamePattern[];
}

const MAX_RULES = 10_000;
const MAX_RULE_LENGTH = 1_000;
const ANYTHING: readonly Token[] = [{ type: "star" }];

/** The characters of `[[:alpha:]]` and its like, of ASCII as in git. */
const POSIX_CLASSES: ReadonlyMap<string, readonly (readonly [string, string])[]> = new Map([
  ["alnum", [["0", "9"], ["A", "Z"], ["a", "z"]]],
  ["alpha", [["A", "Z"], ["a", "z"]]],
  ["blank", [[" ", " "], ["\t", "\t"]]],
  ["cntrl", [["\0", "\x1f"], ["\x7f", "\x7f"]]],
  ["digit", [["0", "9"]]],
  ["graph", [["!", "~"]]],
  ["lower", [["a", "z"]]],
  ["print", [[" ", "~"]]],
  ["punct", [["!", "/"], [":", "@"], ["[", "`"], ["{", "~"]]],
  ["space", [[" ", " "], ["\t", "\r"]]],
  ["upper", [["A", "Z"]]],
  ["xdigit", [["0", "9"], ["A", "F"], ["a", "f"]]],
]);

/**
 * Which files of a tree are ignored; each folder has the rules of the folders around it and its own.
 *
 * It decides one entry at a time and expects that nothing in an ignored folder is asked about, as in git.
 */
export class IgnoreRules {
  /** No rules. */
  static readonly NONE: IgnoreRules = new IgnoreRules([]);
  readonly #rules: readonly Rule[];

  private constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  /**
   * These rules and those of a file, which come after them and so decide.
   *
   * What comes after 10,000 rules, and lines of more than 1,000 characters, is passed over.
   *
   * @param folder canonical path of the folder of the file
   */
  with(folder: string, text: string): IgnoreRules {
    const depth = folder === "/" ? 0 : folder.split("/").length - 1;
    const rules: Rule[] = [];
    for (const line of text.replace(/^\ufeff/, "").split("\n")) {
      if (this.#rules.length + rules.length >= MAX_RULES) break;
      const rule = parseRule(line, depth);
      if (rule !== undefined) rules.push(rule);
    }
    return rules.length === 0 ? this : new IgnoreRules([...this.#rules, ...rules]);
  }

  /** Whether an entry is ignored, when no folder around it is. */
  ignores(path: string, isDirectory: boolean): boolean {
    const names = path.slice(1).split("/");
    const rule = this.#rules.findLast((each) =>
      (isDirectory || !each.directoriesOnly) && matchesNames(each.names, names, each.depth)
    );
    return rule !== undefined && !rule.negated;
  }
}

function parseRule(line: string, depth: number): Rule | undefined {
  let pattern = withoutEnd(line);
  if (pattern.startsWith("#") || pattern.length > MAX_RULE_LENGTH) return undefined;
  const negated = pattern.startsWith("!");
  if (negated) pattern = pattern.slice(1);
  const directoriesOnly = pattern.endsWith("/");
  if (directoriesOnly) pattern = pattern.slice(0, -1);
  if (pattern === "") return undefined;
  const isAnchored = pattern.includes("/");
  const parts = (pattern.startsWith("/") ? pattern.slice(1) : pattern).split("/");
  const names: NamePattern[] = isAnchored ? [] : ["folders"];
  for (const [index, part] of parts.entries()) {
    if (part === "**" && isAnchored) {
      names.push("folders");
      // At the end it means everything inside, not the folder itself.
      if (index === parts.length - 1) names.push(ANYTHING);
      continue;
    }
    const tokens = tokenize(part);
    if (tokens === undefined || tokens.length === 0) return undefined;
    names.push(tokens);
  }
  return { depth, negated, directoriesOnly, names };
}

/** A line without its end and without spaces there, unless a backslash is before them. */
function withoutEnd(line: string): string {
  const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
  let end = whole.length;
  while (end > 0 && whole[end - 1] === " ") end--;
  if (end === whole.length) return whole;
  let backslashes = 0;
  while (whole[end - 1 - backslashes] === "\\") backslashes++;
  return whole.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}

/** The tokens of a name's pattern; undefined when it can match nothing. */
function tokenize(pattern: string): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "?") tokens.push({ type: "any" });
    else if (character === "*") {
      if (tokens.at(-1)?.type !== "star") tokens.push({ type: "star" });
    } else if (character === "[") {
      const found = readClass(pattern, at + 1);
      if (found === undefined) return undefined;
      tokens.push(found.token);
      at = found.end;
    } else if (character === "\\") {
      if (++at === pattern.length) return undefined;
      tokens.push({ type: "character", character: pattern.charAt(at) });
    } else tokens.push({ type: "character", character });
  }
  return tokens;
}

/** Reads `[...]` from after its bracket; undefined when it does not end. */
function readClass(pattern: string, start: number): { readonly token: Token; readonly end: number } | undefined {
  const negated = pattern[start] === "!" || pattern[start] === "^";
  const first = negated ? start + 1 : start;
  const ranges: (readonly [string, string])[] = [];
  for (let at = first; at < pattern.length; at++) {
    if (pattern[at] === "]" && at > first) return { token: { type: "class", negated, ranges }, end: at };
    const posix = /^\[:([a-z]*):\]/.exec(pattern.slice(at, at + 12));
    if (posix !== null) {
      const known = POSIX_CLASSES.get(posix[1] ?? "");
      if (known === undefined) return undefined;
      ranges.push(...known);
      at += posix[0].length - 1;
      continue;
    }
    if (pattern[at] === "\\") at++;
    const from = pattern.charAt(at);
    let to = from;
    if (pattern[at + 1] === "-" && at + 2 < pattern.length && pattern[at + 2] !== "]") {
      at += pattern[at + 2] === "\\" ? 3 : 2;
      to = pattern.charAt(at);
    }
    ranges.push([from, to]);
  }
  return undefined;
}

/** Matches the names of a path from a position on; only the last `**` that was passed can be wrong about its length. */
function matchesNames(patterns: readonly NamePattern[], names: readonly string[], from: number): boolean {
  let at = 0;
  let name = from;
  let retryAt = -1;
  let retryName = from;
  while (name < names.length) {
    const pattern = patterns[at];
    if (pattern === "folders") {
      retryAt = ++at;
      retryName = name;
    } else if (pattern !== undefined && matchesName(pattern, names[name] ?? "")) {
      at++;
      name++;
    } else if (retryAt >= 0) {
      at = retryAt;
      name = ++retryName;
    } else return false;
  }
  return at === patterns.length;
}

/** Matches one name in the same way, `*` being what may be of any length. */
function matchesName(tokens: readonly Token[], name: string): boolean {
  let at = 0;
  let position = 0;
  let retryAt = -1;
  let retryPosition = 0;
  while (position < name.length) {
    const token = tokens[at];
    if (token?.type === "star") {
      retryAt = ++at;
      retryPosition = position;
    } else if (token !== undefined && matchesCharacter(token, name.charAt(position))) {
      at++;
      position++;
    } else if (retryAt >= 0) {
      at = retryAt;
      position = ++retryPosition;
    } else return false;
  }
  while (tokens[at]?.type === "star") at++;
  return at === tokens.length;
}

function matchesCharacter(token: Token, character: string): boolean {
  switch (token.type) {
    case "character":
      return token.character === character;
    case "class":
      return token.ranges.some(([from, to]) => from <= character && character <= to) !== token.negated;
    default:
      return true;
  }
}
