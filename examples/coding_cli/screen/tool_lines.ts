/** Tool calls as lines: what was called, how it ended, and what is worth seeing of it. */

import { countChanges, diffLines, isDiff } from "./diff_lines.ts";
import { oneLine, sanitizeOutput } from "./sanitize.ts";
import type { OpenCall, ToolBlock } from "./screen.ts";
import { type Line, type Span, span, type Style } from "./spans.ts";
import { duration, plural } from "./quantities.ts";
import { fitLine, wrapText } from "./wrap.ts";
import { describeCall, membersOf, outputOf, resultSummary } from "./tool_summary.ts";

/** Most rows of a diff in the transcript. */
const MAX_DIFF = 40;
/** Most rows of what a command printed; its end says how it went. */
const MAX_OUTPUT = 6;
const MAX_ERROR = 6;
/** A call that took less is not worth a figure; milliseconds. */
const SLOW = 2_000;

const DIM: Style = { dim: true };
const STATUS: Readonly<Record<ToolBlock["status"], Span>> = {
  success: span("● ", { colour: "green" }),
  error: span("✗ ", { colour: "red" }),
  timeout: span("✗ ", { colour: "red" }),
  cancelled: span("○ ", { colour: "yellow" }),
  interrupted: span("○ ", { colour: "yellow" }),
};

/** A call that ended. */
export function toolLines(block: ToolBlock, width: number): Line[] {
  const facts = [
    resultSummary(block),
    ...(block.status === "cancelled" || block.status === "interrupted" ? [block.status] : []),
    ...((block.durationMs ?? 0) >= SLOW ? [duration(block.durationMs ?? 0)] : []),
  ].filter((fact) => fact !== "");
  const changes = changesOf(block);
  const title: Line = [
    STATUS[block.status],
    ...titleSpans(block),
    ...changes,
    ...(facts.length === 0 ? [] : [span(` · ${facts.join(" · ")}`, DIM)]),
  ];
  return [fitLine(title, width), ...bodyLines(block, width)];
}

/** A call that runs, with the end of what it prints. */
export function openCallLines(call: OpenCall, width: number, bullet: Span, now: number): Line[] {
  const elapsed = call.startedAt === undefined ? 0 : now - call.startedAt;
  const title: Line = [
    bullet,
    ...titleSpans(call),
    ...(elapsed >= 1_000 ? [span(` · ${duration(elapsed)}`, DIM)] : []),
  ];
  const said = call.progress === undefined ? [] : [fitLine([span("  ⎿ ", DIM), span(oneLine(call.progress))], width)];
  return [fitLine(title, width), ...said, ...lastLines(call.output, width, 3)];
}

/** The todo list. */
export function todoLines(
  todos: readonly { readonly content: string; readonly activeForm: string; readonly status: string }[],
  width: number,
): Line[] {
  return todos.map(({ content, activeForm, status }) => {
    if (status === "completed") return fitLine([span("  ☑ ", { colour: "green" }), span(oneLine(content), DIM)], width);
    if (status === "pending") return fitLine([span("  ☐ ", DIM), span(oneLine(content))], width);
    return fitLine([span("  ▶ ", { colour: "cyan" }), span(oneLine(activeForm), { bold: true })], width);
  });
}

function titleSpans(call: Pick<ToolBlock, "name" | "displayName" | "arguments"> & { narration?: string }): Line {
  const { verb, object } = describeCall(call);
  if (object === "" && call.narration !== undefined) return [span(oneLine(call.narration), { bold: true })];
  return [span(verb, { bold: true }), ...(object === "" ? [] : [span(` ${object}`)])];
}

function changesOf(block: ToolBlock): Line {
  const { diff } = membersOf(block.result);
  if (typeof diff !== "string") return [];
  const { added, removed } = countChanges(diff);
  return [span(` +${added}`, { colour: "green" }), span(` -${removed}`, { colour: "red" })];
}

function bodyLines(block: ToolBlock, width: number): Line[] {
  const { diff, diff_truncated: isCut, note } = membersOf(block.result);
  if (block.error !== undefined) return clipped(wrapped(block.error, width, { colour: "red" }), MAX_ERROR);
  if (typeof diff === "string" && isDiff(diff)) {
    const lines = diffLines(diff, width - 4).map((line): Line => [span("    "), ...line]);
    const more = isCut === true ? [[span("    … the rest is left out", DIM)]] : [];
    return [...clipped(lines, MAX_DIFF), ...more];
  }
  const output = outputOf(block);
  if (output === undefined) return [];
  const notes = typeof note === "string" ? wrapped(note, width, { colour: "yellow" }) : [];
  return [...lastLines(output, width, MAX_OUTPUT), ...notes];
}

function wrapped(text: string, width: number, style: Style): Line[] {
  return wrapText(sanitizeOutput(text).trimEnd(), width, { first: [span("  ⎿ ", DIM)], style });
}

/** The last rows of an output, and how many lines are not shown. */
function lastLines(text: string, width: number, rows: number): Line[] {
  const texts = sanitizeOutput(text).trimEnd().split("\n");
  if (texts.length === 1 && texts[0] === "") return [];
  const hidden = Math.max(0, texts.length - rows);
  const shown = texts.slice(hidden).map((line) => span(line, DIM));
  const rest = hidden === 0 ? [] : [span(`… ${plural(hidden, "earlier line")}`, DIM)];
  return [...rest, ...shown].map((line, row) => fitLine([span(row === 0 ? "  ⎿ " : "    ", DIM), line], width));
}

function clipped(lines: readonly Line[], max: number): Line[] {
  if (lines.length <= max) return [...lines];
  return [...lines.slice(0, max - 1), [span(`    … ${plural(lines.length - max + 1, "more line")}`, DIM)]];
}
