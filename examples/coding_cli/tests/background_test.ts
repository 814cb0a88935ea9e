/**
 * Work that outlives its turn.
 *
 * @module
 */

import assert from "node:assert/strict";
import { textOf } from "@everruns/runtime";
import { openHost } from "./_support/open_host.ts";
import { playground } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

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
