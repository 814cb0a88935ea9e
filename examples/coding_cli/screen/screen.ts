/** What is on the screen, as data: the finished transcript and what is still going on. */

import { type JsonValue, type MessageId, NO_USAGE, type ToolStatus, type TurnId, type Usage } from "@everruns/runtime";
import type { ApprovalQuestion, HostFacts } from "../interactive_host.ts";
import type { NoticeLevel } from "./screen_input.ts";

/** A tool call that ended. */
export interface ToolBlock {
  readonly type: "tool";
  readonly name: string;
  readonly displayName?: string;
  /** The arguments; absent when the call itself was not seen. */
  readonly arguments?: JsonValue;
  readonly status: ToolStatus;
  readonly result?: JsonValue;
  readonly error?: string;
  readonly durationMs?: number;
}

/** A finished part of the transcript: printed once, never changed. */
export type Block =
  | { readonly type: "user"; readonly text: string; readonly images: number }
  /** A message nobody typed, such as the wake of a background task. */
  | { readonly type: "wake"; readonly text: string }
  | { readonly type: "thinking"; readonly text: string }
  | { readonly type: "answer"; readonly text: string }
  /** What there was of an answer when its turn ended early; it is not stored, so that a replay does not have it. */
  | { readonly type: "partial"; readonly text: string }
  | ToolBlock
  | { readonly type: "turn_end"; readonly status: "failed" | "cancelled" | "sealed"; readonly text: string }
  | { readonly type: "turn_done"; readonly durationMs: number; readonly toolCalls: number; readonly usage: Usage }
  | { readonly type: "task_end"; readonly name: string; readonly state: string; readonly text: string }
  /** Something that happened to the session. */
  | { readonly type: "event"; readonly text: string }
  /** Words of the host, or of the runtime while it ran; a replay does not have them. */
  | { readonly type: "notice"; readonly level: NoticeLevel; readonly text: string }
  | { readonly type: "output"; readonly command: string; readonly text: string }
  | { readonly type: "approval_detail"; readonly question: ApprovalQuestion };

/** A tool call that was made and has no result yet. */
export interface OpenCall {
  readonly id: string;
  readonly name: string;
  readonly displayName?: string;
  readonly arguments?: JsonValue;
  /** When it began to run; milliseconds since the epoch. */
  readonly startedAt?: number;
  readonly narration?: string;
  /** The last thing it reported. */
  readonly progress?: string;
  /** The end of what it printed. */
  readonly output: string;
}

export interface Todo {
  readonly content: string;
  readonly activeForm: string;
  readonly status: "pending" | "in_progress" | "completed";
}

/** What the model is doing right now. */
export type Activity =
  | "waiting"
  | "thinking"
  | "writing"
  | "tools"
  | "asking"
  | "retrying"
  | "compacting"
  | "cancelling";

/** A running turn. */
export interface LiveTurn {
  readonly id: TurnId;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly activity: Activity;
  /** The answer that is being written. */
  readonly text: string;
  readonly messageId?: MessageId;
  readonly thinking: string;
  readonly outputTokens: number;
}

export interface Screen {
  /** The newest blocks; no later event changes them, so older ones are let go. */
  readonly blocks: readonly Block[];
  /** How many older blocks were let go. */
  readonly trimmed: number;
  readonly turn?: LiveTurn;
  /** Tool calls without a result. */
  readonly calls: readonly OpenCall[];
  /** Lines that were sent and are not in the transcript yet. */
  readonly sent: readonly { readonly id: number; readonly text: string; readonly settled: boolean }[];
  /** Questions in the order they were asked. */
  readonly approvals: readonly ApprovalQuestion[];
  readonly todos: readonly Todo[];
  /** Background tasks that have not ended, by id. */
  readonly tasks: Readonly<Record<string, string>>;
  /** All model calls so far. */
  readonly usage: Usage;
  /** Tokens of the last request and its reply: how full the context is. */
  readonly contextTokens: number;
  readonly title?: string;
  readonly facts?: HostFacts;
}

/** Most blocks that are kept. */
export const MAX_BLOCKS = 500;

export function emptyScreen(facts?: HostFacts): Screen {
  return {
    blocks: [],
    trimmed: 0,
    calls: [],
    sent: [],
    approvals: [],
    todos: [],
    tasks: {},
    usage: NO_USAGE,
    contextTokens: 0,
    ...(facts === undefined ? {} : { facts }),
  };
}

/** The screen with blocks added to the transcript. */
export function withBlocks(screen: Screen, ...added: readonly Block[]): Screen {
  if (added.length === 0) return screen;
  const blocks = [...screen.blocks, ...added];
  const over = Math.max(0, blocks.length - MAX_BLOCKS);
  return { ...screen, blocks: blocks.slice(over), trimmed: screen.trimmed + over };
}
