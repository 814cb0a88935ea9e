/** Which files of a workspace a search passes over, by the ignore files on the way to them. */

import type { IgnoreRules } from "./ignore_rules.ts";

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
