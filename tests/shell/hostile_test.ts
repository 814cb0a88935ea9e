/**
 * Commands that do everything to stay, to flood or to confuse.
 *
 * @module
 */

import assert from "node:assert/strict";
import { assertDead, bash, HeldDeadline, run, runUntilLine } from "./_bash.ts";

Deno.test("a command that is aborted ends with everything it started", async () => {
  const abort = new AbortController();
  let pid = "";
  const running = runUntilLine("(sleep 1000 & echo $!; wait) & wait", (line) => {
    pid = line;
    abort.abort(new Error("enough"));
  }, { signal: abort.signal });
  await assert.rejects(running, /enough/);
  await assertDead(pid);
});

Deno.test("a command that is late ends with everything it started, and what it printed is kept", async () => {
  const deadline = new HeldDeadline();
  let pid = "";
  const { stdout, code, endedBy } = await runUntilLine(
    "sleep 1000 & echo $!; wait",
    (line) => {
      pid = line;
      deadline.pass();
    },
    { timeoutMs: HeldDeadline.MS },
    deadline,
  );
  assert.deepEqual([stdout, code, endedBy], [`${pid}\n`, 143, "timeout"]);
  await assertDead(pid);
});

Deno.test("a command is asked to end before it is made to", async () => {
  const deadline = new HeldDeadline();
  const command = "trap 'echo cleaned up; exit 3' TERM; echo ready; sleep 1000 & wait";
  const { stdout, code } = await runUntilLine(command, () => deadline.pass(), { timeoutMs: HeldDeadline.MS }, deadline);
  assert.deepEqual([stdout, code], ["ready\ncleaned up\n", 3]);
});

Deno.test("a command and its children that ignore SIGTERM are killed", async () => {
  const deadline = new HeldDeadline();
  let pid = "";
  const command = "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1000; done";
  const { code, endedBy } = await runUntilLine(
    command,
    (line) => {
      pid = line;
      deadline.pass();
    },
    { timeoutMs: HeldDeadline.MS },
    deadline,
  );
  assert.deepEqual([code, endedBy], [137, "timeout"]);
  await assertDead(pid);
});

Deno.test("a job left in the background that holds the output open does not hold the call", async () => {
  const { stdout, code } = await run("sleep 1000 & echo $!");
  assert.equal(code, 0);
  await assertDead(stdout.trim());
});

Deno.test("a job left in the background without output ends with its command", async () => {
  const { stdout } = await run("sleep 1000 >/dev/null 2>&1 & echo $!");
  await assertDead(stdout.trim());
});

Deno.test({
  name: "what left the process group does not hold the call; it goes on, as the documentation says",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { stdout, code } = await run("read -r pid < <(setsid bash -c 'echo $$; exec sleep 1000'); echo $pid");
    assert.equal(code, 0);
    const { code: killed } = await new Deno.Command("bash", { args: ["-c", 'kill -9 "$0"', stdout.trim()] }).output();
    assert.equal(killed, 0);
  },
});

Deno.test("the end of a process substitution is waited for", async () => {
  const { stdout } = await run("echo one > >(sleep 0.1; tr a-z A-Z)");
  assert.equal(stdout, "ONE\n");
});

Deno.test("a flood is ended at the cap with everything that makes it", async () => {
  const result = await bash({ command: "yes 'no end' & yes >&2", verbosity: "concise" });
  const { stdout, stderr, success, output_limited, truncated } = result;
  assert.deepEqual([success, output_limited, truncated], [false, true, true]);
  assert.match(String(result["ended_because"]), /printed too much/);
  assert.ok(String(stdout).length <= 2_048 && String(stderr).length <= 2_048);
});

Deno.test("no more than the cap is kept of a flood", async () => {
  const { stdout, endedBy } = await run("yes", { maxOutputBytes: 1_001 });
  assert.deepEqual([stdout, endedBy], [`${"y\n".repeat(500)}y`, "output_limit"]);
});

Deno.test("a shell that kills itself is a result", async () => {
  const { exit_code, success } = await bash({ command: "echo so far; kill -9 $$" });
  assert.deepEqual([exit_code, success], [137, false]);
});

