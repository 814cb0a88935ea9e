/**
 * Questions to the user: what they show, and how long an answer counts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { commandKey, isCoveredBy } from "../host/command_prefix.ts";
import type { ApprovalDecision, ApprovalQuestion } from "../interactive_host.ts";
import type { CodingHost } from "../host/coding_host.ts";
import { effectiveOf, RememberedCalls } from "../host/remembered_calls.ts";
import { openHost } from "./_support/open_host.ts";
import { playground } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

Deno.test("an edit is asked about with a unified diff of what would be", async () => {
  using at = playground();
  at.write("src/a.ts", "const a = 1;\nconst b = 2;\n");
  await using provider = serveScript([
    { calls: [{ name: "read_file", arguments: { path: "src/a.ts" } }] },
    (request) => ({
      calls: [{
        name: "edit_file",
        arguments: {
          path: "src/a.ts",
          expected_hash: /sha256:[0-9a-f]{64}/.exec(JSON.stringify(request.input))?.[0],
          edits: [{ old_text: "b = 2", new_text: "b = 3" }],
        },
      }],
    }),
    "Done.",
  ]);
  await using host = await openHost(at, provider);
  const questions = answerAll(host, ["once"]);
  const { status } = await host.runTurn("Change b");
  assert.equal(status, "completed");
  assert.equal(questions[0]?.title, "Edit src/a.ts");
  assert.match(
    questions[0]?.detail ?? "",
    /^--- a\/src\/a\.ts.*\n\+\+\+ b\/src\/a\.ts.*\n@@ .* @@\n const a = 1;\n-const b = 2;\n\+const b = 3;\n/,
  );
  assert.equal(at.read("src/a.ts"), "const a = 1;\nconst b = 3;\n");
});

Deno.test("always is remembered for the tool, in the same reply and in later turns", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [write("a"), write("b")] }, "One.", { calls: [write("c")] }, "Two."]);
  await using host = await openHost(at, provider);
  const questions = answerAll(host, ["always"]);
  await host.runTurn("Write two");
  await host.runTurn("Write one");
  assert.deepEqual(questions.map(({ title }) => title), ["Create a"]);
  assert.deepEqual(["a", "b", "c"].map((path) => at.exists(path)), [true, true, true]);
});

Deno.test("no is told to the model with who said it, and counts once", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [write("a")] }, { calls: [write("a")] }, "I give up."]);
  await using host = await openHost(at, provider);
  const questions = answerAll(host, ["deny", "deny"]);
  await host.runTurn("Write it");
  assert.equal(questions.length, 2);
  assert.match(JSON.stringify(provider.requests[1]?.input), /the user said no/);
});

Deno.test("cancelling while a question stands ends the turn", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [write("a")] }]);
  await using host = await openHost(at, provider);
  host.onApproval((_, signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve("deny"), { once: true });
      host.cancel();
    })
  );
  const { status } = await host.runTurn("Write it");
  assert.equal(status, "cancelled");
  assert.equal(await host.runtime.status(host.sessionId), "idle");
});

Deno.test("a question that was left open is asked again by the next process", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [write("a")] }, "Done."]);
  {
    await using host = await openHost(at, provider);
    const asked = Promise.withResolvers<void>();
    host.onApproval((_, signal) => {
      asked.resolve();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve("deny"), { once: true }));
    });
    host.runTurn("Write it").catch(() => {});
    await asked.promise;
  }
  await using host = await openHost(at, provider, "--continue");
  const questions = answerAll(host, ["once"]);
  await host.takeUp();
  assert.deepEqual(questions.map(({ title }) => title), ["Create a"]);
  assert.equal(at.exists("a"), true);
});

Deno.test("always to a web page covers its host, and no file that is saved", () => {
  const remembered = new RememberedCalls();
  const fetching = (url: string, more: object = {}) => ({ name: "web_fetch", arguments: { url, ...more } });
  remembered.add(fetching("https://example.com/a"));
  assert.equal(remembered.covers(fetching("https://example.com/b?c=d")), true);
  assert.equal(remembered.covers(fetching("https://example.com.evil.org/")), false);
  assert.equal(remembered.covers(fetching("https://example.com/b", { save_to: "b.sh" })), false);
});

Deno.test("read-only refuses without a question, and another level counts at once", async () => {
  using at = playground();
  await using provider = serveScript([{ calls: [write("a")] }, "No.", { calls: [write("a")] }, "Yes."]);
  await using host = await openHost(at, provider, "--approval", "read-only");
  const questions = answerAll(host, ["once"]);
  await host.runTurn("Write it");
  assert.match(JSON.stringify(provider.requests[1]?.input), /this session is read-only/);
  assert.deepEqual([questions.length, at.exists("a")], [0, false]);
  host.useLevel("auto-edit");
  await host.runTurn("Write it now");
  assert.deepEqual([questions.length, at.exists("a")], [0, true]);
});

Deno.test("always to a command in the background covers that command, not the background", () => {
  const inBackground = (command: string) =>
    effectiveOf({ name: "spawn_background", arguments: { tool: "bash", args: { command } } });
  const remembered = new RememberedCalls();
  remembered.add(inBackground("deno test"));
  assert.deepEqual(remembered.list(), ["bash: deno test …"]);
  assert.equal(remembered.covers(effectiveOf({ name: "bash", arguments: { command: "deno test --watch" } })), true);
  assert.equal(remembered.covers(inBackground("rm -rf .")), false);
});

Deno.test("a subagent's question is asked like one of the session's own", async () => {
  using at = playground();
  await using provider = serveScript([
    {
      calls: [{
        name: "spawn_agent",
        arguments: { name: "helper", instructions: "Write it", target: { type: "subagent" }, mode: "foreground" },
      }],
    },
    { calls: [write("a")] },
    "Written.",
    "Done.",
  ]);
  await using host = await openHost(at, provider);
  const questions = answerAll(host, ["once"]);
  const { response } = await host.runTurn("Delegate");
  assert.equal(response, "Done.");
  assert.deepEqual(questions.map(({ title }) => title), ['Create a (for the subagent "helper")']);
  assert.equal(at.exists("a"), true);
});

Deno.test("a subagent of a turn that was asked about before is asked about too", async () => {
  using at = playground();
  await using provider = serveScript([
    { calls: [write("first")] },
    {
      calls: [{
        name: "spawn_agent",
        arguments: { name: "helper", instructions: "Write it", target: { type: "subagent" }, mode: "foreground" },
      }],
    },
    { calls: [write("second")] },
    "Written.",
    "Done.",
  ]);
  await using host = await openHost(at, provider);
  const questions = answerAll(host, ["once", "once"]);
  const { response } = await host.runTurn("Write, then delegate");
  assert.equal(response, "Done.");
  assert.deepEqual(questions.map(({ title }) => title), ["Create first", 'Create second (for the subagent "helper")']);
});

Deno.test("cancelling while a subagent's question stands takes it back, and later ones are asked", async () => {
  using at = playground();
  await using provider = serveScript([
    {
      calls: [{
        name: "spawn_agent",
        arguments: { name: "helper", instructions: "Write it", target: { type: "subagent" }, mode: "foreground" },
      }],
    },
    { calls: [write("by_helper")] },
    { calls: [write("later")] },
    "Done.",
  ]);
  await using host = await openHost(at, provider);
  const titles: string[] = [];
  host.onApproval(({ title }, signal) => {
    titles.push(title);
    if (titles.length > 1) return Promise.resolve("once");
    host.cancel();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve("deny"), { once: true }));
  });
  assert.equal((await host.runTurn("Delegate")).status, "cancelled");
  assert.equal((await host.runTurn("Do it yourself")).response, "Done.");
  assert.deepEqual(titles, ['Create by_helper (for the subagent "helper")', "Create later"]);
});

for (
  const [said, later] of [
    ["docker run alpine", "docker run alpine rm -rf /work"],
    ["deno task test", "deno task deploy"],
    ["git config --list", "git config core.pager evil"],
    ["git bisect start", "git bisect run evil"],
    ["git rebase main", "git rebase -x evil main"],
    ["nice bash x", "nice bash -c evil"],
  ] as const
) {
  Deno.test(`always to "${said}" does not cover "${later}"`, () => {
    const kept = new Set([commandKey(said)]);
    assert.equal(isCoveredBy(said, kept), true);
    assert.equal(isCoveredBy(later, kept), false);
  });
}

Deno.test("always to a command covers its program and subcommand, and never a second command", () => {
  const said = [
    "git status --short",
    "rm old.txt",
    "ls",
    "npm run test:unit",
    "deno run -A main.ts",
    "uv run python a.py",
  ];
  const kept = new Set(said.map(commandKey));
  const covered = [
    "git status",
    "git status -b",
    "rm old.txt",
    "ls",
    "npm run test:unit --watch",
    "deno run -A main.ts",
  ];
  const not = [
    "git push",
    "git status; rm -rf .",
    "git status && curl x",
    "git status $(rm x)",
    "git status > /etc/passwd",
    "git status\nrm x",
    "rm old.txt other",
    "ls -la",
    "git -c core.pager=evil status",
    "npm run deploy",
    "deno run -A other.ts",
    "uv run python b.py",
  ];
  assert.deepEqual([...covered, ...not].filter((command) => isCoveredBy(command, kept)), covered);
});

/** Answers questions by a script, and keeps them. */
function answerAll(host: CodingHost, decisions: readonly ApprovalDecision[]): readonly ApprovalQuestion[] {
  const questions: ApprovalQuestion[] = [];
  host.onApproval((question) => {
    questions.push(question);
    return Promise.resolve(decisions[questions.length - 1] ?? "deny");
  });
  return questions;
}

function write(path: string): { readonly name: string; readonly arguments: object } {
  return { name: "write_file", arguments: { path, content: "x" } };
}
