/**
 * Hostile programs: each is contained, the host goes on answering, and no process is left.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { SandboxFailureReason } from "../../src/sandbox/mod.ts";
import { watchedSandbox } from "./_children.ts";
import { type Lag, lagDuring } from "./_pings.ts";

/** A program, and how it must end: for a reason, or with a value. */
interface Hostile {
  readonly name: string;
  readonly code: string;
  readonly reason?: SandboxFailureReason;
  readonly value?: RegExp;
}

/** Tries to do something, and returns the error. */
const refused = (attempt: string): string => `try { await ${attempt}; return "done"; } catch (e) { return String(e); }`;

const HOSTILE: readonly Hostile[] = [
  { name: "spins", code: "for (;;);", reason: "time" },
  { name: "spins in a regular expression", code: "/(a+)+$/.test('a'.repeat(60) + 'b');", reason: "time" },
  { name: "hangs", code: "await new Promise(() => {});", reason: "time" },
  { name: "spins in a worker of its own", code: SPINNING_WORKER(), reason: "time" },
  { name: "fills the heap", code: "const all = []; for (;;) all.push({ a: [1, 2, 3] });", reason: "memory" },
  {
    name: "fills array buffers",
    code: "const all = []; for (;;) all.push(new Uint8Array(8 << 20).fill(1));",
    reason: "memory",
  },
  { name: "grows one string", code: "let s = 'x'; for (;;) { s += s + Math.random(); }", reason: "threw" },
  { name: "floods the channel", code: "for (;;) self.postMessage('x'.repeat(100_000));", reason: "output" },
  {
    name: "floods the standard output",
    code: "const b = new Uint8Array(65536).fill(10); for (;;) Deno.stdout.writeSync(b);",
    reason: "output",
  },
  {
    name: "writes one endless line",
    code: "const b = new Uint8Array(65536).fill(65); for (;;) Deno.stdout.writeSync(b);",
    reason: "output",
  },
  {
    name: "floods the standard error",
    code: "const b = new Uint8Array(65536).fill(65); for (;;) Deno.stderr.writeSync(b);",
    reason: "time",
  },
  { name: "floods the console", code: "for (let i = 0; i < 1e5; i++) console.log('x'.repeat(1000));", value: /^null$/ },
  { name: "exits", code: "Deno.exit(0);", reason: "threw" },
  { name: "exits as Node does", code: '(await import("node:process")).default.exit(0);', reason: "threw" },
  { name: "closes its worker", code: "self.close();", reason: "threw" },
  { name: "kills its own process", code: "Deno.kill(Deno.pid, 'SIGKILL');", reason: "crashed" },
  { name: "reads outside", code: refused("Deno.readTextFile('/etc/hostname')"), value: /NotCapable/ },
  {
    name: "reads outside as Node does",
    code: refused("(await import('node:fs')).readFileSync('/etc/hostname')"),
    value: /NotCapable/,
  },
  { name: "writes", code: refused("Deno.writeTextFile('/tmp/sandbox-escape', 'x')"), value: /NotCapable/ },
  {
    name: "fills the disk by way of the Cache API",
    code: refused("caches.open('full').then((cache) => cache.put('http://full.test/', new Response('x')))"),
    value: /Failed to create cache storage/,
  },
  { name: "connects", code: refused("Deno.connect({ hostname: '127.0.0.1', port: 9 })"), value: /NotCapable/ },
  { name: "fetches", code: refused("fetch('http://127.0.0.1:8123/')"), value: /Requires net access/ },
  { name: "reads the environment", code: refused("Promise.resolve(Deno.env.get('PATH'))"), value: /NotCapable/ },
  { name: "starts a program", code: refused("new Deno.Command('/bin/sh').output()"), value: /NotCapable/ },
  {
    name: "kills the group of processes",
    code: refused("Promise.resolve(Deno.kill(0, 'SIGKILL'))"),
    value: /NotCapable/,
  },
  { name: "imports from a registry", code: refused("import('npm:zod')"), value: /TypeError/ },
  {
    name: "imports from the network",
    code: refused("import('https://jsr.io/@std/assert/1.0.0/mod.ts')"),
    value: /TypeError/,
  },
  { name: "imports a file", code: refused("import('file:///etc/hostname')"), value: /TypeError/ },
  {
    name: "starts a worker with more permissions",
    code: refused("new Worker('data:,', { type: 'module', deno: { permissions: { read: true } } })"),
    value: /NotCapable/,
  },
];

/** Longest time the host may leave a ping unanswered, on a machine that does nothing else. */
const MAX_LAG_MS = 100;
/** Longest wait of the control on a machine that has no other work. */
const LOADED_MS = 60;
const TRIES = 3;

for (const { name, code, reason, value } of HOSTILE) {
  Deno.test(`code that ${name} is contained while the host answers`, async () => {
    const contained = async (): Promise<void> => {
      const children = watchedSandbox();
      const outcome = await children.sandbox.runCode(code, {
        timeoutMs: reason === "time" ? 1_000 : 60_000,
        memoryMb: 64,
      });
      assert.equal(
        outcome.type === "failed" ? outcome.reason : JSON.stringify(outcome.value),
        reason ?? matched(outcome, value),
      );
      assert.deepEqual([children.started, children.alive], [1, 0]);
    };
    const lags: Lag[] = [];
    // A busy machine may keep one thread waiting and not the other; a host that is busy itself is so every time.
    while (lags.length < TRIES && !lags.some(isPrompt)) lags.push(await lagDuring(contained));
    assert.ok(lags.some(isPrompt), `the longest waits for an answer, in milliseconds: ${JSON.stringify(lags)}`);
  });
}

/** Where the control waits for long too, the machine has other work: then the host's own work counts, not its wait. */
function isPrompt({ host, worked, control }: Lag): boolean {
  return host <= MAX_LAG_MS + control || control >= LOADED_MS && worked <= MAX_LAG_MS;
}

function matched(outcome: { readonly type: string; readonly value?: unknown }, expected: RegExp | undefined): string {
  const text = JSON.stringify(outcome.value);
  return expected?.test(text) ? text : `a value like ${expected}`;
}

function SPINNING_WORKER(): string {
  return "new Worker('data:application/javascript,for(;;);', { type: 'module' }); await new Promise(() => {});";
}
