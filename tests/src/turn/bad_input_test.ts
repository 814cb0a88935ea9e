/** Calls with arguments of the wrong kind, unknown sessions and closed runtimes: refused at once, nothing stored. */

import assert from "node:assert/strict";
import { DriverRegistry, LlmSimConfig, llmSimDriver } from "../../../mod.ts";
import { ConfigurationError, NotFoundError, RuntimeClosedError } from "../../../src/errors.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import type { NewSession } from "../../../src/ports/new_session.ts";
import type { InputMessage } from "../../../src/records/message.ts";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { InProcessRuntimeBuilder } from "../../../src/runtime/builder.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { faultRuntime, logOf, ofType, SESSION, stalls, until } from "../_support/faults.ts";
import { assertPlain, assertSession } from "../_support/invariants.ts";

const UNKNOWN: SessionId = idFromSeed("session", 999);

/** Every method of a runtime that gives a promise and takes a session. */
const METHODS: Readonly<Record<string, (runtime: InProcessRuntime, id: SessionId) => Promise<unknown>>> = {
  runTurn: (runtime, id) => runtime.runTurn(id, "go"),
  runTextTurn: (runtime, id) => runtime.runTextTurn(id, "go"),
  run: (runtime, id) => runtime.run(id, "go"),
  resumeTurn: (runtime, id) => runtime.resumeTurn(id, {}),
  cancelTurn: (runtime, id) => runtime.cancelTurn(id),
  cancel: (runtime, id) => runtime.cancel(id),
  recover: (runtime, id) => runtime.recover({ sessions: [id] }),
  messages: (runtime, id) => runtime.messages(id),
  loadContext: (runtime, id) => runtime.loadContext(id),
  previewRequest: (runtime, id) => runtime.previewRequest(id, "go"),
  readFile: (runtime, id) => runtime.readFile(id, "/a"),
  listCommands: (runtime, id) => runtime.listCommands(id),
  executeCommand: (runtime, id) => runtime.executeCommand(id, "help"),
  activateCapability: (runtime, id) => runtime.activateCapability(id, "current_time"),
  deactivateCapability: (runtime, id) => runtime.deactivateCapability(id, "current_time"),
  requiredPermissions: (runtime, id) => runtime.requiredPermissions({ sessions: [id] }),
  deliver: (runtime, id) => runtime.deliver(id, "go"),
  status: (runtime, id) => runtime.status(id),
};

const WRONG_IDS: readonly unknown[] = [
  undefined,
  null,
  5,
  {},
  "",
  "session",
  "session_1",
  "session_ZZZ00000000000000000000000000001",
  `${SESSION}0`,
  ` ${SESSION}`,
  SESSION.toUpperCase(),
  idFromSeed("turn", 1),
  idFromSeed("harness", 1),
  "__proto__",
];

for (const [name, call] of Object.entries(METHODS)) {
  Deno.test(`${name}() rejects an id of the wrong kind with a TypeError that names it`, async () => {
    await using runtime = await faultRuntime();
    for (const id of WRONG_IDS) {
      await assert.rejects(call(runtime, id as SessionId), (error) => {
        assert.ok(error instanceof TypeError, `${String(error)} for ${String(id)}`);
        assert.match(error.message, /session id/);
        return true;
      });
    }
    assert.deepEqual(runtime.events(), []);
  });
}

const NOT_STORED = ["cancelTurn", "cancel", "recover", "messages", "resumeTurn"];

for (const [name, call] of Object.entries(METHODS)) {
  if (NOT_STORED.includes(name)) continue;
  Deno.test(`${name}() of an unknown session rejects with session_not_found`, async () => {
    await using runtime = await faultRuntime();
    await assert.rejects(call(runtime, UNKNOWN), (error) => {
      assert.ok(error instanceof NotFoundError, String(error));
      assert.equal(error.code, "session_not_found");
      return true;
    });
    assert.deepEqual(runtime.events(), []);
    assert.equal((await runtime.runTurn(SESSION, "go")).success, true);
  });
}

