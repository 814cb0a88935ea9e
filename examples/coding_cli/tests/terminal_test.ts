/**
 * The program itself in a pseudo terminal, with a model scripted over HTTP.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Pty } from "./_support/pty.ts";
import { argsFor, flagsFor, type Playground, playground, startCliInPty } from "./_support/run_cli.ts";
import { type ScriptedProvider, serveScript } from "./_support/scripted_provider.ts";

const OLD = 'export function greet(name) {\n  return "Hello " + name;\n}\n';
const NEW = "export function greet(name) {\n  return `Hello, ${name}!`;\n}\n";

async function open(at: Playground, provider: ScriptedProvider, more: readonly string[] = []): Promise<Pty> {
  const args = [...argsFor(at, provider), ...more];
  const env = { OPENAI_API_KEY: "sk-test" };
  const flags = await flagsFor(args, env);
  const pty = startCliInPty(flags, args, env);
  await pty.until("› Ask for a change");
  return pty;
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256:${new Uint8Array(digest).toHex()}`;
}

async function editCall(): Promise<{ readonly name: string; readonly arguments: object }> {
  const edits = [{ old_text: '"Hello " + name', new_text: "`Hello, ${name}!`" }];
  return { name: "edit_file", arguments: { path: "greet.js", expected_hash: await hashOf(OLD), edits } };
}

/** Answers a question; keys that come right after it was shown do not count. */
async function answer(pty: Pty, key: string): Promise<void> {
  await pty.until("y yes · a always");
  await pty.until(() => {
    if (!pty.screen.text.includes("y yes · a always")) return true;
    void pty.type(key);
    return false;
  });
}

Deno.test("an edit is asked for, approved with its diff, made and told, and is there when the session goes on", async () => {
  using at = playground();
  at.write("greet.js", OLD);
  await using provider = serveScript([
    { text: "Let me look at it.", calls: [{ name: "read_file", arguments: { path: "greet.js" } }] },
    { calls: [await editCall()] },
    "Done: it now uses a **template literal**.",
    "You are welcome.",
  ]);
  let transcript = "";
  {
    await using pty = await open(at, provider);
    await pty.type("Use a template literal in greet.js\r");
    await pty.until(/\? Edit greet\.js\n[^]*2 - {3}return "Hello " \+ name;\n {2}2 \+ {3}return `Hello, \$\{name\}!`;/);
    assert.equal(at.read("greet.js"), OLD);
    await answer(pty, "y");
    await pty.until(/Done: it now uses a template literal\.[^]*› Ask/);
    assert.equal(at.read("greet.js"), NEW);
    assert.match(pty.screen.text, /● Read greet\.js · 3 lines\n/);
    assert.match(pty.screen.text, /● Edit greet\.js \+1 -1\n {4}1 {3}export/);
    transcript = pty.screen.text.slice(pty.screen.text.indexOf("› Use"), pty.screen.text.indexOf("› Ask"));
    await pty.type("\x04");
    await pty.until("[exit 0]");
    assert.match(pty.screen.text, /To go on: --session session_/);
  }
  await using pty = await open(at, provider, ["--continue"]);
  await pty.until("Done: it now uses a template literal.");
  assert.ok(pty.screen.text.includes(transcript), `${pty.screen.text}\n--- does not have\n${transcript}`);
  await pty.type("Thanks\r");
  await pty.until("You are welcome.");
});

Deno.test("a terminal that can do nothing but print gets a sentence and no escape sequence", async () => {
  using at = playground();
  const flags = await flagsFor(argsFor(at));
  await using pty = startCliInPty(flags, argsFor(at), { TERM: "dumb" });
  await pty.until("[exit 2]");
  assert.match(pty.screen.text, /TERM=dumb\) cannot show a conversation: pass a prompt\s+with -p/);
  assert.ok(!pty.raw.includes("\x1b"), JSON.stringify(pty.raw));
});

Deno.test("SIGTERM ends a conversation in order, with 143", async () => {
  using at = playground();
  const args = argsFor(at).filter((arg) => arg !== "--no-bash");
  await using pty = startCliInPty(await flagsFor(args), args);
  await pty.until("› Ask for a change");
  // A command has a shell between it and the program.
  await pty.type("!kill -TERM $(cut -d ' ' -f 4 /proc/$PPID/stat)\r");
  await pty.until(/\[exit 143\][^]* icanon /);
});

