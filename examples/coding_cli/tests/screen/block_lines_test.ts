import assert from "node:assert/strict";
import { blockLines } from "../../screen/block_lines.ts";
import type { Block } from "../../screen/screen.ts";
import { plainText } from "../../screen/spans.ts";
import { lineWidth } from "../../screen/wrap.ts";

const DIFF = "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n@@ -20,1 +20,2 @@\n x\n+y";

function shown(block: Block, width = 60): string {
  return blockLines(block, undefined, width).map(plainText).join("\n");
}

function tool(name: string, args: object, rest: object = {}): Block {
  return { type: "tool", name, arguments: { ...args }, status: "success", ...rest } as Block;
}

const CASES: readonly (readonly [what: string, block: Block, expected: string])[] = [
  ["a message of the user", { type: "user", text: "one\ntwo", images: 1 }, "› one\n  two\n  [1 image]"],
  ["thinking, cut", { type: "thinking", text: "a\nb\nc\nd\ne" }, "✻ a\n  b\n  c\n  … 2 more lines"],
  ["an answer", { type: "answer", text: "# Hi\n\n- a" }, "Hi\n\n• a"],
  [
    "a file that was read",
    tool("read_file", { path: "/workspace/src/main.ts", offset: 10, limit: 5 }, { result: { content: "a\nb\n" } }),
    "● Read src/main.ts:10-14 · 2 lines",
  ],
  [
    "an edit with its diff",
    tool("edit_file", { path: "a.ts" }, { result: { path: "a.ts", diff: DIFF } }),
    "● Edit a.ts +2 -1\n     1   a\n     2 - b\n     2 + B\n     3   c\n       ⋮\n    20   x\n    21 + y",
  ],
  [
    "a new file",
    tool("write_file", { path: "a.ts", content: "a\nb" }, { result: { created: true, size_bytes: 3 } }),
    "● Write a.ts · new, 2 lines",
  ],
  [
    "a search",
    tool("grep_files", { pattern: "TODO", path_pattern: "*.ts" }, {
      result: { match_count: 2, matches: [{ path: "a.ts" }, { path: "b.ts" }] },
    }),
    "● Search TODO in *.ts · 2 matches in 2 files",
  ],
  [
    "a search that found nothing",
    tool("grep_files", { pattern: "x" }, { result: { match_count: 0, matches: [] } }),
    "● Search x · no matches",
  ],
  [
    "a command with the end of its output",
    tool("bash", { command: "make" }, {
      result: { exit_code: 2, stdout: "1\n2\n3\n4\n5\n6\n7\n", stderr: "bad\n", note: "ended by the time limit" },
      durationMs: 65_000,
    }),
    "● $ make · exit 2 · 1m 05s\n  ⎿ … 2 earlier lines\n    3\n    4\n    5\n    6\n    7\n    bad\n  ⎿ ended by the time limit",
  ],
  [
    "a command that said nothing",
    tool("bash", { command: "true" }, { result: { exit_code: 0, stdout: "", stderr: "" } }),
    "● $ true",
  ],
  [
    "a call that failed",
    tool("read_file", { path: "x" }, { status: "error", error: "File not found: x" }),
    "✗ Read x\n  ⎿ File not found: x",
  ],
  [
    "a call that was cancelled",
    tool("bash", { command: "sleep 9" }, { status: "cancelled" }),
    "○ $ sleep 9 · cancelled",
  ],
  [
    "a tool nobody knows",
    tool("mcp_notes_add", { title: "T", tags: ["a"] }, { result: { id: 7 } }),
    '● mcp_notes_add title: T, tags: ["a"]\n  ⎿ {"id":7}',
  ],
  [
    "a plan",
    tool("write_todos", { todos: [{}, {}] }, { result: { total_tasks: 2, completed: 1 } }),
    "● Plan 2 tasks · 1 of 2 done",
  ],
  [
    "a turn that failed",
    { type: "turn_end", status: "failed", text: "No credit (quota)" },
    "✗ The turn failed: No credit (quota)",
  ],
  ["a turn that was cancelled", { type: "turn_end", status: "cancelled", text: "" }, "○ Cancelled"],
  [
    "a turn that did some work",
    {
      type: "turn_done",
      durationMs: 12_000,
      toolCalls: 3,
      usage: { inputTokens: 12_345, outputTokens: 678, estimatedCostUsd: 0.0123 },
    },
    "  12s · 3 tool calls · 12k in, 678 out · $0.0123",
  ],
  [
    "a short turn without calls",
    { type: "turn_done", durationMs: 900, toolCalls: 0, usage: { inputTokens: 1, outputTokens: 1 } },
    "",
  ],
  ["the end of a task", { type: "task_end", name: "Tests", state: "failed", text: "2 of 3" }, "◆ Tests failed: 2 of 3"],
  ["a warning", { type: "notice", level: "warning", text: "No server" }, "! No server"],
  ["the answer of a command", { type: "output", command: "/help", text: "- a" }, "› /help\n  • a"],
];

