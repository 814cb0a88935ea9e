/**
 * One prompt, one answer: text, JSON, standard input, exit codes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { argsFor, flagsFor, playground, runCli, startCli, startCliInPty } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

Deno.test("-p prints the answer and nothing else, and exits 0", async () => {
  using at = playground();
  await using provider = serveScript(["Hello **you**."]);
  const { code, stdout, stderr } = await runCli([...argsFor(at, provider), "-p", "Hi"]);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "Hello **you**.\n", stderr: "" });
});

Deno.test("piped input is added to the prompt, and is the prompt where there is no other", async () => {
  using at = playground();
  await using provider = serveScript(["One.", "Two."]);
  await runCli([...argsFor(at, provider), "-p", "Explain:"], { stdin: "const a = 1;\n" });
  await runCli(argsFor(at, provider), { stdin: "Just this" });
  const said = provider.requests.map(({ input }) => JSON.stringify(input));
  assert.match(said[0] ?? "", /Explain:\\n\\nconst a = 1;/);
  assert.match(said[1] ?? "", /Just this/);
});

Deno.test("--json prints every event as a line and the result as the last", async () => {
  using at = playground();
  await using provider = serveScript(["Hello."]);
  const { code, stdout } = await runCli([...argsFor(at, provider), "--json", "-p", "Hi"]);
  const lines: { type: string; [member: string]: unknown }[] = stdout.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  const types = lines.map(({ type }) => type);
  assert.equal(code, 0);
  for (const type of ["input.message", "output.message.delta", "turn.completed"]) assert.ok(types.includes(type), type);
  const last = lines.at(-1);
  assert.equal(last?.type, "result");
  assert.deepEqual([last?.["status"], last?.["response"], last?.["exitCode"]], ["completed", "Hello.", 0]);
});

Deno.test("a turn that fails exits 1 and says why on standard error", async () => {
  using at = playground();
  await using provider = serveScript([{ status: 401 }]);
  const { code, stdout, stderr } = await runCli([...argsFor(at, provider), "-p", "Hi"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /scripted failure/);
});

Deno.test("a model that goes in circles is stopped, which exits 1", async () => {
  using at = playground();
  const calls = [{ name: "list_directory", arguments: {} }];
  await using provider = serveScript(Array.from({ length: 50 }, () => ({ calls })));
  const { code, stderr } = await runCli([...argsFor(at, provider), "-p", "Look"]);
  assert.equal(code, 1);
  assert.match(stderr, /the turn was sealed: .*only repeated earlier ones/);
  assert.ok(provider.requests.length < 10, String(provider.requests.length));
});

for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} cancels the turn and exits ${exitCode}`, async () => {
    using at = playground();
    const held = Promise.withResolvers<void>();
    await using provider = serveScript([{ text: "Thinking ", until: held.promise }]);
    const args = [...argsFor(at, provider), "-p", "Hi"];
    const child = startCli(await flagsFor(args), args);
    await child.stdin.close();
    await provider.request(1);
    child.kill(signal);
    const { code } = await child.output();
    held.resolve();
    assert.equal(code, exitCode);
  });
}

Deno.test("a reader that leaves ends the turn, with 141 and nothing on standard error", async () => {
  using at = playground();
  const gone = Promise.withResolvers<void>();
  const never = new Promise<void>(() => {});
  await using provider = serveScript([
    { text: "Let me look.", until: gone.promise, calls: [{ name: "list_directory", arguments: {} }] },
    { text: "This takes long", until: never },
  ]);
  const args = [...argsFor(at, provider), "--json", "-p", "Hi"];
  const child = startCli(await flagsFor(args), args);
  await child.stdin.close();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  gone.resolve();
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assert.deepEqual([code, stderr], [141, ""]);
});

Deno.test("an answer that nobody reads to its end exits 141 and says nothing", async () => {
  using at = playground();
  await using provider = serveScript(["x".repeat(500_000)]);
  const args = [...argsFor(at, provider), "-p", "Hi"];
  const child = startCli(await flagsFor(args), args);
  await child.stdin.close();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assert.deepEqual([code, stderr], [141, ""]);
});

Deno.test("a wrong option, an unknown level and a missing prompt exit 2 and point to --help", async () => {
  using at = playground();
  const wrong = [["--nope"], ["--approval", "maybe"], ["stray"], [...argsFor(at), "-p", " "]];
  for (const args of wrong) {
    const { code, stderr } = await runCli(args, { flags: ["--no-prompt", "--allow-read=/tmp", "--allow-write=/tmp"] });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--help prints how it is used/);
  }
});

Deno.test("an effort the model does not take exits 2 and names those it takes", async () => {
  using at = playground();
  await using provider = serveScript([]);
  const args = [...argsFor(at, provider), "--model", "gpt-5.5", "--effort", "hihg", "-p", "Hi"];
  const { code, stderr } = await runCli(args, { flags: ["--no-prompt", "--allow-read=/tmp"] });
  assert.equal(code, 2);
  assert.match(stderr, /"hihg" is no effort of the model gpt-5\.5; it is one of none, low, medium, high, xhigh/);
});

Deno.test("without any provider it says what to set, and how to try it without one", async () => {
  const { code, stderr } = await runCli(["--data-dir", "/tmp/none", "-p", "Hi"], { flags: ["--no-prompt"] });
  assert.equal(code, 2);
  assert.match(stderr, /OPENAI_API_KEY/);
  assert.match(stderr, /--provider llmsim/);
  assert.match(stderr, /not granted.*--allow-env=/s);
});

Deno.test("a command works as a prompt", async () => {
  using at = playground();
  const { code, stdout } = await runCli([...argsFor(at), "-p", "/help"]);
  assert.equal(code, 0);
  assert.match(stdout, /`\/undo`/);
});

Deno.test("a command that there is not exits 2, so that a script does not go on with it", async () => {
  using at = playground();
  const { code, stdout, stderr } = await runCli([...argsFor(at), "-p", "/hlep"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /There is no command `\/hlep`/);
});

Deno.test("what begins like a shell command is a prompt: a script must not run what somebody else wrote", async () => {
  using at = playground();
  await using provider = serveScript(["One.", "Two.", "Three."]);
  const args = argsFor(at, provider).filter((arg) => arg !== "--no-bash");
  const spoil = "echo spoiled > spoiled.txt";
  await runCli(args, { stdin: `!${spoil}` });
  await runCli([...args, "-p", `!${spoil}`]);
  await runCli([...args, "-p", `/shell ${spoil}`]);
  assert.equal(at.exists("spoiled.txt"), false);
  assert.equal(provider.requests.length, 3);
});

Deno.test("what is piped in is never a command", async () => {
  using at = playground();
  await using provider = serveScript(["An answer."]);
  const { stdout } = await runCli([...argsFor(at, provider), "-p", "-"], { stdin: "/help" });
  assert.equal(stdout, "An answer.\n");
});

Deno.test("a refused call is told once, however often it was tried, without its escape sequences", async () => {
  using at = playground();
  const calls = [{ name: "write_file", arguments: { path: "a\x1b]0;owned\x07.txt", content: "" } }];
  await using provider = serveScript([{ calls }, { calls }, "I may not."]);
  const { stderr } = await runCli([...argsFor(at, provider), "-p", "Write"]);
  assert.equal(stderr, 'coding_cli: refused (approval level "ask"): write_file: a.txt\n');
});

Deno.test("an answer in a terminal cannot drive it", async () => {
  using at = playground();
  await using provider = serveScript(["Harmless\x1b]0;owned\x07\x1b[2J text"]);
  const args = [...argsFor(at, provider), "-p", "Hi"];
  const env = { OPENAI_API_KEY: "sk-test" };
  await using pty = startCliInPty(await flagsFor(args, env), args, env);
  await pty.until("Harmless text");
  assert.doesNotMatch(pty.raw, /owned/);
});

Deno.test("a folder that is not there is wrong usage", async () => {
  using at = playground();
  const args = ["-C", `${at.root}/nowhere`, "--data-dir", at.dataDir, "--provider", "llmsim", "-p", "Hi"];
  const { code, stderr } = await runCli(args, { flags: ["--no-prompt", "--allow-read=/tmp"] });
  assert.equal(code, 2);
  assert.match(stderr, /there is no folder .*nowhere/);
});
