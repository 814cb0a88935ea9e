/** What backends announce reaches subscribers of the session, in order, bounded and without secrets. */

import assert from "node:assert/strict";
import {
  type Event,
  type InProcessRuntime,
  type JsonObject,
  RuntimeBackends,
  type SessionTask,
  type TaskUpdate,
} from "../../../mod.ts";
import { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import { DriverId } from "../../../src/records/model.ts";
import { callTools, eventsOf, say, type SimModel, type SimOptions, simRuntime } from "../_support/runtime.ts";
import { backgroundTool } from "../capabilities/_background_support.ts";

interface Watched extends AsyncDisposable {
  readonly runtime: InProcessRuntime;
  readonly registry: InMemorySessionTaskRegistry;
  /** Live events of the session from now on, up to the first that the test looks for. */
  until(wanted: (event: Event) => boolean): Promise<Event[]>;
}

/** A runtime that keeps tasks, and somebody who watches its session. */
async function watch(model: SimModel = "hi", options: SimOptions = {}): Promise<Watched> {
  const registry = new InMemorySessionTaskRegistry();
  const runtime = await simRuntime(model, {
    ...options,
    backends: (options.backends ?? RuntimeBackends.inMemory()).withTaskRegistry(registry),
  });
  const live = runtime.subscribe(runtime.defaultSessionId);
  return {
    runtime,
    registry,
    until: async (wanted) => {
      const seen: Event[] = [];
      for (let next = await live.next(); next.done !== true; next = await live.next()) {
        seen.push(next.value);
        if (wanted(next.value)) break;
      }
      return seen;
    },
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      await runtime.close();
    },
  };
}

function newTask({ runtime, registry }: Watched, spec: JsonObject = {}): Promise<SessionTask> {
  return registry.create({
    sessionId: runtime.defaultSessionId,
    kind: "note",
    displayName: "Report",
    state: "running",
    spec,
  });
}

function taskOf(event: Event | undefined): JsonObject {
  assert.ok(event?.type === "task.created" || event?.type === "task.updated");
  return event.data.task;
}

const hasEnded = (event: Event): boolean => event.type === "task.updated" && event.data.task["state"] === "succeeded";

Deno.test("a subscriber sees a background tool begin, go on and end, as its task says", async () => {
  await using here = await watch([
    callTools({ name: "spawn_background", arguments: { tool: "crunch", args: { n: 6 }, title: "Crunch" } }),
    "Started.",
    "Thank you.",
  ], {
    tools: [backgroundTool({ execute: () => Promise.resolve("forty-two") })],
    session: (single) => single.withCapability("background_execution"),
  });
  await say(here.runtime);
  const seen = (await here.until(hasEnded)).filter(({ type }) => type.startsWith("task."));
  assert.equal(seen[0]?.type, "task.created");
  const [stored] = await here.registry.list(here.runtime.defaultSessionId);
  assert.deepEqual(taskOf(seen[0])["state"], "running");
  assert.deepEqual(taskOf(seen.at(-1)), stored);
  assert.deepEqual(seen.map(({ sequence }) => sequence), seen.map(() => undefined));
});

Deno.test("a subscriber sees what a task is told and what it says, each message as it is stored", async () => {
  await using here = await watch();
  const sessionId = here.runtime.defaultSessionId;
  const { id: taskId } = await newTask(here);
  const sent = await here.registry.recordMessage(sessionId, taskId, {
    direction: "inbound",
    content: [{ type: "text", text: "How far?" }],
  });
  const received = await here.registry.recordMessage(sessionId, taskId, {
    direction: "outbound",
    content: [{ type: "data", data: { percent: 50 } }],
    inReplyTo: sent.id,
  });
  const seen = await here.until(({ type }) => type === "task.message.received");
  assert.deepEqual(seen.slice(1).map(({ type, data }) => ({ type, data })), [
    { type: "task.message.sent", data: { taskId, message: sent } },
    { type: "task.message.received", data: { taskId, message: received } },
  ]);
});

Deno.test("events of a task are in the order of its changes, also while what shows them is being loaded", async () => {
  await using here = await watch();
  const sessionId = here.runtime.defaultSessionId;
  const { id } = await newTask(here);
  const updates = Array.from({ length: 50 }, (_, step): TaskUpdate => ({ progress: { step } }));
  for (const update of updates) await here.registry.update(sessionId, id, update);
  await here.registry.update(sessionId, id, { state: "succeeded" });
  const seen = await here.until(hasEnded);
  assert.deepEqual(
    seen.slice(1, -1).map((event) => taskOf(event)["progress"]),
    updates.map(({ progress }) => progress),
  );
});

