/** What the model is told of a command: output cut to a budget, and how it ended. */

import { stripVTControlCharacters } from "node:util";
import type { JsonObject } from "../../records/json.ts";
import type { RawOutput } from "../../ports/tool.ts";
import { cutToBytes } from "../../kit/cut_to_bytes.ts";
import { previewOutput } from "../../kit/output_preview.ts";
import type { CommandRun } from "./run_command.ts";

/** How much of the output is shown. */
export type BashVerbosity = "silent" | "concise" | "normal" | "verbose" | "full" | "auto";

/** Bytes of standard output that are shown. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ["silent", 200],
  ["concise", 2_048],
  ["normal", 8_192],
  ["verbose", 16_384],
  ["full", Infinity],
]);
const CONCISE = 2_048;
const NORMAL = 8_192;
/** What `auto` shows of a command that worked. */
const WORKED = 384;
/** Most bytes of standard error that are shown. */
const MAX_STDERR = 4_096;
/** Bytes of the command that are repeated. */
const MAX_COMMAND = 1_000;
/** Why a command was ended. */
const NOTES: Readonly<Record<NonNullable<CommandRun["endedBy"]>, string>> = {
  timeout: "It did not end in time and was ended; it may have done part of its work",
  output_limit: "It printed too much and was ended; redirect its output to a file, or print less",
};
/** Control characters that are no white space. */
const CONTROL = /(?![\t\n\v\r])\p{Cc}/gu;

/** The names of the verbosities, least first. */
export const VERBOSITIES: readonly BashVerbosity[] = ["silent", "concise", "normal", "verbose", "full", "auto"];

/** Bytes of standard output that are shown; an unknown verbosity counts as `concise`. */
export function outputBudget(verbosity: string, succeeded: boolean): number {
  if (verbosity === "auto") return succeeded ? WORKED : NORMAL;
  return BUDGETS.get(verbosity) ?? CONCISE;
}

/** A command in words for the model. */
export interface CommandResult {
  /** The result of the tool. */
  readonly result: JsonObject;
  /** What was printed, where the result may not have all of it. */
  readonly rawOutput?: RawOutput;
}

/** Cuts what a command printed to its budget; lines that tell of errors are kept. */
export function commandResult(command: string, run: CommandRun, verbosity: string): CommandResult {
  const success = run.code === 0 && run.endedBy === undefined;
  const budget = outputBudget(verbosity, success);
  const stdout = previewOutput(readable(run.stdout), budget);
  const stderr = previewOutput(readable(run.stderr), Math.min(budget, MAX_STDERR));
  const truncated = stdout.truncated || stderr.truncated;
  const result = {
    command: shownCommand(command),
    exit_code: run.code,
    success,
    truncated,
    total_lines: stdout.totalLines,
    output_limited: run.endedBy === "output_limit",
    ...(run.endedBy === undefined ? {} : { ended_because: NOTES[run.endedBy] }),
    // The longest comes last: where a result has to be cut again, nothing else is lost.
    stderr: stderr.text,
    stdout: stdout.text,
  };
  const isShort = run.stdout.length + run.stderr.length <= CONCISE;
  return !truncated && isShort ? { result } : { result, rawOutput: { stdout: run.stdout, stderr: run.stderr } };
}

/** Text without colours and other controls, which cost much and tell a model nothing. */
export function readable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, "\ufffd");
}

function shownCommand(command: string): string {
  const start = cutToBytes(command, MAX_COMMAND);
  return start.length === command.length ? command : `${start}…`;
}
