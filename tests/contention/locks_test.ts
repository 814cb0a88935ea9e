/** The event loop goes on while another process keeps the store locked. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { idFromSeed } from "../../src/records/ids.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { LocalBackends } from "../../local/backends.ts";
import { StoreBusyError } from "../../local/errors.ts";
import { LocalProfile } from "../../local/profile.ts";
import { Connection } from "../../local/sqlite/connection.ts";
import { openRuntime, SESSION } from "../local/_support/open_backends.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { startChild } from "./_processes.ts";

/** Longest that a lock may hold up the event loop. */
const MAX_BLOCK_MS = 50;
const NEW_TASK = { sessionId: SESSION, kind: "note", displayName: "a task" };
const ADD_KEY = "INSERT INTO input_key (session_id, key, turn_id, sequence) VALUES ('s', ?, 't', 1)";

Deno.test("a write waits for another process's transaction while timers go on, and is stored after it", async () => {
  using folder = tempFolder();
  await using here = await openRuntime(folder.path);
  await using child = startChild(folder.path, "transaction");
  await child.line;
  const waiting = pending(here.local.taskRegistry.create(NEW_TASK));
  await timers(20);
  assert.equal(waiting.isSettled(), false);
  assert.deepEqual(await here.local.taskRegistry.list(SESSION), [], "a reader does not see it, and is not held up");
  await child.letGo();
  const { id } = await waiting.promise;
  assert.deepEqual((await here.local.taskRegistry.list(SESSION)).map((task) => task.id), [id]);
});

Deno.test("a turn waits for another process's transaction, and goes on after it", async () => {
  using folder = tempFolder();
  await using here = await openRuntime(folder.path);
  await using child = startChild(folder.path, "transaction");
  await child.line;
  const turn = pending(here.runtime.runTextTurn(SESSION, "hi"));
  await timers(20);
  assert.equal(turn.isSettled(), false);
  await child.letGo();
  assert.equal((await turn.promise).success, true);
});

Deno.test("the transaction of a killed process holds up nobody and leaves nothing", async () => {
  using folder = tempFolder();
  await using here = await openRuntime(folder.path);
  await using child = startChild(folder.path, "transaction");
  await child.line;
  const waiting = pending(here.local.taskRegistry.create(NEW_TASK));
  await timers(3);
  assert.equal(waiting.isSettled(), false);
  await child.kill();
  await waiting.promise;
  using db = Connection.open(join(folder.path, "local.db"));
  assert.deepEqual(db.all("SELECT key FROM input_key WHERE session_id = 'held'"), []);
});

Deno.test("a store that stays locked is given up with StoreBusyError after 5 s, and works again later", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  await using here = await openRuntime(folder.path, { clock });
  await using child = startChild(folder.path, "transaction");
  await child.line;
  const waiting = pending(here.local.taskRegistry.create(NEW_TASK));
  await clock.advanceAsync(4000);
  assert.equal(waiting.isSettled(), false);
  await clock.advanceAsync(2000);
  await assert.rejects(waiting.promise, (error) => {
    assert.ok(error instanceof StoreBusyError);
    assert.match(error.message, /^Cannot write to store .*: other processes kept it locked for 5000 ms; try again$/);
    return true;
  });
  await child.letGo();
  await here.local.taskRegistry.create(NEW_TASK);
  assert.equal((await here.local.taskRegistry.list(SESSION)).length, 1);
});

Deno.test("one try blocks for less than 50 ms, and all writes that wait share it", async () => {
  using folder = tempFolder();
  const clock = new FakeClock();
  const path = join(folder.path, "local.db");
  using db = Connection.open(path, { clock });
  assert.ok(Number(db.get("PRAGMA busy_timeout")?.["timeout"]) < MAX_BLOCK_MS);
  await using child = startChild(folder.path, "transaction");
  await child.line;
  const writes = Array.from({ length: 100 }, (_, at) => db.write(() => db.run(ADD_KEY, `${at}`), { join: true }));
  for (let tries = 0; tries < 3; tries++) {
    await clock.runToNextTimer();
    // One timer: between two tries the event loop is free, however many writes wait.
    assert.equal(clock.pending, 1);
  }
  await child.letGo();
  await clock.runToNextTimer();
  assert.equal((await Promise.all(writes)).length, 100);
});

Deno.test("opening waits for a process that keeps the store to itself, while timers go on", async () => {
  using folder = tempFolder();
  {
    await using _made = await openRuntime(folder.path);
  }
  await using child = startChild(folder.path, "exclusive");
  await child.line;
  const opening = pending(openRuntime(folder.path));
  await timers(20);
  assert.equal(opening.isSettled(), false);
  await child.letGo();
  await using here = await opening.promise;
  assert.equal((await here.runtime.runTextTurn(SESSION, "hi")).success, true);
});

Deno.test("making a store waits for a process that makes it, while timers go on", async () => {
  using folder = tempFolder();
  const lock = Deno.openSync(join(folder.path, ".create.lock"), { create: true, write: true });
  lock.lockSync(true);
  const opening = pending(openRuntime(folder.path));
  await timers(20);
  assert.equal(opening.isSettled(), false);
  lock.close();
  await using here = await opening.promise;
  assert.equal((await here.runtime.runTextTurn(SESSION, "hi")).success, true);
});

Deno.test("a process that was stopped in the middle of a transaction holds up neither opening nor reading", async () => {
  using folder = tempFolder();
  const id = idFromSeed("task", 1);
  {
    await using made = await openRuntime(folder.path);
    await made.local.taskRegistry.create({ ...NEW_TASK, id });
  }
  await using child = startChild(folder.path, "transaction");
  await child.line;
  child.signal("SIGSTOP");
  try {
    await using local = await LocalBackends.open(new LocalProfile(folder.path));
    assert.deepEqual((await local.taskRegistry.list(SESSION)).map((task) => task.id), [id]);
    assert.equal((await local.runtimeBackends.slots.sessionStore.getSession(SESSION))?.id, SESSION);
  } finally {
    child.signal("SIGCONT");
  }
});

/** A promise, and whether it has come to anything. */
function pending<T>(promise: Promise<T>): { readonly promise: Promise<T>; isSettled(): boolean } {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  return { promise, isSettled: () => settled };
}

/** Lets so many timers of the event loop fire, one after another. */
async function timers(count: number): Promise<void> {
  for (let fired = 0; fired < count; fired++) await new Promise((resolve) => setTimeout(resolve, 1));
}
