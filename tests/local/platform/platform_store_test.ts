/** Other sessions of the runtime, for tools and background work. */

import assert from "node:assert/strict";
import {
  defineCapability,
  defineClientTool,
  defineTool,
  type EventDraft,
  idFromSeed,
  NotFoundError,
  RuntimeError,
  type SessionId,
} from "../../../mod.ts";
import { LocalPlatformStore } from "../../../local/platform/platform_store.ts";
import type { NewSession } from "../../../src/ports/new_session.ts";
import type { SessionJournal } from "../../../src/ports/journal.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { Gate } from "../../src/_support/gates.ts";
import { toolsCapability } from "../../src/_support/runtime.ts";
import { eventually, type World, world } from "../../src/capabilities/subagent_support.ts";

const PLAIN = { subagents: false } as const;

const ASKING = defineCapability({
  id: "asking",
  name: "Asking",
  clientTools: [defineClientTool({ name: "ask_user", description: "" })],
});

async function newSession(it: World): Promise<SessionId> {
  const { harnessId } = (await it.platform.getSession(it.sessionId))!;
  return (await it.platform.createSession({ harnessId, title: "helper" })).id;
}

function unbound(it: World, options: JsonObject = {}): LocalPlatformStore {
  const { sessionStore, journal } = { ...it.backends.slots, journal: undefined };
  return new LocalPlatformStore({ sessionStore, journal: journal ?? noJournal(), ...options });
}

function noJournal(): SessionJournal {
  const none = (): Promise<never> => Promise.reject(new Error("not asked"));
  return {
    atomic: false,
    acquire: none,
    commit: none,
    release: none,
    events: none,
    messages: none,
    interrupted: none,
    turnForKey: none,
    disconnect: none,
  };
}

Deno.test("create, send, wait, messages, files and base URL work through the runtime", async () => {
  await using it = await world(({ text }) => `did: ${text}`, PLAIN);
  const id = await newSession(it);
  const turn = await it.platform.sendMessage(id, "count");
  assert.deepEqual([turn.status, turn.response], ["completed", "did: count"]);
  assert.equal(await it.platform.waitForIdle(id), "completed");
  const messages = await it.platform.getMessages(id);
  assert.deepEqual(messages.map(({ role }) => role), ["user", "agent"]);
  assert.equal((await it.platform.getMessages(id, { limit: 1 })).length, 1);
  const files = await it.platform.files(id);
  await files.writeFile("/a.txt", "a");
  assert.equal((await it.runtime.readFile(id, "/a.txt")).content, "a");
  assert.deepEqual((await it.platform.listSessions()).map((session) => session.id).sort(), [it.sessionId, id].sort());
  assert.equal((await it.platform.getSession(id))?.title, "helper");
  assert.equal(it.platform.baseUrl, "http://localhost");
});

Deno.test("operations that manage records are unsupported and say which one it was", async () => {
  await using it = await world(() => "ok", PLAIN);
  const { platform } = it;
  const operations = {
    deleteSession: () => platform.deleteSession(),
    listHarnesses: () => platform.listHarnesses(),
    createHarness: () => platform.createHarness(),
    deleteHarness: () => platform.deleteHarness(),
    listAgents: () => platform.listAgents(),
    createAgent: () => platform.createAgent(),
    deleteAgent: () => platform.deleteAgent(),
  };
  for (const [name, operation] of Object.entries(operations)) {
    await assert.rejects(
      operation,
      (error) =>
        error instanceof RuntimeError && error.code === "unsupported_operation" && error.message.includes(`${name}()`),
    );
  }
});

Deno.test("without a runtime everything but reading is host_not_bound", async () => {
  await using it = await world(() => "ok", PLAIN);
  const platform = unbound(it);
  const { sessionId: id } = it;
  const { harnessId } = (await platform.getSession(id))!;
  for (
    const call of [
      () => platform.createSession({ harnessId }),
      () => platform.sendMessage(id, "hi"),
      () => platform.deliverMessage(id, "hi"),
      () => platform.waitForIdle(id),
      () => platform.getStatus(id),
      () => platform.cancelTurn(id),
      () => platform.files(id),
    ]
  ) {
    await assert.rejects(call, { code: "host_not_bound", message: /no runtime runs .*; build one over backends/ });
  }
});

Deno.test("a base URL that is none is refused", async () => {
  await using it = await world(() => "ok", PLAIN);
  assert.throws(() => unbound(it, { baseUrl: "localhost" }), TypeError);
  assert.equal(unbound(it, { baseUrl: "https://x.test" }).baseUrl, "https://x.test");
});

Deno.test("createSession() stores nothing but what a new session may have", async () => {
  await using it = await world(() => "ok", PLAIN);
  const { harnessId } = (await it.platform.getSession(it.sessionId))!;
  const input = { harnessId, goal: "Win", ownerPrincipalId: "root", workspaceId: "other", hints: { key: "s3cret" } };
  const session = await it.platform.createSession(input as NewSession);
  assert.deepEqual([session.goal, session.ownerPrincipalId, session.hints], ["Win", undefined, undefined]);
  assert.equal(session.workspaceId, session.id);
});

