/** Tools that call other tools: the same checks as for a call of the model. */

import assert from "node:assert/strict";
import {
  type CapabilityHooks,
  defineCapability,
  defineTool,
  type JsonObject,
  type Tool,
  type ToolContext,
  type ToolResult,
} from "../../../mod.ts";
import { callTools, say, scriptedRuntime } from "../_support/runtime.ts";

/** The context of the calling tool, which can call others. */
type Caller = ToolContext & Required<Pick<ToolContext, "callTool">>;

/** Runs one turn in which a tool makes inner calls, and returns what it saw. */
async function within<T>(
  inner: readonly Tool[],
  look: (context: Caller) => Promise<T>,
  hooks: CapabilityHooks = {},
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const outer = defineTool({
    name: "outer",
    description: "",
    execute: async (_, context) => {
      assert.ok(context.callTool);
      await look(context as Caller).then(resolve, reject);
    },
  });
  const guards = defineCapability({ id: "guards", name: "Guards", hooks });
  const options = { tools: [outer, ...inner], capabilities: [guards] };
  await using sim = await scriptedRuntime([callTools("outer"), "done"], options);
  await say(sim.runtime);
  return await promise;
}

const echo = defineTool({
  name: "echo",
  description: "",
  parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  execute: ({ text }, { toolCallId }) => ({ text: String(text), toolCallId }),
});

function shown({ status, result, error }: ToolResult): unknown {
  return { status, ...(result === undefined ? {} : { result }), ...(error === undefined ? {} : { error }) };
}

Deno.test("callTool() runs another tool under a call id of its own", async () => {
  const { inner, outerId } = await within([echo], async (context) => ({
    inner: await context.callTool("echo", { text: "hi" }),
    outerId: context.toolCallId,
  }));
  const result = inner.result as JsonObject;
  assert.equal(inner.status, "success");
  assert.equal(result["text"], "hi");
  assert.equal(result["toolCallId"], inner.toolCallId);
  assert.notEqual(inner.toolCallId, outerId);
});

Deno.test("callTool() checks the arguments against the tool's schema", async () => {
  const result = await within([echo], ({ callTool }) => callTool("echo", { text: 7 }));
  assert.equal(result.status, "error");
  assert.match(result.error ?? "", /text/);
});

Deno.test("callTool() answers a name that no tool has with an error", async () => {
  const result = await within([], ({ callTool }) => callTool("nothing", {}));
  assert.deepEqual(shown(result), { status: "error", error: "Tool definition not found: nothing" });
});

Deno.test("callTool() refuses a tool that needs approval", async () => {
  let ran = false;
  const gated = defineTool({
    name: "gated",
    description: "",
    policy: "requires_approval",
    execute: () => (ran = true),
  });
  const result = await within([gated], ({ callTool }) => callTool("gated", {}));
  assert.match(result.error ?? "", /needs approval .* call it directly/);
  assert.equal(ran, false);
});

Deno.test("callTool() lets the hooks block, rewrite and follow an inner call", async () => {
  const after: string[] = [];
  const hooks: CapabilityHooks = {
    preToolUse: (call) => {
      if (call.name !== "echo") return { action: "allow" };
      const { text } = call.arguments as JsonObject;
      return text === "no"
        ? { action: "block", reason: "forbidden" }
        : { action: "rewrite", arguments: { text: "new" } };
    },
    postToolUse: (call, result) => {
      after.push(call.name);
      return result;
    },
  };
  const seen = await within([echo], async ({ callTool }) => [
    shown(await callTool("echo", { text: "no" })),
    ((await callTool("echo", { text: "old" })).result as JsonObject)["text"],
  ], hooks);
  assert.deepEqual(seen, [{ status: "error", error: "Blocked by a pre_tool_use hook: forbidden" }, "new"]);
  assert.deepEqual(after.slice(0, 2), ["echo", "echo"]);
});

Deno.test("an inner call is aborted when the calling tool is over", async () => {
  const aborted = Promise.withResolvers<void>();
  const waiting = defineTool({
    name: "waiting",
    description: "",
    execute: (_, { signal }) => {
      signal.addEventListener("abort", () => aborted.resolve(), { once: true });
      return aborted.promise;
    },
  });
  let left: Caller | undefined;
  await within([waiting, echo], (context) => {
    left = context;
    context.callTool("waiting", {}).catch(() => {});
    return Promise.resolve();
  });
  await aborted.promise;
  assert.match((await left?.callTool("echo", { text: "late" }))?.error ?? "", /the calling tool is over/);
});
