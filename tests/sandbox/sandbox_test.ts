/**
 * Running code and modules in a sandbox.
 *
 * @module
 */

import assert from "node:assert/strict";
import { systemClock } from "../../src/kit/clock.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { Sandbox, type SandboxOutcome, SandboxUnavailableError, type SpawnSandbox } from "../../src/sandbox/mod.ts";
import { spawnSandbox } from "../../src/sandbox/process.ts";
import { watchedSandbox } from "./_children.ts";

const sandbox = new Sandbox();

function valueOf(outcome: SandboxOutcome): unknown {
  assert.equal(outcome.type, "done", JSON.stringify(outcome));
  return outcome.type === "done" ? JSON.parse(JSON.stringify(outcome.value)) : undefined;
}

function messageOf(outcome: SandboxOutcome): string {
  assert.equal(outcome.type, "failed", JSON.stringify(outcome));
  return outcome.type === "failed" ? outcome.message : "";
}

Deno.test("runCode() returns what the code returns, also TypeScript", async () => {
  const outcome = await sandbox.runCode("const n: number = 6;\nreturn { answer: n * 7, nothing: undefined };");
  assert.deepEqual(valueOf(outcome), { answer: 42 });
});

Deno.test("runCode() gives null for code that returns nothing", async () => {
  assert.equal(valueOf(await sandbox.runCode("// nothing")), null);
});

Deno.test("runCode() captures the console in order and cuts it", async () => {
  const code = "console.log('a', { b: 1 }); console.error('c'); console.time('t'); console.log('d'.repeat(100));";
  const streams: string[] = [];
  const outcome = await sandbox.runCode(code, {
    maxLogCharacters: 20,
    onLog: (text, stream) => streams.push(`${stream}: ${text.slice(0, 3)}`),
  });
  assert.equal(outcome.output, "a { b: 1 }\nc\nddddddd [more output was dropped]\n");
  assert.deepEqual(streams.map((line) => line.trim()), ["stdout: a {", "stderr: c", "stdout: ddd"]);
});

Deno.test("runCode() names the line of an error, of a mistake in the syntax, and of a failed call", async () => {
  const thrown = await sandbox.runCode("const a = {};\nconst b = 1;\nreturn a.b.c;");
  assert.match(messageOf(thrown), /^TypeError: Cannot read properties of undefined.*\n.*code:3:\d+\)$/);
  assert.match(messageOf(await sandbox.runCode("const a = 1;\nconst b = ;")), /Expression expected[^]*code:2:\d+$/);
  const call = await sandbox.runCode("const a = 1;\nawait tools.fail();", {
    tools: ["fail"],
    callTool: () => Promise.reject(new Error("no luck")),
  });
  assert.match(messageOf(call), /^ToolError: no luck/);
});

Deno.test("runCode() tells what cannot be returned", async () => {
  assert.match(messageOf(await sandbox.runCode("return 1n;")), /BigInt/);
  assert.match(messageOf(await sandbox.runCode("const a = {}; a.a = a; return a;")), /circular/);
  const long = await sandbox.runCode("return 'x'.repeat(1000);", { maxResultCharacters: 100 });
  assert.match(messageOf(long), /1002 characters of JSON and at most 100 are accepted/);
});

Deno.test("runCode() fails when code throws after it has begun to wait", async () => {
  const code = "setTimeout(() => { throw new Error('late'); }); await new Promise(() => {});";
  assert.match(messageOf(await sandbox.runCode(code)), /late/);
});

Deno.test("runCode() answers calls of tools, several at once", async () => {
  const outcome = await sandbox.runCode(
    "const all = await Promise.all([1, 2, 3].map((n) => tools.double({ n })));\nreturn all;",
    { tools: ["double"], callTool: (_, args) => Promise.resolve(Number((args as { n: number }).n) * 2) },
  );
  assert.deepEqual(valueOf(outcome), [2, 4, 6]);
});

Deno.test("runCode() answers no more than the most calls", async () => {
  const outcome = await sandbox.runCode(
    "const seen = [];\nfor (let i = 0; i < 3; i++) seen.push(await tools.ping().catch((e) => e.message));\nreturn seen;",
    { tools: ["ping"], maxCalls: 2, callTool: () => Promise.resolve("pong") },
  );
  assert.deepEqual(valueOf(outcome), ["pong", "pong", "at most 2 calls are answered in one run"]);
});

