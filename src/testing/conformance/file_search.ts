/** What every file store must do when files are searched. */

import assert from "node:assert/strict";
import type { GrepOptions, GrepResult, RuntimeFileStore } from "../../ports/file_store.ts";
import { check } from "./conformance_options.ts";
import type { FileStoreConformanceOptions } from "./file_store_options.ts";
import { assertRefused } from "./assert_refused.ts";

const WORKSPACE = "workspace-1";
const KIBIBYTE = 1024;

/** Registers the checks of `grepFiles`. */
export function testFileSearch(options: FileStoreConformanceOptions): void {
  check(options, "grepFiles() finds nothing in an empty workspace", async (files) => {
    assert.deepEqual(await files.grepFiles(WORKSPACE, "x"), { lines: [], matchCount: 0, skippedFiles: 0 });
  });

  check(options, "grepFiles() gives matching lines by path and number, without their ends", async (files) => {
    await files.writeFile(WORKSPACE, "/b.txt", "one\r\nmatch 1\r\n", "text");
    await files.writeFile(WORKSPACE, "/a/z.txt", "match 2\n\nmatch 3", "text");
    await files.writeFile(WORKSPACE, "/a-b.txt", "match 4", "text");
    assert.deepEqual(await files.grepFiles(WORKSPACE, "^match \\d$"), {
      lines: [
        { path: "/a-b.txt", lineNumber: 1, line: "match 4", isMatch: true },
        { path: "/a/z.txt", lineNumber: 1, line: "match 2", isMatch: true },
        { path: "/a/z.txt", lineNumber: 3, line: "match 3", isMatch: true },
        { path: "/b.txt", lineNumber: 2, line: "match 1", isMatch: true },
      ],
      matchCount: 4,
      skippedFiles: 0,
    });
  });

  check(options, "grepFiles() minds case unless the pattern says otherwise", async (files) => {
    await files.writeFile(WORKSPACE, "/a.txt", "Todo\ntodo\n", "text");
    assert.deepEqual(numbers(await files.grepFiles(WORKSPACE, "todo")), [2]);
    assert.deepEqual(numbers(await files.grepFiles(WORKSPACE, "(?i)todo")), [1, 2]);
  });

  for (const pattern of ["(", "a**", "(?=a)b", "(a)\\1", "x".repeat(1001)]) {
    check(options, `grepFiles() refuses ${pattern.slice(0, 20)} with pattern_invalid`, async (files) => {
      await assertRefused(files.grepFiles(WORKSPACE, pattern), "pattern_invalid");
    });
  }

  check(options, "grepFiles() answers a pattern that drives a backtracking engine mad", async (files) => {
    await files.writeFile(WORKSPACE, "/a.txt", `${"a".repeat(5000)}b`, "text");
    assert.equal((await files.grepFiles(WORKSPACE, "^(a+)+$")).matchCount, 0);
  });

  const paths: readonly (readonly [pathPattern: string, expected: readonly string[]])[] = [
    ["*.ts", ["/main.ts", "/src/a.ts", "/src/deep/b.ts"]],
    ["?.ts", ["/src/a.ts", "/src/deep/b.ts"]],
    ["src/*.ts", ["/src/a.ts"]],
    ["/src/*.ts", ["/src/a.ts"]],
    ["/workspace/src/*.ts", ["/src/a.ts"]],
    ["src/**/*.ts", ["/src/a.ts", "/src/deep/b.ts"]],
    ["*.{ts,md}", ["/main.ts", "/src/a.ts", "/src/c.md", "/src/deep/b.ts"]],
    ["deep", ["/src/deep/b.ts"]],
    ["src/", ["/src/a.ts", "/src/c.md", "/src/deep/b.ts"]],
    ["*.rs", []],
    ["nowhere", []],
  ];
  for (const [pathPattern, expected] of paths) {
    check(options, `grepFiles() takes ${pathPattern} as a path pattern`, async (files) => {
      for (const path of ["/main.ts", "/src/a.ts", "/src/c.md", "/src/deep/b.ts"]) {
        await files.writeFile(WORKSPACE, path, "match", "text");
      }
      const { lines } = await files.grepFiles(WORKSPACE, "match", { pathPattern });
      assert.deepEqual(lines.map(({ path }) => path), expected);
    });
  }

  // Lines 1 to 12, of which 3, 4 and 9 match.
  const contexts: readonly (readonly [options: GrepOptions, shown: readonly number[], next: number | undefined])[] = [
    [{}, [3, 4, 9], undefined],
    [{ before: 1 }, [2, 3, 4, 8, 9], undefined],
    [{ after: 1 }, [3, 4, 5, 9, 10], undefined],
    [{ before: 2, after: 2 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], undefined],
    [{ before: 99, after: 99 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], undefined],
    [{ limit: 2 }, [3, 4], 2],
    [{ limit: 3 }, [3, 4, 9], undefined],
    [{ offset: 1 }, [4, 9], undefined],
    [{ offset: 1, limit: 1 }, [4], 2],
    [{ offset: 3 }, [], undefined],
    [{ limit: 1, after: 2 }, [3, 4, 5], 1],
  ];
  for (const [query, shown, next] of contexts) {
    check(
      options,
      `grepFiles() with ${JSON.stringify(query)} shows each line once and says where to go on`,
      async (files) => {
        await files.writeFile(WORKSPACE, "/a.txt", "1\n2\nm3\nm4\n5\n6\n7\n8\nm9\n10\n11\n12\n", "text");
        const result = await files.grepFiles(WORKSPACE, "^m", query);
        assert.deepEqual(numbers(result), shown);
        assert.equal(result.nextOffset, next);
        assert.equal(result.matchCount, result.lines.filter(({ isMatch }) => isMatch).length);
      },
    );
  }

  check(options, "grepFiles() pages put together are the whole, over several files", async (files) => {
    for (const name of ["a", "b", "c"]) await files.writeFile(WORKSPACE, `/${name}.txt`, "m 1\nno\nm 2\n", "text");
    const whole = await files.grepFiles(WORKSPACE, "^m");
    const pages: GrepResult[] = [];
    for (let offset: number | undefined = 0; offset !== undefined; offset = pages.at(-1)?.nextOffset) {
      pages.push(await files.grepFiles(WORKSPACE, "^m", { offset, limit: 4 }));
      assert.ok(pages.length < 9, "the pages do not end");
    }
    assert.deepEqual(pages.flatMap(({ lines }) => lines), whole.lines);
    assert.deepEqual(pages.map(({ matchCount }) => matchCount), [4, 2]);
  });

  check(options, "grepFiles() keeps its answer under maxBytes and goes on after it", async (files) => {
    await files.writeFile(WORKSPACE, "/a.txt", `${"m".repeat(40)}\n`.repeat(10), "text");
    const first = await files.grepFiles(WORKSPACE, "m", { maxBytes: 200 });
    assert.ok(first.matchCount > 0 && first.matchCount < 10);
    assert.ok(first.lines.reduce((sum, { line }) => sum + line.length, 0) <= 200);
    assert.equal(first.nextOffset, first.matchCount);
    const rest = await files.grepFiles(WORKSPACE, "m", { offset: first.matchCount });
    assert.equal(first.matchCount + rest.matchCount, 10);
  });

  check(options, "grepFiles() cuts a match that is longer than maxBytes, and still gets on", async (files) => {
    await files.writeFile(WORKSPACE, "/a.txt", `${"m".repeat(500)}\nm2\n`, "text");
    const first = await files.grepFiles(WORKSPACE, "m", { maxBytes: 100 });
    assert.deepEqual([first.matchCount, first.nextOffset], [1, 1]);
    assert.ok((first.lines[0]?.line.length ?? 0) <= 100);
    assert.deepEqual(numbers(await files.grepFiles(WORKSPACE, "m", { maxBytes: 100, offset: 1 })), [2]);
  });

  check(options, "grepFiles() passes over and counts large files and files that are not text", async (files) => {
    await files.writeFile(WORKSPACE, "/fits.txt", `match\n${"x".repeat(512 * KIBIBYTE - 6)}`, "text");
    await files.writeFile(WORKSPACE, "/large.txt", `match\n${"x".repeat(512 * KIBIBYTE - 5)}`, "text");
    await files.writeFile(WORKSPACE, "/other.bin", "/wAA", "base64");
    const { lines, skippedFiles } = await files.grepFiles(WORKSPACE, "match");
    assert.deepEqual([lines.map(({ path }) => path), skippedFiles], [["/fits.txt"], 2]);
    const narrow = await files.grepFiles(WORKSPACE, "match", { pathPattern: "fits.txt" });
    assert.equal(narrow.skippedFiles, 0);
  });

  check(options, "grepFiles() refuses to look at more than 5 MiB with scan_too_large", async (files) => {
    const text = "x".repeat(512 * KIBIBYTE);
    for (let index = 0; index < 11; index++) await files.writeFile(WORKSPACE, `/${index}.txt`, text, "text");
    await assertRefused(files.grepFiles(WORKSPACE, "none"), "scan_too_large");
    assert.equal((await files.grepFiles(WORKSPACE, "none", { pathPattern: "1.txt" })).matchCount, 0);
  });

  check(options, "grepFiles() ends with the reason of its signal", async (files) => {
    await writeLines(files);
    const reason = new Error("no longer wanted");
    await assert.rejects(files.grepFiles(WORKSPACE, "x", { signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    const running = files.grepFiles(WORKSPACE, "none", { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(running, reason);
  });
}

function numbers(result: GrepResult): number[] {
  return result.lines.map(({ lineNumber }) => lineNumber);
}

async function writeLines(files: RuntimeFileStore): Promise<void> {
  const text = "some text\n".repeat(20_000);
  for (let index = 0; index < 5; index++) await files.writeFile(WORKSPACE, `/${index}.txt`, text, "text");
}
