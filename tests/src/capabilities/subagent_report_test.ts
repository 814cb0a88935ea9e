/** What a child reports to the session that spawned it. */

import assert from "node:assert/strict";
import { idFromSeed, type SessionId } from "../../../mod.ts";
import { subagentReport } from "../../../src/capabilities/subagents/report_capability.ts";
import type { Tool, ToolContext } from "../../../src/ports/tool.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { SessionTask } from "../../../src/records/task.ts";
import { call, toolContext } from "./_tool_context.ts";
import { type Asked, type Reply, spawnCall, type World, world } from "./subagent_support.ts";

const COUNT = {
  type: "object",
  properties: { count: { type: "integer" } },
  required: ["count"],
  additionalProperties: false,
};

/** The lead delegates; the child makes these calls, then says "done". */
function reporting(spawn: JsonObject, ...calls: readonly (readonly [string, JsonObject])[]): (asked: Asked) => Reply {
  return ({ text, results }) => {
    if (text === "delegate") return results.length === 0 ? [spawnCall(spawn)] : results.join();
    const next = text === "count" ? calls[results.length] : undefined;
    return next === undefined ? `done ${results.join(" | ")}` : [{ name: next[0], arguments: next[1] }];
  };
}

Deno.test("report_result writes the result into the parent's files, and the foreground gets it", async () => {
  const spawn = { mode: "foreground", result_schema: COUNT };
  await using it = await world(reporting(spawn, ["report_result", { count: 7 }]));
  const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
  assert.deepEqual(JSON.parse(turn.response).result, { count: 7 });
  const [task] = await it.registry.list(it.sessionId);
  const path = `/.tasks/${task?.id}/result.json`;
  assert.deepEqual([task?.state, task?.resultPath], ["succeeded", path]);
  assert.deepEqual(task?.artifacts, [{ name: "result", type: "application/json", path }]);
  assert.deepEqual(JSON.parse((await it.runtime.readFile(it.sessionId, path)).content), { count: 7 });
  await assert.rejects(it.runtime.readFile(task!.links.childSessionId!, path), { code: "file_not_found" });
});

Deno.test("a child that ends without its result has failed, whatever it says", async () => {
  for (const mode of ["foreground", "background"]) {
    await using it = await world(reporting({ mode, result_schema: COUNT }));
    await it.runtime.runTextTurn(it.sessionId, "delegate");
    const task = await it.settled("failed");
    assert.deepEqual([task.error?.kind, task.summary], ["no_result", "done "]);
  }
});