Deno.test("runCode() names the tools there are when code calls another", async () => {
  const outcome = await sandbox.runCode("await tools.nothing();", { tools: ["ping"] });
  assert.match(messageOf(outcome), /There is no tool "nothing" here; there are: ping/);
});

Deno.test("a call that nobody awaits is aborted when the code is over", async () => {
  const aborted = Promise.withResolvers<void>();
  const outcome = await sandbox.runCode("tools.wait(); await tools.begun();", {
    tools: ["wait", "begun"],
    callTool: (name, _, signal) => {
      if (name === "begun") return Promise.resolve(null);
      signal.addEventListener("abort", () => aborted.resolve(), { once: true });
      return new Promise(() => {});
    },
  });
  assert.equal(outcome.type, "done");
  await aborted.promise;
});

Deno.test("forged lines say no more than honest ones, and what is no message is skipped", async () => {
  const code = `
    const say = (text) => Deno.stdout.writeSync(new TextEncoder().encode(text + "\\n"));
    for (const text of ["nonsense", "{", "[]", '{"type":"call","id":"x"}', '{"type":"log"}', '{"type":"limit"}']) say(text);
    say(JSON.stringify({ type: "call", id: 7, name: "secret", args: {} }));
    return "honest";`;
  const called: string[] = [];
  const outcome = await sandbox.runCode(code, {
    callTool: (name) => {
      called.push(name);
      return Promise.reject(new Error("refused"));
    },
  });
  assert.equal(valueOf(outcome), "honest");
  assert.deepEqual(called, ["secret"]);
});

Deno.test("an abort kills the child and is what the caller gets", async () => {
  const children = watchedSandbox();
  const stop = new AbortController();
  const running = children.sandbox.runCode("console.log('begun'); for (;;);", {
    signal: stop.signal,
    onLog: () => stop.abort(new Error("enough")),
  });
  await assert.rejects(running, { message: "enough" });
  assert.deepEqual([children.started, children.alive, children.signals], [1, 0, ["SIGKILL"]]);
});

Deno.test("a run that is aborted before it begins starts nothing", async () => {
  const children = watchedSandbox();
  const signal = AbortSignal.abort(new Error("never mind"));
  await assert.rejects(children.sandbox.runCode("return 1;", { signal }), { message: "never mind" });
  assert.equal(children.started, 0);
});

Deno.test("a child that never begins is killed by the host's own deadline", async () => {
  // A program that is no supervisor: it reads nothing and says nothing.
  const spawn: SpawnSandbox = () => spawnSandbox("deno", ["eval", "setInterval(() => {}, 1000);"]);
  const hurried: Clock = { ...systemClock(), setTimer: (callback) => systemClock().setTimer(callback, 100) };
  const outcome = await new Sandbox({ spawn, clock: hurried }).runCode("return 1;", { timeoutMs: 60_000 });
  assert.equal(outcome.type === "failed" && outcome.reason, "time");
  assert.match(messageOf(outcome), /ran longer than 60000 ms/);
});

Deno.test("a child that cannot begin is told with what it said", async () => {
  const spawn: SpawnSandbox = () => spawnSandbox("deno", ["run", "--no-such-flag"]);
  const outcome = await new Sandbox({ spawn }).runCode("return 1;");
  assert.equal(outcome.type === "failed" && outcome.reason, "crashed");
  assert.match(messageOf(outcome), /ended with code 1 and without a result: .*--no-such-flag/s);
});

Deno.test("a child gets nothing of the host's environment", async () => {
  const child = spawnSandbox("deno", ["eval", "console.log(JSON.stringify(Deno.env.toObject()));"]);
  await child.stdin.close();
  const { stdout } = await child.output();
  // Deno sets the other two itself (2.9.6); the PATH is a folder of its own.
  const { PATH, DENO_NODE_SHIM_ACTIVE: _, ...env } = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual(env, { NO_COLOR: "1", DENO_DIR: "/dev/null/none" });
  assert.doesNotMatch(PATH ?? "", /:|\/s?bin$/);
});

