/** Inputs that join a running turn go through the same hooks as the one that started it. */

import assert from "node:assert/strict";
import { RuntimeError } from "../../../src/errors.ts";
import { defineCapability } from "../../../src/kit/define_capability.ts";
import type { Capability } from "../../../src/ports/capability.ts";
import type { ModelMessage } from "../../../src/ports/driver.ts";
import { textOf } from "../../../src/records/content.ts";
import type { InputMessage } from "../../../src/records/message.ts";
import { faultRuntime, SESSION, text, until } from "../_support/faults.ts";

const guard: Capability = defineCapability({
  id: "guard",
  name: "Guard",
  hooks: {
    userPromptSubmit: (input) => {
      const said = textOf(input.content);
      if (said.includes("forbidden")) return { action: "block", reason: "not here" };
      return said.includes("secret")
        ? { action: "rewrite", text: said.replace("secret", "[hidden]") }
        : { action: "allow" };
    },
  },
});

/** A guarded runtime whose model waits for `release()` before its first answer. */
async function guarded() {
  const gate = Promise.withResolvers<void>();
  const asked: (readonly ModelMessage[])[] = [];
  const runtime = await faultRuntime({
    capabilities: [guard],
    respond: async function* ({ messages }) {
      asked.push([...messages]);
      if (asked.length === 1) await gate.promise;
      yield* text(`answer ${asked.length}`);
    },
  });
  return { runtime, asked, release: gate.resolve, [Symbol.asyncDispose]: () => runtime.close() };
}

Deno.test("steer() rejects an input a hook refuses; it is neither stored nor sent, and the turn ends without it", async () => {
  await using sim = await guarded();
  const turn = sim.runtime.startTurn(SESSION, "hello");
  await until(() => sim.asked.length === 1);
  const steered = turn.steer("something forbidden");
  const refused = assert.rejects(
    steered,
    (error) => error instanceof RuntimeError && error.code === "blocked_by_hook" && error.message.includes("not here"),
  );
  sim.release();
  await refused;
  const result = await turn.result;
  assert.deepEqual([result.response, result.iterations, result.stopReason], ["answer 1", 1, "end_turn"]);
  assert.equal(sim.asked.length, 1);
  const texts = (await sim.runtime.messages(SESSION)).map(({ content }) => textOf(content));
  assert.deepEqual(texts, ["hello", "answer 1"]);
});

Deno.test("steer() stores what was said, and the model gets what a hook made of it, images included", async () => {
  await using sim = await guarded();
  const turn = sim.runtime.startTurn(SESSION, "hello");
  await until(() => sim.asked.length === 1);
  const image = { type: "image", url: "https://example.com/a.png" } as const;
  const input: InputMessage = { content: [{ type: "text", text: "a secret" }, image] };
  const steered = turn.steer(input);
  sim.release();
  assert.deepEqual(await steered, { joined: true });
  await turn.result;
  const last = sim.asked[1]?.at(-1);
  assert.deepEqual(last?.content, [{ type: "text", text: "a [hidden]" }, image]);
  const stored = (await sim.runtime.messages(SESSION)).find(({ content }) => textOf(content) === "a secret");
  assert.equal(stored?.role, "user");
});

Deno.test("deliver() is guarded too", async () => {
  await using sim = await guarded();
  const turn = sim.runtime.startTurn(SESSION, "hello");
  await until(() => sim.asked.length === 1);
  const refused = assert.rejects(sim.runtime.deliver(SESSION, "forbidden"), { code: "blocked_by_hook" });
  sim.release();
  await refused;
  assert.equal((await turn.result).success, true);
});
