import assert from "node:assert/strict";
import { RuntimeError, StoreError, ToolError } from "../../../src/errors.ts";
import { sessionTasks } from "../../../src/capabilities/session_tasks/capability.ts";
import { idFromSeed } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { OTHER_SESSION, SESSION } from "./_background_support.ts";
import { addTask, executor, setting } from "./_task_tools.ts";
import { call, toolContext, toolOf } from "./_tool_context.ts";

const NAMES = ["list_tasks", "get_task", "message_task", "cancel_task", "wait_task"];
const ABSENT = idFromSeed("task", 404);

for (const name of NAMES) {
  Deno.test(`${name} says what to do when the host keeps no tasks`, async () => {
    const answer = await call(toolOf(sessionTasks, name), argsFor(name), toolContext());
    assert.match(JSON.stringify(answer), /keeps no task registry; do the work in this conversation/);
  });
}

function argsFor(name: string): JsonObject {
  if (name === "list_tasks") return {};
  return name === "message_task" ? { task_id: ABSENT, message: "x" } : { task_id: ABSENT };
}

for (const name of NAMES.slice(1)) {
  Deno.test(`${name} treats a task of another session as absent`, async () => {
    const { registry, run } = setting();
    const foreign = await addTask(registry, { sessionId: OTHER_SESSION });
    const answer = await run(name, { ...argsFor(name), task_id: foreign.id });
    assert.match(JSON.stringify(answer), /no such task; list_tasks shows/);
    assert.deepEqual(await registry.get(OTHER_SESSION, foreign.id), foreign);
    assert.deepEqual(await registry.listMessages(OTHER_SESSION, foreign.id), []);
  });

  Deno.test(`${name} answers what is no task id with a tool error`, async () => {
    const answer = await setting().run(name, { ...argsFor(name), task_id: "the first one" });
    assert.match(JSON.stringify(answer), /Cannot find task .*the first one/);
  });
}

Deno.test("list and get only read, a wish to cancel may be repeated, a message may not", () => {
  const effects = NAMES.map((name) => toolOf(sessionTasks, name).definition.effect);
  assert.deepEqual(effects, ["pure", "pure", "at_most_once", "idempotent", "pure"]);
});

Deno.test("message_task and wait_task are marked as long running", () => {
  const long = NAMES.filter((name) => toolOf(sessionTasks, name).definition.hints?.longRunning);
  assert.deepEqual(long, ["message_task", "wait_task"]);
});

Deno.test("list_tasks gives compact rows in the order of creation", async () => {
  const { registry, run } = setting();
  const first = await addTask(registry, { displayName: "First", spec: { secret: "s3cret" } });
  await addTask(registry, { displayName: "Second", kind: "subagent" });
  await registry.update(SESSION, first.id, {
    state: "succeeded",
    stateDetail: "all done",
    progress: { current: 2, total: 2 },
    summary: "42",
  });
  const { tasks, count } = await run("list_tasks");
  assert.equal(count, 2);
  assert.deepEqual((tasks as JsonObject[])[0], {
    id: first.id,
    kind: "probe",
    display_name: "First",
    state: "succeeded",
    state_detail: "all done",
    progress: { current: 2, total: 2 },
    summary: "42",
    created_at: "2026-01-01T00:00:00.000Z",
    finished_at: "2026-01-01T00:00:00.000Z",
  });
  assert.deepEqual((tasks as JsonObject[])[1]?.["display_name"], "Second");
});

Deno.test("list_tasks filters by state and by kind", async () => {
  const { registry, run } = setting();
  await addTask(registry, { displayName: "a", state: "queued" });
  await addTask(registry, { displayName: "b", kind: "subagent" });
  await addTask(registry, { displayName: "c" });
  const names = async (args: JsonObject): Promise<unknown[]> =>
    ((await run("list_tasks", args))["tasks"] as JsonObject[]).map((task) => task["display_name"]);
  assert.deepEqual(await names({ state: "running" }), ["b", "c"]);
  assert.deepEqual(await names({ kind: "probe" }), ["a", "c"]);
  assert.deepEqual(await names({ kind: "probe", state: "running" }), ["c"]);
});

Deno.test("list_tasks answers an unknown state with an error that names the states", async () => {
  assert.match(JSON.stringify(await setting().run("list_tasks", { state: "done" })), /error.*awaiting_input/);
});

