/**
 * Conversations that outlive the process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { openHost } from "./_support/open_host.ts";
import { argsFor, flagsFor, playground, runCli, startCli } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

Deno.test("--continue goes on with the newest conversation of the folder, --session with the one it names", async () => {
  using at = playground();
  await using provider = serveScript(["Noted: blue.", "Noted: a cat.", "A cat.", "Blue."]);
  const args = argsFor(at, provider);
  await runCli([...args, "-p", "My colour is blue"]);
  await runCli([...args, "-p", "My animal is a cat"]);
  await runCli([...args, "--continue", "-p", "Which animal?"]);
  const third = JSON.stringify(provider.requests[2]?.input);
  assert.match(third, /My animal is a cat/);
  assert.doesNotMatch(third, /My colour/);
  const { stdout } = await runCli([...args, "--list-sessions"]);
  const listed = stdout.trim().split("\n");
  assert.match(listed[0] ?? "", /^session_[0-9a-f]{32} {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}My animal is a cat$/);
  const [oldest = ""] = (listed[1] ?? "").split(" ");
  await runCli([...args, "--session", oldest, "-p", "Which colour?"]);
  assert.match(JSON.stringify(provider.requests[3]?.input), /My colour is blue/);
});

Deno.test("--continue goes on with the session that was talked to last, which is listed first", async () => {
  using at = playground();
  await using provider = serveScript(["A.", "B.", "A again.", "A once more."]);
  const args = argsFor(at, provider);
  const flags = await flagsFor(args);
  const begin = async (...more: readonly string[]): Promise<string> => {
    const { stdout } = await runCli([...args, ...more, "--json"], { flags });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "").sessionId;
  };
  const first = await begin("-p", "First");
  const second = await begin("-p", "Second");
  await begin("--session", first, "-p", "First again");
  const { stdout } = await runCli([...args, "--list-sessions"], { flags });
  assert.deepEqual(stdout.match(/session_\w+/g), [first, second]);
  assert.equal(await begin("--continue", "-p", "Which one?"), first);
});

Deno.test("the conversations of one folder are not those of another", async () => {
  using at = playground();
  using other = playground();
  await runCli([...argsFor(at), "-p", "Here"]);
  const elsewhere = { ...other, dataDir: at.dataDir };
  const { stdout } = await runCli([...argsFor(elsewhere), "--list-sessions"]);
  assert.equal(stdout, "No session was begun in this folder.\n");
});

Deno.test("listing sessions needs no provider, and the grants of the folders only", async () => {
  using at = playground();
  const folders = ["-C", at.workspace, "--data-dir", at.dataDir];
  const paths = `${at.workspace},${at.dataDir}`;
  const flags = ["--no-prompt", `--allow-read=${paths}`, `--allow-write=${paths}`];
  const { code, stdout } = await runCli([...folders, "--list-sessions"], { flags });
  assert.deepEqual([code, stdout], [0, "No session was begun in this folder.\n"]);
});

Deno.test("a session that is not stored exits 2 and says how to find those that are", async () => {
  using at = playground();
  for (const id of ["nonsense", "session_00000000000000000000000000000009"]) {
    const { code, stderr } = await runCli([...argsFor(at), "--session", id, "-p", "Hi"]);
    assert.equal(code, 2);
    assert.match(stderr, /--list-sessions/);
  }
});

Deno.test("a turn that was killed is finished by the next run before the new prompt", async () => {
  using at = playground();
  const held = Promise.withResolvers<void>();
  await using provider = serveScript([{ text: "Half an ", until: held.promise }, "The whole answer.", "And the next."]);
  const args = [...argsFor(at, provider), "-p", "First"];
  const child = startCli(await flagsFor(args), args);
  await child.stdin.close();
  await provider.request(1);
  child.kill("SIGKILL");
  await child.output();
  held.resolve();
  const { stdout } = await runCli([...argsFor(at, provider), "--continue", "-p", "Second"]);
  assert.equal(stdout, "And the next.\n");
  assert.match(JSON.stringify(provider.requests[2]?.input), /First.*The whole answer.*Second/s);
});

Deno.test("where a stored conversation ends is known before it is read", async () => {
  using at = playground();
  await using provider = serveScript(["One.", "Two."]);
  await using host = await openHost(at, provider);
  assert.equal(await host.storedUntil(), 0);
  for (const prompt of ["First", "Second"]) {
    await host.runTurn(prompt);
    const stored = await host.runtime.local.runtimeBackends.slots.journal?.events(host.sessionId);
    assert.equal(await host.storedUntil(), stored?.at(-1)?.sequence);
  }
});

Deno.test("a session that another process works on says so, and what can be done", async () => {
  using at = playground();
  const held = Promise.withResolvers<void>();
  await using provider = serveScript([{ text: "Working ", until: held.promise }]);
  const args = [...argsFor(at, provider), "-p", "First"];
  const child = startCli(await flagsFor(args), args);
  await child.stdin.close();
  await provider.request(1);
  const { code, stderr } = await runCli([...argsFor(at, provider), "--continue", "-p", "Second"]);
  const sentence =
    `This session is at work in another terminal or editor (process ${child.pid}). Wait until it is done`;
  assert.equal(code, 1);
  assert.ok(stderr.includes(sentence), stderr);
  assert.doesNotMatch(stderr, /owner_|session_/);
  held.resolve();
  await child.output();
});
