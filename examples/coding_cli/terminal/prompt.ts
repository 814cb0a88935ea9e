/** The input box as a function of keys: what it becomes and what is to be done. */

import type { ApprovalDecision, CommandInfo } from "../interactive_host.ts";
import type { PromptView } from "../screen/live_lines.ts";
import { suggestionsFor } from "./completion.ts";
import { editKey, type Editor, editorOf, insertText } from "./editor.ts";
import { type History, historyOf, recall, remember } from "./history.ts";
import type { Key } from "./keys.ts";

export interface Prompt {
  readonly editor: Editor;
  readonly history: History;
  /** Index of the chosen suggestion. */
  readonly selected: number;
  /** Whether the user closed the suggestions. */
  readonly isClosed: boolean;
  /** Whether Ctrl+C was pressed on an empty input: once more ends the program. */
  readonly isLeaving: boolean;
}

/** What the rest of the program does about a key. */
export type PromptAction =
  | { readonly type: "submit"; readonly text: string }
  | { readonly type: "interrupt" }
  | { readonly type: "quit" }
  | { readonly type: "redraw" }
  | { readonly type: "decide"; readonly decision: ApprovalDecision }
  | { readonly type: "show_detail" };

/** What a key means depends on. */
export interface PromptSituation {
  readonly commands: readonly CommandInfo[];
  /** Columns of the input box, its mark not counted. */
  readonly width: number;
  /** Whether something runs that Ctrl+C ends. */
  readonly isBusy: boolean;
  /** Whether a question waits for an answer. */
  readonly isAsked: boolean;
}

export interface Pressed {
  readonly prompt: Prompt;
  readonly action?: PromptAction;
}

const LEAVING = "Ctrl+C once more to leave";

export function emptyPrompt(history: readonly string[] = []): Prompt {
  return { editor: editorOf(""), history: historyOf(history), selected: 0, isClosed: false, isLeaving: false };
}

/** The prompt as it is shown. */
export function promptView(prompt: Prompt, commands: readonly CommandInfo[]): PromptView {
  const { editor: { text, cursor }, selected, isLeaving } = prompt;
  const suggestions = openSuggestions(prompt, commands);
  return { text, cursor, suggestions, selected, ...(isLeaving ? { hint: LEAVING } : {}) };
}

/** The prompt after a key. */
export function pressKey(before: Prompt, key: Key, situation: PromptSituation): Pressed {
  const prompt = before.isLeaving ? { ...before, isLeaving: false } : before;
  if (isControl(key, "c")) return interrupt(before, situation);
  if (isControl(key, "l")) return { prompt, action: { type: "redraw" } };
  // What is pasted is no answer.
  if (situation.isAsked && key.type !== "paste") return answer(prompt, key);
  if (isControl(key, "d") && prompt.editor.text === "") return { prompt, action: { type: "quit" } };
  if (key.type === "key" && key.name === "enter") return enter(prompt, key, situation);
  const completed = completionKey(prompt, key, situation);
  if (completed !== undefined) return { prompt: completed };
  const edited = editKey(prompt.editor, key, situation.width);
  if (edited !== undefined) return { prompt: changed(prompt, edited) };
  const step = historyStep(key);
  const recalled = step === undefined ? undefined : recall(prompt.history, step, prompt.editor.text);
  if (recalled === undefined) return { prompt };
  const editor = editorOf(recalled.text, prompt.editor.killed);
  // A recalled command is shown as it was sent: arrow keys go on through the history and not through suggestions.
  return { prompt: { ...prompt, editor, history: recalled.history, selected: 0, isClosed: true } };
}

function interrupt(prompt: Prompt, { isBusy, isAsked }: PromptSituation): Pressed {
  if (isBusy) return { prompt, action: { type: "interrupt" } };
  // It is about something in the background: there is no turn to cancel.
  if (isAsked) return { prompt, action: { type: "decide", decision: "deny" } };
  if (prompt.editor.text !== "") return { prompt: { ...prompt, ...CLEAN, editor: editorOf("", prompt.editor.text) } };
  if (prompt.isLeaving) return { prompt, action: { type: "quit" } };
  return { prompt: { ...prompt, isLeaving: true } };
}

