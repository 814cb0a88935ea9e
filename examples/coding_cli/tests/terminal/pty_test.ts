/**
 * The interactive terminal in a real pseudo terminal. Needs to run `script`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Pty, type PtyOptions } from "../_support/pty.ts";

const HOST = fileURLToPath(new URL("../_support/scripted_host.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../../../deno.json", import.meta.url));

interface HostOptions extends PtyOptions {
  /** Milliseconds between two words of the model. @default {1} */
  readonly pace?: number;
  readonly mode?: "colour" | "throw";
}

async function start({ pace = 1, mode, ...options }: HostOptions = {}): Promise<Pty> {
  const pty = Pty.start([
    "run",
    "--quiet",
    "--no-prompt",
    // It sends itself a signal.
    "--allow-run",
    "--config",
    CONFIG,
    HOST,
    String(pace),
    ...mode ? [mode] : [],
  ], options);
  if (mode !== "throw") await pty.until("› Ask for a change");
  return pty;
}

Deno.test("what is typed is shown, sent and answered", async () => {
  await using pty = await start();
  await pty.type("Hello **there**");
  await pty.until("› Hello **there**");
  assert.equal(pty.screen.beforeCursor, "› Hello **there**");
  await pty.type("\r");
  await pty.until(() => !pty.screen.text.includes("Working") && /\n\nEcho: Hello there\n\n› Ask/.test(pty.screen.text));
  assert.match(
    pty.screen.text,
    /^\n?› Hello \*\*there\*\*\n\nEcho: Hello there\n\n› Ask for a change.*\n {2}simulated · approval ask · context \d+ · ~\/project$/,
  );
});

Deno.test("an answer shows while it is written", async () => {
  await using pty = await start({ pace: 60 });
  await pty.type("one two three four five six seven eight nine ten eleven twelve\r");
  await pty.until(/\n\nEcho: one two three.*\n\n. Writing…/);
  await pty.until(/\n\nEcho: one two .* twelve\n\n› Ask/);
});

Deno.test("an answer longer than the screen scrolls into the scrollback, each line once", async () => {
  await using pty = await start({ rows: 12 });
  await pty.type("long\r");
  await pty.until(/line 60 of a long answer\n\n› Ask/);
  for (let line = 1; line <= 60; line++) {
    const found = pty.screen.text.split("\n").filter((row) => row === `• line ${line} of a long answer`);
    assert.equal(found.length, 1, `line ${line}`);
  }
});

Deno.test("a slash opens the commands, arrows choose, Tab completes and Enter runs", async () => {
  await using pty = await start();
  await pty.type("/he");
  await pty.until(/› \/he\n❯ \/help +Lists the commands\n {2}\/hello +Says hello\n/);
  await pty.type("\x1b[B");
  await pty.until("❯ /hello");
  await pty.type("\t");
  await pty.until(/› \/hello *\n {2}simulated/);
  await pty.type("you\r");
  await pty.until("You said /hello you.");
  assert.doesNotMatch(pty.screen.text, /❯/);
});

Deno.test("a command may change the facts of the status line", async () => {
  await using pty = await start();
  await pty.type("/model other\r");
  await pty.until("The model is now other.");
  await pty.until(/\n {2}other · approval ask/);
});

Deno.test("a command that fails says why", async () => {
  await using pty = await start();
  await pty.type("/fail\r");
  await pty.until("✗ it cannot be done");
});

Deno.test("Ctrl+C cancels the turn", async () => {
  await using pty = await start({ pace: 200 });
  await pty.type(`${"word ".repeat(200)}\r`);
  await pty.until("Writing…");
  await pty.type("\x03");
  await pty.until(/○ Cancelled.*\n\n› Ask/);
});

Deno.test("what is typed during a turn joins it", async () => {
  await using pty = await start({ pace: 100 });
  await pty.type("one two three four five six seven eight\r");
  await pty.until("Writing…");
  await pty.type("and more\r");
  await pty.until(/Writing….*\n› and more/);
  await pty.until(/› and more\n\nEcho: and more\n\n› Ask/);
});

Deno.test("Shift+Enter and a paste make several lines, which are sent as one message", async () => {
  await using pty = await start();
  await pty.type("first\x1b[13;2usecond\x1b[200~ pasted\rthird\x1b[201~");
  await pty.until(/› first\n {2}second pasted\n {2}third\n/);
  await pty.type("\r");
  await pty.until(/› first\n {2}second pasted\n {2}third\n\nEcho: first\nsecond pasted\nthird\n/);
});

Deno.test("Up recalls what was sent in an earlier run", async () => {
  await using pty = await start();
  await pty.type("\x1b[A");
  await pty.until("› an earlier line");
});

