/** Which tools are sent short, how they are found, and that a conversation with them works. */

import assert from "node:assert/strict";
import { deferTools } from "../../../src/capabilities/tool_search/deferral.ts";
import { revealedTools } from "../../../src/capabilities/tool_search/revealed.ts";
import { searchTools } from "../../../src/capabilities/tool_search/search.ts";
import { readToolSearchSettings, toolSearchProblem } from "../../../src/capabilities/tool_search/settings.ts";
import { toolSearch } from "../../../src/capabilities/tool_search/tool.ts";
import { defineTool } from "../../../src/kit/define_tool.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { Message } from "../../../src/records/message.ts";
import type { ToolDefinition } from "../../../src/records/tool.ts";
import type { Deferrable, Tool } from "../../../mod.ts";
import { useDriver } from "../_support/drivers.ts";
import { call as playCall, PlayedDriver, texts } from "../_support/played_driver.ts";
import { say, simRuntime } from "../_support/runtime.ts";
import { Conversation } from "./_conversation.ts";
import { call, toolContext } from "./_tool_context.ts";

function tool(name: string, more: { description?: string; deferrable?: Deferrable } = {}): Tool {
  return defineTool({
    name,
    description: more.description ?? `Does ${name}.`,
    parameters: { type: "object", properties: { what: { type: "string" } }, required: ["what"] },
    effect: "pure",
    ...(more.deferrable === undefined ? {} : { deferrable: more.deferrable }),
    execute: ({ what }) => `${name} ${String(what)}`,
  });
}

const MANY: readonly Tool[] = [
  tool("read_file"),
  tool("kept", { deferrable: "never" }),
  ...Array.from({ length: 13 }, (_, index) => tool(`mcp_docs__tool_${index}`)),
];

/** Names of the tools that are sent in full. */
function complete(tools: readonly ToolDefinition[]): string[] {
  return tools.filter(({ parameters }) => "required" in parameters).map(({ name }) => name);
}

function deferred(tools: readonly Tool[], config: JsonObject = {}, messages: readonly Message[] = []) {
  const definitions = [...tools, toolSearch].map(({ definition }) => definition);
  return deferTools(definitions, messages, readToolSearchSettings(config));
}

async function found(args: JsonObject, tools: readonly Tool[] = MANY): Promise<JsonObject> {
  const byName = new Map([...tools, toolSearch].map((one) => [one.definition.name, one]));
  return await call(toolSearch, args, { ...toolContext(), tools: byName });
}

Deno.test("from 15 tools on those that are not needed all the time are stubs, in their places", () => {
  const tools = deferred(MANY);
  assert.deepEqual(complete(tools), ["read_file", "kept", "tool_search"]);
  assert.deepEqual(tools.map(({ name }) => name), [...MANY, toolSearch].map(({ definition }) => definition.name));
  assert.equal(tools[2]!.description, "Does mcp_docs__tool_0. (Arguments: see tool_search.)");
  assert.deepEqual(tools[2]!.parameters, { type: "object", properties: {}, additionalProperties: true });
});

Deno.test("with 14 tools all are complete, and there is no search", () => {
  const few = MANY.slice(1);
  assert.deepEqual(deferred(few), few.map(({ definition }) => definition));
  assert.equal(complete(deferred(few, { threshold: 14 })).length, 2);
});

Deno.test("a tool that is always to be deferred is a stub also among few", () => {
  const tools = deferred([tool("a"), tool("b", { deferrable: "always" })]);
  assert.deepEqual(complete(tools), ["a", "tool_search"]);
});

Deno.test("without the search, or with another tool of its name, all tools are complete", () => {
  const definitions = MANY.map(({ definition }) => definition);
  const settings = readToolSearchSettings({});
  assert.deepEqual(deferTools(definitions, [], settings), definitions);
  const others = [...definitions, tool("tool_search").definition];
  assert.deepEqual(deferTools(others, [], settings), others);
});

Deno.test("where the provider searches, the same tools are marked and complete, and the runtime's search is left out", () => {
  const definitions = [...MANY, toolSearch].map(({ definition }) => definition);
  const settings = readToolSearchSettings({});
  const tools = deferTools(definitions, [], settings, true);
  assert.deepEqual(tools.filter((one) => !one.deferred).map(({ name }) => name), ["read_file", "kept"]);
  assert.deepEqual(tools.map(({ name }) => name), MANY.map(({ definition }) => definition.name));
  assert.equal(complete(tools).length, MANY.length);
  assert.equal(deferTools(definitions, [], settings, true)[2], tools[2], "a driver remembers the text of the same one");
});

