import assert from "node:assert/strict";
import { KeyParser } from "../../terminal/keys.ts";
import {
  emptyPrompt,
  pressKey,
  type Prompt,
  type PromptAction,
  type PromptSituation,
  promptView,
} from "../../terminal/prompt.ts";

const COMMANDS = [
  { name: "help", description: "Shows help" },
  { name: "model", description: "Switches the model", argumentHint: "<model>" },
  { name: "mcp", description: "Lists servers" },
];
const IDLE: PromptSituation = { commands: COMMANDS, width: 40, isBusy: false, isAsked: false };
const UP = "\x1b[A";
const DOWN = "\x1b[B";

interface Typed {
  readonly prompt: Prompt;
  readonly actions: readonly PromptAction[];
}

function type(
  text: string,
  options: { readonly from?: Prompt; readonly situation?: Partial<PromptSituation> } = {},
): Typed {
  const parser = new KeyParser();
  const actions: PromptAction[] = [];
  let prompt = options.from ?? emptyPrompt();
  for (const key of [...parser.push(new TextEncoder().encode(text)), ...parser.flush()]) {
    const pressed = pressKey(prompt, key, { ...IDLE, ...options.situation });
    prompt = pressed.prompt;
    if (pressed.action !== undefined) actions.push(pressed.action);
  }
  return { prompt, actions };
}

function textOf({ prompt }: Typed): string {
  return prompt.editor.text;
}

Deno.test("Enter sends what was typed and leaves nothing", () => {
  const typed = type("hello\r");
  assert.deepEqual(typed.actions, [{ type: "submit", text: "hello" }]);
  assert.equal(textOf(typed), "");
});

Deno.test("Enter on nothing sends nothing", () => {
  assert.deepEqual(type("  \r").actions, []);
});

Deno.test("Ctrl+C cancels the turn of a question, and is a no to one of the background", () => {
  const asked = (isBusy: boolean) => type("\x03", { situation: { isBusy, isAsked: true } }).actions;
  assert.deepEqual(asked(true), [{ type: "interrupt" }]);
  assert.deepEqual(asked(false), [{ type: "decide", decision: "deny" }]);
});

for (const [name, bytes] of [["Shift", "\x1b[13;2u"], ["Alt", "\x1b\r"], ["a backslash and", "\\\r"]] as const) {
  Deno.test(`${name} Enter begins a new line`, () => {
    const typed = type(`a${bytes}b`);
    assert.deepEqual(typed.actions, []);
    assert.equal(textOf(typed), "a\nb");
  });
}

Deno.test("a pasted line end does not send", () => {
  const typed = type("\x1b[200~a\rb\r\x1b[201~");
  assert.deepEqual(typed.actions, []);
  assert.equal(textOf(typed), "a\nb\n");
});

Deno.test("what is pasted while a question stands is kept for the input and answers nothing", () => {
  const typed = type("\x1b[200~y\x1b[201~", { situation: { isAsked: true } });
  assert.deepEqual(typed.actions, []);
  assert.equal(textOf(typed), "y");
});

Deno.test("Up and Down go through the history and come back to the draft", () => {
  const from = emptyPrompt(["one", "two"]);
  assert.equal(textOf(type(`draft${UP}`, { from })), "two");
  assert.equal(textOf(type(`draft${UP}${UP}${UP}`, { from })), "one");
  assert.equal(textOf(type(`draft${UP}${UP}${DOWN}${DOWN}`, { from })), "draft");
});

Deno.test("what was sent can be recalled", () => {
  assert.equal(textOf(type(`first\rsecond\r${UP}${UP}`)), "first");
});

Deno.test("a slash suggests commands, and more letters fewer", () => {
  const suggested = (text: string): string[] =>
    promptView(type(text).prompt, COMMANDS).suggestions.map(({ name }) => name);
  assert.deepEqual(suggested("/"), ["help", "model", "mcp"]);
  assert.deepEqual(suggested("/m"), ["model", "mcp"]);
  assert.deepEqual(suggested("/el"), ["help", "model"]);
  assert.deepEqual(suggested("/model x"), []);
  assert.deepEqual(suggested("a /m"), []);
  assert.deepEqual(suggested("/m\x1b"), []);
});

Deno.test("Tab completes the chosen command", () => {
  assert.equal(textOf(type(`/m${DOWN}\t`)), "/mcp ");
});

Deno.test("Enter runs the chosen command, and waits for what it needs", () => {
  assert.deepEqual(type("/he\r").actions, [{ type: "submit", text: "/help" }]);
  const typed = type("/mo\r");
  assert.deepEqual(typed.actions, []);
  assert.equal(textOf(typed), "/model ");
});

Deno.test("Ctrl+C ends what runs and keeps what was typed", () => {
  const typed = type("draft\x03", { situation: { isBusy: true } });
  assert.deepEqual(typed.actions, [{ type: "interrupt" }]);
  assert.equal(textOf(typed), "draft");
});

Deno.test("Ctrl+C clears the input, and twice on an empty one leaves", () => {
  const cleared = type("draft\x03");
  assert.deepEqual([cleared.actions, textOf(cleared)], [[], ""]);
  const once = type("\x03", { from: cleared.prompt });
  assert.equal(promptView(once.prompt, []).hint, "Ctrl+C once more to leave");
  assert.deepEqual(type("\x03", { from: once.prompt }).actions, [{ type: "quit" }]);
  assert.deepEqual(type("x\x7f\x03", { from: once.prompt }).actions, []);
});

Deno.test("Ctrl+D leaves on an empty input only", () => {
  assert.deepEqual(type("\x04").actions, [{ type: "quit" }]);
  assert.deepEqual(type("a\x04").actions, []);
});

for (const [key, decision] of [["y", "once"], ["a", "always"], ["n", "deny"], ["\x1b", "deny"]] as const) {
  Deno.test(`${JSON.stringify(key)} answers a question with ${decision}`, () => {
    assert.deepEqual(type(key, { situation: { isAsked: true } }).actions, [{ type: "decide", decision }]);
  });
}

Deno.test("no other key answers a question, Enter least of all", () => {
  const typed = type("x\r \t\x04", { situation: { isAsked: true } });
  assert.deepEqual([typed.actions, textOf(typed)], [[], ""]);
});
