import assert from "node:assert/strict";
import { idFromSeed, ToolError } from "../../../mod.ts";
import { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import { BackgroundPermits, permitsOf } from "../../../src/kit/background_permits.ts";

const session = (seed: number) => idFromSeed("session", seed);

Deno.test("acquire() refuses the sixth run of a session and names the limit", () => {
  const permits = new BackgroundPermits();
  for (let run = 0; run < 5; run++) permits.acquire(session(1));
  assert.throws(
    () => permits.acquire(session(1)),
    (error) =>
      error instanceof ToolError && /this session may run 5 at once and this would be number 6/.test(error.message),
  );
  permits.acquire(session(2));
});

Deno.test("acquire() refuses the 65th run of the process and names the limit", () => {
  const permits = new BackgroundPermits();
  for (let run = 0; run < 64; run++) permits.acquire(session(run));
  assert.throws(() => permits.acquire(session(64)), /this process may run 64 at once and this would be number 65/);
});

Deno.test("a permit that is given back makes room once, however often it is disposed", () => {
  const permits = new BackgroundPermits({ perSession: 2, perProcess: 2 });
  const first = permits.acquire(session(1));
  permits.acquire(session(1));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  permits.acquire(session(1));
  assert.throws(() => permits.acquire(session(1)), /number 3/);
});

Deno.test("resume() is never refused, but counts", () => {
  const permits = new BackgroundPermits({ perSession: 1 });
  const resumed = [permits.resume(session(1)), permits.resume(session(1))];
  assert.throws(() => permits.acquire(session(1)), /this session may run 1 at once and this would be number 3/);
  for (const permit of resumed) permit[Symbol.dispose]();
  permits.acquire(session(1));
});

Deno.test("permitsOf() gives all work of a registry the same permits", async () => {
  await using registry = new InMemorySessionTaskRegistry();
  await using other = new InMemorySessionTaskRegistry();
  assert.equal(permitsOf(registry), permitsOf(registry));
  assert.notEqual(permitsOf(registry), permitsOf(other));
});
