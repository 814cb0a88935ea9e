/** The live region: what is going on, the input box and the status line, in no more rows than there are. */

import type { CommandInfo } from "../interactive_host.ts";
import { questionLines } from "./block_lines.ts";
import { layOutInput, positionOf } from "./input_layout.ts";
import { streamingMarkdownLines } from "./markdown.ts";
import { count, duration, plural } from "./quantities.ts";
import { oneLine, sanitize } from "./sanitize.ts";
import type { Activity, Screen } from "./screen.ts";
import { EMPTY_LINE, type Line, span, type Style } from "./spans.ts";
import { statusLine } from "./status_line.ts";
import { openCallLines, todoLines } from "./tool_lines.ts";
import { TAB } from "./width.ts";
import { fitLine, lineWidth, wrapText } from "./wrap.ts";

/** What the input box shows. */
export interface PromptView {
  readonly text: string;
  /** In UTF-16 units of the text. */
  readonly cursor: number;
  readonly suggestions: readonly CommandInfo[];
  /** Index of the chosen suggestion. */
  readonly selected: number;
  /** Stands in place of the status line. */
  readonly hint?: string;
}

export interface LiveOptions {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface LiveFrame {
  readonly lines: readonly Line[];
  readonly cursor: { readonly row: number; readonly column: number };
}

const MAX_INPUT = 10;
const MAX_SUGGESTIONS = 6;
const MAX_TODOS = 8;
const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
/** How long one picture of the spinner stands; milliseconds. */
export const SPINNER_MS = 100;
const DIM: Style = { dim: true };
const PLACEHOLDER = "Ask for a change · / for commands · ! for the shell";
const ACTIVITIES: Readonly<Record<Activity, string>> = {
  waiting: "Working",
  thinking: "Thinking",
  writing: "Writing",
  tools: "Running tools",
  asking: "Waiting for an answer",
  retrying: "The connection broke; trying again",
  compacting: "Compacting the context",
  cancelling: "Cancelling",
};

/** Whether something moves on the screen by itself. */
export function isAnimated(screen: Screen): boolean {
  const isGoing = screen.turn !== undefined && screen.turn.activity !== "asking";
  return (isGoing || screen.sent.length > 0) && screen.approvals.length === 0;
}

/** The region below the transcript. */
export function liveLines(screen: Screen, prompt: PromptView, options: LiveOptions): LiveFrame {
  const { columns, rows } = options;
  const input = inputLines(prompt, columns, Math.max(1, Math.min(MAX_INPUT, rows - 6)));
  const suggestions = suggestionLines(
    prompt,
    columns,
    Math.max(0, Math.min(MAX_SUGGESTIONS, rows - input.lines.length - 4)),
  );
  const foot = prompt.hint === undefined
    ? statusLine(screen, columns - 2)
    : fitLine([span(prompt.hint, { colour: "yellow" })], columns - 2);
  const below: readonly Line[] = [...suggestions, [span("  "), ...foot]];
  // One row stays free: a region as high as the terminal would scroll at its last line end.
  const room = Math.max(0, rows - 1 - input.lines.length - below.length - 1);
  const all = aboveLines(screen, options, room);
  const above = all.slice(Math.max(0, all.length - room)).map((line) => fitLine(line, columns));
  const lines = [...above, ...(rows > 3 ? [EMPTY_LINE] : []), ...input.lines, ...below];
  const head = lines.length - below.length - input.lines.length;
  return { lines, cursor: { row: head + input.cursor.row, column: input.cursor.column } };
}

function aboveLines(screen: Screen, options: LiveOptions, room: number): Line[] {
  const { columns, now } = options;
  const { turn, approvals: [question] } = screen;
  const sent = screen.sent.map(({ text }) => fitLine([span("› ", DIM), span(oneLine(text), DIM)], columns)).slice(-3);
  if (question !== undefined) {
    const more = screen.approvals.length - 1;
    const title = fitLine([
      span("? ", { colour: "yellow", bold: true }),
      span(oneLine(question.title), { bold: true }),
      ...(more === 0 ? [] : [span(` · ${plural(more, "more question")} after this`, DIM)]),
    ], columns);
    const keys = keyLines(columns);
    // A command of one line is its own title.
    const isSaid = question.title.endsWith(question.detail.trim());
    const detail = isSaid ? [] : clip(questionLines(question, columns), Math.max(0, room - 2 - keys.length));
    return [EMPTY_LINE, title, ...detail, ...keys];
  }
  if (turn === undefined) {
    if (sent.length === 0) return [];
    return [EMPTY_LINE, ...sent, fitLine([...spinner(now), span("Working…", DIM)], columns)];
  }
  const todos = screen.todos.some(({ status }) => status !== "completed")
    ? clip(todoLines(screen.todos, columns), MAX_TODOS)
    : [];
  const facts = [
    duration(now - turn.startedAt),
    ...(turn.outputTokens > 0 ? [`${count(turn.outputTokens)} tokens`] : []),
  ];
  const activity: Line = fitLine([
    ...spinner(now),
    span(`${ACTIVITIES[turn.activity]}…`, { bold: true }),
    span(` ${facts.join(" · ")}${turn.activity === "cancelling" ? "" : " · Ctrl+C cancels"}`, DIM),
  ], columns);
  const fixed = [EMPTY_LINE, activity, ...todos, ...sent];
  const left = Math.max(0, room - fixed.length);
  const going = goingOn(screen, options, left);
  return [...going, ...fixed];
}

/** What the model thinks, writes and runs: the end of it. */
function goingOn(screen: Screen, { columns, now }: LiveOptions, room: number): Line[] {
  const { turn } = screen;
  if (turn === undefined || room < 2) return [];
  if (screen.calls.length > 0) {
    const lines = screen.calls.flatMap((call) => openCallLines(call, columns, span(`${frameOf(now)} `, BUSY), now));
    return [EMPTY_LINE, ...lines.slice(-(room - 1))];
  }
  if (turn.text.trim() !== "") return [EMPTY_LINE, ...streamingMarkdownLines(turn.text, columns, room - 1)];
  const thinking = sanitize(turn.thinking).trim();
  if (thinking === "") return [];
  const lines = wrapText(thinking, Math.min(columns - 2, 100), { style: { dim: true, italic: true } });
  return [EMPTY_LINE, ...lines.slice(-Math.min(3, room - 1)).map((line): Line => [span("  "), ...line])];
}

const BUSY: Style = { colour: "cyan" };
const KEY: Style = { bold: true, colour: "cyan" };
const KEYS = [["y", "yes"], ["a", "always"], ["n", "no"], ["v", "view all"], ["Ctrl+C", "cancel"]] as const;

/** The keys that answer a question, in as many rows as they need. */
function keyLines(columns: number): Line[] {
  const rows: Line[] = [];
  let row: Line = [];
  for (const [key, meaning] of KEYS) {
    const hint = [span(key, KEY), span(` ${meaning}`)];
    const longer = row.length === 0 ? [span("  "), ...hint] : [...row, span(" · "), ...hint];
    if (row.length === 0 || lineWidth(longer) <= columns) row = longer;
    else {
      rows.push(row);
      row = [span("  "), ...hint];
    }
  }
  return [...rows, row].map((line) => fitLine(line, columns));
}

function spinner(now: number): Line {
  return [span(`${frameOf(now)} `, BUSY)];
}

function frameOf(now: number): string {
  return SPINNER.charAt(Math.floor(now / SPINNER_MS) % SPINNER.length);
}

function inputLines(prompt: PromptView, columns: number, max: number): LiveFrame {
  const width = columns - 2;
  const mark = span("› ", { colour: "cyan", bold: true });
  if (prompt.text === "") {
    const lines = [[mark, ...fitLine([span(PLACEHOLDER, DIM)], width)]];
    return { lines, cursor: { row: 0, column: 2 } };
  }
  const rows = layOutInput(prompt.text, width);
  const { row, column } = positionOf(prompt.text, prompt.cursor, rows);
  const first = Math.max(0, Math.min(row - Math.floor(max / 2), rows.length - max));
  const lines = rows.slice(first, first + max).map(({ start, end }, index): Line => [
    first + index === 0 ? mark : span("  "),
    span(prompt.text.slice(start, end).replaceAll("\t", TAB)),
  ]);
  return { lines, cursor: { row: row - first, column: column + 2 } };
}

function suggestionLines({ suggestions, selected }: PromptView, columns: number, max: number): Line[] {
  const first = Math.max(0, Math.min(selected - max + 1, suggestions.length - max));
  const shown = suggestions.slice(first, first + max);
  const width = Math.max(0, ...shown.map(({ name, argumentHint = "" }) => name.length + argumentHint.length + 2));
  return shown.map(({ name, argumentHint, description }, index) => {
    const isSelected = first + index === selected;
    const label = `/${name}${argumentHint === undefined ? "" : ` ${argumentHint}`}`;
    return fitLine([
      span(isSelected ? "❯ " : "  ", { colour: "cyan" }),
      span(oneLine(label).padEnd(width + 2), isSelected ? { colour: "cyan", bold: true } : undefined),
      span(oneLine(description), DIM),
    ], columns);
  });
}

function clip(lines: readonly Line[], max: number): Line[] {
  if (lines.length <= max) return [...lines];
  if (max <= 0) return [];
  return [...lines.slice(0, max - 1), [span(`  … ${plural(lines.length - max + 1, "more line")}`, DIM)]];
}
