import assert from "node:assert/strict";
import { defineTool, ToolError } from "../../../mod.ts";
import { loopDetection } from "../../../src/capabilities/loop_detection.ts";
import { call, type Played, texts } from "../_support/played_driver.ts";
import { say } from "../_support/runtime.ts";
import { answering, guardedRuntime } from "./_guarded_runtime.ts";

/** The note at the end of each request, or undefined. */
async function notes(plays: readonly Played[], ...tools: ReturnType<typeof answering>[]) {
  await using it = await guardedRuntime([...plays, texts("done")], loopDetection, { tools });
  assert.equal((await say(it.runtime)).response, "done");
  const stored = JSON.stringify(await it.runtime.messages(it.runtime.defaultSessionId));
  assert.ok(!stored.includes("times with the same"), "the note is never stored");
  return it.driver.requests.map(({ messages }) => {
    const last = messages.at(-1);
    return last?.role === "system" ? last.content : undefined;
  });
}

Deno.test("loop_detection warns at the third call with the same result, whatever the order of its arguments", async () => {
  const seen = await notes(
    [call("look", { a: 1, b: 2 }), call("look", { b: 2, a: 1 }), call("look", { a: 1, b: 2 })],
    answering("look", "same"),
  );
  assert.deepEqual(seen.slice(0, 3), [undefined, undefined, undefined]);
  assert.match(seen[3] ?? "", /You called look 3 times .* same result/);
});

Deno.test("loop_detection does not warn when the results differ", async () => {
  const seen = await notes([call("poll"), call("poll"), call("poll")], answering("poll", "1", "2", "3"));
  // The set of calls is the same three times, which is worth a word of its own.
  assert.match(seen[3] ?? "", /same calls were made in 3 replies/);
  const other = await notes(
    [call("poll", { n: 1 }), call("poll", { n: 2 }), call("poll", { n: 3 })],
    answering("poll"),
  );
  assert.deepEqual(other, [undefined, undefined, undefined, undefined]);
});

Deno.test("loop_detection warns at the second failure of the same change, also of an MCP server's tool", async () => {
  for (const name of ["write_file", "disk__write_file"]) {
    const seen = await notes(
      [call(name, { path: "a" }), call(name, { path: "a" })],
      answering(name, new ToolError("read-only")),
    );
    assert.equal(seen[1], undefined);
    assert.match(seen[2] ?? "", /2 times .* failed the same way/);
  }
  const seen = await notes([call("look"), call("look")], answering("look", new ToolError("no")));
  assert.equal(seen[2], undefined, "a tool that changes nothing may fail twice");
});

Deno.test("loop_detection warns at the second failure that a command tells of itself", async () => {
  const bash = defineTool({ name: "bash", description: "", execute: () => ({ exit_code: 1, success: false }) });
  const seen = await notes([call("bash"), call("bash")], bash);
  assert.equal(seen[1], undefined);
  assert.match(seen[2] ?? "", /bash 2 times .* failed the same way/);
});

Deno.test("loop_detection warns when the same place of a file is read a third time", async () => {
  const reads = [
    call("read_file", { path: "a", limit: 1 }),
    call("read_file", { path: "a", limit: 2 }),
    call("read_file", { path: "a" }),
  ];
  const seen = await notes(reads, answering("read_file", "1", "2", "3"));
  assert.match(seen[3] ?? "", /read_file 3 times .* read the same place/);
});

Deno.test("loop_detection starts anew with the next input", async () => {
  const tools = [answering("look", "same")];
  await using it = await guardedRuntime(
    [call("look"), call("look"), texts("one"), call("look"), texts("two")],
    loopDetection,
    { tools },
  );
  await say(it.runtime);
  await say(it.runtime);
  assert.ok(it.driver.requests.every(({ messages }) => messages.at(-1)?.role !== "system"));
});

Deno.test("loop_detection refuses thresholds that are no whole numbers above 0", () => {
  for (const threshold of [0, 1.5, "3", 51]) {
    assert.match(loopDetection.validateConfig?.({ threshold }) ?? "", /`threshold`/);
  }
  assert.match(loopDetection.validateConfig?.({ treshold: 3 }) ?? "", /`treshold` is unknown/);
  assert.equal(loopDetection.validateConfig?.({ threshold: 5, mutating_failure_threshold: 1 }), undefined);
});
