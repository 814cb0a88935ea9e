/** What the screen is folded from: the runtime's events, and what the program itself has to show. */

import type { Event } from "@everruns/runtime";
import type { ApprovalQuestion, HostFacts } from "../interactive_host.ts";

export type { Event as RuntimeEvent } from "@everruns/runtime";

/** What does not come from the runtime. Its types have no dot, so that they never meet an event's. */
export type HostInput =
  /** Something to tell the user. */
  | { readonly type: "notice"; readonly level: NoticeLevel; readonly text: string }
  /** The user sent a line; it shows as waiting until it is settled or comes back as a message. */
  | { readonly type: "submitted"; readonly id: number; readonly text: string }
  /** The host took the line: it is a message of a turn, or it was a command, or failed. */
  | { readonly type: "settled"; readonly id: number; readonly isMessage: boolean }
  /** A command answered, in Markdown. */
  | { readonly type: "output"; readonly command: string; readonly text: string }
  /** A tool call waits for the user. */
  | { readonly type: "approval_asked"; readonly question: ApprovalQuestion }
  /** It does not wait any more. */
  | { readonly type: "approval_answered"; readonly toolCallId: string }
  /** The user wants all of an approval's detail. */
  | { readonly type: "approval_shown"; readonly question: ApprovalQuestion }
  /** The user cancelled the turn; it ends when its events say so. */
  | { readonly type: "cancelling" }
  /** Facts of the status line. */
  | { readonly type: "facts"; readonly facts: HostFacts }
  /** A new conversation begins. */
  | { readonly type: "cleared" };

export type NoticeLevel = "info" | "warning" | "error";

export type ScreenInput = Event | HostInput;
