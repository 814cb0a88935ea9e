/**
 * Text of a model, a tool or a file made harmless: it must not be able to drive the terminal, nor to show something
 * else than it is.
 *
 * @module
 */

import { TAB } from "./width.ts";

// CSI, then strings (OSC, DCS, SOS, PM, APC) up to BEL or ST, then any other escape; each with its 8-bit form.
const SEQUENCE =
  // deno-lint-ignore no-control-regex
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
/** Characters that reorder what follows ("Trojan Source", CVE-2021-42574), and separators terminals disagree about. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const HARMLESS = /^[\x20-\x7e\n]*$/;

/**
 * The text without escape sequences and control characters, lines ended by `\n`, tabs as spaces.
 *
 * For prose and output: colours of a tool vanish without a trace.
 */
export function sanitize(text: string): string {
  if (HARMLESS.test(text)) return text;
  return tidy(text.toWellFormed().replace(SEQUENCE, "")).replace(CONTROL, "").replace(REORDERING, "");
}

/**
 * The text with every control character shown as a picture of it.
 *
 * For what somebody decides about, such as commands, paths and diffs: nothing of it may be hidden.
 */
export function reveal(text: string): string {
  if (HARMLESS.test(text)) return text;
  return tidy(text.toWellFormed()).replace(CONTROL, picture).replace(REORDERING, named);
}

/** Output of a program: {@linkcode sanitize}, and of a line that was overwritten by `\r` only what it was at last. */
export function sanitizeOutput(text: string): string {
  return sanitize(text.replaceAll("\r\n", "\n").replace(/[^\n]*\r(?=[^\n\r])/g, ""));
}

/** The first line of a text, revealed, cut with an ellipsis. */
export function oneLine(text: string, max = 200): string {
  const head = text.length > max * 4 ? text.slice(0, max * 4) : text;
  const flat = reveal(head.trim()).replace(/\s*\n\s*/g, " ⏎ ");
  return flat.length > max || head.length < text.length ? `${flat.slice(0, max).toWellFormed()}…` : flat;
}

function tidy(text: string): string {
  return text.replace(/\r\n?|\u2028|\u2029/g, "\n").replaceAll("\t", TAB);
}

function picture(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "␡" : named(control);
}

function named(character: string): string {
  return `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}›`;
}
