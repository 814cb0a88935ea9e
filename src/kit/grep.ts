/** Searching lines of files: the caps, the context and the paging that every file store shares. */

import { setImmediate } from "node:timers";
import { FileStoreError, messageOf } from "../errors.ts";
import type { GrepLine, GrepOptions, GrepResult } from "../ports/file_store.ts";
import { compileGlob, isGlob, type PathTest } from "./glob.ts";
import { compileLinearRegex } from "./linear_regex.ts";
import { nameOf } from "./paths.ts";

/** Bytes a file may have to be searched. */
export const MAX_GREP_FILE_BYTES: number = 512 * 1024;
/** Bytes one search may look at. */
const MAX_GREP_SCAN_BYTES: number = 5 * 1024 * 1024;

/**
 * Characters looked at before other work gets a turn and the signal is checked, and most characters of a line that are
 * looked at: the worst pattern costs 0.3 ms a character (re2js 2.10), a usual one 1 ms for 64 KiB.
 */
const CHARACTERS_PER_TURN = 16 * 1024;
/** `/workspace` means the root, as in `canonicalPath`. */
const WORKSPACE_ALIAS = /^\/workspace(?=\/|$)/;

/** A file that may be searched. */
export interface GrepFile {
  /** Canonical path. */
  readonly path: string;
  /** Size of the bytes. */
  readonly sizeBytes: number;
  /** Its text, or undefined when it is not text; called only when the file is really searched. */
  read(): string | undefined | Promise<string | undefined>;
}

/**
 * Searches files for lines that match a regular expression, in linear time.
 *
 * It looks no further than it must to know whether there is a next page, and of each line at the first 16,384
 * characters.
 *
 * @param files the files sorted by path, made one at a time as they are needed
 * @example
 * ```ts ignore
 * const files = [{ path: "/a.txt", sizeBytes: 8, read: () => "one\ntwo\n" }];
 * await grepFiles(files, "^t"); // { lines: [{ path: "/a.txt", lineNumber: 2, line: "two", isMatch: true }], ... }
 * ```
 * @throws {FileStoreError} `pattern_invalid`, or `scan_too_large` after 5 MiB
 * @throws {RangeError} when a number among the options is not whole and 0 or more
 * @throws the reason of `options.signal` when it is aborted
 */
export async function grepFiles(
  files: AsyncIterable<GrepFile> | Iterable<GrepFile>,
  pattern: string,
  options: GrepOptions = {},
): Promise<GrepResult> {
  const { signal, pathPattern } = options;
  signal?.throwIfAborted();
  const page = new Page(options);
  const isWanted = pathPattern === undefined ? () => true : pathFilter(pathPattern);
  const regex = await compileLinearRegex(pattern);
  let skippedFiles = 0;
  let scannedBytes = 0;
  let characters = 0;

  search: for await (const file of files) {
    signal?.throwIfAborted();
    if (!isWanted(file.path)) continue;
    const text = file.sizeBytes > MAX_GREP_FILE_BYTES ? undefined : await file.read();
    if (text === undefined) {
      skippedFiles++;
      continue;
    }
    scannedBytes += file.sizeBytes;
    if (scannedBytes > MAX_GREP_SCAN_BYTES) throw scanTooLarge(file.path);
    const lines = linesOf(text);
    for (const [index, line] of lines.entries()) {
      characters += line.length + 1;
      if (characters >= CHARACTERS_PER_TURN) {
        characters = 0;
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
      }
      const start = line.length > CHARACTERS_PER_TURN ? line.slice(0, CHARACTERS_PER_TURN) : line;
      if (regex.test(start) && !page.take(file.path, lines, index)) break search;
    }
  }
  return page.result(skippedFiles);
}

