/** userPromptSubmit hooks: allow, block, rewrite, and failing closed. */

import assert from "node:assert/strict";
import {
  type Capability,
  type CapabilityHooks,
  type PromptDecision,
  RuntimeBackends,
  textOf,
  userMessage,
} from "../../../mod.ts";
import { RecordingJournal } from "../_support/journals.ts";
import { eventsOf, say, scriptedRuntime, typesOf } from "../_support/runtime.ts";
import { WatchedClock } from "../_support/watched_clock.ts";

type Hook = NonNullable<CapabilityHooks["userPromptSubmit"]>;

function guard(hook: Hook, change: Partial<Capability> = {}): Capability {
  return { id: "guard", name: "Guard", hooks: { userPromptSubmit: hook }, ...change };
}

const REFUSE: Hook = () => ({ action: "block", reason: "not in this house" });

Deno.test("a userPromptSubmit hook that allows changes nothing", async () => {
  const seen: unknown[] = [];
  await using sim = await scriptedRuntime(["hello"], {
    capabilities: [guard((input, { session }) => {
      seen.push(textOf(input.content), session.id);
      return { action: "allow" };
    })],
  });
  assert.equal((await say(sim.runtime, "hi")).response, "hello");
  assert.deepEqual(seen, ["hi", sim.runtime.defaultSessionId]);
  assert.deepEqual(sim.requests[0]?.messages, [{ role: "user", content: [{ type: "text", text: "hi" }] }]);
});

Deno.test("a userPromptSubmit hook that blocks ends the turn before any model call", async () => {
  await using sim = await scriptedRuntime(["never"], { capabilities: [guard(REFUSE)] });
  const result = await say(sim.runtime, "bad words");
  assert.equal(sim.requests.length, 0);
  assert.deepEqual([result.success, result.status, result.stopReason], [false, "failed", "blocked"]);
  assert.deepEqual(result.error, { code: "blocked_by_hook", message: "not in this house" });
  assert.deepEqual([result.response, result.iterations, result.toolCallsCount], ["", 0, 0]);
});

Deno.test("a refused prompt, its refusal and the end of its turn are one commit", async () => {
  const journal = new RecordingJournal();
  await using sim = await scriptedRuntime(["never"], {
    capabilities: [guard(REFUSE)],
    backends: RuntimeBackends.inMemory().withJournal(journal),
  });
  await say(sim.runtime, "bad words");
  assert.equal(journal.steps.length, 1);
  assert.deepEqual(typesOf(sim.runtime.events()), [
    "input.message",
    "session.activated",
    "turn.started",
    "output.message.completed",
    "turn.failed",
    "session.idled",
  ]);
  const [failed] = eventsOf(sim.runtime, "turn.failed");
  assert.deepEqual([failed?.data.errorCode, failed?.data.iterations], ["blocked_by_hook", 0]);
});

Deno.test("a refused prompt is stored, with the reason as the agent's answer", async () => {
  await using sim = await scriptedRuntime(["never"], { capabilities: [guard(REFUSE)] });
  await say(sim.runtime, "bad words");
  const messages = await sim.runtime.messages(sim.runtime.defaultSessionId);
  assert.deepEqual(messages.map(({ role, content }) => [role, textOf(content)]), [
    ["user", "bad words"],
    ["agent", "not in this house"],
  ]);
});

Deno.test("a refused prompt is never sent to a model, also not with later turns", async () => {
  const hook: Hook = ({ content }): PromptDecision =>
    textOf(content).includes("bad") ? { action: "block", reason: "no" } : { action: "allow" };
  await using sim = await scriptedRuntime(["hello"], { capabilities: [guard(hook)] });
  await say(sim.runtime, "bad words");
  await say(sim.runtime, "good words");
  assert.deepEqual(sim.requests[0]?.messages, [{ role: "user", content: [{ type: "text", text: "good words" }] }]);
});

