/** The four reference servers over stdio, and the one that speaks it over both HTTP transports. */

import assert from "node:assert/strict";
import { mcpHttp } from "../../src/mcp/mod.ts";
import { mcpStdio } from "../../src/mcp/stdio/mod.ts";
import type { ToolOutcome } from "../../src/ports/tool.ts";
import { callTools, eventsOf, scriptedRuntime } from "../src/_support/runtime.ts";
import { callContext, type Connected, connected } from "../src/mcp/_servers.ts";
import { denoEnvironment, fetchServers, serverArguments, stdioServer } from "./_npm_servers.ts";

function textOf(outcome: ToolOutcome): string {
  return JSON.stringify(outcome);
}

async function namesOf(client: Connected): Promise<readonly string[]> {
  return (await client.tools()).map(({ definition }) => definition.name);
}

Deno.test("server-everything over stdio: text, structure, images, resources, progress, errors", async () => {
  await using client = await connected(mcpStdio(), await stdioServer("everything", "stdio"), "every");
  assert.ok((await namesOf(client)).includes("mcp_every__echo"));
  await checkEverything(client);
});

Deno.test("server-everything asks the host: a form, a model, folders", async () => {
  const asked: string[] = [];
  const connector = mcpStdio({
    handlers: () => ({
      elicitForm: () => {
        asked.push("form");
        return Promise.resolve({ action: "decline" });
      },
      sample: () => {
        asked.push("model");
        return Promise.resolve({ model: "m", text: "sampled words" });
      },
      roots: () => {
        asked.push("roots");
        return Promise.resolve([{ uri: "file:///srv/root-of-test", name: "root" }]);
      },
    }),
  });
  await using client = await connected(connector, await stdioServer("everything", "stdio"), "every");
  const names = await namesOf(client);
  assert.ok(names.includes("mcp_every__trigger-sampling-request"), names.join());
  assert.match(textOf(await client.call("trigger-sampling-request", { prompt: "hi", maxTokens: 10 })), /sampled words/);
  assert.match(textOf(await client.call("trigger-elicitation-request")), /decline/);
  assert.match(textOf(await client.call("get-roots-list")), /root-of-test/);
  assert.deepEqual(new Set(asked), new Set(["form", "model", "roots"]));
});

Deno.test("server-everything is not told of what the host does not answer", async () => {
  await using client = await connected(mcpStdio(), await stdioServer("everything", "stdio"), "every");
  const names = await namesOf(client);
  const asking = names.filter((name) => /sampling-request|elicitation-request|roots/.test(name));
  assert.deepEqual(asking, []);
});

Deno.test("server-filesystem over stdio reads inside its folder and refuses outside", async () => {
  const folder = new URL("servers", import.meta.url).pathname;
  await using client = await connected(mcpStdio(), await stdioServer("filesystem", folder), "files");
  assert.match(textOf(await client.call("list_directory", { path: folder })), /scripted_server\.ts/);
  const refused = await client.call("read_text_file", { path: "/etc/passwd" });
  assert.match(refused.type === "error" ? refused.message : "", /denied|outside/i);
});

Deno.test("server-memory over stdio keeps what it is told for its session", async () => {
  const config = await stdioServer("memory");
  const env = { ...config.env, MEMORY_FILE_PATH: `/tmp/mcp-memory-${crypto.randomUUID()}.jsonl` };
  await using client = await connected(mcpStdio(), { ...config, env }, "memory");
  const entity = { name: "Ada", entityType: "person", observations: ["writes programs"] };
  assert.equal((await client.call("create_entities", { entities: [entity] })).type, "success");
  assert.match(textOf(await client.call("read_graph")), /writes programs/);
  await client.call("delete_entities", { entityNames: ["Ada"] });
});

Deno.test("server-sequential-thinking over stdio counts thoughts in one process", async () => {
  await using client = await connected(mcpStdio(), await stdioServer("sequential-thinking"), "think");
  const thought = { thought: "one", nextThoughtNeeded: true, thoughtNumber: 1, totalThoughts: 2 };
  await client.call("sequentialthinking", thought);
  const second = await client.call("sequentialthinking", { ...thought, thoughtNumber: 2, nextThoughtNeeded: false });
  assert.match(textOf(second), /"thoughtHistoryLength":2/);
});

