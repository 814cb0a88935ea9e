/** Regular expressions of foreign authors: matched in linear time, whatever the pattern. */

import { FileStoreError, messageOf } from "../errors.ts";

/** A compiled pattern. */
export interface LinearRegex {
  /** Tells whether the pattern matches anywhere in the line. */
  test(line: string): boolean;
  /** Where the first match begins; -1 without one. */
  indexIn(line: string): number;
}

/** Options of {@linkcode compileLinearRegex}. */
export interface LinearRegexOptions {
  /**
   * Whether letters match in either case.
   *
   * @default {false}
   */
  readonly ignoreCase?: boolean;
}

/** Most characters of a pattern. */
const MAX_PATTERN_LENGTH = 1_000;

/** Most instructions of a compiled pattern: matching costs this times the length of the text. */
const MAX_PROGRAM_SIZE = 10_000;

let loading: Promise<typeof import("re2js")> | undefined;

/**
 * Compiles a pattern in RE2 syntax: like JavaScript's, without lookaround and backreferences.
 *
 * The engine is imported when it is first needed.
 *
 * @throws {FileStoreError} `pattern_invalid` when the pattern is too long, too large or not understood
 *
 * @example
 * ```ts ignore
 * const regex = await compileLinearRegex("(a+)+$");
 * regex.test("a".repeat(10_000) + "b"); // false, at once
 * ```
 */
export async function compileLinearRegex(pattern: string, options: LinearRegexOptions = {}): Promise<LinearRegex> {
  if (typeof pattern !== "string") throw invalid("it is not a string");
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw invalid(`it has ${pattern.length} characters and at most ${MAX_PATTERN_LENGTH} are accepted`);
  }
  const { RE2JS } = await loadEngine();
  let compiled;
  try {
    compiled = RE2JS.compile(pattern, options.ignoreCase === true ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    throw invalid(messageOf(error).replace(/^error parsing regexp: /, ""));
  }
  if (compiled.programSize() > MAX_PROGRAM_SIZE) throw invalid("it is too large; use smaller repeat counts");
  return {
    test: (line) => compiled.test(line),
    indexIn(line): number {
      const matcher = compiled.matcher(line);
      return matcher.find() ? matcher.start() : -1;
    },
  };
}

function loadEngine(): Promise<typeof import("re2js")> {
  loading ??= import("re2js").catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

function invalid(reason: string): FileStoreError {
  return new FileStoreError(
    "pattern_invalid",
    "/",
    `Cannot use the search pattern: ${reason} (RE2 syntax: no lookaround, no backreferences; escape what is literal)`,
  );
}