Deno.test("list_tasks shows the newest hundred of many and counts the others", async () => {
  const { registry, run } = setting();
  for (let index = 0; index < 103; index++) await addTask(registry, { displayName: `t${index}` });
  const answer = await run("list_tasks");
  const rows = answer["tasks"] as JsonObject[];
  assert.deepEqual([rows.length, rows[0]?.["display_name"], rows.at(-1)?.["display_name"]], [100, "t3", "t102"]);
  assert.deepEqual([answer["count"], answer["omitted_tasks"]], [103, 3]);
});

Deno.test("get_task shows the whole task in snake_case", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry, {
    spec: { instructions: "Look" },
    links: { childSessionId: OTHER_SESSION },
    wakePolicy: "on_activity",
  });
  await registry.update(SESSION, id, { inputRequest: { id: "q1", prompt: "Which?", expected: "text" } });
  assert.deepEqual(await run("get_task", { task_id: id }), {
    task: {
      id,
      kind: "probe",
      display_name: "Probe",
      state: "awaiting_input",
      input_request: { id: "q1", prompt: "Which?", expected: "text" },
      artifacts: [],
      attempt: 1,
      spec: { instructions: "Look" },
      links: { child_session_id: OTHER_SESSION, resource_ids: [] },
      wake_policy: "on_activity",
      created_at: "2026-01-01T00:00:00.000Z",
      started_at: "2026-01-01T00:00:00.000Z",
      updated_at: "2026-01-01T00:00:00.000Z",
    },
    messages: [],
  });
});

for (const name of ["get_task", "wait_task"]) {
  Deno.test(`${name} never shows the secrets of webhooks`, async () => {
    const { registry, run } = setting();
    const spec = { push_configs: [{ url: "https://example.test", secret: "s3cret" }] };
    const { id } = await addTask(registry, { spec, state: "succeeded" });
    const text = JSON.stringify(await run(name, { task_id: id }));
    assert.match(text, /https:\/\/example\.test/);
    assert.doesNotMatch(text, /s3cret/);
  });
}

Deno.test("get_task shows the newest 20 messages in the order they were sent", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  for (let index = 1; index <= 25; index++) {
    await registry.recordMessage(SESSION, id, {
      direction: "outbound",
      content: [{ type: "text", text: `m${index}` }],
    });
  }
  const messages = (await run("get_task", { task_id: id }))["messages"] as JsonObject[];
  const texts = messages.map(({ content }) => (content as JsonObject[])[0]?.["text"]);
  assert.deepEqual(texts, Array.from({ length: 20 }, (_, index) => `m${index + 6}`));
});

Deno.test("get_task leaves out old messages rather than new ones when they are long", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  for (const letter of ["a", "b", "c"]) {
    await registry.recordMessage(SESSION, id, {
      direction: "outbound",
      content: [{ type: "text", text: letter.repeat(15_000) }],
    });
  }
  const answer = await run("get_task", { task_id: id });
  const firsts = (answer["messages"] as JsonObject[]).map(({ content }) => JSON.stringify(content).slice(24, 25));
  assert.deepEqual([firsts, answer["omitted_messages"]], [["b", "c"], 1]);
});

Deno.test("get_task cuts a newest message that is too long on its own", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  await registry.recordMessage(SESSION, id, {
    direction: "outbound",
    content: [{ type: "text", text: "\u0001".repeat(100_000) }, { type: "data", data: 1 }],
  });
  const text = JSON.stringify((await run("get_task", { task_id: id }))["messages"]);
  assert.match(text, /… \(cut\)/);
  assert.ok(text.length < 32_000, String(text.length));
});

Deno.test("message_task records the message before it is delivered", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  const seen: unknown[] = [];
  registry.executors.register(executor({
    deliver: async (_task, text) => void seen.push(text, (await registry.listMessages(SESSION, id)).length),
  }));
  const answer = await run("message_task", { task_id: id, message: "Go on" });
  const [message] = await registry.listMessages(SESSION, id);
  assert.deepEqual(seen, ["Go on", 1]);
  assert.deepEqual(answer, { task_id: id, message_id: message?.id, recorded: true, delivery: "delivered" });
  assert.deepEqual([message?.direction, message?.content], ["inbound", [{ type: "text", text: "Go on" }]]);
});

