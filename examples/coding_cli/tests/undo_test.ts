/**
 * Taking back what a turn did to files.
 *
 * @module
 */

import assert from "node:assert/strict";
import { answerTo, openHost } from "./_support/open_host.ts";
import { argsFor, flagsFor, type Playground, playground, startCli } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

Deno.test("a new session is not told of changes it does not know", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [write("made.txt", "new\n")] }, "Done.", "Hello."]);
  await using host = await openHost(at, provider, "--approval", "auto");
  await host.runTurn("Make it");
  await host.clear();
  assert.equal(await answerTo(host, "/undo"), "Restored: `made.txt`");
  await host.runTurn("Hello");
  assert.doesNotMatch(JSON.stringify(provider.requests[2]?.input), /took back/);
});

Deno.test("/undo gives every file of the last turn its content back, and the model learns it", async () => {
  using at = playground();
  at.write("changed.txt", "before\n");
  at.write("gone/deleted.txt", "still needed\n");
  await using provider = serveScript([
    {
      calls: [
        write("changed.txt", "after\n"),
        write("made.txt", "new\n"),
        write("changed.txt", "after all\n"),
        { name: "delete_file", arguments: { path: "gone", recursive: true } },
      ],
    },
    "Done.",
    "I see.",
  ]);
  await using host = await openHost(at, provider, "--approval", "auto");
  await host.runTurn("Change things");
  assert.deepEqual([at.read("changed.txt"), at.exists("gone/deleted.txt")], ["after all\n", false]);
  assert.equal(await answerTo(host, "/undo"), "Restored: `changed.txt`, `made.txt`, `gone/deleted.txt`");
  assert.equal(at.read("changed.txt"), "before\n");
  assert.equal(at.read("gone/deleted.txt"), "still needed\n");
  assert.equal(at.exists("made.txt"), false);
  await host.runTurn("Go on");
  assert.match(
    JSON.stringify(provider.requests[2]?.input),
    /The user took back the changes of your last turn to these files: changed\.txt, /,
  );
});

Deno.test("/undo gives a deleted file its mode back", async () => {
  using at = playground();
  at.write("run.sh", "#!/bin/sh\n");
  at.write("secret.txt", "key\n");
  at.write("bin/tool", "#!/bin/sh\n");
  for (const path of ["run.sh", "bin/tool"]) Deno.chmodSync(`${at.workspace}/${path}`, 0o755);
  Deno.chmodSync(`${at.workspace}/secret.txt`, 0o600);
  await using provider = serveScript([
    {
      calls: [
        { name: "delete_file", arguments: { path: "run.sh" } },
        { name: "delete_file", arguments: { path: "bin", recursive: true } },
        { name: "delete_file", arguments: { path: "secret.txt" } },
        write("secret.txt", "another\n"),
      ],
    },
    "Done.",
  ]);
  await using host = await openHost(at, provider, "--approval", "auto");
  await host.runTurn("Delete all, and make one anew");
  await answerTo(host, "/undo");
  assert.deepEqual(["run.sh", "bin/tool", "secret.txt"].map((path) => modeOf(at, path)), [0o755, 0o755, 0o600]);
});

Deno.test("/undo takes folders away that the turn made, unless somebody put something in", async () => {
  using at = playground();
  at.write("old/kept.txt", "x");
  await using provider = serveScript([
    { calls: [write("new/deep/a.txt", "a"), write("shared/b.txt", "b"), write("old/c.txt", "c")] },
    "Done.",
  ]);
  await using host = await openHost(at, provider, "--approval", "auto");
  await host.runTurn("Make them");
  at.write("shared/mine.txt", "the user's own");
  const told = await answerTo(host, "/undo");
  assert.deepEqual([at.exists("new"), at.exists("old/kept.txt"), at.exists("old/c.txt")], [false, true, false]);
  assert.deepEqual([at.exists("shared/mine.txt"), at.exists("shared/b.txt")], [true, false]);
  assert.match(told, /`new\/deep\/`, `new\/`$/);
});

