/** What model views and toolDefinitions hooks are told, and the one retry of a request that is too large. */

import assert from "node:assert/strict";
import {
  type Capability,
  defineTool,
  InMemoryProviderStore,
  type ModelViewRequest,
  ProviderError,
  RuntimeBackends,
} from "../../../mod.ts";
import { call, PlayedDriver, texts } from "../_support/played_driver.ts";
import { useDriver } from "../_support/drivers.ts";
import { say, type SimOptions, simRuntime } from "../_support/runtime.ts";

const TOO_LARGE = new ProviderError("request_too_large", "too many tokens");
const search = defineTool({ name: "search", description: "", effect: "pure", execute: () => "found: rare" });
const rare = defineTool({ name: "rare", description: "", effect: "pure", execute: () => "rare" });

function view(seen: ModelViewRequest[], shrinks: boolean): Capability {
  return {
    id: "view",
    name: "View",
    modelView: {
      priority: 1,
      shrinks,
      apply: (messages, context, request) => {
        seen.push(request);
        assert.ok(context.turn !== undefined);
        return request.reason === "too_large" ? messages.slice(-1) : messages;
      },
    },
  };
}

function on(driver: PlayedDriver, options: SimOptions) {
  return simRuntime("unused", { ...options, configure: useDriver(driver.descriptor) });
}

Deno.test("a request the provider finds too large is built again by a view that shrinks, and sent once more", async () => {
  const seen: ModelViewRequest[] = [];
  const driver = new PlayedDriver(texts("one"), TOO_LARGE, texts("two"));
  await using runtime = await on(driver, { capabilities: [view(seen, true)] });
  await say(runtime);
  assert.equal((await say(runtime)).response, "two");
  assert.deepEqual(seen.map(({ reason }) => reason), ["normal", "normal", "too_large"]);
  assert.deepEqual(driver.requests.map(({ messages }) => messages.length), [1, 3, 1]);
  assert.equal((await runtime.messages(runtime.defaultSessionId)).length, 4);
});

Deno.test("a request that is still too large fails the turn", async () => {
  const driver = new PlayedDriver(TOO_LARGE, TOO_LARGE, texts("never"));
  await using runtime = await on(driver, { capabilities: [view([], true)] });
  const result = await say(runtime);
  assert.deepEqual([result.error?.code, driver.requests.length], ["request_too_large", 2]);
});

Deno.test("without a view that shrinks a request that is too large is not sent again", async () => {
  const driver = new PlayedDriver(TOO_LARGE, texts("never"));
  await using runtime = await on(driver, { capabilities: [view([], false)] });
  assert.equal((await say(runtime)).error?.code, "request_too_large");
  assert.equal(driver.requests.length, 1);
});

Deno.test("a view is told the limits of the model, the prompt and the tools", async () => {
  const seen: ModelViewRequest[] = [];
  const known = { contextWindow: 1000, maxOutputTokens: 50 };
  const store = Object.assign(new InMemoryProviderStore(), { getModelProfile: () => Promise.resolve(known) });
  await using runtime = await on(new PlayedDriver(texts("ok")), {
    capabilities: [view(seen, false)],
    tools: [search],
    backends: RuntimeBackends.inMemory().withProviderStore(store),
  });
  await say(runtime);
  const { tools, ...rest } = seen[0]!;
  assert.deepEqual(rest, { reason: "normal", shrinks: false, ...known, systemPrompt: "You are a test." });
  assert.deepEqual(tools.map(({ name }) => name), ["search"]);
});

Deno.test("toolDefinitions hooks see the conversation and are asked for every request", async () => {
  const deferring: Capability = {
    id: "deferring",
    name: "Deferring",
    hooks: {
      toolDefinitions: (tools, _, messages) => {
        const revealed = JSON.stringify(messages).includes("found: rare");
        return revealed ? tools : tools.filter(({ name }) => name !== "rare");
      },
    },
  };
  const driver = new PlayedDriver(call("search"), call("rare"), texts("done"));
  await using runtime = await on(driver, { capabilities: [deferring], tools: [search, rare] });
  assert.equal((await say(runtime)).response, "done");
  const offered = driver.requests.map(({ tools }) => tools.map(({ name }) => name).join());
  assert.deepEqual(offered, ["search", "search,rare", "search,rare"]);
  const { tools } = (await runtime.loadContext(runtime.defaultSessionId)).runtimeAgent;
  assert.equal(tools.length, 2);
});
