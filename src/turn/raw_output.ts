/** The output of a call in full, for hooks that store it aside. */

import type { RawOutput, ToolOutcome } from "../ports/tool.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";

/** Bytes kept of a value that the result had to cut. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Characters kept of what a tool gave as its output. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/**
 * What a tool gave as its output in full, or else its value when that had to be cut: a text as it is, anything else as
 * indented JSON, so that it has lines.
 *
 * Throws whatever the tool's object throws when it is looked at.
 */
export function rawOutputOf(
  outcome: Extract<ToolOutcome, { readonly type: "success" }>,
  truncated: boolean,
): { readonly rawOutput?: RawOutput } {
  const given = textsOf(outcome.rawOutput);
  if (given !== undefined) return { rawOutput: given };
  if (!truncated) return {};
  const { value } = outcome;
  const text = typeof value === "string"
    ? value.slice(0, MAX_CHARACTERS)
    : JSON.stringify(toBoundedJson(value, { maxBytes: MAX_BYTES }).value, undefined, 2);
  return { rawOutput: { stdout: text } };
}

/** The members that are text; undefined when there are none. */
function textsOf(given: unknown): RawOutput | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { stdout, stderr } = given as Readonly<Record<string, unknown>>;
  const texts = {
    ...(typeof stdout === "string" ? { stdout: stdout.slice(0, MAX_CHARACTERS) } : {}),
    ...(typeof stderr === "string" ? { stderr: stderr.slice(0, MAX_CHARACTERS) } : {}),
  };
  return Object.keys(texts).length === 0 ? undefined : texts;
}
