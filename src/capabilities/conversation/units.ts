/** The pieces a conversation may be cut into. */

import type { Message } from "../../records/message.ts";

/** A message together with the results of its calls: it stays or goes as a whole. */
export interface Unit {
  /** Index of its first message. */
  readonly start: number;
  /** Index after its last message. */
  readonly end: number;
}

/** The start of the unit that ends before an index. */
export function startOfUnit(messages: readonly Message[], end: number): number {
  let start = end - 1;
  while (start > 0 && messages[start]?.role === "tool_result") start--;
  return start;
}

/** The end of the unit an index lies in, or the index itself where a unit begins. */
export function endOfUnit(messages: readonly Message[], index: number): number {
  let end = Math.min(index, messages.length);
  while (end > 0 && messages[end]?.role === "tool_result") end++;
  return end;
}

/** The whole conversation in units, oldest first. */
export function unitsOf(messages: readonly Message[]): Unit[] {
  const units: Unit[] = [];
  for (let start = 0; start < messages.length;) {
    const end = endOfUnit(messages, start + 1);
    units.push({ start, end });
    start = end;
  }
  return units;
}
