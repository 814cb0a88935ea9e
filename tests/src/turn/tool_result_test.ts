/** What a tool came to: values, errors, images, connections, deadlines and the size cap. */

import assert from "node:assert/strict";
import {
  connectionRequired,
  defineTool,
  type ImagePart,
  type Tool,
  ToolError,
  toolFailure,
  toolSuccess,
} from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime, type SimOptions } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

/** Runs one call of a tool and says everything that became of it. */
async function outcomeOf(execute: () => unknown, options: SimOptions & { readonly tool?: Partial<Tool> } = {}) {
  const tool = { ...defineTool({ name: "work", description: "", execute }), ...options.tool };
  await using sim = await scriptedRuntime([callTools("work"), "done"], { ...options, tools: [tool] });
  const result = await say(sim.runtime);
  assert.equal(result.success, true);
  const answer = sim.requests[1]?.messages.at(-1);
  assert.ok(answer?.role === "tool");
  return {
    content: answer.content,
    isError: answer.isError,
    images: answer.images,
    data: eventsOf(sim.runtime, "tool.completed")[0]?.data,
    warnings: eventsOf(sim.runtime, "runtime.warning").map(({ data }) => data),
    messages: await sim.runtime.messages(sim.runtime.defaultSessionId),
  };
}

function throws(error: unknown): () => never {
  return () => {
    throw error;
  };
}

Deno.test("a tool's text is the result as it is, anything else is JSON", async () => {
  assert.equal((await outcomeOf(() => "plain")).content, "plain");
  assert.equal((await outcomeOf(() => ({ a: [1, null] }))).content, '{"a":[1,null]}');
  assert.equal((await outcomeOf(() => 42)).content, "42");
  assert.equal((await outcomeOf(() => Promise.resolve("later"))).content, "later");
});

Deno.test("a tool that returns nothing succeeds with null", async () => {
  const { content, data } = await outcomeOf(() => undefined);
  assert.equal(content, "null");
  assert.deepEqual([data?.success, data?.status, data?.result], [true, "success", null]);
});

Deno.test("the message of a ToolError is shown to the model", async () => {
  for (const execute of [throws(new ToolError("out of paper")), () => toolFailure("out of paper")]) {
    const { content, isError, data, warnings } = await outcomeOf(execute);
    assert.deepEqual([content, isError], ["out of paper", true]);
    assert.deepEqual([data?.error, data?.status, data?.success], ["out of paper", "error", false]);
    assert.deepEqual(warnings, []);
  }
});

Deno.test("the message of any other error is hidden from the model and given to the host", async () => {
  const secret = "connect ECONNREFUSED postgres://admin:hunter2@db";
  for (const execute of [throws(new Error(secret)), () => Promise.reject(new TypeError(secret))]) {
    const { content, isError, data, warnings } = await outcomeOf(execute);
    assert.deepEqual([content, isError], ['Tool "work" failed with an internal error', true]);
    assert.equal(JSON.stringify(data).includes("hunter2"), false);
    assert.equal(warnings.length, 1);
    assert.equal(warnings[0]?.code, "tool_threw");
    assert.match(warnings[0]?.message ?? "", /hunter2/);
  }
});

Deno.test("a tool may throw anything", async () => {
  for (const thrown of [null, undefined, "text", 7, { message: "object" }]) {
    const { isError, content } = await outcomeOf(throws(thrown));
    assert.deepEqual([isError, content], [true, 'Tool "work" failed with an internal error']);
  }
});

const PIXEL: ImagePart = { type: "image", base64: "iVBORw0KGgo=", mediaType: "image/png" };

Deno.test("images of a result reach the model, the event and the stored message", async () => {
  const { content, images, data, messages } = await outcomeOf(() => toolSuccess("a pixel", { images: [PIXEL] }));
  assert.equal(content, "a pixel");
  assert.deepEqual(images, [PIXEL]);
  assert.deepEqual(data?.images, [PIXEL]);
  assert.deepEqual(messages[2]?.content.map(({ type }) => type), ["tool_result", "image"]);
});

Deno.test("a tool that needs a connection says so to the model and to the host", async () => {
  const connect = { provider: "github", subject: "octocat", setupUrl: "https://example.com/connect" };
  const { content, isError, data } = await outcomeOf(() => connectionRequired(connect));
  assert.equal(isError, true);
  assert.match(content, /connect github/i);
  assert.deepEqual(data?.connectionRequired, connect);
  assert.equal(data?.success, false);
});