Deno.test("a result that does not fit is refused, and the child may try again", async () => {
  const calls = [["report_result", { count: "many" }], ["report_result", { count: 3 }]] as const;
  await using it = await world(reporting({ result_schema: COUNT }, ...calls));
  await it.runtime.runTextTurn(it.sessionId, "delegate");
  assert.match((await it.settled()).summary ?? "", /do not fit the tool's schema.*\| .*"reported":true/);
});

Deno.test("a second, different result is refused", async () => {
  const calls = [["report_result", { count: 1 }], ["report_result", { count: 2 }]] as const;
  await using it = await world(reporting({ result_schema: COUNT }, ...calls));
  await it.runtime.runTextTurn(it.sessionId, "delegate");
  const task = await it.settled();
  assert.match(task.summary ?? "", /one was reported before/);
  assert.match((await it.runtime.readFile(it.sessionId, task.resultPath!)).content, /"count": 1/);
});

Deno.test("report_task_progress becomes a message of the task, which wakes its session on activity", async () => {
  const spawn = { message_schema: { type: "object", properties: { done: { type: "number" } } } };
  await using it = await world(reporting(spawn, ["report_task_progress", { done: 0.5 }]));
  await it.runtime.runTextTurn(it.sessionId, "delegate");
  const task = await it.settled();
  assert.equal(task.wakePolicy, "on_activity");
  const [message] = await it.registry.listMessages(it.sessionId, task.id);
  assert.deepEqual([message?.direction, message?.content], ["outbound", [{ type: "data", data: { done: 0.5 } }]]);
});

Deno.test("a child is offered a report only for the schemas it was given", async () => {
  for (
    const [schemas, expected] of [
      [{}, []],
      [{ result_schema: COUNT }, ["report_result"]],
      [{ result_schema: COUNT, message_schema: COUNT }, ["report_result", "report_task_progress"]],
    ] as const
  ) {
    await using it = await world(reporting(schemas));
    await it.runtime.runTextTurn(it.sessionId, "delegate");
    const child = (await it.registry.list(it.sessionId))[0]!.links.childSessionId!;
    const { runtimeAgent } = await it.runtime.loadContext(child);
    assert.deepEqual(runtimeAgent.tools.map(({ name }) => name).filter((name) => name.startsWith("report")), expected);
    assert.equal(/report_result/.test(runtimeAgent.systemPrompt), "result_schema" in schemas);
  }
});

/** A task of the default session for a child, and what a report of that child's turn runs in. */
async function childOf(it: World): Promise<{ readonly task: SessionTask; readonly context: ToolContext }> {
  const child: SessionId = idFromSeed("session", 9);
  const task = await it.registry.create({
    sessionId: it.sessionId,
    kind: "subagent",
    displayName: "counter",
    state: "running",
    links: { childSessionId: child },
  });
  const context = { ...toolContext(), sessionId: child, tasks: it.registry, platform: it.platform };
  return { task, context };
}

function reportTool(it: World, task: SessionTask, name: string, schema: JsonObject = COUNT): Tool {
  const { tools } = subagentReport;
  if (typeof tools !== "function") throw new Error("its tools depend on the configuration");
  const config = { taskId: task.id, parentSessionId: it.sessionId, resultSchema: schema, messageSchema: schema };
  return tools(config, []).find(({ definition }) => definition.name === name)!;
}

Deno.test("the same result reported again by a call that runs again is no error", async () => {
  await using it = await world(() => "ok");
  const { task, context } = await childOf(it);
  const tool = reportTool(it, task, "report_result");
  const first = await call(tool, { count: 1 }, context);
  assert.equal(first["reported"], true);
  assert.deepEqual(await call(tool, { count: 1 }, context), first);
  assert.equal((await it.registry.get(it.sessionId, task.id))?.artifacts.length, 1);
});

for (const name of ["report_result", "report_task_progress"]) {
  Deno.test(`${name} is refused for a task that has ended, is another child's, or is not there`, async () => {
    await using it = await world(() => "ok");
    const { task, context } = await childOf(it);
    const tool = reportTool(it, task, name);
    const other = { ...context, sessionId: idFromSeed("session", 8) };
    assert.match(String((await call(tool, { count: 1 }, other))["error"]), /does no work for task/);
    const gone = reportTool(it, { ...task, id: idFromSeed("task", 5) }, name);
    assert.match(String((await call(gone, { count: 1 }, context))["error"]), /does no work for task/);
    await it.registry.update(it.sessionId, task.id, { state: "canceled" });
    assert.match(String((await call(tool, { count: 1 }, context))["error"]), /has ended \(canceled\)/);
    const alone = { ...context, tasks: undefined };
    assert.match(String((await call(tool, { count: 1 }, alone))["error"]), /keeps no tasks/);
  });
}

Deno.test("the patterns of a schema that a model wrote are never run", async () => {
  await using it = await world(() => "ok");
  const { task, context } = await childOf(it);
  const schema = { type: "object", properties: { a: { type: "string", pattern: "^(x+x+)+y$" } } };
  const answer = await call(reportTool(it, task, "report_result", schema), { a: "x".repeat(100) }, context);
  assert.equal(answer["reported"], true);
});

Deno.test("without a usable configuration the capability offers nothing", () => {
  const { tools, validateConfig } = subagentReport;
  for (const config of [{}, { taskId: "task_1", parentSessionId: idFromSeed("session", 1), resultSchema: COUNT }]) {
    assert.deepEqual(typeof tools === "function" ? tools(config, []) : tools, []);
    assert.match(validateConfig?.(config) ?? "", /^`taskId` is (missing|"task_1", not the id of a stored task)$/);
  }
});
