/** The limits of a tree of subagents. */

import assert from "node:assert/strict";
import { idFromSeed, type SessionId } from "../../../mod.ts";
import { assertTaskCaps, lineageOf, oneAtATime } from "../../../src/capabilities/subagents/caps.ts";
import { readSettings, settingsProblem } from "../../../src/capabilities/subagents/settings.ts";
import { InMemorySessionTaskRegistry } from "../../../src/in_memory/task_registry.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import { type Asked, eventually, type Reply, spawnCall, world } from "./subagent_support.ts";

const [A, B, C] = [1, 2, 3].map((seed) => idFromSeed("session", seed)) as [SessionId, SessionId, SessionId];

/** Everybody delegates once, then repeats what came back. */
function alwaysDelegating(args: JsonObject = {}): (asked: Asked) => Reply {
  return ({ text, results }) => {
    if (!/^(delegate|count)$/.test(text)) return "noted";
    return results.length === 0 ? [spawnCall(args)] : results.join();
  };
}

Deno.test("by default subagents nest 2 deep, 16 work at once under a root and 200 in all", () => {
  const { maxDepth, maxActiveTasks, maxTotalTasks } = readSettings({});
  assert.deepEqual([maxDepth, maxActiveTasks, maxTotalTasks], [2, 16, 200]);
});

for (
  const [name, most] of [
    ["max_subagent_depth", 16],
    ["max_active_descendant_tasks", 1_024],
    ["max_total_descendant_tasks", 10_000],
  ] as const
) {
  Deno.test(`${name} is ${most} at most`, () => {
    assert.equal(settingsProblem({ [name]: most }), undefined);
    assert.match(settingsProblem({ [name]: most + 1 })!, new RegExp(`\`${name}\` is ${most + 1}, not .* to ${most}`));
  });
}

for (
  const [config, levels] of [
    [{}, 2],
    [{ max_subagent_depth: 1 }, 1],
    [{ max_depth: 3 }, 3],
    [{ max_subagent_depth: 0 }, 0],
  ] as const
) {
  Deno.test(`with ${JSON.stringify(config)} subagents nest ${levels} deep, and the error names limit and depth`, async () => {
    await using it = await world(alwaysDelegating({ mode: "foreground" }), { subagents: config });
    const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
    assert.equal((await it.platform.listSessions()).length, levels + 1);
    assert.match(turn.response, new RegExp(`max_subagent_depth is ${levels} and this would be depth ${levels + 1}`));
  });
}

Deno.test("a session may not have more unfinished subagents than max_active_descendant_tasks", async () => {
  await using it = await world(
    ({ text, results, hang }) => {
      if (text === "count") return hang();
      return results.length === 0 ? [spawnCall(), spawnCall(), spawnCall()] : results.join("\n");
    },
    { subagents: { max_active_descendant_tasks: 2 } },
  );
  const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
  assert.match(turn.response, /max_active_descendant_tasks is 2 and this would be task 3/);
  assert.equal((await it.registry.list(it.sessionId)).length, 2);
  assert.equal((await it.platform.listSessions()).length, 3);
  await eventually(() => it.model.hanging === 2);
});

Deno.test("a subagent that has ended counts for max_total_descendant_tasks alone", async () => {
  await using it = await world(
    ({ text, results }) => {
      if (text !== "delegate") return "done";
      const all = [1, 2, 3].map(() => spawnCall({ mode: "foreground" }));
      return results.length === 0 ? all : results.join("\n");
    },
    { subagents: { max_active_descendant_tasks: 1, max_total_descendant_tasks: 2 } },
  );
  const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
  assert.match(turn.response, /max_total_descendant_tasks is 2 and this would be task 3/);
  assert.equal((await it.registry.list(it.sessionId)).length, 2);
});

Deno.test("assertTaskCaps() counts the whole tree, and other kinds of tasks not at all", async () => {
  await using registry = new InMemorySessionTaskRegistry();
  const base = { kind: "subagent", displayName: "x" };
  await registry.create({ ...base, sessionId: A, links: { childSessionId: B }, state: "succeeded" });
  await registry.create({ ...base, sessionId: B, links: { childSessionId: C }, state: "running" });
  // A circle of links must not count, or look, for ever.
  await registry.create({ ...base, sessionId: C, links: { childSessionId: A }, state: "awaiting_input" });
  await registry.create({ ...base, kind: "background_tool", sessionId: A, state: "running" });
  const caps = (active: number, total: number) =>
    readSettings({ max_active_descendant_tasks: active, max_total_descendant_tasks: total });
  await assertTaskCaps(registry, A, caps(3, 4));
  await assert.rejects(assertTaskCaps(registry, A, caps(2, 4)), /max_active_descendant_tasks is 2 .* task 3/);
  await assert.rejects(assertTaskCaps(registry, A, caps(3, 3)), /max_total_descendant_tasks is 3 .* task 4/);
});

Deno.test("lineageOf() says so when parents are missing or go round in a circle", async () => {
  await using it = await world(() => "ok");
  const { sessionStore } = it.backends.slots;
  const parent = (await it.platform.getSession(it.sessionId))!;
  assert.deepEqual(await lineageOf(it.platform, parent.id), { rootId: parent.id, depth: 0 });
  await sessionStore.addSession({ ...parent, id: A, parentSessionId: B });
  await assert.rejects(lineageOf(it.platform, A), /a parent of .* is not stored/);
  await sessionStore.addSession({ ...parent, id: B, parentSessionId: A });
  await assert.rejects(lineageOf(it.platform, A), /circle/);
  await sessionStore.addSession({ ...parent, id: B, parentSessionId: parent.id });
  assert.deepEqual(await lineageOf(it.platform, A), { rootId: parent.id, depth: 2 });
});

Deno.test("oneAtATime() runs calls of one registry one after another, also after one that failed", async () => {
  await using registry = new InMemorySessionTaskRegistry();
  const log: string[] = [];
  const call = (name: string) => async () => {
    log.push(`start ${name}`);
    await Promise.resolve();
    log.push(`end ${name}`);
    if (name === "a") throw new Error(name);
  };
  const failing = assert.rejects(oneAtATime(registry, call("a")), /a/);
  await oneAtATime(registry, call("b"));
  await failing;
  assert.deepEqual(log, ["start a", "end a", "start b", "end b"]);
});

Deno.test("a session has 5 permits for the background, which its subagents give back", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await using it = await world(async ({ text, results }) => {
    if (text === "count") {
      await held;
      return "counted";
    }
    if (!/^delegate/.test(text)) return "noted";
    const calls = text === "delegate" ? [1, 2, 3, 4, 5, 6] : [1];
    return results.length === 0 ? calls.map(() => spawnCall()) : results.join("\n");
  });
  const turn = await it.runtime.runTextTurn(it.sessionId, "delegate");
  assert.match(turn.response, /this session may run 5 at once and this would be number 6/);
  assert.equal((await it.platform.listSessions()).length, 6);
  release();
  await eventually(async () => (await it.registry.list(it.sessionId)).every(({ state }) => state === "succeeded"));
  const next = await it.runtime.runTextTurn(it.sessionId, "delegate again");
  assert.equal(JSON.parse(next.response).status, "running");
});
