/** Compaction by the provider: what is left to send once it has compacted, and from when on it is asked to. */

import type { Message } from "../../records/message.ts";
import type { ModelViewRequest, NativeCompaction } from "../../ports/model_hooks.ts";
import { tokensOfText, tokensOfTools } from "../conversation/message_tokens.ts";
import { endOfUnit } from "../conversation/units.ts";
import { protectedUnits } from "./protected.ts";
import { promptTokens } from "./target.ts";

/**
 * The conversation from the provider's newest compaction on; all of it when there is none that the model takes.
 *
 * Skills activated before follow the message that holds the compaction: what a summary left of them is not enough to
 * work by.
 *
 * @param stored the session's own list
 */
export function afterCompaction(
  messages: readonly Message[],
  stored: readonly Message[],
  native: NativeCompaction | undefined,
  room: number,
): readonly Message[] {
  if (native === undefined) return messages;
  const start = messages.findLastIndex(({ role, content, modelContent }) =>
    role === "agent" && (modelContent ?? content).some((part) => part.type === "reasoning" && native.takes(part))
  );
  if (start < 0) return messages;
  const end = endOfUnit(messages, start + 1);
  const skills = protectedUnits(messages, stored, room).skills.filter((skill) => skill.end <= start);
  return [
    ...messages.slice(start, end),
    ...skills.flatMap((skill) => messages.slice(skill.start, skill.end)).map(withoutReasoning),
    ...messages.slice(end),
  ];
}

/** Providers refuse reasoning in another place than where it was. */
function withoutReasoning(message: Message): Message {
  const { thinking: _, thinkingSignature: __, ...rest } = message;
  return Object.freeze({ ...rest, content: message.content.filter(({ type }) => type !== "reasoning") });
}

/** What decides from when on the provider is asked. */
export interface AskSettings {
  /** Whether it is asked before it refuses a request. */
  readonly proactive: boolean;
  /** Share of the window that a prompt may take. */
  readonly share: number;
  /** Whether a compaction is sent back, which only requests that ask for one may hold. */
  readonly sendsBack: boolean;
  /** Tokens of the conversation that the provider is not known to refuse. */
  readonly ceiling: number;
}

/** Tokens of the whole prompt from which on the provider is asked; undefined for not at all. */
export function askAt(request: ModelViewRequest, settings: AskSettings): number | undefined {
  const { proactive, share, sendsBack, ceiling } = settings;
  const asks = proactive || request.reason === "too_large";
  if (!asks && !sendsBack) return undefined;
  const most = ceiling + tokensOfText(request.systemPrompt) + tokensOfTools(request.tools);
  return Math.floor(Math.max(1, Math.min(promptTokens(request, asks ? share : 1), most)));
}