for (const [what, block, expected] of CASES) {
  Deno.test(`blockLines() shows ${what}`, () => {
    assert.equal(shown(block), expected);
  });
  Deno.test(`blockLines() keeps ${what} within the narrowest terminal`, () => {
    for (const width of [12, 20]) {
      for (const line of blockLines(block, undefined, width)) {
        assert.ok(lineWidth(line) <= width, `${width}: ${plainText(line)}`);
      }
    }
  });
}

Deno.test("blockLines() sets blocks apart, but not calls of one line that follow one another", () => {
  const short = tool("list_directory", { path: "a" }, { result: { count: 1 } });
  const long = tool("edit_file", { path: "a" }, { result: { diff: DIFF } });
  const isApart = (block: Block, before: Block): boolean => blockLines(block, before, 60)[0]?.length === 0;
  assert.ok(!isApart(short, short));
  assert.ok(isApart(short, long));
  assert.ok(isApart(long, short));
  assert.ok(isApart({ type: "answer", text: "x" }, short));
});

Deno.test("of what woke the session the first rows are shown, and how many there are more", () => {
  const lines = blockLines({ type: "wake", text: "line\n".repeat(50).trim() }, undefined, 40);
  assert.equal(lines.length, 8);
  assert.equal(lines.at(-1)?.map(({ text }) => text).join(""), "  … 43 more lines");
});

Deno.test("blockLines() lets nothing of a tool or a model drive the terminal, and hides nothing of a command", () => {
  const evil = "a\x1b[2J\x9b1m\x1b]0;t\x07b";
  const blocks: Block[] = [
    { type: "user", text: evil, images: 0 },
    { type: "answer", text: `${evil}\n\n    ${evil}\n\n[${evil}](${evil})` },
    { type: "thinking", text: evil },
    { type: "wake", text: evil },
    { type: "notice", level: "error", text: evil },
    { type: "output", command: evil, text: evil },
    { type: "turn_end", status: "failed", text: evil },
    { type: "task_end", name: evil, state: "failed", text: evil },
    tool("bash", { command: evil }, { result: { stdout: evil } }),
    tool("edit_file", { path: evil }, { result: { diff: `@@ -1,1 +1,1 @@\n-${evil}\n+${evil}` } }),
    tool(evil, { [evil]: evil }, { status: "error", error: evil }),
    {
      type: "approval_detail",
      question: { toolCallId: "c", toolName: "bash", title: evil, detail: evil },
    },
  ];
  for (const block of blocks) {
    for (const line of blockLines(block, undefined, 200)) {
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(plainText(line), /[\x00-\x1f\x7f-\x9f]/, JSON.stringify(block));
    }
  }
  assert.match(shown(tool("bash", { command: evil }), 200), /a␛\[2J‹U\+009B›1m␛\]0;t␇b/);
});
