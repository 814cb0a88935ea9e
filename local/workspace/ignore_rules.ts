/**
 * What ignore files say (git's documentation of gitignore, "Pattern format"), in linear time.
 *
 * Anybody may have written them, also a model. The `ignore` package turns patterns into backtracking expressions: one
 * line with eight `**` and a path 40 names deep stop the program for seconds, twelve for hours.
 */

import { compileName, type Element, matchesRow } from "./wildcard.ts";

/** Most patterns of one file that are minded; more would make a search slow. */
const MAX_RULES = 2_000;
/** Longer patterns are not minded. */
const MAX_PATTERN_LENGTH = 1_000;

interface Rule {
  readonly isNegated: boolean;
  readonly directoriesOnly: boolean;
  /** Tests the name alone, at any depth. */
  readonly name?: (name: string) => boolean;
  /** Tests the names of the path from the directory of the file. */
  readonly path?: readonly Element<string>[];
}

/**
 * The patterns of one ignore file, tested in linear time: anybody may have written it, also a model.
 *
 * A path is tested by itself: that what is in an ignored directory is ignored too is for the walk to see to.
 */
export class IgnoreRules {
  readonly #rules: readonly Rule[];

  /** Reads the text of an ignore file; lines that cannot be understood match nothing. */
  constructor(text: string) {
    const rules: Rule[] = [];
    for (const line of text.replace(/^\ufeff/, "").split("\n")) {
      const rule = line.length > MAX_PATTERN_LENGTH ? undefined : readRule(line.replace(/\r$/, ""));
      if (rule !== undefined && rules.push(rule) === MAX_RULES) break;
    }
    this.#rules = rules.reverse();
  }

  /**
   * Whether a path is ignored (true), wanted although something else ignores it (false), or not mentioned.
   *
   * @param names the names of the path from the directory of the file
   */
  test(names: readonly string[], isDirectory: boolean): boolean | undefined {
    const name = names.at(-1) ?? "";
    for (const rule of this.#rules) {
      if (rule.directoriesOnly && !isDirectory) continue;
      const matches = rule.name?.(name) ?? (rule.path !== undefined && matchesRow(rule.path, names));
      if (matches) return !rule.isNegated;
    }
    return undefined;
  }
}

/** The ignore files of one directory. */
export interface DirectoryRules {
  /** `.ignore`: for searches alone, so it decides first. */
  readonly search?: IgnoreRules;
  /** `.gitignore`. */
  readonly git?: IgnoreRules;
  /** `.git/info/exclude`: decides last. */
  readonly exclude?: IgnoreRules;
}

const KINDS = ["search", "git", "exclude"] as const;

/** The ignore files of a directory and of those above it. */
export class IgnoredPaths {
  readonly #rules: DirectoryRules;
  /** The directory's name in the one above it. */
  readonly #name: string;
  readonly #above: IgnoredPaths | undefined;

  /** The root, or a directory below another. */
  constructor(rules: DirectoryRules, name: string = "", above?: IgnoredPaths) {
    this.#rules = rules;
    this.#name = name;
    this.#above = above;
  }

  /** A directory in this one. */
  inside(name: string, rules: DirectoryRules): IgnoredPaths {
    return new IgnoredPaths(rules, name, this);
  }

  /** Whether an entry of this directory is passed over: the nearest file that mentions it decides. */
  ignores(name: string, isDirectory: boolean): boolean {
    for (const kind of KINDS) {
      const decided = this.#decide(kind, [name], isDirectory);
      if (decided !== undefined) return decided;
    }
    return false;
  }

  #decide(kind: (typeof KINDS)[number], names: readonly string[], isDirectory: boolean): boolean | undefined {
    const decided = this.#rules[kind]?.test(names, isDirectory);
    if (decided !== undefined || this.#above === undefined) return decided;
    return this.#above.#decide(kind, [this.#name, ...names], isDirectory);
  }
}

function readRule(line: string): Rule | undefined {
  if (line.startsWith("#")) return undefined;
  let pattern = withoutTrailingSpaces(line);
  const isNegated = pattern.startsWith("!");
  if (isNegated) pattern = pattern.slice(1);
  const directoriesOnly = pattern.endsWith("/");
  if (directoriesOnly) pattern = pattern.slice(0, -1);
  if (pattern === "") return undefined;
  if (!pattern.includes("/")) {
    const name = compileName(pattern);
    return name && { isNegated, directoriesOnly, name };
  }
  const path = compilePath(pattern.startsWith("/") ? pattern.slice(1) : pattern);
  return path && { isNegated, directoriesOnly, path };
}

/** Compiles a pattern with a `/`; `**` as a whole part is any number of directories. */
function compilePath(pattern: string): Element<string>[] | undefined {
  const elements: Element<string>[] = [];
  const parts = pattern.split("/");
  for (const [index, part] of parts.entries()) {
    if (part !== "**") {
      const name = compileName(part);
      if (name === undefined) return undefined;
      elements.push(name);
      continue;
    }
    if (elements.at(-1) !== "any number") elements.push("any number");
    // At the end it is what is inside, and not the directory itself.
    if (index === parts.length - 1 && index > 0) elements.push(() => true);
  }
  return elements;
}

/** A line without the spaces at its end, but for one after a `\`. */
function withoutTrailingSpaces(line: string): string {
  const trimmed = line.replace(/ +$/, "");
  const backslashes = /\\*$/.exec(trimmed)?.[0].length ?? 0;
  return backslashes % 2 === 1 && trimmed.length < line.length ? `${trimmed} ` : trimmed;
}