Deno.test("an edit that is refused is not made", async () => {
  using at = playground();
  at.write("greet.js", OLD);
  await using provider = serveScript([{ calls: [await editCall()] }, "As you wish."]);
  await using pty = await open(at, provider);
  await pty.type("Edit it\r");
  await answer(pty, "n");
  await pty.until(/✗ Edit greet\.js[^]*As you wish\./);
  assert.equal(at.read("greet.js"), OLD);
});

Deno.test("Ctrl+C ends an answer in the middle, and the conversation goes on", async () => {
  using at = playground();
  const never = new Promise<void>(() => {});
  await using provider = serveScript([{ text: "This takes long", until: never }, "Here I am."]);
  await using pty = await open(at, provider);
  await pty.type("Take your time\r");
  await pty.until(/This takes long\n\n. Writing…/);
  await pty.type("\x03");
  await pty.until(/This takes long\n\n○ Cancelled\n\n› Ask/);
  await pty.type("Still there?\r");
  await pty.until("Here I am.");
});

Deno.test("Ctrl+C at a turn of another terminal says so, and how to leave", async () => {
  using at = playground();
  await using provider = serveScript([{ text: "This takes long", until: new Promise<void>(() => {}) }]);
  await using first = await open(at, provider);
  await first.type("Take your time\r");
  await first.until(/This takes long\n\n. Writing…/);
  await using second = await open(at, provider, ["--continue"]);
  await second.until(/› Take your time[^]*Ctrl\+C cancels/);
  await second.type("\x03");
  await second.until(/cancelled there; Ctrl\+D\s+leaves/);
});

Deno.test("a message that could not be sent stands in the input again", async () => {
  using at = playground();
  const held = Promise.withResolvers<void>();
  await using provider = serveScript([{ text: "This takes long", until: held.promise }]);
  await using first = await open(at, provider);
  await first.type("Take your time\r");
  await first.until(/This takes long\n\n. Writing…/);
  await using second = await open(at, provider, ["--continue"]);
  await second.type("A long thought\r");
  await second.until(/at work in another[^]*\n› A long thought\n {2}scripted/);
});

Deno.test("a server that hangs keeps nobody from typing or leaving", async () => {
  using at = playground();
  at.write(".mcp.json", JSON.stringify({ mcpServers: { stuck: { command: "sleep", args: ["60"] } } }));
  await using provider = serveScript([]);
  await using pty = await open(at, provider);
  await pty.type("Hello\r");
  await pty.until(/Working….*Ctrl\+C cancels/);
  await pty.type("\x03");
  await pty.until(/○ Cancelled|Interrupted/);
  await pty.type("\x04");
  await pty.until("[exit 0]");
});

Deno.test("pasted code keeps its tabs", async () => {
  using at = playground();
  await using provider = serveScript(["I see a Makefile."]);
  await using pty = await open(at, provider);
  await pty.type("\x1b[200~all:\r\techo x\x1b[201~");
  await pty.until("› all:\n      echo x\n");
  await pty.type("\r");
  await pty.until("I see a Makefile.");
  assert.match(JSON.stringify(provider.requests[0]?.input), /all:\\n\\techo x/);
});

Deno.test("Ctrl+C at a question cancels the turn and makes no change", async () => {
  using at = playground();
  at.write("greet.js", OLD);
  await using provider = serveScript([{ calls: [await editCall()] }]);
  await using pty = await open(at, provider);
  await pty.type("Edit it\r");
  await pty.until("y yes · a always");
  await pty.type("\x03");
  await pty.until(/○ Cancelled\n\n› Ask/);
  assert.equal(at.read("greet.js"), OLD);
});

Deno.test("Ctrl+C in one breath with Enter sends nothing", async () => {
  using at = playground();
  await using provider = serveScript(["Here I am."]);
  await using pty = await open(at, provider);
  await pty.type("Delete everything\r\x03");
  await pty.until("Interrupted: Delete everything");
  await pty.type("Are you there?\r");
  await pty.until("Here I am.");
  assert.equal(provider.requests.length, 1);
  assert.doesNotMatch(JSON.stringify(provider.requests[0]?.input), /Delete everything/);
});
