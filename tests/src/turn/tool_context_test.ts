/** What a running tool may use, and how it is heard while it runs. */

import assert from "node:assert/strict";
import {
  type ConnectionResolver,
  DEFAULT_ORG_ID,
  defineTool,
  type InProcessRuntime,
  RuntimeBackends,
  Secret,
  type ToolContext,
} from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime, type SimOptions } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

/** Runs one call whose tool looks at its context; what it returns is the result. */
async function inside<T>(look: (context: ToolContext) => T | Promise<T>, options: SimOptions = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const spy = defineTool({
    name: "spy",
    description: "",
    execute: async (_, context) => {
      try {
        resolve(await look(context));
      } catch (error) {
        reject(error);
      }
      return "seen";
    },
  });
  await using sim = await scriptedRuntime([callTools("spy"), "done"], { ...options, tools: [spy] });
  const result = await say(sim.runtime);
  return { seen: await promise, result, runtime: sim.runtime };
}

Deno.test("a tool knows session, workspace, organisation, turn and call", async () => {
  const { seen, result, runtime } = await inside((context) => ({
    sessionId: context.sessionId,
    workspaceId: context.workspaceId,
    organizationId: context.organizationId,
    turnId: context.turnId,
    toolCallId: context.toolCallId,
  }));
  assert.deepEqual(seen, {
    sessionId: runtime.defaultSessionId,
    workspaceId: runtime.defaultSessionId,
    organizationId: DEFAULT_ORG_ID,
    turnId: result.turnId,
    toolCallId: eventsOf(runtime, "tool.completed")[0]?.data.toolCallId,
  });
});

Deno.test("a tool's idempotency key is session, turn and call", async () => {
  const { seen } = await inside(({ sessionId, turnId, toolCallId, idempotencyKey }) => [
    idempotencyKey,
    `${sessionId}/${turnId}/${toolCallId}`,
  ]);
  assert.equal(seen[0], seen[1]);
});

Deno.test("a tool knows locale, network policy and the instant the turn was accepted", async () => {
  const clock = new WatchedClock({ start: 1_800_000_000_000 });
  const { seen } = await inside(({ locale, networkAccess, acceptedAt }) => ({ locale, networkAccess, acceptedAt }), {
    clock,
    session: (single) => single.locale("de-CH").harnessNetworkAccess({ allowed: ["api.example.com"] }),
  });
  assert.deepEqual(seen, {
    locale: "de-CH",
    networkAccess: { allowed: ["api.example.com"] },
    acceptedAt: 1_800_000_000_000,
  });
});

Deno.test("a tool knows no locale and no network policy when there is none", async () => {
  const { seen } = await inside(({ locale, networkAccess, connections }) => [locale, networkAccess, connections]);
  assert.deepEqual(seen, [undefined, undefined, undefined]);
});

Deno.test("a tool reads and writes the files of its session", async () => {
  const { seen, runtime } = await inside(async ({ files }) => {
    await files.writeFile("/out.txt", "from the tool");
    return (await files.readFile("in.txt")).content;
  }, {
    session: (single) => single.sessionInitialFile({ path: "/in.txt", content: "from the layer", encoding: "text" }),
  });
  assert.equal(seen, "from the layer");
  const { content } = await runtime.readFile(runtime.defaultSessionId, "/out.txt");
  assert.equal(content, "from the tool");
});

Deno.test("a tool keeps values in its session's storage", async () => {
  const backends = RuntimeBackends.inMemory();
  const { runtime } = await inside(
    async ({ storage, sessionId }) => await storage?.setValue(sessionId, "count", 3),
    { backends },
  );
  assert.equal(await backends.slots.storageStore.getValue(runtime.defaultSessionId, "count"), 3);
});

Deno.test("a tool finds the user's connections through the host's resolver", async () => {
  const asked: string[] = [];
  const resolver: ConnectionResolver = {
    resolveConnection: (_, provider) => {
      asked.push(provider);
      return Promise.resolve(new Secret("token-1"));
    },
  };
  const { seen } = await inside(
    async ({ connections, sessionId }) => (await connections?.resolveConnection(sessionId, "github"))?.reveal(),
    { backends: RuntimeBackends.inMemory().withConnectionResolver(resolver) },
  );
  assert.deepEqual([seen, asked], ["token-1", ["github"]]);
});

Deno.test("a tool's signal fires when the call is over", async () => {
  const { seen } = await inside(({ signal }) => [signal, signal.aborted] as const);
  assert.equal(seen[1], false);
  assert.equal(seen[0].aborted, true);
});

Deno.test("a signal that is first asked for after the call has fired already", async () => {
  const { seen } = await inside((context) => context);
  assert.equal(seen.signal.aborted, true);
});

function liveOf(runtime: InProcessRuntime) {
  return {
    progress: eventsOf(runtime, "tool.progress").map(({ data }) => data),
    output: eventsOf(runtime, "tool.output.delta").map(({ data }) => [data.stream, data.delta]),
  };
}

Deno.test("progress and output of a tool are live events of its call", async () => {
  const { runtime, seen } = await inside((context) => {
    context.progress("halfway", { percent: 50 });
    context.output("line 1\n");
    context.output("oops\n", "stderr");
    context.output("");
    return context.toolCallId;
  });
  const { progress, output } = liveOf(runtime);
  assert.deepEqual(output, [["stdout", "line 1\n"], ["stderr", "oops\n"]]);
  assert.equal(progress.length, 1);
  const { message, data, toolCallId, toolName } = progress[0]!;
  assert.deepEqual([message, data, toolCallId, toolName], ["halfway", { percent: 50 }, seen, "spy"]);
});

Deno.test("progress and output may be taken out of the context", async () => {
  const { runtime } = await inside(({ progress, output }) => {
    progress("halfway");
    output("line 1\n");
  });
  const { progress, output } = liveOf(runtime);
  assert.deepEqual([progress.length, output.length], [1, 1]);
});

Deno.test("progress after the end of a call is dropped", async () => {
  const { runtime, seen } = await inside((context) => context);
  seen.progress("too late");
  seen.output("too late");
  const { progress, output } = liveOf(runtime);
  assert.deepEqual([progress, output], [[], []]);
});

Deno.test("long progress and output are cut", async () => {
  const { runtime } = await inside((context) => {
    context.progress("x".repeat(100_000));
    context.output("y".repeat(1_000_000));
  });
  const { progress, output } = liveOf(runtime);
  assert.equal(progress[0]?.message.length, 2000);
  assert.equal(output[0]?.[1]?.length, 64 * 1024);
});
