/**
 * Commands of whole sessions: turns, stored output, background runs, commands of the user.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type InProcessRuntime, RuntimeBackends } from "../../mod.ts";
import { type BashOptions, createBash } from "../../src/capabilities/bash/mod.ts";
import type { JsonObject } from "../../src/records/json.ts";
import { textOf } from "../../src/records/content.ts";
import { taskRegistry } from "../src/capabilities/_background_support.ts";
import { callTools, eventsOf, say, scriptedRuntime, simRuntime } from "../src/_support/runtime.ts";
import { assertDead, HeldDeadline } from "./_bash.ts";

function bashCall(args: JsonObject) {
  return callTools({ name: "bash", arguments: args });
}

/** A session that has bash and what else is named, and a model that calls it once. */
async function sessionWith(args: JsonObject, capabilities: readonly string[] = [], options: Partial<BashOptions> = {}) {
  return await scriptedRuntime([bashCall(args), "done"], {
    capabilities: [createBash({ cwd: "/", ...options })],
    session: (single) => {
      for (const id of capabilities) single.withCapability(id);
    },
  });
}

function resultOf(runtime: InProcessRuntime): JsonObject {
  const [completed] = eventsOf(runtime, "tool.completed");
  return completed?.data.result as JsonObject;
}

Deno.test("a turn gets the result of a command, and its subscribers the output as it comes", async () => {
  await using it = await sessionWith({ command: "echo out; echo err >&2; exit 3" });
  assert.equal((await say(it.runtime)).response, "done");
  assert.deepEqual({ ...resultOf(it.runtime) }, {
    command: "echo out; echo err >&2; exit 3",
    exit_code: 3,
    success: false,
    truncated: false,
    total_lines: 1,
    output_limited: false,
    stderr: "err\n",
    stdout: "out\n",
  });
  const deltas = eventsOf(it.runtime, "tool.output.delta").map(({ data }) => [data.stream, data.delta]);
  assert.deepEqual(deltas.sort(), [["stderr", "err\n"], ["stdout", "out\n"]]);
});

Deno.test("tool_output_persistence stores what the result leaves out, beside its exit code", async () => {
  const command = "for i in {1..3000}; do echo line $i; done; echo bad >&2";
  await using it = await sessionWith({ command, verbosity: "concise" }, ["tool_output_persistence"]);
  await say(it.runtime);
  const { stdout_file, stderr_file, exit_code, truncated } = resultOf(it.runtime);
  assert.deepEqual([exit_code, truncated], [0, true]);
  const files = await it.runtime.files(it.runtime.defaultSessionId);
  assert.match(String(stdout_file), /\/outputs\/call_[0-9a-f]+\.stdout$/);
  const { content } = await files.readFile(String(stdout_file));
  assert.deepEqual([content.split("\n").length, content.slice(-10)], [3_001, "line 3000\n"]);
  assert.equal((await files.readFile(String(stderr_file))).content, "bad\n");
});

Deno.test("output in full that is too long for a result is stored, beside its exit code", async () => {
  const command = "for i in {1..20000}; do echo line $i; done; exit 4";
  await using it = await sessionWith({ command, verbosity: "full" }, ["tool_output_persistence"]);
  await say(it.runtime);
  const { output_file, exit_code, success } = resultOf(it.runtime);
  assert.deepEqual([exit_code, success], [4, false]);
  const files = await it.runtime.files(it.runtime.defaultSessionId);
  assert.equal((await files.readFile(String(output_file))).content.split("\n").length, 20_001);
});

Deno.test("a turn that is cancelled ends its command with all it started", async () => {
  const { clock, over } = new HeldDeadline();
  const args = { command: "sleep 1000 & echo $!; wait" };
  await using it = await sessionWith(args, [], { clock, timeoutMs: HeldDeadline.MS });
  const { runtime } = it;
  const turn = runtime.startTurn(runtime.defaultSessionId, "go");
  let pid = "";
  for await (const event of runtime.subscribe(runtime.defaultSessionId, { after: 0 })) {
    if (event.type !== "tool.output.delta") continue;
    pid = event.data.delta.trim();
    break;
  }
  turn.cancel();
  assert.equal((await turn.result).status, "cancelled");
  await over;
  await assertDead(pid);
});

Deno.test("a command runs in the background, and its output is a file of the session", async () => {
  const registry = taskRegistry();
  await using _ = registry;
  const args = { tool: "bash", args: { command: "echo from the background" } };
  const { runtime } = await scriptedRuntime(
    [callTools({ name: "spawn_background", arguments: args }), "Started.", "Thanks."],
    {
      capabilities: [createBash({ cwd: "/" })],
      session: (single) => single.withCapability("background_execution"),
      backends: RuntimeBackends.inMemory().withTaskRegistry(registry),
    },
  );
  await using _runtime = runtime;
  await say(runtime);
  for await (const event of runtime.subscribe(runtime.defaultSessionId, { after: 0 })) {
    if (event.type === "input.message" && textOf(event.data.message.content).includes("has ended")) break;
  }
  const [task] = await registry.list(runtime.defaultSessionId);
  assert.equal(task?.state, "succeeded");
  const files = await runtime.files(runtime.defaultSessionId);
  const log = task.artifacts?.find(({ name }) => name === "output.log");
  assert.equal((await files.readFile(String(log?.path))).content, "from the background\n");
});

Deno.test("/shell runs a command of the user without a turn and without storing anything", async () => {
  await using runtime = await simRuntime("unused", { capabilities: [createBash({ cwd: "/tmp" })] });
  const id = runtime.defaultSessionId;
  const worked = await runtime.executeCommand(id, "shell", " pwd; printf '\\e[31mred\\e[0m' >&2 ");
  assert.deepEqual(worked, { output: "/tmp\nred", data: { exit_code: 0, success: true, output_limited: false } });
  const failed = await runtime.executeCommand(id, "shell", "echo no; exit 2");
  assert.equal(failed.output, "no\n[exit code 2]");
  assert.deepEqual(await runtime.messages(id), []);
  await assert.rejects(runtime.executeCommand(id, "shell", " "), /requires a command/);
});

Deno.test("a runtime with bash needs the right to run bash and nothing else", async () => {
  await using runtime = await simRuntime("unused", { capabilities: [createBash({ cwd: "/" })] });
  const needs = await runtime.requiredPermissions();
  assert.deepEqual([needs.toFlags(), needs.unknown], [["--no-prompt", "--allow-run=bash"], []]);
});
