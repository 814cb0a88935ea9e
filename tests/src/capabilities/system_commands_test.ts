import assert from "node:assert/strict";
import { callTools, say, type SimModel, simRuntime } from "../_support/runtime.ts";

async function setUp(model: SimModel = "Hello.") {
  const runtime = await simRuntime(model, {
    session: (single) =>
      single.withCapability("system_commands").withCapability("test_math").sessionTitle("Tea")
        .sessionInitialFile({ path: "/notes/a.md", content: "abc" }),
  });
  const run = (name: string, args?: string) => runtime.executeCommand(runtime.defaultSessionId, name, args);
  return { runtime, run, [Symbol.asyncDispose]: () => runtime.close() };
}

Deno.test("the commands are listed with their usage", async () => {
  await using world = await setUp();
  const listed = await world.runtime.listCommands(world.runtime.defaultSessionId);
  assert.deepEqual(listed.map(({ name, usage }) => [name, usage]), [
    ["status", undefined],
    ["history", "[count]"],
    ["files", "[path]"],
    ["export", undefined],
  ]);
});

Deno.test("/status tells about the session, for people and for programs", async () => {
  await using world = await setUp();
  await say(world.runtime, "hi");
  const { output, data } = await world.run("status");
  const id = world.runtime.defaultSessionId;
  assert.equal(output, `session_id: ${id}\ntitle: Tea\nmodel: llmsim-model\nmessages: 2\nestimated_tokens: 2`);
  assert.deepEqual((data as { readonly messages: number }).messages, 2);
});

Deno.test("/history shows the newest messages, calls and results among them", async () => {
  await using world = await setUp([callTools({ name: "add", arguments: { a: 1, b: 2 } }), "Three."]);
  await say(world.runtime, "what is\n1 + 2?");
  const { output } = await world.run("history");
  const lines = output.split("\n");
  assert.deepEqual([lines[0], lines[1], lines[3]], [
    "user: what is 1 + 2?",
    'agent: [calls add {"a":1,"b":2}]',
    "agent: Three.",
  ]);
  assert.match(lines[2] ?? "", /^tool_result: \[result .*3/);
  assert.equal((await world.run("history", "1")).output, "agent: Three.");
  assert.equal((await world.run("history", "0")).output, "No messages.");
  assert.match((await world.run("history", "many")).output, /takes a number, not "many"/);
});

Deno.test("/files lists a directory, and says what is wrong with a path", async () => {
  await using world = await setUp();
  assert.equal((await world.run("files")).output, "notes/");
  assert.equal((await world.run("files", "notes")).output, "a.md (3 bytes)");
  assert.equal((await world.run("files", "none")).output, "No files.");
  assert.match((await world.run("files", "../x")).output, /Cannot use the path/);
});

Deno.test("/export gives the conversation as Markdown, oldest first", async () => {
  await using world = await setUp();
  await say(world.runtime, "hi");
  const { output } = await world.run("export");
  assert.match(output, /^# Tea\n\n## user, \d{4}-\S+Z\n\nhi\n\n## agent, \S+\n\nHello\.\n$/);
});

Deno.test("commands change nothing: the conversation and the events stay", async () => {
  await using world = await setUp();
  await say(world.runtime);
  const before = world.runtime.events().length;
  for (const name of ["status", "history", "files", "export"]) await world.run(name);
  assert.equal(world.runtime.events().length, before);
});
