/** Turns of one session run one after another; those of different sessions at the same time. */

import assert from "node:assert/strict";
import { QueueFullError, ReentrantTurnError } from "../../../src/errors.ts";
import { defineClientTool } from "../../../src/kit/define_tool.ts";
import type { ToolContext } from "../../../src/ports/tool.ts";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import { textOf } from "../../../src/records/content.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import {
  calls,
  type FaultOptions,
  faultRuntime,
  isSettled,
  logOf,
  ofType,
  type Respond,
  SESSION,
  text,
  tool,
  until,
} from "../_support/faults.ts";
import { assertSession } from "../_support/invariants.ts";

const OTHER: SessionId = idFromSeed("session", 2);

/** A model whose answers wait for a gate each. */
function gates() {
  const waiting: (() => void)[] = [];
  const respond: Respond = async function* ({ messages }) {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    await promise;
    const last = messages.findLast(({ role }) => role === "user");
    yield* text(last?.role === "user" ? `re ${textOf(last.content)}` : "");
  };
  return { respond, waiting };
}

async function open(options: FaultOptions = {}) {
  const backends = RuntimeBackends.inMemory();
  const runtime = await faultRuntime({ ...options, backends });
  return { runtime, backends, [Symbol.asyncDispose]: () => runtime.close() };
}

Deno.test("a second turn of a session waits until the first is over", async () => {
  const { respond, waiting } = gates();
  await using world = await open({ respond });
  const { runtime, backends } = world;
  const first = runtime.startTurn(SESSION, "one");
  const second = runtime.startTurn(SESSION, "two");
  await until(() => waiting.length === 1);
  assert.equal(await isSettled(second.accepted), false);
  assert.equal(ofType(await logOf(backends), "input.message").length, 1);
  waiting[0]?.();
  assert.equal((await first.result).response, "re one");
  await until(() => waiting.length === 2);
  await second.accepted;
  waiting[1]?.();
  assert.equal((await second.result).response, "re two");
  await assertSession(runtime, backends, { acked: ["one", "two"] });
});

Deno.test("many turns of one session run in the order they were asked for", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  const inputs = Array.from({ length: 50 }, (_, index) => `input ${index}`);
  await Promise.all(inputs.map((input) => runtime.runTurn(SESSION, input)));
  const stored = ofType(await logOf(backends), "input.message").map(({ data }) => textOf(data.message.content));
  assert.deepEqual(stored, inputs);
  await assertSession(runtime, backends, { acked: inputs });
});

Deno.test("a turn that is asked for right after resumeTurn() comes after the turn that goes on", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({
    backends,
    clientTools: [defineClientTool({ name: "ask", description: "Asks" })],
    respond: ({ messages }) => messages.some(({ role }) => role === "tool") ? text("done") : calls("ask"),
  });
  const { waitingFor: [call] } = await runtime.runTurn(SESSION, "one");
  const resumed = runtime.resumeTurn(SESSION, { toolResults: [{ toolCallId: call!.id, result: 1 }] });
  const next = runtime.runTurn(SESSION, "two");
  assert.deepEqual([(await resumed).status, (await next).status], ["completed", "completed"]);
  await assertSession(runtime, backends, { acked: ["one", "two"] });
});

Deno.test("the queue of a session is bounded: one turn too many is refused at once", async () => {
  const { respond, waiting } = gates();
  await using world = await open({ respond, limits: { maxQueue: 2 } });
  const { runtime } = world;
  const kept = ["one", "two", "three"].map((input) => runtime.startTurn(SESSION, input));
  await assert.rejects(runtime.runTurn(SESSION, "four"), (error) => {
    assert.ok(error instanceof QueueFullError);
    assert.equal(error.fields["limit"], 2);
    return true;
  });
  for (let index = 0; index < kept.length; index++) {
    await until(() => waiting.length === index + 1);
    waiting[index]?.();
    await kept[index]?.result;
  }
  assert.equal(waiting.length, 3);
});

Deno.test("an aborted turn leaves the queue with the signal's reason, and is never stored", async () => {
  const { respond, waiting } = gates();
  await using world = await open({ respond });
  const { runtime, backends } = world;
  const first = runtime.startTurn(SESSION, "one");
  const controller = new AbortController();
  const second = runtime.startTurn(SESSION, "two", { signal: controller.signal });
  const third = runtime.startTurn(SESSION, "three");
  await until(() => waiting.length === 1);
  const reason = new Error("no longer wanted");
  controller.abort(reason);
  await assert.rejects(second.result, reason);
  await assert.rejects(second.accepted, reason);
  waiting[0]?.();
  await first.result;
  await until(() => waiting.length === 2);
  waiting[1]?.();
  await third.result;
  await assertSession(runtime, backends, { acked: ["one", "three"] });
  assert.equal(ofType(await logOf(backends), "input.message").length, 2);
});