const CLEAN = { selected: 0, isClosed: false, isLeaving: false } as const;

/** Only these keys decide; Enter does not, since it may be meant for what was being typed. */
function answer(prompt: Prompt, key: Key): Pressed {
  const letter = key.type === "text" ? key.text.toLowerCase() : key.type === "key" && key.name === "escape" ? "n" : "";
  switch (letter) {
    case "y":
      return { prompt, action: { type: "decide", decision: "once" } };
    case "a":
      return { prompt, action: { type: "decide", decision: "always" } };
    case "n":
      return { prompt, action: { type: "decide", decision: "deny" } };
    case "v":
      return { prompt, action: { type: "show_detail" } };
    default:
      return { prompt };
  }
}

function enter(prompt: Prompt, key: Key & { readonly type: "key" }, { commands }: PromptSituation): Pressed {
  const { editor } = prompt;
  if (key.shift || key.alt || key.ctrl) return { prompt: changed(prompt, insertText(editor, "\n")) };
  if (editor.cursor > 0 && editor.text.charAt(editor.cursor - 1) === "\\") {
    const shorter = { ...editor, text: without(editor.text, editor.cursor - 1), cursor: editor.cursor - 1 };
    return { prompt: changed(prompt, insertText(shorter, "\n")) };
  }
  const suggestion = openSuggestions(prompt, commands)[prompt.selected];
  if (suggestion?.argumentHint?.startsWith("<") && `/${suggestion.name}` !== editor.text) {
    // What it needs has to be typed first.
    return { prompt: changed(prompt, editorOf(`/${suggestion.name} `, editor.killed)) };
  }
  const text = suggestion === undefined ? editor.text : `/${suggestion.name}`;
  if (text.trim() === "") return { prompt };
  const history = remember(prompt.history, text);
  return { prompt: { editor: editorOf("", editor.killed), history, ...CLEAN }, action: { type: "submit", text } };
}

function completionKey(prompt: Prompt, key: Key, { commands }: PromptSituation): Prompt | undefined {
  if (key.type !== "key") return undefined;
  const suggestions = openSuggestions(prompt, commands);
  if (suggestions.length === 0) return undefined;
  const { length } = suggestions;
  switch (key.name) {
    case "up":
      return { ...prompt, selected: (prompt.selected + length - 1) % length };
    case "down":
      return { ...prompt, selected: (prompt.selected + 1) % length };
    case "escape":
      return { ...prompt, isClosed: true };
    case "tab": {
      const chosen = suggestions[prompt.selected];
      return chosen === undefined ? undefined : changed(prompt, editorOf(`/${chosen.name} `, prompt.editor.killed));
    }
    default:
      return undefined;
  }
}

function openSuggestions({ editor, isClosed }: Prompt, commands: readonly CommandInfo[]): readonly CommandInfo[] {
  return isClosed ? [] : suggestionsFor(editor.text, commands);
}

/** An edit begins something new: the history is left, and suggestions may come again. */
function changed(prompt: Prompt, editor: Editor): Prompt {
  if (editor.text === prompt.editor.text) return { ...prompt, editor };
  return { ...prompt, editor, history: { entries: prompt.history.entries, draft: "" }, ...CLEAN };
}

function historyStep(key: Key): -1 | 1 | undefined {
  if (key.type !== "key") return undefined;
  if (key.name === "up" || isControl(key, "p")) return -1;
  return key.name === "down" || isControl(key, "n") ? 1 : undefined;
}

function isControl(key: Key, char: string): boolean {
  return key.type === "key" && key.name === "char" && key.ctrl === true && key.char === char;
}

function without(text: string, index: number): string {
  return text.slice(0, index) + text.slice(index + 1);
}