Deno.test("message_task hands over the task as its answer has left it", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  await registry.update(SESSION, id, { inputRequest: { id: "q1", prompt: "Which?" } });
  const states: string[] = [];
  registry.executors.register(executor({ deliver: (task) => Promise.resolve(void states.push(task.state)) }));
  await run("message_task", { task_id: id, message: "This one", in_reply_to: "q1" });
  assert.deepEqual(states, ["running"]);
});

Deno.test("message_task with a reply to another question is stored and changes nothing", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  await registry.update(SESSION, id, { inputRequest: { id: "q2", prompt: "Which?" } });
  const answer = await run("message_task", { task_id: id, message: "This one", in_reply_to: "q1" });
  assert.equal(answer["recorded"], true);
  assert.equal((await registry.get(SESSION, id))?.state, "awaiting_input");
});

Deno.test("message_task succeeds when the delivery fails and says why", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  registry.executors.register(executor({ deliver: () => Promise.reject(new ToolError("it has ended")) }));
  const answer = await run("message_task", { task_id: id, message: "Hello?" });
  assert.deepEqual([answer["recorded"], answer["delivery"]], [true, "failed: it has ended"]);
  assert.equal((await registry.listMessages(SESSION, id)).length, 1);
});

Deno.test("message_task does not tell what an unexpected failure says", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  registry.executors.register(executor({ deliver: () => Promise.reject(new Error("password=hunter2")) }));
  const answer = await run("message_task", { task_id: id, message: "Hello?" });
  assert.equal(answer["delivery"], "failed: an internal error");
});

Deno.test("message_task and cancel_task tell nothing of the store's files when it fails", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  const fail = (): Promise<never> => Promise.reject(new StoreError('write to "/home/me/local.db"', new Error("no")));
  registry.executors.register(executor({ deliver: fail, cancel: fail }));
  assert.equal(
    (await run("message_task", { task_id: id, message: "Hi" }))["delivery"],
    "failed: an internal error (store_failed)",
  );
  assert.match(String((await run("cancel_task", { task_id: id }))["message"]), /: an internal error \(store_failed\)$/);
});

for (const [what, more] of [["nothing runs the kind", undefined], ["what runs it takes no messages", {}]] as const) {
  Deno.test(`message_task only stores the message when ${what}`, async () => {
    const { registry, run } = setting();
    const { id } = await addTask(registry);
    if (more !== undefined) registry.executors.register(executor(more));
    assert.equal((await run("message_task", { task_id: id, message: "Hello?" }))["delivery"], "stored");
  });
}

Deno.test("message_task refuses an empty message", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  assert.match(JSON.stringify(await run("message_task", { task_id: id, message: "" })), /invalid arguments/);
});

Deno.test("cancel_task stores the wish before the work is stopped and shows the state after it", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  registry.executors.register(executor({
    cancel: async (task) => {
      const wish = (await registry.get(SESSION, id))?.cancelRequestedAt;
      await registry.update(SESSION, task.id, { state: "canceled" });
      return wish === undefined ? "no wish" : "Stopped.";
    },
  }));
  assert.deepEqual(await run("cancel_task", { task_id: id }), {
    task_id: id,
    state: "canceled",
    cancel_requested: true,
    message: "Stopped.",
  });
});

Deno.test("cancel_task asks nobody to stop a task that has ended", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry, { state: "succeeded" });
  registry.executors.register(executor({ cancel: () => Promise.reject(new Error("must not be asked")) }));
  assert.deepEqual(await run("cancel_task", { task_id: id }), {
    task_id: id,
    state: "succeeded",
    cancel_requested: false,
    message: "The task had ended already: succeeded.",
  });
});

Deno.test("cancel_task keeps the wish when the work cannot be stopped at once", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  const failure = new RuntimeError("queue_full", "the queue is full");
  registry.executors.register(executor({ cancel: () => Promise.reject(failure) }));
  const answer = await run("cancel_task", { task_id: id });
  assert.equal(answer["cancel_requested"], true);
  assert.match(String(answer["message"]), /wish is stored, but .*the queue is full/);
});

Deno.test("cancel_task only stores the wish when nothing here runs the kind", async () => {
  const { registry, run } = setting();
  const { id } = await addTask(registry);
  const answer = await run("cancel_task", { task_id: id });
  assert.deepEqual([answer["state"], answer["cancel_requested"]], ["running", true]);
});
