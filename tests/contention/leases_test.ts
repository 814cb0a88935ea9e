/** Who may run a session's turns, when several real processes want to. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { textOf } from "../../src/records/content.ts";
import type { InProcessRuntime } from "../../src/runtime/in_process_runtime.ts";
import { SessionBusyError } from "../../src/errors.ts";
import { FakeClock } from "../../src/testing/fake_clock.ts";
import { openRuntime, SESSION } from "../local/_support/open_backends.ts";
import { tempFolder } from "../local/_support/temp_folder.ts";
import { startChild, startChildren } from "./_processes.ts";

/** What the child says, and nobody else. */
const HELD = "hold";

Deno.test("a session that another process runs a turn of is busy at once, and the holder is named", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  const pid = Number(await child.line);
  // Its time stands still: whoever waited for a timeout would wait for ever.
  await using here = await openRuntime(folder.path, { clock: new FakeClock() });
  await assert.rejects(here.runtime.runTextTurn(SESSION, "me too"), (error) => {
    assert.ok(error instanceof SessionBusyError);
    const about: unknown = JSON.parse(Deno.readTextFileSync(join(folder.path, "owners", error.holder)));
    assert.equal((about as { pid: number }).pid, pid);
    assert.equal(error.pid, pid);
    assert.ok(error.message.includes(`owner "${error.holder}" of process ${pid} is running one; try again when`));
    return true;
  });
});

Deno.test("while another process runs a turn, opening, reading and other sessions work", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  await child.line;
  await using here = await openRuntime(folder.path);
  assert.deepEqual(await textsOf(here.runtime), [HELD]);
  assert.equal(await here.runtime.status(SESSION), "active");
  for await (const event of here.runtime.subscribe(SESSION, { after: 0 })) {
    assert.equal(event.sequence, 1);
    break;
  }
  const { harnessId } = (await here.runtime.listSessions())[0]!;
  const other = await here.runtime.createSession({ harnessId });
  assert.equal((await here.runtime.runTextTurn(other.id, "mine")).success, true);
});

Deno.test("when another process's turn has ended, a turn here works and sees it", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  await child.line;
  await using here = await openRuntime(folder.path);
  await assert.rejects(here.runtime.runTextTurn(SESSION, "too early"), SessionBusyError);
  await child.letGo();
  assert.equal((await here.runtime.runTextTurn(SESSION, "next")).success, true);
  const texts = await textsOf(here.runtime);
  assert.deepEqual([texts[0], texts.at(-2), texts.includes("too early")], [HELD, "next", false]);
});

Deno.test("a killed process's turn is taken over without waiting for anything, and the session goes on", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  await child.line;
  // No heartbeat has to run out: the clock stands still all the time.
  await using here = await openRuntime(folder.path, { clock: new FakeClock() });
  await child.kill();
  const [recovered] = await here.runtime.recover();
  assert.equal(recovered?.sessionId, SESSION);
  assert.equal(recovered.result?.success, true);
  assert.equal((await here.runtime.runTextTurn(SESSION, "next")).success, true);
  assert.deepEqual((await textsOf(here.runtime)).filter((_, at) => at % 2 === 0), [HELD, "next"]);
});

Deno.test("a killed process's turn is finished by the next turn of its session, without recover()", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  await child.line;
  await child.kill();
  await using here = await openRuntime(folder.path, { clock: new FakeClock() });
  assert.equal((await here.runtime.runTextTurn(SESSION, "next")).success, true);
  assert.deepEqual((await textsOf(here.runtime)).filter((_, at) => at % 2 === 0), [HELD, "next"]);
});

Deno.test("of several processes that recover a killed one's turn, one finishes it", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  await child.line;
  await child.kill();
  await using first = await openRuntime(folder.path);
  await using second = await openRuntime(folder.path);
  const recovered = (await Promise.all([first.runtime.recover(), second.runtime.recover()])).flat();
  assert.equal(recovered.filter(({ result }) => result?.success === true).length >= 1, true);
  assert.equal((await textsOf(first.runtime)).length, 2);
});

Deno.test("a stopped process keeps its lease, and goes on with its turn when it is let go on", async () => {
  using folder = tempFolder();
  await using child = startChild(folder.path, "turn");
  await child.line;
  child.signal("SIGSTOP");
  try {
    await using here = await openRuntime(folder.path);
    await assert.rejects(here.runtime.runTextTurn(SESSION, "me too"), SessionBusyError);
    assert.deepEqual(await here.runtime.recover(), []);
  } finally {
    child.signal("SIGCONT");
  }
  await child.letGo();
  await using here = await openRuntime(folder.path);
  assert.equal(await here.runtime.status(SESSION), "idle");
  assert.equal((await here.runtime.runTextTurn(SESSION, "next")).success, true);
});

Deno.test("processes that share a session run all their turns, one at a time", async () => {
  using folder = tempFolder();
  {
    await using _first = await openRuntime(folder.path);
  }
  await using children = startChildren(3, folder.path, "turns", "8");
  assert.deepEqual(await children.lines, ["done", "done", "done"]);
  await using here = await openRuntime(folder.path);
  const messages = await here.runtime.messages(SESSION);
  assert.deepEqual(messages.map(({ role }) => role), Array.from({ length: 48 }, (_, at) => at % 2 ? "agent" : "user"));
  assert.equal(new Set(messages.filter(({ role }) => role === "user").map(({ content }) => textOf(content))).size, 24);
  const events = await here.local.runtimeBackends.slots.journal!.events(SESSION);
  assert.deepEqual(events.map(({ sequence }) => sequence), events.map((_, at) => at + 1));
});

async function textsOf(runtime: InProcessRuntime): Promise<string[]> {
  return (await runtime.messages(SESSION)).map(({ content }) => textOf(content));
}