Deno.test("/undo refuses a turn that began before the program was started again", async () => {
  using at = playground();
  at.write("a.txt", "0");
  const never = new Promise<void>(() => {});
  await using provider = serveScript([
    { calls: [write("a.txt", "1")] },
    { text: "Half an ", until: never },
    { calls: [write("a.txt", "2")] },
    "Finished.",
    { calls: [write("b.txt", "b")] },
    "Next.",
  ]);
  const args = [...argsFor(at, provider), "--approval", "auto", "-p", "Change it twice"];
  const child = startCli(await flagsFor(args), args);
  await child.stdin.close();
  await provider.request(2);
  child.kill("SIGKILL");
  await child.output();
  await using host = await openHost(at, provider, "--approval", "auto", "--continue");
  await host.takeUp();
  assert.equal(at.read("a.txt"), "2");
  assert.match(await answerTo(host, "/undo"), /Not undone: the turn began before the program was started again/);
  assert.equal(at.read("a.txt"), "2");
  await host.runTurn("And b");
  assert.equal(await answerTo(host, "/undo"), "Restored: `b.txt`");
  assert.match(await answerTo(host, "/undo"), /Not undone: the turn began before/);
});

Deno.test("a session without an open turn is undone as usual after it was taken up", async () => {
  using at = playground();
  await using provider = serveScript(["Hello.", { calls: [write("a.txt", "1")] }, "Done."]);
  await using host = await openHost(at, provider, "--approval", "auto");
  await host.runTurn("Hi");
  await host.takeUp();
  assert.match(await answerTo(host, "/undo"), /Nothing to undo/);
  await host.runTurn("Make it");
  assert.equal(await answerTo(host, "/undo"), "Restored: `a.txt`");
});

Deno.test("/undo goes back turn by turn, past those that changed nothing", async () => {
  using at = playground();
  at.write("a.txt", "0");
  await using provider = serveScript([
    { calls: [write("a.txt", "1")] },
    "One.",
    { calls: [write("a.txt", "2")] },
    "Two.",
    "Nothing.",
  ]);
  await using host = await openHost(at, provider, "--approval", "auto");
  for (const prompt of ["First", "Second", "Third"]) await host.runTurn(prompt);
  await answerTo(host, "/undo");
  assert.equal(at.read("a.txt"), "1");
  await answerTo(host, "/undo");
  assert.equal(at.read("a.txt"), "0");
  assert.match(await answerTo(host, "/undo"), /Nothing to undo/);
});

Deno.test("/undo touches nothing when a file changed since", async () => {
  using at = playground();
  at.write("a.txt", "0");
  at.write("b.txt", "0");
  await using provider = serveScript([{ calls: [write("a.txt", "1"), write("b.txt", "1")] }, "Done."]);
  await using host = await openHost(at, provider, "--approval", "auto");
  await host.runTurn("Change both");
  at.write("b.txt", "the user's own");
  assert.match(await answerTo(host, "/undo"), /Not undone: changed since the agent wrote them: b\.txt/);
  assert.deepEqual([at.read("a.txt"), at.read("b.txt")], ["1", "the user's own"]);
});

Deno.test("a file that is too large to be kept can be replaced all the same, and /undo says that it was", async () => {
  using at = playground();
  at.write("large.log", "x".repeat(10 * 1024 * 1024 + 1));
  await using provider = serveScript([{ calls: [write("large.log", "short")] }, "Done."]);
  await using host = await openHost(at, provider, "--approval", "auto");
  await host.runTurn("Empty the log");
  assert.equal(at.read("large.log"), "short");
  assert.match(await answerTo(host, "/undo"), /Not undone: what large\.log was before could not be kept/);
});

Deno.test("the new session after /clear is not told of an /undo in the old one", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [write("made.txt", "new")] }, "Done.", "Hello."]);
  await using host = await openHost(at, provider, "--approval", "auto");
  await host.runTurn("Make it");
  await answerTo(host, "/undo");
  await host.submit("/clear", new AbortController().signal);
  await host.runTurn("Hi");
  assert.doesNotMatch(JSON.stringify(provider.requests[2]?.input), /took back/);
});

Deno.test("/undo waits for no turn: one that runs is to be cancelled first", async () => {
  using at = playground();
  const held = Promise.withResolvers<void>();
  await using provider = serveScript([{ text: "Working ", until: held.promise }]);
  await using host = await openHost(at, provider);
  const turn = host.runTurn("Work");
  await provider.request(1);
  assert.match(await answerTo(host, "/undo"), /a turn runs/);
  host.cancel();
  await turn;
  held.resolve();
});

function modeOf(at: Playground, path: string): number {
  return (Deno.statSync(`${at.workspace}/${path}`).mode ?? 0) & 0o777;
}

function write(path: string, content: string): { readonly name: string; readonly arguments: object } {
  return { name: "write_file", arguments: { path, content } };
}