Deno.test("output that is no UTF-8 is shown with replacement characters", async () => {
  const { stdout } = await bash({ command: String.raw`printf 'a\xff\xfe\x00\x01b\xc3'` });
  assert.equal(stdout, "a\ufffd\ufffd\ufffd\ufffdb\ufffd");
});

Deno.test("of 10,000 lines those that tell of errors stay", async () => {
  const command = "for i in {1..10000}; do if ((i == 5000)); then echo 'error: line 5000'; else echo line $i; fi; done";
  const { stdout, total_lines, truncated } = await bash({ command, verbosity: "silent" });
  assert.deepEqual([total_lines, truncated], [10_000, true]);
  assert.match(String(stdout), /^line 1\n[^]*error: line 5000[^]*line 10000/);
});

Deno.test("one huge line is cut to the budget", async () => {
  const { stdout, truncated } = await bash({ command: "printf 'x%.0s' {1..200000}", verbosity: "normal" });
  assert.equal(truncated, true);
  assert.ok(String(stdout).length > 2_000 && String(stdout).length <= 8_192);
});

Deno.test("a command that reads finds its input closed", async () => {
  const { stdout, exit_code } = await bash({ command: "cat; read -r line; echo $?" });
  assert.deepEqual([stdout, exit_code], ["1\n", 0]);
});

Deno.test("a command may ask its supervisor to end in vain", async () => {
  const { stdout, code } = await run("kill -TERM $PPID; kill -HUP $PPID; kill -INT $PPID; echo still here");
  assert.deepEqual([stdout, code], ["still here\n", 0]);
});

Deno.test("a command that kills its supervisor ends with it", async () => {
  const { stdout, code } = await run("echo $$; sleep 0.2; kill -KILL $PPID; sleep 1000");
  assert.equal(code, 137);
  await assertDead(stdout.trim());
});

Deno.test("a command that stops its supervisor leaves neither of them behind", async () => {
  const deadline = new HeldDeadline();
  let pids = "";
  const running = runUntilLine(
    "echo $$ $PPID; kill -STOP $PPID; sleep 1000",
    (line) => {
      pids = line;
      deadline.pass();
    },
    { timeoutMs: HeldDeadline.MS },
    deadline,
  );
  assert.equal((await running).endedBy, "timeout");
  for (const pid of pids.split(" ")) await assertDead(pid);
});

Deno.test("a command ends with its host, whatever ends that", async () => {
  const host = new Deno.Command("deno", {
    args: ["run", "--no-prompt", "--allow-run=bash", new URL("./fixtures/abandoned_host.ts", import.meta.url).href],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = host.stdout.getReader();
  const pid = new TextDecoder().decode((await reader.read()).value).trim();
  await reader.cancel();
  host.kill("SIGKILL");
  await host.status;
  await assertDead(pid);
});

Deno.test("input goes to the command as it is, and one that does not read it is not held up", async () => {
  const input = "é\n".repeat(100_000);
  assert.equal((await run("cat", { stdin: input })).stdout, input);
  assert.deepEqual(await run("echo unread", { stdin: input }), { stdout: "unread\n", stderr: "", code: 0 });
});

Deno.test("a variable that steers bash steers the command and not what watches it", async () => {
  const made = await run("file=$(mktemp); echo 'echo from BASH_ENV' > $file; echo $file");
  const BASH_ENV = made.stdout.trim();
  const env = { BASH_ENV, TMOUT: "1", "BASH_FUNC_read%%": "() { exit 5; }", "BASH_FUNC_kill%%": "() { exit 6; }" };
  const { stdout, code } = await run("echo on", { env });
  assert.deepEqual([stdout, code], ["from BASH_ENV\non\n", 0]);
  await run(`rm ${BASH_ENV}`);
});

Deno.test("a command that stops itself is late like any other", async () => {
  const deadline = new HeldDeadline();
  const running = runUntilLine("echo ready; kill -STOP $$", () => deadline.pass(), {
    timeoutMs: HeldDeadline.MS,
  }, deadline);
  assert.equal((await running).endedBy, "timeout");
});