/** Runs one call of a tool that never ends by itself, lets its deadline pass, and says what was recorded. */
async function timeOut(
  milliseconds: number,
  execute: (signal: AbortSignal) => Promise<unknown>,
  options: SimOptions & { readonly timeoutMs?: number } = {},
) {
  const clock = new WatchedClock();
  const started = Promise.withResolvers<void>();
  const { timeoutMs } = options;
  const work = defineTool({
    name: "work",
    description: "",
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    execute: (_, { signal }) => {
      started.resolve();
      return execute(signal);
    },
  });
  await using sim = await scriptedRuntime([callTools("work"), "done"], { ...options, clock, tools: [work] });
  const running = say(sim.runtime);
  await started.promise;
  await clock.armed();
  clock.advance(milliseconds);
  assert.equal((await running).response, "done");
  return eventsOf(sim.runtime, "tool.completed").map(({ data }) => [data.status, data.error]);
}

Deno.test("a tool that takes too long is given up and its signal fires", async () => {
  const seen: unknown[] = [];
  const recorded = await timeOut(5000, (signal) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        seen.push(signal.reason instanceof DOMException && signal.reason.name);
        resolve("too late");
      });
    }), { timeoutMs: 5000 });
  assert.deepEqual(recorded, [["timeout", 'Tool "work" timed out after 5000 ms']]);
  assert.deepEqual(seen, ["TimeoutError"]);
});

Deno.test("a tool that names no deadline gets the configured one", async () => {
  const recorded = await timeOut(800, () => new Promise(() => {}), { limits: { toolMs: 800 } });
  assert.deepEqual(recorded, [["timeout", 'Tool "work" timed out after 800 ms']]);
});

Deno.test("what a tool answers after its deadline is dropped", async () => {
  const answer = Promise.withResolvers<string>();
  const recorded = await timeOut(100, (signal) => {
    signal.addEventListener("abort", () => answer.resolve("here I am"));
    return answer.promise;
  }, { timeoutMs: 100 });
  assert.deepEqual(recorded, [["timeout", 'Tool "work" timed out after 100 ms']]);
});

Deno.test("a result over 64 KiB is cut to the cap with a marker", async () => {
  const { content, data } = await outcomeOf(() => "x".repeat(200_000));
  assert.equal(data?.truncated, true);
  assert.ok(new TextEncoder().encode(JSON.stringify(data?.result)).length <= 65_536);
  assert.ok(content.length > 60_000);
  assert.match(content.slice(-120), /truncated/);
});

Deno.test("a result within the cap is left alone", async () => {
  const { content, data } = await outcomeOf(() => "x".repeat(60_000));
  assert.equal(content.length, 60_000);
  assert.equal(data?.truncated, undefined);
});

Deno.test("maxToolResultBytes changes the cap", async () => {
  const { data } = await outcomeOf(() => ({ rows: Array.from({ length: 1000 }, (_, row) => row) }), {
    limits: { maxToolResultBytes: 512 },
  });
  assert.equal(data?.truncated, true);
  assert.ok(JSON.stringify(data?.result).length <= 512);
});

Deno.test("a long error message is cut", async () => {
  const { content } = await outcomeOf(throws(new ToolError("x".repeat(100_000))));
  assert.ok(content.length < 10_000);
  assert.match(content, /\[cut\]$/);
});

Deno.test("values that are no JSON are written down as it", async () => {
  const circular: Record<string, unknown> = { when: new Date(0), big: 10n ** 20n };
  circular["self"] = circular;
  const { content, isError } = await outcomeOf(() => circular);
  assert.equal(isError, false);
  assert.match(content, /1970-01-01/);
  assert.match(content, /100000000000000000000/);
});

Deno.test("a tool result that only looks like an outcome is ordinary data", async () => {
  const { content, isError } = await outcomeOf(() => ({ type: "error", message: "not mine" }));
  assert.equal(isError, false);
  assert.equal(content, '{"type":"error","message":"not mine"}');
});

Deno.test("tool.completed names tool, capability and duration", async () => {
  const { data } = await outcomeOf(() => "x");
  assert.deepEqual([data?.toolName, data?.capabilityId], ["work", "test_tools"]);
  assert.equal(typeof data?.durationMs, "number");
});
