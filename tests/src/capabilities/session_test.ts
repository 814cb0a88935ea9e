import assert from "node:assert/strict";
import { session } from "../../../src/capabilities/session.ts";
import { InMemorySessionStore } from "../../../src/in_memory/record_stores.ts";
import { capabilityContext } from "./_capability_context.ts";
import { callTools, say, simRuntime } from "../_support/runtime.ts";
import { call, toolContext, toolOf } from "./_tool_context.ts";

Deno.test("get_session_info tells what the record says, and nothing that is not there", async () => {
  const sessions = new InMemorySessionStore();
  const { session: record } = capabilityContext();
  await sessions.addSession({ ...record, title: "Tea", goal: "Drink it", tags: ["a"] });
  const context = { ...toolContext(), sessionId: record.id };
  const info = await call(toolOf(session({ sessions }), "get_session_info"), {}, context);
  assert.deepEqual(info, {
    session_id: record.id,
    harness_id: record.harnessId,
    workspace_id: record.workspaceId,
    title: "Tea",
    goal: "Drink it",
    tags: ["a"],
    capabilities: [],
    created_at: "1970-01-01T00:00:00.000Z",
    updated_at: info["updated_at"] ?? "",
  });
});

Deno.test("get_session_info is a tool error where nobody keeps the record", async () => {
  assert.match(JSON.stringify(await call(toolOf(session(), "get_session_info"), {})), /error.*cannot be read here/);
});

Deno.test("write_session_title writes one line", async () => {
  const sessions = new InMemorySessionStore();
  const { session: record } = capabilityContext();
  await sessions.addSession(record);
  const tool = toolOf(session({ sessions }), "write_session_title");
  const context = { ...toolContext(), sessionId: record.id };
  assert.deepEqual(await call(tool, { title: "  On\ntea\u0000 " }, context), { title: "On tea" });
  assert.equal((await sessions.getSession(record.id))?.title, "On tea");
});

Deno.test("write_session_title refuses an empty and a long title, and says where titles are fixed", async () => {
  const sessions = new InMemorySessionStore();
  const tool = toolOf(session({ sessions }), "write_session_title");
  assert.match(JSON.stringify(await call(tool, { title: " \n" })), /The title is empty/);
  assert.match(JSON.stringify(await call(tool, { title: "x".repeat(201) })), /invalid arguments/);
  assert.match(JSON.stringify(await call(toolOf(session(), "write_session_title"), { title: "a" })), /fixed titles/);
});

Deno.test("a built runtime gives the capability its own sessions", async () => {
  await using runtime = await simRuntime([
    callTools({ name: "write_session_title", arguments: { title: "On tea" } }),
    "done",
  ], { session: (single) => single.withCapability("session") });
  await say(runtime);
  const [only] = await runtime.listSessions();
  assert.equal(only?.title, "On tea");
});
