/** What a server asks the host, and what becomes of it when nobody wants the answer. */

import assert from "node:assert/strict";
import { inputRequired } from "@modelcontextprotocol/server";
import { mcpHttp } from "../../../src/mcp/mod.ts";
import type { McpClientHandlers } from "../../../src/mcp/client_handlers.ts";
import { olderServer, Processes } from "./_process.ts";
import { connected, fetchServer } from "./_servers.ts";
import { start } from "./_stdio.ts";

const FORM = { message: "Sure?", requestedSchema: { type: "object", properties: {} } } as const;

/** A handler that never answers, and the signal it was given. */
function unanswered() {
  const asked = Promise.withResolvers<AbortSignal>();
  const handlers: McpClientHandlers = {
    elicitForm: (_, { signal }) => {
      asked.resolve(signal);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  return { asked: asked.promise, options: { handlers: () => handlers } };
}

Deno.test("a question of a cancelled call is withdrawn from the host", async () => {
  const { asked, options } = unanswered();
  const processes = new Processes(
    olderServer((_, process) => process.say({ jsonrpc: "2.0", id: "q", method: "elicitation/create", params: FORM })),
  );
  await using client = await start(processes, {}, options);
  const stop = new AbortController();
  const call = client.call("work", {}, { signal: stop.signal });
  const signal = await asked;
  assert.equal(signal.aborted, false);
  stop.abort(new Error("cancelled"));
  await assert.rejects(call, /cancelled/);
  assert.equal(signal.aborted, true);
});

Deno.test("a question stays while another call may have led to it", async () => {
  const { asked, options } = unanswered();
  let calls = 0;
  const processes = new Processes(olderServer((_, process) => {
    if (++calls === 2) process.say({ jsonrpc: "2.0", id: "q", method: "elicitation/create", params: FORM });
  }));
  await using client = await start(processes, {}, options);
  const stops = [new AbortController(), new AbortController()];
  const ended = stops.map(({ signal }) => client.call("work", {}, { signal }).catch(() => {}));
  const signal = await asked;
  stops[0]?.abort();
  await ended[0];
  assert.equal(signal.aborted, false);
  stops[1]?.abort();
  await ended[1];
  assert.equal(signal.aborted, true);
});

Deno.test("a question that is part of a modern server's answer is withdrawn with its call", async () => {
  const { asked, options } = unanswered();
  const server = fetchServer((mcp) => {
    mcp.registerTool("work", {}, () => inputRequired({ inputRequests: { sure: inputRequired.elicit(FORM) } }));
  });
  const connector = mcpHttp({ fetch: server.fetch, lookup: () => Promise.resolve(["93.184.215.14"]), ...options });
  await using client = await connected(connector, { url: "https://mcp.example.com/mcp", protocolMode: "2026-07-28" });
  const stop = new AbortController();
  const call = client.call("work", {}, { signal: stop.signal });
  const signal = await asked;
  stop.abort(new Error("cancelled"));
  await assert.rejects(call, /cancelled/);
  assert.equal(signal.aborted, true);
});

Deno.test("a server that asks more than sixteen things at once is refused the rest", async () => {
  let open = 0;
  const refused = Promise.withResolvers<unknown>();
  const base = olderServer((_, process) => {
    for (let place = 0; place < 17; place++) {
      process.say({ jsonrpc: "2.0", id: `q${place}`, method: "elicitation/create", params: FORM });
    }
  });
  const processes = new Processes({
    onMessage: (message, process) =>
      String(message.id).startsWith("q") ? refused.resolve(message) : base.onMessage(message, process),
  });
  await using client = await start(processes, {}, {
    handlers: () => ({
      elicitForm: () => {
        open++;
        return new Promise(() => {});
      },
    }),
  });
  const stop = new AbortController();
  const call = client.call("work", {}, { signal: stop.signal });
  assert.match(JSON.stringify(await refused.promise), /"id":"q16","error":.*asks too many things at once/);
  assert.equal(open, 16);
  stop.abort();
  await assert.rejects(call);
});

for (const [action, calls, outcome] of [["accept", 2, "signed in"], ["decline", 1, "sign in first"]] as const) {
  Deno.test(`a call that needs a page opened first has it opened, and is made again if the user agrees: ${action}`, async () => {
    let made = 0;
    const asked: unknown[] = [];
    const page = { mode: "url", elicitationId: "e1", url: "https://example.com/connect", message: "Connect" };
    const data = { elicitations: [page] };
    const processes = new Processes(olderServer((request, process) => {
      if (++made === 2) return process.answer(request, { content: [{ type: "text", text: "signed in" }] });
      process.say({ jsonrpc: "2.0", id: request.id, error: { code: -32042, message: "sign in first", data } });
    }));
    await using client = await start(processes, {}, {
      handlers: () => ({
        elicitUrl: (request) => {
          asked.push(request);
          return Promise.resolve({ action });
        },
      }),
    });
    assert.match(JSON.stringify(await client.call("work")), new RegExp(outcome));
    assert.deepEqual(asked, [{ message: "Connect", url: "https://example.com/connect" }]);
    assert.equal(made, calls);
  });
}
