/** Telling a session what became of its task: when, and in which words. */

import type { SessionTask, TaskMessage, WakePolicy } from "../records/task.ts";

/** What a session may be woken for: its task ended, asks something, or sent a message. */
export type TaskTransition = "terminal" | "awaiting_input" | "message";

/** Longest name, in UTF-16 units. */
const MAX_NAME = 200;
/** Longest text taken over from the task, in UTF-16 units: the whole is in the task. */
const MAX_TEXT = 4_000;

/** Tells whether a policy wakes the session on a transition. */
export function wakesOn(policy: WakePolicy, transition: TaskTransition): boolean {
  switch (policy) {
    case "silent":
      return false;
    case "on_terminal":
      return transition === "terminal";
    case "on_activity":
      return true;
  }
}

/** The input that wakes a session; long texts are cut. */
export function wakeText(task: SessionTask, transition: TaskTransition, message?: TaskMessage): string {
  const lines = [`${headOf(task, transition)}`];
  switch (transition) {
    case "terminal":
      addLine(lines, "Summary", task.summary);
      addLine(lines, "Result", task.resultPath);
      if (task.error !== undefined) addLine(lines, `Error (${cut(task.error.kind, MAX_NAME)})`, task.error.message);
      break;
    case "awaiting_input":
      addLine(lines, `Question ${cut(task.inputRequest?.id ?? "", MAX_NAME)}`, task.inputRequest?.prompt);
      break;
    case "message":
      addLine(lines, "Status", task.stateDetail ?? progressLabel(task));
      addLine(lines, "Message", message === undefined ? undefined : textOfMessage(message));
      break;
  }
  return lines.join("\n");
}

/** The text parts of a message, one a line; data parts are left out. */
export function textOfMessage(message: TaskMessage): string {
  return message.content.flatMap((part) => part.type === "text" ? [part.text] : []).join("\n");
}

function headOf(task: SessionTask, transition: TaskTransition): string {
  const name = `Background task ${JSON.stringify(cut(task.displayName, MAX_NAME))} (${task.id})`;
  switch (transition) {
    case "terminal":
      return `${name} has ended: ${task.state}.`;
    case "awaiting_input":
      return `${name} is waiting for an answer: ${task.state}.`;
    case "message":
      return `${name} sent a message: ${task.state}.`;
  }
}

function progressLabel({ progress }: SessionTask): string | undefined {
  if (typeof progress !== "object" || progress === null || !("label" in progress)) return undefined;
  return typeof progress.label === "string" ? progress.label : undefined;
}

function addLine(lines: string[], label: string, text: string | undefined): void {
  if (text !== undefined && text !== "") lines.push(`${label}: ${cut(text, MAX_TEXT)}`);
}

/** At most so many UTF-16 units, never half of a surrogate pair. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = (text.charCodeAt(limit - 1) & 0xfc00) === 0xd800 ? limit - 1 : limit;
  return `${text.slice(0, end)}… (cut)`;
}
