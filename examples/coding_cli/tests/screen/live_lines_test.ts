import assert from "node:assert/strict";
import fc from "fast-check";
import type { HostFacts } from "../../interactive_host.ts";
import { isAnimated, liveLines, type PromptView } from "../../screen/live_lines.ts";
import { emptyScreen, type Screen } from "../../screen/screen.ts";
import { plainText } from "../../screen/spans.ts";
import { lineWidth } from "../../screen/wrap.ts";

const FACTS: HostFacts = {
  provider: "openai",
  model: "gpt-5.5",
  effort: "high",
  approval: "ask",
  workspace: "~/project",
  sessionId: "s",
};
const EMPTY: PromptView = { text: "", cursor: 0, suggestions: [], selected: 0 };
const TURN = { id: "turn_1", startedAt: 0, activity: "waiting", text: "", thinking: "", outputTokens: 0 } as const;
const QUESTION = { toolCallId: "c", toolName: "bash", title: "Run: make", detail: "make all\nmake test" };

function screen(change: object = {}): Screen {
  return { ...emptyScreen(FACTS), ...change };
}

function shown(it: Screen, prompt: PromptView = EMPTY, rows = 24, columns = 60): string {
  return liveLines(it, prompt, { columns, rows, now: 12_300 }).lines.map(plainText).join("\n");
}

Deno.test("an idle screen is the input box and the status line, and does not move", () => {
  assert.equal(
    shown(screen({ contextTokens: 12_345, usage: { inputTokens: 1, outputTokens: 1, actualCostUsd: 0.5 } })),
    "\n› Ask for a change · / for commands · ! for the shell\n  gpt-5.5 high · approval ask · context 12k · $0.50 · ~/pro…",
  );
  assert.equal(isAnimated(screen()), false);
});

Deno.test("a running turn shows what is written, what it does and for how long", () => {
  const it = screen({ turn: { ...TURN, activity: "writing", text: "Some **bo", outputTokens: 1234 } });
  assert.match(shown(it), /^\nSome bo\n\n. Writing… 12s · 1\.2k tokens · Ctrl\+C cancels\n\n›/);
  assert.equal(isAnimated(it), true);
});

Deno.test("calls show while they run, with the end of what they print", () => {
  const calls = [{ id: "c", name: "bash", arguments: { command: "make" }, startedAt: 2_000, output: "1\n2\n3\n4\n" }];
  assert.match(
    shown(screen({ turn: TURN, calls })),
    /^\n. \$ make · 10s\n {2}⎿ … 1 earlier line\n {4}2\n {4}3\n {4}4\n/,
  );
});

for (const columns of [19, 30, 60]) {
  Deno.test(`all keys that answer a question are named in ${columns} columns, none of them broken`, () => {
    const lines = shown(screen({ approvals: [QUESTION] }), EMPTY, 24, columns).split("\n");
    for (const key of ["y yes", "a always", "n no", "v view all", "Ctrl+C cancel"]) {
      assert.ok(lines.some((line) => line.includes(key)), `${key} in ${lines.join("\n")}`);
    }
    for (const line of lines) assert.ok(line.length <= columns, line);
  });
}

Deno.test("an unfinished plan shows while a turn runs", () => {
  const todos = [
    { content: "One", activeForm: "Doing one", status: "completed" },
    { content: "Two", activeForm: "Doing two", status: "in_progress" },
    { content: "Three", activeForm: "Doing three", status: "pending" },
  ];
  assert.match(shown(screen({ turn: TURN, todos })), /cancels\n {2}☑ One\n {2}▶ Doing two\n {2}☐ Three\n/);
  assert.doesNotMatch(shown(screen({ todos })), /One/);
});

Deno.test("a question takes the place of what goes on and does not move", () => {
  const it = screen({ turn: TURN, approvals: [QUESTION, QUESTION] });
  assert.match(
    shown(it),
    /^\n\? Run: make · 1 more question after this\n {2}make all\n {2}make test\n {2}y yes · a always · n no/,
  );
  assert.equal(isAnimated(it), false);
});

Deno.test("a detail that does not fit is cut, and says so; its keys stay", () => {
  const detail = Array.from({ length: 50 }, (_, index) => `line ${index}`).join("\n");
  const lines = shown(screen({ approvals: [{ ...QUESTION, detail }] }), EMPTY, 12).split("\n");
  assert.ok(lines.length < 12);
  assert.match(lines.join("\n"), /… 4\d more lines\n {2}y yes/);
});

Deno.test("background tasks are counted in the status line", () => {
  assert.match(shown(screen({ tasks: { a: "A", b: "B" } })), /2 in background/);
});

Deno.test("the cursor stands where the next character goes, also in a text of several rows", () => {
  const cursorOf = (text: string, cursor: number): string => {
    const { lines, cursor: { row, column } } = liveLines(screen(), { ...EMPTY, text, cursor }, {
      columns: 20,
      rows: 24,
      now: 0,
    });
    return `${plainText(lines[row] ?? [])}|${column}`;
  };
  assert.equal(cursorOf("ab", 2), "› ab|4");
  assert.equal(cursorOf("ab\n日本", 4), "  日本|4");
  assert.equal(cursorOf("x".repeat(17), 17), `› ${"x".repeat(17)}|19`);
  assert.equal(cursorOf("x".repeat(20), 20), "  xxx|5");
});

Deno.test("whatever goes on, the region is lower than the terminal and no row is too wide", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 300 });
  const arbitrary = fc.record({
    turn: fc.record({
      activity: fc.constantFrom("waiting", "writing", "thinking", "tools"),
      text,
      thinking: text,
      lines: fc.nat({ max: 60 }),
    }),
    questions: fc.nat({ max: 2 }),
    calls: fc.nat({ max: 12 }),
    todos: fc.nat({ max: 12 }),
    sent: fc.nat({ max: 5 }),
    input: text,
    suggestions: fc.nat({ max: 9 }),
    columns: fc.integer({ min: 10, max: 100 }),
    rows: fc.integer({ min: 4, max: 40 }),
  });
  const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
  fc.assert(fc.property(arbitrary, ({ turn, questions, calls, todos, sent, input, suggestions, columns, rows }) => {
    const it = screen({
      turn: { ...TURN, ...turn, text: turn.text + "\n- item".repeat(turn.lines) },
      approvals: many(questions, { ...QUESTION, detail: `${turn.text}\nmore` }),
      calls: many(calls, { id: "c", name: "bash", arguments: { command: turn.text }, output: turn.thinking }),
      todos: many(todos, { content: turn.text, activeForm: "x", status: "pending" }),
      sent: many(sent, { id: 1, text: turn.text, settled: false }),
    });
    // deno-lint-ignore no-control-regex
    const typed = input.replace(/[\x00-\x1f\x7f-\x9f]/g, "\n");
    const prompt = {
      text: typed,
      cursor: typed.length,
      suggestions: many(suggestions, { name: "help", description: turn.text }),
      selected: Math.max(0, suggestions - 1),
    };
    const { lines, cursor } = liveLines(it, prompt, { columns, rows, now: 5_000 });
    assert.ok(lines.length < rows, `${lines.length} rows of ${rows}`);
    assert.ok(cursor.row < lines.length && cursor.column <= columns);
    for (const line of lines) assert.ok(lineWidth(line) <= columns, `${lineWidth(line)}: ${plainText(line)}`);
  }));
});