Deno.test("getStatus() is started, active and waiting while the session is", async () => {
  await using it = await world(({ results, text, hang }) => {
    if (text === "hang") return hang();
    return results.length === 0 ? [{ name: "ask_user" }] : "thanks";
  }, { ...PLAIN, capabilities: [ASKING] });
  const id = await newSession(it);
  assert.equal(await it.platform.getStatus(id), "started");
  const turn = it.platform.sendMessage(id, "hang");
  await eventually(() => it.model.hanging === 1);
  assert.equal(await it.platform.getStatus(id), "active");
  assert.equal(await it.platform.cancelTurn(id), true);
  await turn;
  await it.platform.sendMessage(id, "ask");
  assert.equal(await it.platform.getStatus(id), "waiting_for_tool_results");
  assert.equal(await it.platform.waitForIdle(id), "waiting_for_tool_results");
});

Deno.test("getStatus() of an idle session is how its last turn ended, never bare idleness", async () => {
  const again = toolsCapability([defineTool({ name: "again", description: "", execute: () => "more" })]);
  await using it = await world(({ text, hang }) => {
    if (text === "fail") throw new Error("no");
    if (text === "hang") return hang();
    return text === "loop" ? [{ name: "again" }] : "ok";
  }, { ...PLAIN, capabilities: [again] });
  const id = await newSession(it);
  const session = (await it.platform.getSession(id))!;
  await it.backends.slots.sessionStore.addSession({ ...session, maxIterations: 2 });
  const outcomes: string[] = [];
  for (const text of ["ok", "fail", "hang", "loop", "ok"]) {
    const turn = it.platform.sendMessage(id, text);
    if (text === "hang") {
      await eventually(() => it.model.hanging === 1);
      await it.platform.cancelTurn(id);
    }
    await turn;
    outcomes.push(await it.platform.getStatus(id));
  }
  assert.deepEqual(outcomes, ["completed", "failed", "cancelled", "max_iterations_reached", "completed"]);
});

Deno.test("getStatus() of a session whose last turn a guard ended is sealed, whatever was noted after it", async () => {
  const journals: SessionJournal[] = [];
  await using it = await world(() => "ok", { ...PLAIN, watch: (journal) => (journals.push(journal), journal) });
  const id = await newSession(it);
  await it.platform.sendMessage(id, "hi");
  const [journal] = journals;
  const { fence, lastSequence } = await journal!.acquire(id, "owner_test");
  const sealed: EventDraft = {
    type: "turn.sealed",
    context: {},
    data: {
      turnId: idFromSeed("turn", 1),
      reason: "guard",
      iterations: 1,
      usage: { inputTokens: 0, outputTokens: 0 },
    },
  };
  const title: EventDraft = { type: "session.title.updated", context: {}, data: { title: "t" } };
  const events = [sealed, ...Array.from({ length: 100 }, () => title)];
  const step = { sessionId: id, owner: "owner_test", fence, expectedSequence: lastSequence, events, release: true };
  await journal!.commit(step);
  assert.equal(await it.platform.getStatus(id), "sealed");
});

Deno.test("getStatus() reads the end of the log alone, however long it is", async () => {
  let read = 0;
  await using it = await world(() => "ok", {
    ...PLAIN,
    watch: (journal) =>
      new Proxy(journal, {
        get: (target, key): unknown => {
          if (key !== "events") {
            const member: unknown = Reflect.get(target, key);
            return typeof member === "function" ? member.bind(target) : member;
          }
          return async (...args: Parameters<SessionJournal["events"]>) => {
            const events = await target.events(...args);
            read += events.length;
            return events;
          };
        },
      }),
  });
  const id = await newSession(it);
  for (let turn = 0; turn < 40; turn++) await it.platform.sendMessage(id, "hi");
  assert.equal(await it.platform.getStatus(id), "completed");
  assert.ok(read > 0 && read <= 32, `${read} events were read`);
});

Deno.test("a turn that a dead process left open counts as active", async () => {
  await using it = await world(({ hang }) => hang(), PLAIN);
  const id = await newSession(it);
  const { turnStore } = it.backends.slots;
  void it.platform.sendMessage(id, "hi").catch(() => {});
  await eventually(() => it.model.hanging === 1);
  await turnStore.disconnect((await turnStore.getHead(id))!.owner!);
  await using other = await world(() => "ok", { ...PLAIN, backends: it.backends });
  assert.equal(await other.runtime.status(id), "idle");
  assert.equal(await other.platform.getStatus(id), "active");
});

Deno.test("getStatus() of a session that is not stored is a NotFoundError", async () => {
  await using it = await world(() => "ok", PLAIN);
  await assert.rejects(it.platform.getStatus(idFromSeed("session", 1)), NotFoundError);
});

Deno.test("waitForIdle() answers at once when nothing runs, and sets no timer", async () => {
  await using it = await world(() => "ok", PLAIN);
  const id = await newSession(it);
  await it.platform.sendMessage(id, "hi");
  assert.equal(await it.platform.waitForIdle(id, { timeoutMs: 0 }), "completed");
  assert.equal(it.clock.pending, 0);
});