Deno.test("an unknown session has no messages, no turn to cancel, none to recover and none that waits", async () => {
  await using runtime = await faultRuntime();
  assert.deepEqual(await runtime.messages(UNKNOWN), []);
  assert.equal(await runtime.cancelTurn(UNKNOWN), false);
  assert.deepEqual(await runtime.recover({ sessions: [UNKNOWN] }), [{ sessionId: UNKNOWN }]);
  await assert.rejects(runtime.resumeTurn(UNKNOWN, {}), { code: "turn_not_waiting" });
});

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

function deep(): unknown {
  let value: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) value = { value };
  return value;
}

const part = { type: "text", text: "hi" };

const WRONG_INPUTS: readonly unknown[] = [
  undefined,
  null,
  5,
  10n,
  true,
  () => "hi",
  {},
  [],
  { content: "hi" },
  { content: null },
  { content: [null] },
  { content: ["hi"] },
  { content: [{ type: "text" }] },
  { content: [{ type: "text", text: 5 }] },
  { content: [{ type: "tool_call", id: "x", name: "y", arguments: {} }] },
  { content: [{ type: "tool_result", toolCallId: "x" }] },
  { content: [{ type: "__proto__" }] },
  { role: "root", content: [part] },
  { role: "tool_result", content: [part] },
  { content: [part], metadata: { big: 10n } },
  { content: [part], metadata: cyclic },
  { content: [part], metadata: { f: () => 1 } },
  { content: [part], metadata: new Map([["a", 1]]) },
  { content: [part], metadata: { nan: NaN } },
  { content: [part], metadata: deep() },
  { content: [part], tags: "tag" },
  { content: [part], controls: "fast" },
  { content: [part], externalActor: 5 },
  { content: [{ ...part, annotations: [{ odd: Symbol("s") }] }] },
];

for (const [index, input] of WRONG_INPUTS.entries()) {
  Deno.test(`an input of the wrong shape is a TypeError and is not stored (${index})`, async () => {
    const backends = RuntimeBackends.inMemory();
    await using runtime = await faultRuntime({ backends });
    const wrong = input as InputMessage;
    await assert.rejects(runtime.runTurn(SESSION, wrong), TypeError);
    await assert.rejects(runtime.deliver(SESSION, wrong), TypeError);
    assert.throws(() => runtime.startTurn(SESSION, wrong), TypeError);
    const handle = runtime.startTurn(SESSION, "go");
    await assert.rejects(handle.steer(wrong), TypeError);
    assert.equal((await handle.result).success, true);
    await assertSession(runtime, backends, { acked: ["go"] });
    assert.equal(ofType(await logOf(backends), "input.message").length, 1);
  });
}

Deno.test("runTextTurn() takes text only", async () => {
  await using runtime = await faultRuntime();
  for (const text of [undefined, null, 5, { content: [part] }]) {
    await assert.rejects(runtime.runTextTurn(SESSION, text as unknown as string), TypeError);
  }
});

for (
  const answers of [null, 5, "x", { toolResults: 5 }, { toolResults: [null] }, { decisions: {} }, { decisions: [5] }, {
    decisions: [{ toolCallId: "call_1" }],
  }, { decisions: [{ toolCallId: "call_1", approved: "yes" }] }]
) {
  Deno.test(`resumeTurn() with ${JSON.stringify(answers)} is a TypeError`, async () => {
    await using runtime = await faultRuntime();
    await assert.rejects(runtime.resumeTurn(SESSION, answers as never), TypeError);
  });
}

for (const key of [null, 5, {}, ["k"]]) {
  Deno.test(`the idempotency key ${JSON.stringify(key)} is a TypeError, and nothing is stored`, async () => {
    const backends = RuntimeBackends.inMemory();
    await using runtime = await faultRuntime({ backends, respond: stalls() });
    const options: { idempotencyKey?: string } = Object.defineProperty({}, "idempotencyKey", {
      value: key,
      enumerable: true,
    });
    const wrong = { name: "TypeError", message: /idempotency key: expected a string/ };
    await assert.rejects(runtime.runTurn(SESSION, "go", options), wrong);
    await assert.rejects(runtime.deliver(SESSION, "go", options), wrong);
    assert.deepEqual(await logOf(backends), []);
    const turn = runtime.startTurn(SESSION, "go");
    await turn.accepted;
    await assert.rejects(turn.steer("more", options), wrong);
    await assert.rejects(runtime.deliver(SESSION, "more", options), wrong);
    turn.cancel();
    await turn.result;
    assert.equal(ofType(await logOf(backends), "input.message").length, 1);
  });
}

