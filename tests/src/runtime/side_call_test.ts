/** Questions to the model beside the conversation, asked by commands. */

import assert from "node:assert/strict";
import { type Capability, type ModelMessage, RuntimeError, type SideModelRequest } from "../../../mod.ts";
import { PlayedDriver, texts, USED } from "../_support/played_driver.ts";
import { useDriver } from "../_support/drivers.ts";
import { say, simRuntime } from "../_support/runtime.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";

function asking(request: (args: string) => SideModelRequest): Capability {
  return {
    id: "asking",
    name: "Asking",
    commands: [{
      name: "btw",
      description: "Asks",
      execute: async (args, context) => {
        const { text, usage } = await context.complete(request(args));
        return { output: text, ...(usage === undefined ? {} : { data: { ...usage } }) };
      },
    }],
  };
}

function userText(text: string): ModelMessage[] {
  return [{ role: "user", content: [{ type: "text", text }] }];
}

Deno.test("a command asks the model as the session does, without tools, and nothing is stored", async () => {
  const driver = new PlayedDriver(texts("Hello"), texts("42"));
  await using runtime = await simRuntime("unused", {
    capabilities: [asking((text) => ({ asSession: true, systemPrompt: "Answer briefly.", messages: userText(text) }))],
    configure: useDriver(driver.descriptor),
  });
  await say(runtime, "hi");
  const answer = await runtime.executeCommand(runtime.defaultSessionId, "btw", "what?");
  assert.deepEqual([answer.output, answer.data], ["42", { ...USED }]);
  const asked = driver.requests[1];
  assert.equal(asked?.systemPrompt, "Answer briefly.\n\nYou are a test.");
  assert.deepEqual(asked?.messages.map(({ role }) => role), ["user", "assistant", "user"]);
  assert.deepEqual(asked?.tools, []);
  assert.equal((await runtime.messages(runtime.defaultSessionId)).length, 2);
});

Deno.test("a side question without an answer ends with its deadline", async () => {
  const clock = new FakeClock();
  const stalled = { id: "test", prepare: () => ({ method: "", url: "", headers: {}, body: "" }) };
  const asked = Promise.withResolvers<void>();
  const driver = {
    ...stalled,
    // deno-lint-ignore require-yield
    async *stream(_: unknown, { signal }: { readonly signal: AbortSignal }) {
      asked.resolve();
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  await using runtime = await simRuntime("unused", {
    clock,
    capabilities: [asking((text) => ({ messages: userText(text), timeoutMs: 500 }))],
    configure: useDriver({ id: "test", requiresApiKey: false, permissions: () => ({}), create: () => driver }),
  });
  const answer = runtime.executeCommand(runtime.defaultSessionId, "btw", "what?");
  await asked.promise;
  clock.advance(500);
  await assert.rejects(answer, (error) => error instanceof RuntimeError && error.code === "deadline_exceeded");
});