Deno.test("a call that needs an answer shows all of its command and waits for a key", async () => {
  await using pty = await start();
  await pty.type("run\r");
  await pty.until(/\? Run: ls␛\[8m -la\n {2}y yes · a always · n no/);
  await press(pty, "y");
  await pty.until(/● \$ ls␛\[8m -la · exit 3\n {2}⎿ decided: once\n {4}harmless text/);
});

Deno.test("a call that is refused is not run", async () => {
  await using pty = await start();
  await pty.type("run\r");
  await pty.until("y yes · a always");
  await press(pty, "n");
  await pty.until(/✗ \$ ls␛\[8m -la/);
  assert.doesNotMatch(pty.screen.text, /decided/);
});

Deno.test("a detail that is too long for the screen can be seen whole", async () => {
  await using pty = await start({ rows: 14 });
  await pty.type("many\r");
  await pty.until(/… \d+ more lines\n {2}y yes/);
  await press(pty, "v", () => pty.screen.text.includes("  echo 40\n"));
  assert.equal(pty.screen.text.split("\n").filter((row) => row === "  echo 23").length, 1);
});

Deno.test("Ctrl+C at a question cancels the turn", async () => {
  await using pty = await start();
  await pty.type("run\r");
  await pty.until("y yes · a always");
  await pty.type("\x03");
  await pty.until(/○ Cancelled/);
  assert.doesNotMatch(pty.screen.text, /y yes/);
});

Deno.test("a hostile model cannot drive the terminal", async () => {
  await using pty = await start();
  await pty.type("hostile\r");
  await pty.until(/harmless text\n\n› Ask/);
  // The virtual screen throws at sequences the program has no use for; the title and the erasure are two.
  assert.doesNotMatch(pty.raw, /owned/);
});

Deno.test("a terminal that is resized keeps the transcript and one input box", async () => {
  await using pty = await start({ columns: 80 });
  await pty.type("some words that are short\r");
  await pty.until(/\n\nEcho: some words that are short\n\n› Ask/);
  await pty.resize(40, 20);
  await pty.until(() => pty.screen.text.split("› Ask").length === 2 && /\n {2}simulated · .*…$/.test(pty.screen.text));
  assert.match(pty.screen.text, /› some words that are short\n\nEcho: some words that are short\n\n› Ask/);
  for (const row of pty.screen.text.split("\n")) assert.ok(row.length <= 40, row);
  await pty.type("more");
  await pty.until("› more");
});

Deno.test("/clear begins again on an empty screen", async () => {
  await using pty = await start();
  await pty.type("hello\r");
  await pty.until(/\n\nEcho: hello\n\n› Ask/);
  await pty.type("/clear\r");
  await pty.until(() => !pty.screen.visible.includes("hello"));
  await pty.until("› Ask for a change");
});

for (const [how, keys] of [["Ctrl+D", "\x04"], ["Ctrl+C twice", "\x03\x03"], ["/quit", "/quit\r"]] as const) {
  Deno.test(`${how} leaves, says how to go on, and gives the terminal back`, async () => {
    await using pty = await start();
    await pty.type(keys);
    await pty.until(/\[exit 0\][^]*icanon[^]*echo/);
    assertRestored(pty);
    assert.match(pty.screen.text, /^Go on with --resume session_\n\[exit 0\]/m);
    assert.doesNotMatch(pty.screen.text, /› Ask/);
  });
}

for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`${signal} leaves with ${exitCode} and gives the terminal back`, async () => {
    await using pty = await start();
    await pty.type(`/signal ${signal}\r`);
    await pty.until(new RegExp(`\\[exit ${exitCode}\\][^]*icanon[^]*echo`));
    assertRestored(pty);
  });
}

Deno.test("an error gives the terminal back and is told", async () => {
  await using pty = await start({ mode: "throw" });
  await pty.until(/\[exit 1\][^]*icanon[^]*echo/);
  assertRestored(pty);
  assert.match(pty.screen.text, /no events/);
});

Deno.test("colours are there unless the user wants none", async () => {
  await using pty = await start({ mode: "colour" });
  await pty.type("run\r");
  await pty.until("y yes · a always");
  assert.match(pty.screen.styleOf("? Run") ?? "", /33/);
  await using plain = await start();
  await plain.type("run\r");
  await plain.until("y yes · a always");
  assert.ok(!/\[[\d;]*3[0-9]m/.test(plain.raw));
});

Deno.test("nothing is written while nothing happens", async () => {
  await using pty = await start();
  await pty.type("hi\r");
  await pty.until(/\n\nEcho: hi\n\n› Ask/);
  const { length } = pty.raw;
  // Long enough for several pictures of a spinner: a second turn is what tells that the time has passed.
  await pty.type("x");
  await pty.until("› x");
  const update = pty.raw.slice(length);
  assert.equal(update.split("\x1b[?2026h").length - 1, 1, JSON.stringify(update));
});

/** Presses a key that answers a question until it has; keys that come right after a question do not count. */
async function press(
  pty: Pty,
  key: string,
  isDone: () => boolean = () => !pty.screen.text.includes("y yes · a always"),
): Promise<void> {
  await pty.type(key);
  await pty.until(() => {
    if (isDone()) return true;
    void pty.type(key);
    return false;
  });
}

function assertRestored(pty: Pty): void {
  assert.ok(pty.screen.isCursorVisible);
  assert.deepEqual([...pty.screen.modes], []);
  assert.equal(pty.screen.keyboard, 0);
  assert.match(pty.screen.text, / icanon /);
  assert.match(pty.screen.text, / echo /);
}