/** The matches that are answered, with their context. */
class Page {
  readonly #before: number;
  readonly #after: number;
  readonly #offset: number;
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #lines: GrepLine[] = [];
  #found = 0;
  #shown = 0;
  #size = 0;
  #hasMore = false;
  /** The file shown last, and the index of its first line that is not shown yet. */
  #path: string | undefined;
  #next = 0;

  constructor({ before = 0, after = 0, offset = 0, limit = 100, maxBytes = 65_536 }: GrepOptions) {
    this.#before = count("before", before);
    this.#after = count("after", after);
    this.#offset = count("offset", offset);
    this.#limit = count("limit", limit);
    this.#maxBytes = count("maxBytes", maxBytes);
  }

  /** Takes the next match; tells whether to look for more. */
  take(path: string, lines: readonly string[], index: number): boolean {
    if (this.#found++ < this.#offset) return true;
    if (this.#shown >= this.#limit || !this.#show(path, lines, index)) {
      this.#hasMore = true;
      return false;
    }
    this.#shown++;
    return true;
  }

  #show(path: string, lines: readonly string[], index: number): boolean {
    if (this.#path !== path) this.#next = 0;
    const start = Math.max(this.#next, index - this.#before);
    const end = Math.min(lines.length, index + this.#after + 1);
    const block: GrepLine[] = [];
    let size = 0;
    for (let at = start; at < end && this.#size + size <= this.#maxBytes; at++) {
      const line = lines[at] ?? "";
      size += path.length + line.length;
      block.push({ path, lineNumber: at + 1, line, isMatch: at === index });
    }
    if (this.#size + size > this.#maxBytes) return this.#shown === 0 && this.#showCut(path, lines[index] ?? "", index);

    // A match that was shown as context of the one before it.
    if (index < start) {
      const shown = this.#lines.length - (start - index);
      const line = this.#lines[shown];
      if (line !== undefined) this.#lines[shown] = { ...line, isMatch: true };
    }
    this.#lines.push(...block);
    this.#size += size;
    this.#path = path;
    this.#next = Math.max(this.#next, end);
    return true;
  }

  /** Shows the first match alone and cut: an answer without any match would never get on. */
  #showCut(path: string, line: string, index: number): boolean {
    const room = Math.max(0, this.#maxBytes - path.length);
    this.#lines.push({ path, lineNumber: index + 1, line: line.slice(0, room), isMatch: true });
    this.#size = this.#maxBytes;
    this.#path = path;
    this.#next = index + 1;
    return true;
  }

  result(skippedFiles: number): GrepResult {
    const answer = { lines: this.#lines, matchCount: this.#shown, skippedFiles };
    return this.#hasMore ? { ...answer, nextOffset: this.#offset + this.#shown } : answer;
  }
}

/** Tells which paths a path pattern means: see {@linkcode GrepOptions.pathPattern}. */
function pathFilter(pattern: string): PathTest {
  const fromRoot = pattern.replace(WORKSPACE_ALIAS, "");
  if (!isGlob(fromRoot)) return (path) => path.includes(fromRoot);
  try {
    if (!fromRoot.includes("/")) {
      const matchesName = compileGlob(fromRoot);
      return (path) => matchesName(nameOf(path));
    }
    return compileGlob(fromRoot.startsWith("/") ? fromRoot : `/${fromRoot.replace(/^\.\//, "")}`);
  } catch (error) {
    throw new FileStoreError("pattern_invalid", "/", `Cannot search with the path pattern: ${messageOf(error)}`);
  }
}

/** The lines of a text without their ends; a final line end begins no further line. */
function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return text.includes("\r") ? lines.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line) : lines;
}

function scanTooLarge(path: string): FileStoreError {
  const limit = MAX_GREP_SCAN_BYTES / 1024 / 1024;
  return new FileStoreError(
    "scan_too_large",
    path,
    `Cannot search further than "${path}": a search may look at ${limit} MiB; narrow the path pattern`,
  );
}

function count(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new RangeError(`Cannot search: ${name} is ${value}, expected a whole number of 0 or more`);
}