Deno.test("the signal of a turn that had to wait cancels it as it does any other once it runs", async () => {
  const { respond, waiting } = gates();
  await using world = await open({ respond });
  const { runtime, backends } = world;
  const first = runtime.runTurn(SESSION, "one");
  const stop = new AbortController();
  const second = runtime.startTurn(SESSION, "two", { signal: stop.signal });
  await until(() => waiting.length === 1);
  waiting[0]?.();
  await first;
  await second.accepted;
  stop.abort(new Error("enough"));
  const result = await second.result;
  assert.equal(result.status, "cancelled");
  await assertSession(runtime, backends, { acked: ["one", "two"] });
});

Deno.test("a turn started with an aborted signal is refused at once", async () => {
  await using world = await open();
  const { runtime, backends } = world;
  await assert.rejects(
    runtime.runTurn(SESSION, "one", { signal: AbortSignal.abort(new Error("early")) }),
    /early/,
  );
  assert.deepEqual(await logOf(backends), []);
});

Deno.test("cancel() of a queued turn ends it without waiting for its place, and stores nothing", async () => {
  const { respond, waiting } = gates();
  await using world = await open({ respond });
  const { runtime, backends } = world;
  const first = runtime.startTurn(SESSION, "one");
  const second = runtime.startTurn(SESSION, "two");
  const steering = second.steer("and this");
  await until(() => waiting.length === 1);
  second.cancel("not needed");
  const result = await second.result;
  assert.deepEqual([result.status, result.stopReason, result.success], ["cancelled", "cancelled", false]);
  await assert.rejects(second.accepted, { code: "turn_cancelled" });
  await assert.rejects(steering, { code: "turn_cancelled" });
  waiting[0]?.();
  await first.result;
  assert.equal(await isSettled(first.result), true);
  await assertSession(runtime, backends, { acked: ["one"] });
  assert.equal(ofType(await logOf(backends), "input.message").length, 1);
});

Deno.test("turns of different sessions run at the same time and do not see each other", async () => {
  const { respond, waiting } = gates();
  await using world = await open({ respond });
  const { runtime } = world;
  const ids = [SESSION];
  for (let seed = 2; seed <= 20; seed++) {
    ids.push(
      (await runtime.createSession({ id: idFromSeed("session", seed), harnessId: idFromSeed("harness", 1) })).id,
    );
  }
  const handles = ids.map((id, index) => runtime.startTurn(id, `secret ${index}`));
  await until(() => waiting.length === ids.length);
  for (const release of waiting) release();
  const results = await Promise.all(handles.map(({ result }) => result));
  assert.deepEqual(results.map(({ response }) => response), ids.map((_, index) => `re secret ${index}`));
  for (const [index, id] of ids.entries()) {
    const texts = (await runtime.messages(id)).map(({ content }) => textOf(content));
    assert.deepEqual(texts, [`secret ${index}`, `re secret ${index}`]);
  }
});

/** A runtime with a tool that does something from inside a turn, and says what came of it. */
async function inside(
  act: (runtime: InProcessRuntime, context: ToolContext) => unknown,
  options: FaultOptions = {},
) {
  const own: { runtime?: InProcessRuntime } = {};
  const world = await open({
    tools: [tool("act", (_, context) => act(own.runtime!, context))],
    respond: ({ messages }) => {
      const last = messages.at(-1);
      return last?.role === "tool" ? text(last.content) : calls("act");
    },
    ...options,
  });
  own.runtime = world.runtime;
  return world;
}

/** The code of what a promise rejects with. */
function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => "no error", (error: { code?: unknown }) => error.code ?? String(error));
}

const REENTRANT: Readonly<Record<string, (runtime: InProcessRuntime) => Promise<unknown>>> = {
  "runTurn()": (runtime) => runtime.runTurn(SESSION, "again"),
  "run()": (runtime) => runtime.run(SESSION, "again"),
  "startTurn()": async (runtime) => await runtime.startTurn(SESSION, "again").result,
  "resumeTurn()": (runtime) => runtime.resumeTurn(SESSION, {}),
};

for (const [name, call] of Object.entries(REENTRANT)) {
  Deno.test(`${name} from a tool of the same session is refused as reentrant`, async () => {
    await using world = await inside((own) => codeOf(call(own)));
    const { runtime, backends } = world;
    assert.equal((await runtime.runTurn(SESSION, "go")).response, "reentrant_turn");
    await assertSession(runtime, backends, { acked: ["go"] });
    assert.equal(ofType(await logOf(backends), "input.message").length, 1);
  });
}

Deno.test("recover() of its own session from a tool is refused as reentrant instead of waiting for itself", async () => {
  await using world = await inside(async (own) => {
    const [recovered] = await own.recover({ sessions: [SESSION] });
    return codeOf(Promise.reject(recovered?.error));
  });
  const { runtime } = world;
  assert.equal((await runtime.runTurn(SESSION, "go")).response, "reentrant_turn");
});

Deno.test("a turn that comes back to its session through another one is refused as reentrant", async () => {
  await using world = await inside(async (own, { sessionId }) => {
    if (sessionId === OTHER) return codeOf(own.runTurn(SESSION, "back"));
    return (await own.runTurn(OTHER, "over")).response;
  });
  const { runtime } = world;
  await runtime.createSession({ id: OTHER, harnessId: idFromSeed("harness", 1) });
  await runtime.activateCapability(OTHER, "fault_tools");
  assert.equal((await runtime.runTurn(SESSION, "go")).response, "reentrant_turn");
});