Deno.test("mode says who searches: nobody where only the provider may and cannot", () => {
  const definitions = [...MANY, toolSearch].map(({ definition }) => definition);
  const isDeferred = (mode: string, native: boolean) => {
    const tools = deferTools(definitions, [], readToolSearchSettings({ mode }), native);
    return [tools.some(({ deferred }) => deferred), tools.some(({ name }) => name === "tool_search")];
  };
  assert.deepEqual([isDeferred("auto", true), isDeferred("auto", false)], [[true, false], [false, true]]);
  assert.deepEqual([isDeferred("native", true), isDeferred("native", false)], [[true, false], [false, false]]);
  assert.deepEqual([isDeferred("local", true), isDeferred("local", false)], [[false, true], [false, true]]);
  assert.match(toolSearchProblem({ mode: "hosted" }) ?? "", /`mode` is "hosted", not one of auto, native, local/);
});

Deno.test("never_defer says which tools stay, and those of the client always do", () => {
  const client: ToolDefinition = { ...tool("ask_user").definition, type: "client_side" };
  const definitions = [...MANY.map(({ definition }) => definition), client, toolSearch.definition];
  const settings = readToolSearchSettings({ never_defer: ["mcp_docs__tool_3"] });
  assert.deepEqual(complete(deferTools(definitions, [], settings)), [
    "kept",
    "mcp_docs__tool_3",
    "ask_user",
    "tool_search",
  ]);
});