Deno.test("waitForIdle() looks every 250 ms, and says what the session is doing when the time is over", async () => {
  await using it = await world(({ hang }) => hang(), PLAIN);
  const id = await newSession(it);
  const turn = it.platform.sendMessage(id, "hi");
  await eventually(() => it.model.hanging === 1);
  const late = it.platform.waitForIdle(id, { timeoutMs: 600 });
  await it.clock.advanceAsync(600);
  assert.equal(await late, "active");
  const seen: string[] = [];
  const idle = it.platform.waitForIdle(id).then((outcome) => seen.push(outcome));
  await it.clock.advanceAsync(0);
  await it.platform.cancelTurn(id);
  await turn;
  await it.clock.advanceAsync(249);
  assert.deepEqual(seen, []);
  await it.clock.advanceAsync(1);
  await idle;
  assert.deepEqual(seen, ["cancelled"]);
});

Deno.test("waitForIdle() ends when its signal is aborted, and refuses a time that is none", async () => {
  await using it = await world(({ hang }) => hang(), PLAIN);
  const id = await newSession(it);
  void it.platform.sendMessage(id, "hi");
  await eventually(() => it.model.hanging === 1);
  const stop = new AbortController();
  const waiting = it.platform.waitForIdle(id, { signal: stop.signal });
  await it.clock.advanceAsync(0);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(it.platform.waitForIdle(id, { timeoutMs: -1 }), RangeError);
  await assert.rejects(it.platform.waitForIdle(id, { timeoutMs: NaN }), RangeError);
});

Deno.test("messages sent to one session at the same time run one after another", async () => {
  const gate = new Gate();
  await using it = await world(
    ({ text, results }) => results.length === 0 ? [{ name: "work", arguments: { id: text } }] : `did: ${text}`,
    { ...PLAIN, capabilities: [toolsCapability([gate.tool("work")])] },
  );
  const id = await newSession(it);
  const turns = ["a", "b"].map((text) => it.platform.sendMessage(id, text));
  await gate.held(1);
  await it.clock.advanceAsync(0);
  assert.deepEqual(gate.log, ["start a"]);
  await gate.release("a");
  await gate.held(1);
  await gate.release("b");
  assert.deepEqual((await Promise.all(turns)).map(({ response }) => response), ["did: a", "did: b"]);
  assert.equal(gate.most, 1);
});

Deno.test("a delivered message joins the running turn, or starts one", async () => {
  const gate = new Gate();
  await using it = await world(
    ({ text, results }) => text === "go" && results.length === 0 ? [{ name: "work" }] : `did: ${text}`,
    { ...PLAIN, capabilities: [toolsCapability([gate.tool("work")])] },
  );
  const id = await newSession(it);
  const turn = it.platform.sendMessage(id, "go");
  await gate.held(1);
  const delivered = it.platform.deliverMessage(id, "faster", { idempotencyKey: "k" });
  await gate.release();
  await delivered;
  assert.equal((await turn).response, "did: faster");
  await it.platform.deliverMessage(id, "more");
  await eventually(async () => await it.platform.getStatus(id) === "completed");
  const texts = (await it.platform.getMessages(id)).filter(({ role }) => role === "user");
  assert.equal(texts.length, 3);
});

Deno.test("an aborted signal ends the wait for a message's turn, not the turn", async () => {
  const gate = new Gate();
  await using it = await world(({ results }) => results.length === 0 ? [{ name: "work" }] : "done", {
    ...PLAIN,
    capabilities: [toolsCapability([gate.tool("work")])],
  });
  const id = await newSession(it);
  const stop = new AbortController();
  const turn = it.platform.sendMessage(id, "go", { signal: stop.signal });
  await gate.held(1);
  stop.abort(new Error("enough"));
  await assert.rejects(turn, /enough/);
  await gate.release();
  await eventually(async () => await it.platform.getStatus(id) === "completed");
  await assert.rejects(it.platform.sendMessage(id, "go", { signal: stop.signal }), /enough/);
  await assert.rejects(it.platform.deliverMessage(id, "go", { signal: stop.signal }), /enough/);
  assert.equal((await it.platform.getMessages(id)).filter(({ role }) => role === "user").length, 1);
});

Deno.test("a key that was used before gives the first turn again", async () => {
  await using it = await world(({ text }) => `did: ${text}`, PLAIN);
  const id = await newSession(it);
  const first = await it.platform.sendMessage(id, "a", { idempotencyKey: "k" });
  const second = await it.platform.sendMessage(id, "b", { idempotencyKey: "k" });
  assert.deepEqual([second.turnId, second.response], [first.turnId, "did: a"]);
});

Deno.test("cancelTurn() ends a turn that waits for its client, and tells whether there was one", async () => {
  await using it = await world(() => [{ name: "ask_user" }], { ...PLAIN, capabilities: [ASKING] });
  const id = await newSession(it);
  assert.equal(await it.platform.cancelTurn(id), false);
  await it.platform.sendMessage(id, "ask");
  assert.equal(await it.platform.cancelTurn(id, "enough"), true);
  assert.equal(await it.platform.getStatus(id), "cancelled");
});