Deno.test("a turn that comes back to its session through another runtime is refused as reentrant", async () => {
  const own: { first?: InProcessRuntime; second?: InProcessRuntime } = {};
  const respond: Respond = ({ messages }) => {
    const last = messages.at(-1);
    return last?.role === "tool" ? text(last.content) : calls("act");
  };
  await using a = await faultRuntime({
    respond,
    tools: [tool("act", async () => (await own.second!.runTurn(OTHER, "over")).response)],
  });
  await using b = await faultRuntime({
    respond,
    sessionId: OTHER,
    tools: [tool("act", () => codeOf(own.first!.runTurn(SESSION, "back")))],
  });
  Object.assign(own, { first: a, second: b });
  assert.equal((await a.runTurn(SESSION, "go")).response, "reentrant_turn");
  assert.ok(new ReentrantTurnError(SESSION).message.includes("steer()"));
});

Deno.test("a tool may run a turn of another session", async () => {
  await using world = await inside(async (own, { sessionId }) =>
    sessionId === OTHER ? "leaf" : (await own.runTurn(OTHER, "over")).response
  );
  const { runtime } = world;
  await runtime.createSession({ id: OTHER, harnessId: idFromSeed("harness", 1) });
  await runtime.activateCapability(OTHER, "fault_tools");
  assert.equal((await runtime.runTurn(SESSION, "go")).response, "leaf");
});

Deno.test("a call that a tool leaves behind may run a turn once its own turn is over", async () => {
  const over = { ...Promise.withResolvers<void>(), left: false };
  const left = Promise.withResolvers<unknown>();
  await using world = await inside((own) => {
    if (!over.left) over.promise.then(() => own.deliver(SESSION, "later")).then(left.resolve, left.reject);
    over.left = true;
    return "left";
  });
  const { runtime, backends } = world;
  assert.equal((await runtime.runTurn(SESSION, "go")).response, "left");
  over.resolve();
  await left.promise;
  await until(() => ofType(runtime.events(), "turn.completed").length === 2);
  await assertSession(runtime, backends, { acked: ["go", "later"] });
});

Deno.test("startTurn() left behind by a tool is allowed once the turn is over, also while another one runs", async () => {
  const over = Promise.withResolvers<void>();
  const left = Promise.withResolvers<unknown>();
  const second = Promise.withResolvers<void>();
  let turns = 0;
  await using world = await inside(async (own) => {
    if (++turns === 1) {
      over.promise.then(() => own.runTurn(SESSION, "later")).then(left.resolve, left.reject);
      return "first";
    }
    if (turns === 2) await second.promise;
    return "next";
  });
  const { runtime, backends } = world;
  await runtime.runTurn(SESSION, "go");
  const running = runtime.startTurn(SESSION, "other");
  await until(() => turns === 2);
  over.resolve();
  assert.equal(await isSettled(left.promise), false);
  second.resolve();
  await running.result;
  await left.promise;
  await assertSession(runtime, backends, { acked: ["go", "other", "later"] });
});

Deno.test("close() from inside a tool does not wait for the tool", async () => {
  await using world = await inside(async (own) => {
    await own.close();
    return "closed";
  });
  const { runtime, backends } = world;
  assert.equal((await runtime.runTurn(SESSION, "go")).status, "cancelled");
  const events = await logOf(backends);
  assert.equal(ofType(events, "turn.cancelled").length, 1);
});

Deno.test("sessions whose caches were dropped still see their own history, files and nothing else", async () => {
  const write = tool("write", async ({ text }, { files }) => {
    await files.writeFile("/note", String(text));
    return (await files.readFile("/note")).content;
  });
  await using runtime = await faultRuntime({
    tools: [write],
    limits: { maxIdleCacheBytes: 1 },
    respond: ({ messages }) => {
      const last = messages.at(-1);
      if (last?.role === "tool") return text(`${messages.length} ${last.content}`);
      return calls(["write", { text: last?.role === "user" ? textOf(last.content) : "" }]);
    },
  });
  const ids = [SESSION];
  for (let seed = 2; seed <= 10; seed++) {
    ids.push(
      (await runtime.createSession({ id: idFromSeed("session", seed), harnessId: idFromSeed("harness", 1) })).id,
    );
  }
  for (const id of ids.slice(1)) await runtime.activateCapability(id, "fault_tools");
  for (let round = 0; round < 3; round++) {
    const turns = await Promise.all(ids.map((id, index) => runtime.runTurn(id, `note ${index} of ${round}`)));
    assert.deepEqual(
      turns.map(({ response }) => response),
      ids.map((_, index) => `${round * 4 + 3} note ${index} of ${round}`),
    );
  }
  for (const [index, id] of ids.entries()) {
    assert.equal((await runtime.readFile(id, "/note")).content, `note ${index} of 2`);
    const others = JSON.stringify(await runtime.messages(id)).match(/note \d+ of/g) ?? [];
    assert.deepEqual([...new Set(others)], [`note ${index} of`]);
  }
});
