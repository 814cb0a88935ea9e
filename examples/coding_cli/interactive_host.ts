/** What the interactive terminal asks of the host behind it; `host/` implements it, tests script it. */

import type { RuntimeEvent } from "./screen/screen_input.ts";

/** A command the user may type, as `/name argument`. */
export interface CommandInfo {
  readonly name: string;
  readonly description: string;
  /** What follows the name, as `<model>`. */
  readonly argumentHint?: string;
}

/** Facts of the status line. */
export interface HostFacts {
  readonly provider: string;
  readonly model: string;
  readonly effort?: string;
  readonly approval: string;
  /** The workspace as shown to the user. */
  readonly workspace: string;
  readonly sessionId: string;
}

/** A tool call somebody has to decide about. */
export interface ApprovalQuestion {
  readonly toolCallId: string;
  readonly toolName: string;
  /** One line: what the call would do. */
  readonly title: string;
  /** What the user should see before deciding, such as a unified diff or a command. */
  readonly detail: string;
}

export type ApprovalDecision = "once" | "always" | "deny";

/** What typing a line led to. */
export type SubmitOutcome =
  | { readonly type: "turn" } // a turn runs or was joined; the events tell the rest
  | { readonly type: "output"; readonly text: string } // a command's answer, markdown
  | { readonly type: "clear" }
  | { readonly type: "quit" };

export interface InteractiveHost {
  facts(): HostFacts;
  commands(): readonly CommandInfo[];
  /** Durable events from the first on, then live ones; ends when the signal aborts. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  /** Sequence of the newest event that is stored when the program begins; 0 when there is none. */
  storedUntil(): Promise<number>;
  /** A message, a `/command` or a `!shell command`. Joins the running turn if there is one. */
  submit(text: string, signal: AbortSignal): Promise<SubmitOutcome>;
  /** Cancels the running turn; false if none runs. */
  cancel(): boolean;
  /** Who answers approval questions; without anyone they are denied. */
  onApproval(ask: (question: ApprovalQuestion, signal: AbortSignal) => Promise<ApprovalDecision>): void;
  /** Told whenever {@linkcode facts} changed. */
  onFacts(changed: () => void): void;
}