Deno.test("a userPromptSubmit hook that rewrites changes what the model gets, not what is stored", async () => {
  await using sim = await scriptedRuntime(["hello", "again"], {
    capabilities: [guard((input) => {
      const text = textOf(input.content);
      return text.includes("secret") ? { action: "rewrite", text: "the word is ***" } : { action: "allow" };
    })],
  });
  await say(sim.runtime, "the word is secret");
  const [stored] = await sim.runtime.messages(sim.runtime.defaultSessionId);
  assert.equal(textOf(stored?.content ?? []), "the word is secret");
  const sent = { role: "user", content: [{ type: "text", text: "the word is ***" }] };
  assert.deepEqual(sim.requests[0]?.messages, [sent]);
  await say(sim.runtime, "and now?");
  assert.deepEqual(sim.requests[1]?.messages[0], sent);
});

Deno.test("a later hook sees what an earlier one rewrote, and the last rewrite counts", async () => {
  const seen: string[] = [];
  const step = (id: string): Capability =>
    guard((input) => {
      seen.push(textOf(input.content));
      return { action: "rewrite", text: `${textOf(input.content)} ${id}` };
    }, { id });
  await using sim = await scriptedRuntime(["hello"], { capabilities: [step("one"), step("two")] });
  await say(sim.runtime, "zero");
  assert.deepEqual(seen, ["zero", "zero one"]);
  assert.deepEqual(sim.requests[0]?.messages, [{ role: "user", content: [{ type: "text", text: "zero one two" }] }]);
});

Deno.test("the first hook that blocks wins", async () => {
  let asked = 0;
  const second = guard(() => {
    asked++;
    return { action: "allow" };
  }, { id: "second" });
  await using sim = await scriptedRuntime(["never"], { capabilities: [guard(REFUSE), second] });
  assert.equal((await say(sim.runtime)).stopReason, "blocked");
  assert.equal(asked, 0);
});

Deno.test("a prompt is refused when its hook throws", async () => {
  const broken: readonly Hook[] = [
    () => {
      throw new Error("hook broke");
    },
    () => Promise.reject(new Error("hook broke")),
  ];
  for (const hook of broken) {
    await using sim = await scriptedRuntime(["never"], { capabilities: [guard(hook)] });
    const { error } = await say(sim.runtime);
    assert.equal(error?.code, "blocked_by_hook");
    assert.equal(error?.message.includes("hook broke"), false);
    assert.deepEqual(eventsOf(sim.runtime, "runtime.warning").map(({ data }) => data.message), [
      'Hook userPromptSubmit of capability "guard" failed: hook broke',
    ]);
    assert.equal(sim.requests.length, 0);
  }
});

Deno.test("a prompt is refused when its hook does not answer in time", async () => {
  const clock = new WatchedClock();
  const asked = Promise.withResolvers<void>();
  const hook: Hook = () => {
    asked.resolve();
    return new Promise(() => {});
  };
  await using sim = await scriptedRuntime(["never"], { clock, limits: { hookMs: 1000 }, capabilities: [guard(hook)] });
  const running = say(sim.runtime);
  await asked.promise;
  await clock.armed();
  clock.advance(1000);
  assert.equal((await running).error?.code, "blocked_by_hook");
});

Deno.test("a hook of a capability that is not available is skipped", async () => {
  await using sim = await scriptedRuntime(["hello"], { capabilities: [guard(REFUSE, { status: "coming_soon" })] });
  assert.equal((await say(sim.runtime)).response, "hello");
});

Deno.test("a hook is told the model and the configuration of its capability", async () => {
  const seen: unknown[] = [];
  await using sim = await scriptedRuntime(["hello"], {
    registered: [guard((_, { config, model }) => {
      seen.push({ ...config }, model);
      return { action: "allow" };
    })],
    session: (single) => single.sessionCapability({ ref: "guard", config: { strict: true } }),
  });
  await sim.runtime.runTurn(sim.runtime.defaultSessionId, userMessage("hi"));
  assert.deepEqual(seen, [{ strict: true }, "llmsim-model"]);
});
