/** Finished blocks as lines: how the transcript looks. */

import { effectiveCostUsd } from "@everruns/runtime";
import { diffLines, isDiff } from "./diff_lines.ts";
import { markdownLines } from "./markdown.ts";
import { count, dollars, duration, plural } from "./quantities.ts";
import { oneLine, reveal, sanitize } from "./sanitize.ts";
import type { Block } from "./screen.ts";
import type { ApprovalQuestion } from "../interactive_host.ts";
import { EMPTY_LINE, type Line, span, type Style } from "./spans.ts";
import { toolLines } from "./tool_lines.ts";
import { fitLine, wrapText } from "./wrap.ts";

/** Rows of thinking that stay in the transcript. */
const MAX_THINKING = 4;
/** Rows of what a task came to that stay in the transcript; the agent has all of it. */
const MAX_WAKE = 8;
const DIM: Style = { dim: true };
const NOTICES = {
  info: { mark: "· ", style: DIM },
  warning: { mark: "! ", style: { colour: "yellow" } },
  error: { mark: "✗ ", style: { colour: "red" } },
} as const;
const ENDS = {
  failed: { mark: "✗ ", text: "The turn failed", style: { colour: "red" } },
  cancelled: { mark: "○ ", text: "Cancelled", style: { colour: "yellow" } },
  sealed: { mark: "○ ", text: "Stopped", style: { colour: "yellow" } },
} as const;

/** A block as it is printed, with the empty line that sets it apart from the one before. */
export function blockLines(block: Block, before: Block | undefined, width: number): Line[] {
  const lines = contentLines(block, width).map((line) => fitLine(line, width));
  if (lines.length === 0) return [];
  // Calls of one line that follow one another belong together.
  const isRun = block.type === "tool" && before?.type === "tool" && lines.length === 1 &&
    contentLines(before, width).length === 1;
  return before === undefined || isRun ? lines : [EMPTY_LINE, ...lines];
}

/** What somebody is asked to decide about. */
export function questionLines({ detail }: ApprovalQuestion, width: number): Line[] {
  const text = detail.trimEnd();
  const lines = isDiff(text) ? diffLines(text, width - 2) : wrapText(reveal(text), width - 2, { anywhere: true });
  return lines.map((line) => [span("  "), ...line]);
}

function contentLines(block: Block, width: number): Line[] {
  switch (block.type) {
    case "user":
      return [
        ...wrapText(sanitize(block.text), width, { first: [span("› ", { colour: "cyan", bold: true })], style: BOLD }),
        ...(block.images === 0 ? [] : [[span(`  [${plural(block.images, "image")}]`, DIM)]]),
      ];
    case "wake":
      return firstLines(
        wrapText(sanitize(block.text), width, { first: [span("↻ ", { colour: "magenta" })], style: DIM }),
        MAX_WAKE,
      );
    case "thinking":
      return thinkingLines(block.text, width);
    case "answer":
    case "partial":
      return markdownLines(block.text, width);
    case "tool":
      return toolLines(block, width);
    case "turn_end":
      return turnEndLines(block.status, block.text, width);
    case "turn_done":
      return turnDoneLines(block, width);
    case "task_end": {
      const style: Style = { colour: block.state === "succeeded" ? "green" : "red" };
      const text = block.text === "" ? "" : `: ${oneLine(block.text)}`;
      return [fitLine([span("◆ ", style), span(`${oneLine(block.name)} ${block.state}${text}`)], width)];
    }
    case "event":
      return wrapText(sanitize(block.text), width, { first: [span("· ", DIM)], style: DIM });
    case "notice": {
      const { mark, style } = NOTICES[block.level];
      return wrapText(sanitize(block.text), width, { first: [span(mark, style)], style });
    }
    case "output":
      return [
        ...(block.command === ""
          ? []
          : [fitLine([span("› ", { colour: "cyan", bold: true }), span(oneLine(block.command), BOLD)], width)]),
        ...markdownLines(block.text, width - 2).map((line): Line => [span("  "), ...line]),
      ];
    case "approval_detail":
      return [
        fitLine([span("? ", { colour: "yellow" }), span(oneLine(block.question.title), BOLD)], width),
        ...questionLines(block.question, width),
      ];
  }
}

const BOLD: Style = { bold: true };

function thinkingLines(text: string, width: number): Line[] {
  const lines = wrapText(sanitize(text).trim(), Math.min(width, 100), {
    first: [span("✻ ", DIM)],
    style: { dim: true, italic: true },
  });
  return firstLines(lines, MAX_THINKING);
}

function firstLines(lines: Line[], max: number): Line[] {
  if (lines.length <= max) return lines;
  return [...lines.slice(0, max - 1), [span(`  … ${plural(lines.length - max + 1, "more line")}`, DIM)]];
}

function turnEndLines(status: keyof typeof ENDS, text: string, width: number): Line[] {
  const { mark, text: label, style } = ENDS[status];
  return wrapText(text === "" ? label : `${label}: ${sanitize(text)}`, width, { first: [span(mark, style)], style });
}

/** Only a turn that did some work is summed up. */
function turnDoneLines({ durationMs, toolCalls, usage }: Extract<Block, { type: "turn_done" }>, width: number): Line[] {
  if (toolCalls === 0 && durationMs < 10_000) return [];
  const cost = effectiveCostUsd(usage);
  const facts = [
    duration(durationMs),
    ...(toolCalls === 0 ? [] : [plural(toolCalls, "tool call")]),
    `${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`,
    ...(cost === undefined ? [] : [dollars(cost)]),
  ];
  return [fitLine([span(`  ${facts.join(" · ")}`, DIM)], width)];
}
