import assert from "node:assert/strict";
import { defineTool } from "../../../src/kit/define_tool.ts";
import type { Tool } from "../../../src/ports/tool.ts";
import { type FetchedTools, ToolList } from "../../../src/runtime/tool_list.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";

const HOUR_MS = 3_600_000;

function toolsNamed(...names: readonly string[]): readonly Tool[] {
  return names.map((name) => defineTool({ name, description: "", execute: () => name }));
}

/** A list over a server whose tools are named after how often it was asked. */
function listOf(answer: (asked: number) => readonly Tool[] = (asked) => toolsNamed(`tool_${asked}`)) {
  const clock = new FakeClock();
  const list = new ToolList(clock);
  const server = { asked: 0, revision: 1, failures: [] as string[], gate: Promise.resolve() };
  const fetch = async (): Promise<FetchedTools> => {
    const { revision } = server;
    const asked = ++server.asked;
    await server.gate;
    return { tools: answer(asked), revision };
  };
  const names = async (revision: number | undefined = server.revision): Promise<readonly string[]> => {
    const tools = await list.tools(revision, fetch, (error) => void server.failures.push(String(error)));
    return tools.map(({ definition }) => definition.name);
  };
  return { clock, list, server, names };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a list is fetched once and served for an hour", async () => {
  const { clock, server, names } = listOf();
  await names();
  clock.advance(HOUR_MS - 1);
  assert.deepEqual(await names(), ["tool_1"]);
  assert.equal(server.asked, 1);
});

Deno.test("an old list is served at once while a new one is fetched, once", async () => {
  const { clock, server, names } = listOf();
  await names();
  clock.advance(HOUR_MS);
  const gate = Promise.withResolvers<void>();
  server.gate = gate.promise;
  assert.deepEqual(await Promise.all([names(), names()]), [["tool_1"], ["tool_1"]]);
  assert.equal(server.asked, 2);
  gate.resolve();
  await settled();
  assert.deepEqual(await names(), ["tool_2"]);
  assert.equal(server.asked, 2);
});

Deno.test("whoever asks while the first list is fetched waits for that one", async () => {
  const { server, names } = listOf();
  assert.deepEqual(await Promise.all([names(), names(), names()]), [["tool_1"], ["tool_1"], ["tool_1"]]);
  assert.equal(server.asked, 1);
});

Deno.test("a list that the server says has changed is waited for", async () => {
  const { server, names } = listOf();
  await names();
  server.revision++;
  assert.deepEqual(await names(), ["tool_2"]);
  assert.deepEqual(await names(), ["tool_2"]);
  assert.equal(server.asked, 2);
});

Deno.test("a list that changes while it is fetched is old at once", async () => {
  const { server, names } = listOf();
  const first = names();
  server.revision++;
  assert.deepEqual(await first, ["tool_1"]);
  assert.deepEqual(await names(), ["tool_2"]);
});

Deno.test("the failure of a first fetch is not remembered", async () => {
  const { server, names } = listOf((asked) => {
    if (asked === 1) throw new Error("boom");
    return toolsNamed("tool");
  });
  await assert.rejects(names(), /boom/);
  assert.deepEqual(await names(), ["tool"]);
  assert.deepEqual(server.failures, []);
});

Deno.test("when a new list cannot be had the old one is served, and the server is not waited for again", async () => {
  const { server, names } = listOf((asked) => {
    if (asked > 1) throw new Error(`boom ${asked}`);
    return toolsNamed("tool");
  });
  await names();
  server.revision++;
  assert.deepEqual(await names(), ["tool"]);
  assert.deepEqual(server.failures, ["Error: boom 2"]);
  server.gate = new Promise(() => {});
  assert.deepEqual(await names(), ["tool"]);
});

Deno.test("a list of more than 256 tools, or of more than a megabyte, is used but not remembered", async () => {
  const many = toolsNamed(...Array.from({ length: 257 }, (_, place) => `tool_${place}`));
  const large = [defineTool({ name: "large", description: "x".repeat(1024 * 1024), execute: () => "" })];
  for (const tools of [many, large]) {
    const { server, names } = listOf(() => tools);
    assert.equal((await names()).length, tools.length);
    assert.equal((await names()).length, tools.length);
    assert.equal(server.asked, 2);
  }
});

Deno.test("forget() makes the next one ask again", async () => {
  const { list, names } = listOf();
  await names();
  list.forget();
  assert.deepEqual(await names(), ["tool_2"]);
});
