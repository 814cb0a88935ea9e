import assert from "node:assert/strict";
import { bashHooks, type BashOptions, createBash } from "../../../../src/capabilities/bash/mod.ts";
import type { JsonObject } from "../../../../src/records/json.ts";
import { call, toolContext, toolOf } from "../_tool_context.ts";
import { ScriptedProcess } from "./_scripted_process.ts";

/** Calls the tool with a process that ends at once. */
async function bash(args: JsonObject, options: Partial<BashOptions> = {}) {
  const process = new ScriptedProcess();
  process.print("out\n");
  process.exit(0);
  const tool = toolOf(createBash({ cwd: "/work", spawn: process.spawn, ...options }), "bash");
  return { process, tool, result: await call(tool, args) };
}

Deno.test("bash starts a command with the folder and the environment of its host, and no input", async () => {
  const env = { LANG: "C" };
  const { process, result } = await bash({ command: "ls" }, { env });
  assert.deepEqual([result["stdout"], result["success"]], ["out\n", true]);
  const [start = assert.fail()] = process.starts;
  assert.deepEqual(
    [start.shell, start.command, start.cwd, start.env, start.login, start.stdin],
    ["bash", "ls", "/work", env, false, undefined],
  );
});

Deno.test("a call is never repeated, runs after those before it, and may run in the background", () => {
  const { definition } = toolOf(createBash({ cwd: "/" }), "bash");
  assert.deepEqual(
    [definition.effect, definition.concurrencyClass, definition.hints?.supportsBackground],
    ["at_most_once", "bash", true],
  );
});

Deno.test("the tool's own deadline is after that of the longest command", () => {
  const tool = toolOf(createBash({ cwd: "/", maxTimeoutMs: 700_000 }), "bash");
  assert.ok(Number(tool.timeoutMs) > 700_000);
});

/** Deadlines that a call of the tool sets. */
async function deadlines(args: JsonObject, turn: boolean): Promise<readonly number[]> {
  const set: number[] = [];
  const process = new ScriptedProcess();
  process.exit(0);
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    timeZone: () => "UTC",
    setTimer: (_: () => void, milliseconds: number) => {
      set.push(milliseconds);
      return { cancel: () => {} };
    },
  };
  const tool = toolOf(createBash({ cwd: "/", spawn: process.spawn, clock }), "bash");
  // Only whether there is a turn matters.
  const context = turn ? { ...toolContext(), turn: {} as never } : toolContext();
  await call(tool, args, context);
  return set.slice(0, 1);
}

const times: readonly (readonly [string, JsonObject, boolean, number])[] = [
  ["120 seconds", {}, true, 120_000],
  ["what it asks for", { timeout_seconds: 1.5 }, true, 1_500],
  ["600 seconds at most", { timeout_seconds: 3_600 }, true, 600_000],
  ["24 hours in the background", {}, false, 86_400_000],
  ["what it asks for in the background", { timeout_seconds: 3_600 }, false, 3_600_000],
];
for (const [name, args, turn, expected] of times) {
  Deno.test(`a command may run for ${name}`, async () => {
    assert.deepEqual(await deadlines({ command: "x", ...args }, turn), [expected]);
  });
}

for (const args of [{}, { command: 1 }, { command: "x", timeout_seconds: 0 }, { command: "x", cwd: "/" }]) {
  Deno.test(`the arguments ${JSON.stringify(args)} are refused`, async () => {
    assert.match(String((await bash(args)).result["error"]), /invalid arguments/);
  });
}

Deno.test("without the permission the model is told which flag is missing", { permissions: "none" }, async () => {
  const tool = toolOf(createBash({ cwd: "/", shell: "/bin/bash" }), "bash");
  const { error } = await call(tool, { command: "ls" });
  assert.match(String(error), /"\/bin\/bash" is not granted \(run with --allow-run=\/bin\/bash\)/);
});

Deno.test("hooks without the permission fail with the flag that is missing", { permissions: "none" }, async () => {
  const { spawn } = bashHooks({ cwd: "/" });
  const signal = new AbortController().signal;
  await assert.rejects(
    spawn({ command: "true", env: {}, stdin: "", maxOutputBytes: 1, signal }),
    /run with --allow-run=bash/,
  );
});

Deno.test("bash declares the shell it runs, and what a spawn of the host says it needs", () => {
  assert.deepEqual(createBash({ cwd: "/" }).permissions, { run: ["bash"] });
  assert.deepEqual(createBash({ cwd: "/", shell: "/bin/bash" }).permissions, { run: ["/bin/bash"] });
  const { spawn } = new ScriptedProcess();
  assert.deepEqual(createBash({ cwd: "/", spawn }).permissions, {});
  const permissions = { run: ["docker"] };
  assert.deepEqual(createBash({ cwd: "/", spawn, permissions }).permissions, permissions);
  assert.deepEqual(bashHooks({ cwd: "/" }).permissions, { run: ["bash"] });
});

const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
  ["no folder", { cwd: undefined }, /`cwd` is not the path of a folder/],
  ["an empty shell", { shell: "" }, /`shell`/],
  ["a variable that is no text", { env: { PORT: 80 } }, /`env` has a wrong "PORT"/],
  ["a variable with a wrong name", { env: { "A=B": "1" } }, /`env` has a wrong "A=B"/],
  ["an unknown verbosity", { verbosity: "loud" }, /`verbosity` is none of silent/],
  ["no time", { timeoutMs: 0 }, /`timeoutMs` is 0, not a whole number between 1 and 600000/],
  ["more time than the most", { maxTimeoutMs: 10, timeoutMs: 11 }, /between 1 and 10/],
  ["no room for output", { maxOutputBytes: 0.5 }, /`maxOutputBytes` is 0.5/],
];
for (const [name, options, message] of wrong) {
  Deno.test(`createBash() refuses ${name}`, () => {
    assert.throws(() => createBash({ cwd: "/", ...options }), message);
  });
}

Deno.test("createBash() lowers the usual time to the most when only that is given", () => {
  assert.ok(createBash({ cwd: "/", maxTimeoutMs: 1_000 }));
});
