/**
 * Work that outlives its turn.
 *
 * @module
 */

import assert from "node:assert/strict";
import { textOf } from "@everruns/runtime";
import { answerTo, openHost } from "./_support/open_host.ts";
import { argsFor, playground, runCli } from "./_support/run_cli.ts";
import { type ProviderRequest, type ScriptedReply, serveScript } from "./_support/scripted_provider.ts";

Deno.test("a subagent in the background wakes the session when it is done", async () => {
  using at = playground();
  await using provider = serveScript([
    {
      calls: [{
        name: "spawn_agent",
        arguments: { name: "reader", instructions: "Read it", target: { type: "subagent" }, mode: "background" },
      }],
    },
    (request) => ({ text: JSON.stringify(request.input).includes("Read it") ? "Nothing to read." : "Started." }),
    (request) => ({ text: JSON.stringify(request.input).includes("Read it") ? "Nothing to read." : "Started." }),
    "So it is empty.",
  ]);
  await using host = await openHost(at, provider);
  host.startBackground();
  const woken = Promise.withResolvers<string>();
  let turns = 0;
  host.listen((event) => {
    if (event.sessionId !== host.sessionId || event.type !== "turn.completed") return;
    if (++turns === 2) woken.resolve(event.data.finalAnswerPreview ?? "");
  });
  await host.runTurn("Delegate");
  assert.equal(await woken.promise, "So it is empty.");
  const said = (await host.runtime.messages(host.sessionId)).map(({ content }) => textOf(content)).join("\n");
  assert.match(said, /Background task "reader"/);
});

const DELEGATE = {
  name: "spawn_agent",
  arguments: { name: "reader", instructions: "Read it", target: { type: "subagent" }, mode: "background" },
};
/** The reply to the one that delegates, and to the subagent: that one comes when the turn of the first is over. */
const delegated = (over: Promise<void>) => (request: ProviderRequest): ScriptedReply =>
  JSON.stringify(request.input).includes("subagent_id") ? { text: "Started." } : { text: "Nothing.", until: over };

Deno.test("a message that is sent while a wake's turn runs joins it", async () => {
  using at = playground();
  const [over, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const list = { name: "list_directory", arguments: { path: "/" } };
  await using provider = serveScript([
    { calls: [DELEGATE] },
    delegated(over.promise),
    delegated(over.promise),
    { calls: [list], until: gate.promise },
    "Both are done.",
  ]);
  await using host = await openHost(at, provider);
  host.startBackground();
  await host.runTurn("Delegate");
  over.resolve();
  await provider.request(4);
  const sent = host.submit("And look at this", new AbortController().signal);
  gate.resolve();
  assert.match(JSON.stringify((await provider.request(5)).input), /And look at this/);
  await sent;
});

Deno.test("/undo takes back what a wake's turn changed, and not the turn before it", async () => {
  using at = playground();
  const over = Promise.withResolvers<void>();
  const write = (path: string) => ({ name: "write_file", arguments: { path, content: "x\n" } });
  await using provider = serveScript([
    { calls: [write("asked.txt"), DELEGATE] },
    delegated(over.promise),
    delegated(over.promise),
    { calls: [write("woken.txt")] },
    "Woken and done.",
  ]);
  await using host = await openHost(at, provider, "--approval", "auto-edit");
  host.startBackground();
  const woken = Promise.withResolvers<void>();
  let idle = 0;
  host.listen(({ type, sessionId }) => {
    if (sessionId === host.sessionId && type === "session.idled" && ++idle === 2) woken.resolve();
  });
  await host.runTurn("Delegate");
  over.resolve();
  await woken.promise;
  assert.equal(await answerTo(host, "/undo"), "Restored: `woken.txt`");
  assert.equal(at.exists("asked.txt"), true);
});

Deno.test("a prompt of a script tells what it left running, which ends with it", async () => {
  using at = playground();
  await using provider = serveScript([
    { calls: [{ name: "spawn_background", arguments: { tool: "bash", args: { command: "sleep 30" } } }] },
    "Started.",
  ]);
  const args = argsFor(at, provider).filter((arg) => arg !== "--no-bash");
  const { code, stdout, stderr } = await runCli([...args, "--approval", "auto", "-p", "Wait for it"]);
  assert.deepEqual([code, stdout], [0, "Started.\n"]);
  assert.equal(stderr, "coding_cli: ended with the prompt, before it was done: sleep 30\n");
});

Deno.test("a schedule sends its message while the program is open", async () => {
  using at = playground();
  const due = new Date(Date.now() + 300).toISOString();
  await using provider = serveScript([
    { calls: [{ name: "create_schedule", arguments: { description: "Look at the build.", scheduled_at: due } }] },
    "Scheduled.",
    "The build is fine.",
  ]);
  await using host = await openHost(at, provider);
  host.startBackground();
  const fired = Promise.withResolvers<void>();
  host.listen((event) => {
    if (event.type === "turn.completed" && event.data.finalAnswerPreview === "The build is fine.") fired.resolve();
  });
  await host.runTurn("Remind me");
  await fired.promise;
  assert.match(JSON.stringify(provider.requests[2]?.input), /Look at the build\./);
});

Deno.test("a schedule of another session stays pending", async () => {
  using at = playground();
  const schedule = (description: string, after: number) => ({
    name: "create_schedule",
    arguments: { description, scheduled_at: new Date(Date.now() + after).toISOString() },
  });
  await using provider = serveScript([
    () => ({ calls: [schedule("Theirs.", 200)] }),
    "Scheduled.",
    () => ({ calls: [schedule("Ours.", 400)] }),
    "Scheduled.",
    "Ours is done.",
  ]);
  {
    await using other = await openHost(at, provider);
    await other.runTurn("Remind me");
  }
  await using host = await openHost(at, provider);
  host.startBackground();
  const fired = Promise.withResolvers<void>();
  host.listen((event) => {
    if (event.type === "turn.completed" && event.data.finalAnswerPreview === "Ours is done.") fired.resolve();
  });
  await host.runTurn("Remind me");
  await fired.promise;
  assert.deepEqual(provider.requests.length, 5);
  // What was due first would have come first.
  assert.doesNotMatch(JSON.stringify(provider.requests[4]), /Theirs/);
});