Deno.test("a turn calls a tool of a real server like any other", async () => {
  const call = { name: "mcp_every__echo", arguments: { message: "from a turn" } };
  const server = await stdioServer("everything", "stdio");
  await using scripted = await scriptedRuntime([callTools(call), "done"], {
    configure: (builder) => void builder.toolSource(mcpStdio()),
    session: (single) => void single.sessionMcpServers({ every: server }),
  });
  const { runtime } = scripted;
  const turn = await runtime.runTextTurn(runtime.defaultSessionId, "hi");
  assert.equal(turn.response, "done");
  const [completed] = eventsOf(runtime, "tool.completed");
  assert.match(JSON.stringify(completed?.data), /Echo: from a turn/);
  const { runtimeAgent } = await runtime.loadContext(runtime.defaultSessionId);
  assert.deepEqual(
    scripted.requests[0]?.tools?.map(({ name }) => name),
    runtimeAgent.tools.map(({ name }) => name),
  );
});

for (const [transport, path] of [["streamableHttp", "/mcp"], ["sse", "/sse"]] as const) {
  Deno.test(`server-everything over ${transport}: text, structure, images, resources, progress, errors`, async () => {
    await fetchServers();
    await using server = await startHttp(transport);
    await using client = await connected(mcpHttp({ allowLoopback: true }), { url: `${server.origin}${path}` }, "every");
    await checkEverything(client);
  });
}

for (const [transport, path] of [["streamableHttp", "/mcp"], ["sse", "/sse"]] as const) {
  Deno.test(`server-everything over ${transport} serves again after it was restarted`, async () => {
    await fetchServers();
    const first = await startHttp(transport);
    const url = `${first.origin}${path}`;
    await using client = await connected(mcpHttp({ allowLoopback: true }), { url, timeoutMs: 5_000 }, "every");
    const echo = (await client.tools()).find(({ definition }) => definition.name === "mcp_every__echo");
    const call = async () => await echo?.execute({ message: "hi" }, callContext());
    assert.deepEqual(await call(), { type: "success", value: { result: "Echo: hi" } });
    const before = client.source.revision;
    await first[Symbol.asyncDispose]();
    assert.equal((await call())?.type, "error");
    await using _ = await startHttp(transport, Number(new URL(url).port));
    assert.deepEqual(await call(), { type: "success", value: { result: "Echo: hi" } });
    assert.notEqual(client.source.revision, before);
  });
}

async function checkEverything(client: Connected): Promise<void> {
  assert.deepEqual(await client.call("echo", { message: "hi" }), { type: "success", value: { result: "Echo: hi" } });
  assert.match(textOf(await client.call("get-structured-content", { location: "Chicago" })), /"structuredContent":\{/);
  const image = await client.call("get-tiny-image");
  assert.equal(image.type === "success" ? image.images?.[0]?.mediaType : undefined, "image/png");
  assert.match(textOf(await client.call("get-resource-links", { count: 2 })), /"type":"resource_link"/);
  const reference = { resourceType: "Text", resourceId: 1 };
  assert.match(textOf(await client.call("get-resource-reference", reference)), /demo:\/\/resource\/dynamic\/text\/1/);
  assert.equal((await client.call("get-sum", { a: 1, b: "no number" })).type, "error");
  const told: string[] = [];
  const work = { duration: 0.2, steps: 2 };
  await client.call("trigger-long-running-operation", work, { progress: (message) => void told.push(message) });
  assert.equal(told[0], "1/2");
}

/** The server, once it listens. */
async function startHttp(
  transport: string,
  port: number = freePort(),
): Promise<AsyncDisposable & { readonly origin: string }> {
  const child = new Deno.Command("deno", {
    // It listens on every address.
    args: serverArguments("everything", transport).map((arg) => arg.startsWith("--allow-net") ? "--allow-net" : arg),
    clearEnv: true,
    env: { ...denoEnvironment(), PORT: String(port) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const listening = firstMatch([child.stdout, child.stderr], /(running|listening) on port/i);
  await listening.found;
  return {
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.status;
      await listening.ended;
    },
  };
}

function freePort(): number {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return probe.addr.port;
}

/** Resolves when one of the streams says what is waited for; both are read to their ends. */
function firstMatch(streams: readonly ReadableStream<Uint8Array>[], pattern: RegExp) {
  const { promise: found, resolve, reject } = Promise.withResolvers<void>();
  let text = "";
  const ended = Promise.all(streams.map(async (stream) => {
    for await (const piece of stream) {
      text += new TextDecoder().decode(piece);
      if (pattern.test(text)) resolve();
    }
  })).then(() => reject(new Error(`It ended without listening: ${text}`)));
  found.catch(() => {});
  return { found, ended };
}
