/**
 * What the user types that is no prompt.
 *
 * @module
 */

import assert from "node:assert/strict";
import { answerTo, openHost } from "./_support/open_host.ts";
import { playground } from "./_support/run_cli.ts";
import { serveScript } from "./_support/scripted_provider.ts";

const never = new AbortController().signal;

Deno.test("/effort takes what the model is known to take and lists it, and passes on where nothing is known", async () => {
  using at = playground();
  await using provider = serveScript([{ status: 400 }]);
  await using host = await openHost(at, provider, "--model", "gpt-5.5");
  const refusal = '"hihg" is no effort of the model gpt-5.5; it is one of none, low, medium, high, xhigh';
  assert.equal(await answerTo(host, "/effort hihg"), `The effort stays as it is: ${refusal}`);
  assert.equal(host.facts().effort, undefined);
  assert.match(await answerTo(host, "/effort xhigh"), /^Effort: xhigh, from the next turn on$/);
  assert.match(await answerTo(host, "/model gpt-4o"), /; it takes no effort "xhigh" and thinks as it does by itself/);
  assert.equal(host.facts().effort, undefined);
  await answerTo(host, "/model scripted");
  assert.match(await answerTo(host, "/effort hihg"), /hihg, from the next turn on; .*not known here/);
  const { error } = await host.runTurn("Hi");
  assert.match(error?.message ?? "", /scripted failure/);
  assert.equal(provider.requests[0]?.reasoning?.effort, "hihg");
});

Deno.test("/model and /effort count from the next turn on and are told as facts", async () => {
  using at = playground();
  await using provider = serveScript(["One.", "Two."]);
  await using host = await openHost(at, provider);
  let changes = 0;
  host.onFacts(() => changes++);
  await host.runTurn("Hi");
  assert.match(await answerTo(host, "/model bigger"), /`bigger` of openai, from the next turn on/);
  assert.match(await answerTo(host, "/effort high"), /high, from the next turn on/);
  await host.runTurn("Hi again");
  assert.deepEqual(provider.requests.map(({ model }) => model), ["scripted", "bigger"]);
  assert.deepEqual([host.facts().model, host.facts().effort, changes], ["bigger", "high", 2]);
});

Deno.test("/model of another provider that is not set up says what to set, and changes nothing", async () => {
  using at = playground();
  await using host = await openHost(at);
  assert.match(await answerTo(host, "/model anthropic:"), /stays as it is: .*ANTHROPIC_API_KEY/);
  assert.equal(host.facts().provider, "llmsim");
});

Deno.test("/clear begins a new session, whose events follow those of the old one", async () => {
  using at = playground();
  await using provider = serveScript(["One.", "Two."]);
  await using host = await openHost(at, provider);
  const first = host.sessionId;
  const over = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of host.events(over.signal)) {
      if (event.type === "turn.completed") seen.push(event.sessionId);
      if (seen.length === 2) over.abort();
    }
  })();
  await host.runTurn("Hi");
  assert.deepEqual(await host.submit("/clear", never), { type: "clear" });
  assert.notEqual(host.sessionId, first);
  await host.runTurn("Hi");
  await reading;
  assert.deepEqual(seen, [first, host.sessionId]);
  assert.doesNotMatch(JSON.stringify(provider.requests[1]?.input), /One\./);
});

Deno.test("commands of the runtime work, and leave nothing in the conversation", async () => {
  using at = playground();
  await using provider = serveScript(["Hello.", "Aside."]);
  await using host = await openHost(at, provider);
  await host.runTurn("Hi");
  assert.equal(await answerTo(host, "/btw what is a fence?"), "Aside.");
  assert.equal(await answerTo(host, "/history"), "user: Hi\nagent: Hello.");
  assert.match(await answerTo(host, "/btw"), /requires a question/);
});

Deno.test("an unknown command is told and not sent to the model, but a path is a prompt", async () => {
  using at = playground();
  await using provider = serveScript(["Fine."]);
  await using host = await openHost(at, provider);
  assert.match(await answerTo(host, "/nope"), /no command `\/nope`/);
  assert.equal((await host.interpret("/etc/hosts looks odd", never)).type, "prompt");
});

Deno.test("a second message joins the running turn", async () => {
  using at = playground();
  const held = Promise.withResolvers<void>();
  await using provider = serveScript([{ text: "Working ", until: held.promise }, "Both done."]);
  await using host = await openHost(at, provider);
  const done = Promise.withResolvers<void>();
  host.listen((event) => {
    if (event.type === "turn.completed") done.resolve();
  });
  await host.submit("First", never);
  await provider.request(1);
  // It is stored at the next step of the turn, and so waits for the model.
  const joining = host.submit("Second", never);
  held.resolve();
  assert.deepEqual(await joining, { type: "turn" });
  await done.promise;
  assert.equal(provider.requests.length, 2);
  assert.match(JSON.stringify(provider.requests[1]?.input), /First.*Second/s);
});

Deno.test("/quit ends, and so does its other name", async () => {
  using at = playground();
  await using host = await openHost(at);
  assert.deepEqual(await host.submit("/quit", never), { type: "quit" });
  assert.deepEqual(await host.submit("/exit", never), { type: "quit" });
});