Deno.test("a stub keeps the first sentence of a description, cut where it is long", () => {
  const texts = [
    tool("a", { description: "Opens v1.2 of\n it. Then much more.", deferrable: "always" }),
    tool("b", { description: "word ".repeat(100), deferrable: "always" }),
  ];
  const [short, long] = deferred(texts).map(({ description }) => description);
  assert.equal(short, "Opens v1.2 of it. (Arguments: see tool_search.)");
  assert.match(long!, /^(word ){23}word… \(Arguments/);
});

Deno.test("what its own results name and what was called is complete from then on", () => {
  const conversation = new Conversation().say("user", "go")
    .call({ name: "tool_search", result: { tools: [{ name: "mcp_docs__tool_1" }, { name: "mcp_docs__tool_2" }] } })
    .call({ name: "mcp_docs__tool_5", result: null, error: "invalid arguments" })
    .call({ name: "read_file", result: { tools: [{ name: "mcp_docs__tool_9" }] } })
    .say("user", JSON.stringify({ tools: [{ name: "mcp_docs__tool_8" }] }));
  assert.deepEqual(complete(deferred(MANY, {}, conversation.messages)), [
    "read_file",
    "kept",
    "mcp_docs__tool_1",
    "mcp_docs__tool_2",
    "mcp_docs__tool_5",
    "tool_search",
  ]);
});

Deno.test("between two that reveal something the definitions stay the very same", () => {
  const conversation = new Conversation().say("user", "go");
  const before = deferred(MANY, {}, conversation.messages);
  conversation.say("agent", "hm").call({ name: "read_file", result: "text" });
  deferred(MANY, {}, conversation.messages).forEach((definition, index) => assert.equal(definition, before[index]));
});

Deno.test("each message of a growing conversation is read once, though hooks get a copy of its list each time", () => {
  let reads = 0;
  const watch = (message: Message): Message =>
    new Proxy(message, {
      get(target, key, receiver) {
        if (key === "content") reads++;
        return Reflect.get(target, key, receiver);
      },
    });
  const begun = new Conversation().call({ name: "a", result: 1 }).call({ name: "b", result: 1 }).messages.map(watch);
  revealedTools([...begun]);
  const grown = [...begun, ...new Conversation().call({ name: "c", result: 1 }).messages.map(watch)];
  assert.deepEqual([...revealedTools([...grown])], ["a", "b", "c"]);
  revealedTools([...grown]);
  assert.equal(reads, grown.length);
});

Deno.test("a search counts names more than descriptions, and leaves out what is less than half as good", () => {
  const tools = [
    tool("send_mail", { description: "Sends a letter." }),
    tool("find_mail", { description: "Finds a letter that was sent." }),
    tool("letterbox", { description: "Opens it." }),
    tool("weather", { description: "Says whether to send somebody out." }),
  ].map(({ definition }) => definition);
  const names = (query: string, limit = 8) => searchTools(tools, query, limit).map(({ name }) => name);
  assert.deepEqual(names("send mail"), ["send_mail"]);
  assert.deepEqual(names("mail"), ["find_mail", "send_mail"]);
  assert.deepEqual(names("mail", 1), ["find_mail"]);
  assert.deepEqual(names("letter"), ["letterbox"]);
  assert.deepEqual(names("WEATHER, find_mail"), ["find_mail", "weather"]);
  assert.deepEqual(names("nothing of it"), ["letterbox"]);
  assert.deepEqual(names("!?"), []);
});

Deno.test("of a long query only the first 64 words are looked for", () => {
  const definitions = [tool("add").definition];
  const words = (count: number): string => Array.from({ length: count }, (_, index) => `w${index}`).join(" ");
  assert.equal(searchTools(definitions, `${words(63)} add`, 8).length, 1);
  assert.equal(searchTools(definitions, `${words(64)} add`, 8).length, 0);
});

Deno.test("tool_search gives complete definitions, eight at most, and never itself", async () => {
  const { tools } = await found({ query: "tool" });
  assert.equal((tools as JsonObject[]).length, 8);
  assert.deepEqual((tools as JsonObject[])[0], {
    name: "mcp_docs__tool_0",
    description: "Does mcp_docs__tool_0.",
    parameters: { type: "object", properties: { what: { type: "string" } }, required: ["what"] },
  });
  assert.match(String((await found({ query: "tool", limit: 9 }))["error"]), /limit/);
});

Deno.test("a search without a result tells the names there are", async () => {
  const { tools, names } = await found({ query: "zzz" });
  assert.deepEqual([tools, (names as string[])[0]], [[], "read_file"]);
});

Deno.test("schemas that are too long for an answer are left to the next request", async () => {
  const huge = Array.from({ length: 8 }, (_, at) =>
    defineTool({
      name: `huge_${at}`,
      description: "d".repeat(10_000),
      parameters: { type: "object", properties: { a: { type: "string", description: "x".repeat(10_000) } } },
      effect: "pure",
      execute: () => 1,
    }));
  const answer = await found({ query: "huge" }, huge);
  assert.ok(JSON.stringify(answer).length < 64 * 1024);
  const tools = answer["tools"] as JsonObject[];
  assert.deepEqual(tools.map((one) => "parameters" in one), [true, true, false, false, false, false, false, false]);
  assert.equal(tools.length, 8);
});

for (const config of [{ threshold: 0 }, { never_defer: [""] }, { other: 1 }]) {
  Deno.test(`tool_search finds ${JSON.stringify(config)} wrong`, () => {
    assert.equal(typeof toolSearchProblem(config), "string");
  });
}

Deno.test("a turn finds a tool of a server and calls it, one that was not looked up is told what was wrong, and both stay", async () => {
  const driver = new PlayedDriver(
    playCall("tool_search", { query: "mcp_docs__tool_7" }),
    playCall("mcp_docs__tool_7", { what: "now" }),
    playCall("mcp_docs__tool_4", { guessed: true }),
    playCall("mcp_docs__tool_4", { what: "again" }),
    texts("done"),
    texts("later"),
  );
  const [builtIn, ofServer] = [MANY.slice(0, 2), MANY.slice(2)];
  await using runtime = await simRuntime("unused", {
    tools: builtIn,
    session: (single) =>
      single.withCapability("auto_tool_search")
        .sessionMcpServers({ docs: { type: "http", url: "http://127.0.0.1/" } }),
    configure: (builder) =>
      useDriver(driver.descriptor)(builder).toolSource({
        type: "http",
        connect: (name) =>
          Promise.resolve({
            name,
            revision: 1,
            list: () => Promise.resolve(ofServer),
            close: () => Promise.resolve(),
          }),
      }),
  });
  assert.equal((await say(runtime)).response, "done");
  await say(runtime, "and?");
  const base = ["read_file", "kept"];
  const one = "mcp_docs__tool_7";
  assert.deepEqual(driver.requests.map(({ tools }) => complete(tools).filter((name) => name !== "tool_search")), [
    base,
    [...base, one],
    [...base, one],
    [...base, "mcp_docs__tool_4", one],
    [...base, "mcp_docs__tool_4", one],
    [...base, "mcp_docs__tool_4", one],
  ]);
  const results = driver.requests.at(-1)!.messages.flatMap((message) => message.role === "tool" ? [message] : []);
  assert.deepEqual(results.map(({ isError }) => isError), [false, false, true, false]);
  assert.match(results[2]!.content, /what/);
  assert.deepEqual([results[1]!.content, results[3]!.content], ["mcp_docs__tool_7 now", "mcp_docs__tool_4 again"]);
});

Deno.test("a runtime that starts again still knows what was revealed", () => {
  const conversation = new Conversation().call({
    name: "tool_search",
    result: { tools: [{ name: "mcp_docs__tool_1" }] },
  });
  const copy = JSON.parse(JSON.stringify(conversation.messages)) as Message[];
  assert.ok(complete(deferred(MANY, {}, copy)).includes("mcp_docs__tool_1"));
});