Deno.test("no more than the most processes run at once", async () => {
  const children = watchedSandbox({ maxProcesses: 2 });
  let most = 0;
  const onLog = (): void => void (most = Math.max(most, children.alive));
  const runs = [1, 2, 3, 4, 5].map((n) => children.sandbox.runCode(`console.log("x"); return ${n};`, { onLog }));
  assert.deepEqual((await Promise.all(runs)).map(valueOf), [1, 2, 3, 4, 5]);
  assert.equal(children.started, 5);
  assert.ok(most <= 2, `${most} ran at once`);
});

Deno.test("runModule() calls the default export of a source text", async () => {
  const outcome = await sandbox.runModule("export default ({ n }: { n: number }) => n + 1;", { n: 41 });
  assert.equal(valueOf(outcome), 42);
});

Deno.test("runModule() loads a file and what it imports, without letting it read them", async () => {
  const outcome = await sandbox.runModule(new URL("./fixtures/adder.ts", import.meta.url), { n: 2 });
  const { sum, read } = valueOf(outcome) as { sum: number; read: string };
  assert.equal(sum, 42);
  assert.match(read, /^NotCapable: Requires read access/);
});

Deno.test("runModule() gives exactly the declared permissions", async () => {
  const fixtures = new URL("./fixtures/", import.meta.url).pathname;
  const module = `export default async ({ own }) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    listener.close();
    return [
      (await Deno.readTextFile(own)).length > 0,
      await Deno.readTextFile("/etc/hostname").catch((error) => error.name),
      await Deno.connect({ hostname: "127.0.0.2", port }).catch((error) => error.name),
      await Deno.writeTextFile(own, "").catch((error) => error.name),
    ];
  };`;
  const outcome = await sandbox.runModule(module, { own: `${fixtures}step.ts` }, {
    permissions: { read: [fixtures], net: ["127.0.0.1"] },
  });
  assert.deepEqual(valueOf(outcome), [true, "NotCapable", "NotCapable", "NotCapable"]);
});

Deno.test("runModule() says what is wrong with a module", async () => {
  assert.match(messageOf(await sandbox.runModule("export const a = 1;", {})), /no function as its default export/);
  assert.match(messageOf(await sandbox.runModule("export default (", {})), /SyntaxError|Expected/);
  const missing = new URL("./fixtures/missing.ts", import.meta.url);
  assert.match(messageOf(await sandbox.runModule(missing, {})), /not found/i);
  await assert.rejects(sandbox.runModule(new URL("https://example.com/a.ts"), {}), /loads no "https:" URL/);
});

Deno.test("options that are out of range or of a wrong shape are refused before anything starts", async () => {
  const children = watchedSandbox();
  const run = (options: object): Promise<unknown> => children.sandbox.runCode("return 1;", options);
  await assert.rejects(run({ timeoutMs: 0 }), RangeError);
  await assert.rejects(run({ memoryMb: 1 }), RangeError);
  await assert.rejects(run({ memoryMb: "128" }), TypeError);
  await assert.rejects(run({ permissions: { run: ["ls"] } }), /may not have `run` in a sandbox/);
  await assert.rejects(run({ permissions: { env: true } }), /may not have `env`/);
  await assert.rejects(run({ permissions: { read: ["relative"] } }), /not an absolute path/);
  await assert.rejects(run({ permissions: { read: ["/a,/b"] } }), /has a comma/);
  await assert.rejects(run({ permissions: { ffi: true } }), /`permissions.ffi` is not read, write or net/);
  assert.throws(() => new Sandbox({ program: "" }), TypeError);
  assert.throws(() => new Sandbox({ maxProcesses: 0 }), RangeError);
  assert.equal(children.started, 0);
});

Deno.test({
  name: "without the grant nothing runs, and the error names the flag",
  permissions: { run: false },
  fn: async () => {
    await assert.rejects(sandbox.runCode("return 1;"), (error) => {
      assert.ok(error instanceof SandboxUnavailableError);
      assert.equal(error.code, "sandbox_unavailable");
      assert.match(error.message, /run access to "deno" is not granted \(run with --allow-run=deno\)/);
      return true;
    });
  },
});