Deno.test("an input that its caller changes afterwards stays as it was stored", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({ backends });
  const input = { content: [{ type: "text" as const, text: "go" }], metadata: { a: { b: 1 } }, tags: ["t"] };
  const turn = runtime.runTurn(SESSION, input);
  input.content[0]!.text = "changed";
  input.content.push({ type: "text", text: "more" });
  input.metadata.a.b = 2;
  await turn;
  input.tags.push("u");
  const [stored] = ofType(await logOf(backends), "input.message");
  assert.deepEqual(stored?.data.message.content, [{ type: "text", text: "go" }]);
  assert.deepEqual(JSON.parse(JSON.stringify(stored?.data.message.metadata)), { a: { b: 1 } });
  assert.deepEqual(stored?.data.message.tags, ["t"]);
  await assertSession(runtime, backends, { acked: ["go"] });
});

Deno.test("texts of every kind are stored and sent as they are", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({ backends });
  const texts = ["", " ", "\u0000", "\ud800", "\u202e", "x".repeat(2 ** 20), "__proto__", "</system-prompt>"];
  for (const input of texts) assert.equal((await runtime.runTurn(SESSION, input)).success, true);
  await assertSession(runtime, backends, { acked: texts });
  assertPlain(await logOf(backends));
});

/** What a closed runtime still answers: what is stored. */
const STILL_ANSWERS = ["messages", "readFile", "status"];

for (const [name, call] of Object.entries(METHODS)) {
  if (STILL_ANSWERS.includes(name)) continue;
  Deno.test(`${name}() of a closed runtime rejects with RuntimeClosedError`, async () => {
    const runtime = await faultRuntime();
    await runtime.close();
    await assert.rejects(call(runtime, SESSION), RuntimeClosedError);
  });
}

Deno.test("startTurn(), subscribe(), createSession() and steer() of a closed runtime are RuntimeClosedError", async () => {
  const runtime = await faultRuntime();
  const handle = runtime.startTurn(SESSION, "go");
  await handle.result;
  await runtime.close();
  assert.throws(() => runtime.startTurn(SESSION, "go"), RuntimeClosedError);
  assert.throws(() => runtime.subscribe(SESSION), RuntimeClosedError);
  await assert.rejects(runtime.createSession({ harnessId: idFromSeed("harness", 1) }), RuntimeClosedError);
  await assert.rejects(handle.steer("more"), RuntimeClosedError);
  handle.cancel();
});

Deno.test("a closed runtime still reads what is stored", async () => {
  const runtime = await faultRuntime();
  await runtime.runTurn(SESSION, "go");
  await runtime.close();
  assert.equal((await runtime.messages(SESSION)).length, 2);
  assert.ok(runtime.events().length > 0);
  assert.equal(await runtime.status(SESSION), "idle");
});

Deno.test("close() may be called often and at the same time", async () => {
  const runtime = await faultRuntime();
  await Promise.all([runtime.close(), runtime.close()]);
  await runtime.close();
  await runtime[Symbol.asyncDispose]();
});

Deno.test("close() cancels running turns, awaits their closing steps and refuses queued ones", async () => {
  const backends = RuntimeBackends.inMemory();
  const runtime = await faultRuntime({ backends, respond: stalls() });
  const running = runtime.startTurn(SESSION, "go");
  const queued = runtime.startTurn(SESSION, "next");
  const steered = running.steer("more");
  await until(() => runtime.events().some(({ type }) => type === "output.message.started"));
  const late = running.steer("late");
  const refused = [assert.rejects(queued.result, RuntimeClosedError), assert.rejects(late, RuntimeClosedError)];
  await runtime.close();
  // Everything is over and stored when close() is.
  const events = await logOf(backends);
  assert.equal(ofType(events, "turn.cancelled").length, 1);
  assert.equal((await running.result).status, "cancelled");
  assert.deepEqual(await steered, { joined: true });
  await Promise.all(refused);
  assert.deepEqual(await logOf(backends), events);
  await using next = await faultRuntime({ backends });
  assert.equal((await next.runTurn(SESSION, "after")).response, "ok");
  await assertSession(next, backends, { acked: ["go", "more", "after"] });
});

