import assert from "node:assert/strict";
import { type CommandRequest, runCommand } from "../../../../src/capabilities/bash/run_command.ts";
import type { Clock } from "../../../../src/ports/clock.ts";
import { systemClock } from "../../../../src/kit/clock.ts";
import { ScriptedProcess } from "./_scripted_process.ts";

/** A clock whose waits are all over at once, except those of a command's own deadline. */
const HASTY: Clock = {
  ...systemClock(),
  setTimer(callback, milliseconds) {
    if (milliseconds === 60_000) return { cancel: () => {} };
    const id = setTimeout(callback, 0);
    return { cancel: () => clearTimeout(id) };
  },
};

function run(process: ScriptedProcess, options: Partial<CommandRequest> = {}) {
  return runCommand({ spawn: process.spawn, clock: HASTY }, {
    shell: "bash",
    command: "work",
    cwd: "/",
    env: {},
    login: false,
    stdin: undefined,
    timeoutMs: 60_000,
    maxOutputBytes: 10,
    signal: new AbortController().signal,
    ...options,
  });
}

Deno.test("a command that ends by itself is not asked to, and what it left behind is killed", async () => {
  const process = new ScriptedProcess();
  process.print("out");
  process.print("err", "stderr");
  process.exit(3);
  assert.deepEqual(await run(process), { stdout: "out", stderr: "err", code: 3 });
  assert.deepEqual(process.signals, ["SIGKILL"]);
});

Deno.test("a command that is late is asked to end, and then killed", async () => {
  const process = new ScriptedProcess();
  const { code, endedBy } = await run(process, { timeoutMs: 1 });
  assert.deepEqual([code, endedBy, process.signals], [137, "timeout", ["SIGTERM", "SIGKILL"]]);
});

Deno.test("a command that nothing can end does not hold the call", async () => {
  const process = new ScriptedProcess({});
  process.print("so far");
  assert.deepEqual(await run(process, { timeoutMs: 1 }), {
    stdout: "so far",
    stderr: "",
    code: 137,
    endedBy: "timeout",
  });
});

Deno.test("characters are whole whatever pieces they come in", async () => {
  const process = new ScriptedProcess();
  const pieces: string[] = [];
  const running = run(process, { onOutput: (text) => pieces.push(text) });
  process.print([0xe2, 0x82]);
  process.print([0xac, 0x21]);
  process.print([0xc3]);
  process.exit(0);
  assert.equal((await running).stdout, "€!\ufffd");
  assert.deepEqual(pieces, ["€!", "\ufffd"]);
});

Deno.test("output may be as long as the cap, and a character the cap goes through is dropped", async () => {
  const fits = new ScriptedProcess();
  fits.print("0123456789");
  fits.exit(0);
  assert.deepEqual(await run(fits), { stdout: "0123456789", stderr: "", code: 0 });
  const flood = new ScriptedProcess();
  flood.print("012345678€");
  const { stdout, endedBy } = await run(flood);
  assert.deepEqual([stdout, endedBy], ["012345678", "output_limit"]);
});

Deno.test("errors have a cap of their own", async () => {
  const process = new ScriptedProcess();
  process.print("0123456789");
  process.print("too many errors", "stderr");
  const { stdout, stderr, endedBy } = await run(process);
  assert.deepEqual([stdout, stderr, endedBy], ["0123456789", "too many e", "output_limit"]);
});

Deno.test("a command whose call is over is not started", async () => {
  const process = new ScriptedProcess();
  await assert.rejects(run(process, { signal: AbortSignal.abort(new Error("over")) }), /over/);
  assert.deepEqual(process.starts, []);
});

Deno.test("an abort while the command is being started ends it", async () => {
  const process = new ScriptedProcess();
  const abort = new AbortController();
  const running = runCommand({
    spawn: async (start) => {
      abort.abort(new Error("over"));
      return await process.spawn(start);
    },
    clock: HASTY,
  }, {
    shell: "bash",
    command: "work",
    cwd: "/",
    env: {},
    login: false,
    stdin: undefined,
    timeoutMs: 60_000,
    maxOutputBytes: 10,
    signal: abort.signal,
  });
  await assert.rejects(running, /over/);
  assert.deepEqual(process.signals, ["SIGTERM", "SIGKILL"]);
});

const unusable: readonly (readonly [string, string, RegExp])[] = [
  ["is empty", " \n", /it is empty/],
  ["has a NUL character", "echo \0", /NUL/],
  ["is too long for an argument", `: ${"é".repeat(60_000)}`, /write it to a file/],
];
for (const [name, command, message] of unusable) {
  Deno.test(`a command that ${name} is not started`, async () => {
    const process = new ScriptedProcess();
    await assert.rejects(run(process, { command }), message);
    assert.deepEqual(process.starts, []);
  });
}
