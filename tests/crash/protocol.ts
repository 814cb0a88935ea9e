/** What the harness tells a child, and what a child tells the harness. */

import { join } from "node:path";
import type { Event } from "../../src/records/event.ts";
import type { CallId, SessionId, TurnId } from "../../src/records/ids.ts";
import type { Message } from "../../src/records/message.ts";
import type { SessionStatus } from "../../src/records/session.ts";

/** Where the stores of a case are. */
export function dataPath(folder: string): string {
  return join(folder, "data");
}

/** What a child is to do. */
export interface Job {
  /** Its folder: the stores and the ledger are in it. */
  readonly folder: string;
  /** The scenario it plays. */
  readonly scenario: string;
  /** Where it dies: `phase/point:pass`. @default it lives */
  readonly fault?: string;
  /** Whether it plays the scenario to its end and shows what is stored then. */
  readonly settle: boolean;
  /** Breaks the write path on purpose. @default it is as it is */
  readonly control?: Control;
}

/** A broken write path: start marks are stored after the effect, or inputs acknowledged before they are stored. */
export type Control = "late-marks" | "early-acks";

/** Whether a text names a control. */
export function isControl(text: string | undefined): text is Control {
  return text === "late-marks" || text === "early-acks";
}

/** A session as the child's runtime reads it. */
export interface SessionDump {
  /** The session. */
  readonly id: SessionId;
  /** What it is doing. */
  readonly status: SessionStatus;
  /** Its durable events. */
  readonly events: readonly Event[];
  /** Its history. */
  readonly messages: readonly Message[];
}

/** Everything a child finds in its folder. */
export interface Dump {
  readonly type: "dump";
  /** After recovery and before the client says anything, or at the end. */
  readonly when: "recovered" | "settled";
  /** All sessions. */
  readonly sessions: readonly SessionDump[];
  /** Names of the tasks and schedules. */
  readonly kept: readonly string[];
  /** What `PRAGMA integrity_check` says. */
  readonly integrity: string;
  /** How many effects the ledger has. */
  readonly effects: number;
}

/** One line of a child. */
export type Line =
  /** It runs. */
  | { readonly type: "begun" }
  /** An input is accepted. */
  | { readonly type: "acked"; readonly sessionId: SessionId; readonly text: string }
  /** A task or schedule is stored. */
  | { readonly type: "kept"; readonly name: string }
  /** A client's answer to a call is stored. */
  | { readonly type: "answered"; readonly sessionId: SessionId; readonly callId: CallId }
  /** A turn is over, as its caller was told. */
  | {
    readonly type: "finished";
    readonly sessionId: SessionId;
    readonly text: string;
    readonly turnId: TurnId;
    readonly status: string;
    readonly response: string;
  }
  /** A live subscriber got a durable event. */
  | {
    readonly type: "seen";
    readonly sessionId: SessionId;
    readonly sequence: number;
    readonly id: string;
    readonly event: string;
  }
  /** Something that must never be. */
  | { readonly type: "violation"; readonly message: string }
  | Dump
  /** How often each `phase/point` was passed. */
  | { readonly type: "passes"; readonly counts: Readonly<Record<string, number>> }
  /** It dies here and now. */
  | { readonly type: "killing"; readonly fault: string }
  /** It played to its end. */
  | { readonly type: "closed" };

/** Lines of one type. */
export type LineOf<T extends Line["type"]> = Extract<Line, { readonly type: T }>;

/** Writes a line to the harness; what is written survives the child. */
export function tell(line: Line): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

/** Reads what a child wrote; a line that its end cut off is left out. */
export function readLines(text: string): Line[] {
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  return complete.split("\n").filter((line) => line !== "").map((line): Line => JSON.parse(line));
}

/** The lines of one type. */
export function linesOf<T extends Line["type"]>(lines: readonly Line[], type: T): LineOf<T>[] {
  return lines.filter((line): line is LineOf<T> => line.type === type);
}