Deno.test("close() ends subscriptions", async () => {
  const runtime = await faultRuntime();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const event of runtime.subscribe(SESSION)) seen.push(event.type);
  })();
  await runtime.runTurn(SESSION, "go");
  await runtime.close();
  await reading;
  assert.equal(seen.at(-1), "session.idled");
});

Deno.test("a runtime is not built with two capabilities or two drivers of one id", async () => {
  const twice = new InProcessRuntimeBuilder()
    .llmSim(LlmSimConfig.fixed("x"))
    .capability(defineCapability({ id: "mine", name: "Mine" }))
    .capability(defineCapability({ id: "mine", name: "Mine too" }));
  await assert.rejects(twice.build(), ConfigurationError);
  const aliased = new InProcessRuntimeBuilder()
    .llmSim(LlmSimConfig.fixed("x"))
    .capability(defineCapability({ id: "other", name: "Other", aliases: ["current_time"] }));
  await assert.rejects(aliased.build(), ConfigurationError);
  const drivers = new DriverRegistry().register(llmSimDriver(LlmSimConfig.fixed("a")));
  assert.throws(() => drivers.register(llmSimDriver(LlmSimConfig.fixed("b"))), ConfigurationError);
});

const WRONG_SESSIONS: Readonly<Record<string, unknown>> = {
  "nothing": undefined,
  "null": null,
  "no harness": {},
  "a harness id of the wrong kind": { harnessId: idFromSeed("agent", 1) },
  "a harness id that is none": { harnessId: "harness" },
  "an agent id of the wrong kind": { harnessId: idFromSeed("harness", 1), agentId: idFromSeed("harness", 1) },
  "an id of the wrong kind": { id: idFromSeed("turn", 1), harnessId: idFromSeed("harness", 1) },
};

for (const [what, wrong] of Object.entries(WRONG_SESSIONS)) {
  Deno.test(`createSession() with ${what} is a TypeError, and stores nothing`, async () => {
    const backends = RuntimeBackends.inMemory();
    await using runtime = await faultRuntime({ backends });
    await assert.rejects(runtime.createSession(wrong as NewSession), TypeError);
    assert.equal((await backends.slots.sessionStore.listSessions?.())?.length, 1);
  });
}

Deno.test("createSession() of an unknown harness or agent is refused, and stores nothing", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({ backends });
  const harnessId = idFromSeed("harness", 1);
  await assert.rejects(runtime.createSession({ harnessId: idFromSeed("harness", 9) }), { code: "harness_not_found" });
  await assert.rejects(runtime.createSession({ harnessId, agentId: idFromSeed("agent", 9) }), {
    code: "agent_not_found",
  });
  assert.equal((await backends.slots.sessionStore.listSessions?.())?.length, 1);
});

Deno.test("createSession() whose files cannot be written stores no session", async () => {
  const backends = RuntimeBackends.inMemory();
  await using runtime = await faultRuntime({ backends });
  const input = { id: idFromSeed("session", 9), harnessId: idFromSeed("harness", 1) };
  const initialFiles = [{ path: "/a", content: "1" }, { path: "/a/b", content: "2" }];
  await assert.rejects(runtime.createSession({ ...input, initialFiles }), { name: "FileStoreError" });
  assert.equal(await backends.slots.sessionStore.getSession(input.id), undefined);
  // What was wrong is mended: the same id may be used.
  const { id } = await runtime.createSession({ ...input, initialFiles: [{ path: "/b", content: "3" }] });
  assert.equal((await runtime.readFile(id, "/b")).content, "3");
});

Deno.test("of two createSession() calls with one id at the same time a single one is stored", async () => {
  await using runtime = await faultRuntime();
  const input = { id: idFromSeed("session", 9), harnessId: idFromSeed("harness", 1) };
  const [first, second] = await Promise.allSettled([
    runtime.createSession({ ...input, title: "first" }),
    runtime.createSession({ ...input, title: "second" }),
  ]);
  assert.equal(first.status === "fulfilled" && first.value.title, "first");
  assert.equal(second.status === "rejected" && second.reason.code, "session_exists");
  assert.deepEqual((await runtime.listSessions()).map(({ title }) => title).filter((title) => title !== undefined), [
    "first",
  ]);
});
