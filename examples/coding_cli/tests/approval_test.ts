/**
 * Who decides about what: approval levels, and what is never written.
 *
 * @module
 */

import assert from "node:assert/strict";
import { openHost } from "./_support/open_host.ts";
import { argsFor, playground, runCli } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

const WRITE = { name: "write_file", arguments: { path: "new.txt", content: "x" } };
const RUN = { name: "bash", arguments: { command: "echo ran > ran.txt" } };

const LEVELS: readonly (readonly [level: string, writes: boolean, runs: boolean])[] = [
  ["read-only", false, false],
  ["ask", false, false],
  ["auto-edit", true, false],
  ["auto", true, true],
];

for (const [level, writes, runs] of LEVELS) {
  Deno.test(`with -p the level ${level} ${writes ? "lets" : "refuses"} edits and ${runs ? "lets" : "refuses"} commands`, async () => {
    using at = playground();
    await using provider = serveScript([{ calls: [WRITE, RUN] }, "Done."]);
    const args = argsFor(at, provider).filter((arg) => arg !== "--no-bash");
    const { code, stdout, stderr } = await runCli([...args, "--approval", level, "-p", "Work"]);
    assert.deepEqual([code, stdout], [0, "Done.\n"]);
    assert.deepEqual([at.exists("new.txt"), at.exists("ran.txt")], [writes, runs]);
    const told = JSON.stringify(provider.requests[1]?.input);
    if (!writes) assert.match(told, /approval level/);
    if (level === "ask") assert.match(stderr, /refused \(approval level "ask"\): write_file/);
  });
}

Deno.test("what was always allowed is asked about again after /clear", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [WRITE] }, "Done.", { calls: [WRITE] }, "Done."]);
  await using host = await openHost(at, provider);
  const asked: string[] = [];
  host.onApproval(({ title }) => {
    asked.push(title);
    return Promise.resolve("always");
  });
  await host.runTurn("Write");
  await host.clear();
  await host.runTurn("Write again");
  assert.deepEqual(asked.length, 2);
});

Deno.test("reading and planning need no approval at any level", async () => {
  using at = playground();
  at.write("a.txt", "content of a\n");
  const todos = [{ content: "Look", activeForm: "Looking", status: "in_progress" }];
  await using provider = serveScript([
    { calls: [{ name: "read_file", arguments: { path: "a.txt" } }, { name: "write_todos", arguments: { todos } }] },
    "Done.",
  ]);
  await runCli([...argsFor(at, provider), "--approval", "read-only", "-p", "Look"]);
  const told = JSON.stringify(provider.requests[1]?.input);
  assert.match(told, /content of a/);
  assert.doesNotMatch(told, /approval level/);
});

Deno.test("version control, secrets, servers and the program's own data cannot be written at any level", async () => {
  using at = playground();
  const inside = { ...at, dataDir: `${at.workspace}/data` };
  at.write(".env", "KEY=1\n");
  const paths = [".git/config", ".env", "packages/a/.env.local", ".mcp.json", "node_modules/a.js", "data/local.db"];
  const calls = paths.map((path) => ({ name: "write_file", arguments: { path, content: "overwritten" } }));
  await using provider = serveScript([{ calls }, "Done."]);
  await runCli([...argsFor(inside, provider), "--approval", "auto", "-p", "Break out"]);
  assert.equal(at.read(".env"), "KEY=1\n");
  for (const path of paths.filter((path) => path !== ".env")) assert.equal(at.exists(path), false, path);
});

Deno.test("what the runtime stores aside is kept out of the folder, and the model can read it", async () => {
  using at = playground();
  at.write("outputs/report.txt", "the project's own\n");
  await using provider = serveScript([
    { calls: [{ name: "bash", arguments: { command: "seq 1 20000" } }] },
    (request) => ({
      calls: [
        {
          name: "read_file",
          arguments: { path: /[^"\\]*outputs\/call_[0-9a-f]+\.stdout/.exec(JSON.stringify(request.input))?.[0] },
        },
        { name: "read_file", arguments: { path: "outputs/report.txt" } },
      ],
    }),
    "Done.",
  ]);
  const args = argsFor(at, provider).filter((arg) => arg !== "--no-bash");
  await runCli([...args, "--approval", "auto", "-p", "Count"]);
  const read = JSON.stringify(provider.requests[2]?.input);
  // In the middle of what the command printed, which the model was not shown.
  assert.ok(/1233\\+n1234\\+n/.test(read), "the stored output was not read");
  assert.ok(read.includes("the project's own"), "the project's file was not read");
  assert.deepEqual([...Deno.readDirSync(`${at.workspace}/outputs`)].map(({ name }) => name), ["report.txt"]);
});

Deno.test("what runs in the background is decided about as what it is", async () => {
  using at = playground();
  const call = { name: "spawn_background", arguments: { tool: "bash", args: RUN.arguments, title: "x" } };
  await using provider = serveScript([{ calls: [call] }, "Done."]);
  const args = argsFor(at, provider).filter((arg) => arg !== "--no-bash");
  await runCli([...args, "--approval", "auto-edit", "-p", "Work"]);
  assert.match(JSON.stringify(provider.requests[1]?.input), /nobody can be asked/);
});

Deno.test("a subagent's calls are decided about too", async () => {
  using at = playground();
  const spawn = {
    name: "spawn_agent",
    arguments: { name: "helper", instructions: "Write it", target: { type: "subagent" }, mode: "foreground" },
  };
  await using provider = serveScript([{ calls: [spawn] }, { calls: [WRITE] }, "I could not.", "Done."]);
  await runCli([...argsFor(at, provider), "-p", "Delegate"]);
  assert.equal(at.exists("new.txt"), false);
  assert.match(JSON.stringify(provider.requests[2]?.input), /nobody can be asked/);
});