Deno.test("the session of another task has no events of it", async () => {
  await using here = await watch();
  const [session] = await here.runtime.listSessions();
  assert.ok(session !== undefined);
  const other = await here.runtime.createSession({ harnessId: session.harnessId });
  await here.registry.create({ sessionId: other.id, kind: "note", displayName: "Other" });
  await newTask(here);
  const seen = await here.until(({ type }) => type === "task.created");
  assert.deepEqual(seen.map((event) => taskOf(event)["displayName"]), ["Report"]);
});

Deno.test("a large task is cut to 64 KiB, and what it is and how it goes is still there", async () => {
  await using here = await watch();
  const { id } = await newTask(here, { text: "x".repeat(1_000_000) });
  await here.registry.update(here.runtime.defaultSessionId, id, { state: "succeeded", summary: "y".repeat(30_000) });
  const [created, ended] = (await here.until(hasEnded)).map(taskOf);
  assert.deepEqual([created?.["id"], created?.["state"], created?.["displayName"]], [id, "running", "Report"]);
  assert.equal(ended?.["summary"], "y".repeat(30_000));
  assert.ok(JSON.stringify(created).length <= 65_536);
  assert.match(JSON.stringify(created), /truncated/);
});

Deno.test("neither the key of a model nor the secret of a webhook is in an event of a task", async () => {
  const key = "sk-0123456789abcdefghijklmnop";
  await using here = await watch("hi", {
    configure: (builder) => builder.defaultModel({ model: "llmsim-model", providerType: DriverId.LlmSim, apiKey: key }),
  });
  const hook = { url: "https://example.com/hook", secret: "whsec-very-secret" };
  const { id } = await newTask(here, { push_configs: [hook] });
  await here.registry.recordMessage(here.runtime.defaultSessionId, id, {
    direction: "outbound",
    content: [{ type: "text", text: `I found ${key}` }],
  });
  await here.registry.update(here.runtime.defaultSessionId, id, { state: "succeeded", summary: `It is ${key}` });
  const seen = JSON.stringify(await here.until(hasEnded));
  assert.match(seen, /I found .*It is /s);
  assert.ok(!seen.includes(key), seen);
  assert.ok(!seen.includes(hook.secret), seen);
});

Deno.test("a bus that throws fails no change of a task, and keeps no event from subscribers", async () => {
  await using here = await watch("hi", {
    backends: RuntimeBackends.inMemory().withEventBus({
      emit: () => {
        throw new Error("the bus is broken");
      },
    }),
  });
  const { id } = await newTask(here);
  await here.registry.update(here.runtime.defaultSessionId, id, { state: "succeeded" });
  assert.equal((await here.until(hasEnded)).length, 2);
});

Deno.test("a change after the runtime is closed is stored, and no event of it comes out", async () => {
  const here = await watch();
  const task = await newTask(here);
  await here.until(({ type }) => type === "task.created");
  await here.runtime.close();
  const ended = await here.registry.update(task.sessionId, task.id, { state: "succeeded" });
  assert.equal(ended?.state, "succeeded");
  assert.deepEqual(await here.until(hasEnded), []);
  assert.equal(eventsOf(here.runtime, "task.updated").length, 0);
});

Deno.test("of two runtimes over one registry the one built last has the events, each once", async () => {
  await using first = await watch();
  const backends = RuntimeBackends.inMemory().withTaskRegistry(first.registry);
  await using second = await simRuntime("hi", { backends });
  const live = second.subscribe(first.runtime.defaultSessionId);
  const task = await newTask(first);
  const { value } = await live.next();
  assert.equal(taskOf(value)["id"], task.id);
  assert.equal(eventsOf(first.runtime, "task.created").length, 0);
  assert.equal(eventsOf(second, "task.created").length, 1);
});

Deno.test("a title that the model writes is shown to subscribers once it is stored", async () => {
  await using here = await watch([
    callTools({ name: "write_session_title", arguments: { title: " On\ntea " } }),
    "done",
  ], { session: (single) => single.withCapability("session") });
  await say(here.runtime);
  const seen = await here.until(({ type }) => type === "session.title.updated");
  assert.deepEqual(seen.at(-1)?.data, { title: "On tea" });
  assert.equal(seen.at(-1)?.sequence, undefined);
  assert.equal((await here.runtime.listSessions())[0]?.title, "On tea");
});

Deno.test("a host that changes a title itself may tell subscribers with announce()", async () => {
  await using here = await watch();
  here.runtime.announce(here.runtime.defaultSessionId, { type: "session.title.updated", title: "Tea" });
  const [event] = await here.until(() => true);
  assert.deepEqual([event?.type, event?.data], ["session.title.updated", { title: "Tea" }]);
});
