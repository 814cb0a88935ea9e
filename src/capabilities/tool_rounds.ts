/** The rounds of tool calls since the user last said something. */

import type { CallId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { Message } from "../records/message.ts";
import { canonicalJson } from "../kit/canonical_json.ts";

/** One call with its result. */
export interface SeenCall {
  /** The tool. */
  readonly name: string;
  /** Its arguments. */
  readonly args: JsonValue;
  /** Name and arguments as text; equal for equal calls. */
  readonly key: string;
  /** Its result as text, unless there is none yet. */
  readonly result: string | undefined;
  /** Whether it failed, or says so itself (`success: false`), as `bash` does. */
  readonly failed: boolean;
}

/** The calls of one reply. */
export type Round = readonly SeenCall[];

/** The newest rounds since the last input, oldest first; no more than `most`. */
export function recentRounds(messages: readonly Message[], most: number): readonly Round[] {
  const rounds: Round[] = [];
  const results = new Map<CallId, { readonly text: string; readonly failed: boolean }>();
  for (let i = messages.length - 1; i >= 0 && rounds.length < most; i--) {
    const message = messages[i];
    if (message === undefined || message.role === "user") break;
    const round: SeenCall[] = [];
    for (const part of message.content) {
      if (part.type === "tool_result") {
        const failed = part.error !== undefined || isFailure(part.result);
        results.set(part.toolCallId, { text: part.error ?? canonicalJson(part.result ?? null), failed });
      } else if (part.type === "tool_call") {
        const result = results.get(part.id);
        round.push({
          name: part.name,
          args: part.arguments,
          key: `${part.name} ${canonicalJson(part.arguments)}`,
          result: result?.text,
          failed: result?.failed === true,
        });
      }
    }
    if (round.length > 0) rounds.push(round);
  }
  return rounds.reverse();
}

function isFailure(result: JsonValue | undefined): boolean {
  return typeof result === "object" && result !== null && "success" in result && result.success === false;
}
