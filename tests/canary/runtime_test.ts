/** The key of a model and the secrets of a session come out of nothing that goes wrong inside a turn. */

import assert from "node:assert/strict";
import { ProviderError, ToolError } from "../../src/errors.ts";
import { defineCapability } from "../../src/kit/define_capability.ts";
import { defineTool } from "../../src/kit/define_tool.ts";
import { DriverRegistry } from "../../src/kit/registries.ts";
import type { Capability, CapabilityHooks } from "../../src/ports/capability.ts";
import type { Driver, DriverConfig, DriverDescriptor, ModelEvent } from "../../src/ports/driver.ts";
import type { Tool, ToolContext } from "../../src/ports/tool.ts";
import type { JsonObject } from "../../src/records/json.ts";
import { Secret } from "../../src/records/secret.ts";
import { canary } from "./_canaries.ts";
import { spelled } from "./_echo_server.ts";
import { inWorld, SHOWN } from "./_world.ts";

const KEY = canary("custom_driver_key");

/** Everything somebody may throw who knows some secrets. */
function thrownWith(...secrets: readonly string[]): readonly (() => unknown)[] {
  const told = spelled(secrets);
  return [
    () => new Error(told),
    () => new Error("outer", { cause: new Error("middle", { cause: new TypeError(told) }) }),
    () => new AggregateError([new Error(told)], told),
    () =>
      new ProviderError("provider_unavailable", told, { retryable: true, cause: new Error(told), fields: { told } }),
    () => new ProviderError("provider_misconfigured", KEY, { fields: { requestId: KEY, providerCode: told } }),
    () => new DOMException(told, "AbortError"),
    () => told,
    () => ({ message: told, toString: () => told, toJSON: () => told }),
    () => ({ [told]: told }),
    () => new ToolError(told, { cause: new Error(told) }),
  ];
}

Deno.test("a driver that throws its key in any way, at any moment, shows it to nobody", async () => {
  const failures = thrownWith(KEY);
  let moment = "create";
  let thrown = failures[0];
  const descriptor: DriverDescriptor = {
    id: "custom",
    requiresApiKey: true,
    permissions: () => ({}),
    create: (config) => {
      if (moment === "create") throw thrown?.();
      return new ThrowingDriver(config, (now) => {
        if (now === moment) throw thrown?.();
      });
    },
  };
  const sinks = await inWorld({
    configure: withDriver(descriptor),
    session: (session) => session.withCapability("btw"),
  }, async ({ turn, runtime, attempt }) => {
    const id = runtime.defaultSessionId;
    for (moment of ["create", "prepare", "stream", "partial"]) {
      for (thrown of failures) {
        await turn();
        await attempt("preview", () => runtime.previewRequest(id, SHOWN));
        await attempt("command", () => runtime.executeCommand(id, "btw", "What is the key?"));
      }
    }
    assert.ok(runtime.events().filter(({ type }) => type === "turn.failed").length >= 20);
  });
  sinks.assertClean();
});

Deno.test("a tool that throws, returns or tells a key of the runtime shows it to nobody", async () => {
  const place = { at: 0 };
  const failures = thrownWith(KEY, canary("session_secret"));
  const ways: readonly ((context: ToolContext) => unknown)[] = [
    ...failures.map((make) => () => {
      throw make();
    }),
    ...failures.map((make) => () => Promise.reject(make())),
    () => KEY,
    () => spelled([KEY]),
    () => ({ environment: { [KEY]: [KEY, { deep: spelled([KEY]) }] } }),
    (context) => {
      context.progress(spelled([KEY]), { [KEY]: KEY });
      context.output(spelled([KEY]));
      for (const stream of ["stdout", "stderr"] as const) {
        for (const piece of [`x ${KEY.slice(0, 15)}`, `${KEY.slice(15)} x`]) context.output(piece, stream);
        for (const piece of `x ${KEY} x`) context.output(piece, stream);
        context.output(KEY.slice(0, 20), stream);
      }
      return "done";
    },
  ];
  const tool = defineTool({
    name: "leaky",
    description: "Knows too much.",
    execute: async (_, context) => {
      // A host's tool uses a secret of the session; from here on it may be in its errors.
      await context.storage?.getSecret(context.sessionId, "token");
      return await ways[place.at]?.(context);
    },
  });
  const sinks = await inWorld({
    configure: withDriver(callingDriver("leaky")),
    session: (session) => session.withCapability("leaks").withCapability("tool_output_persistence"),
    capabilities: [leaks({ tools: [tool] })],
  }, async ({ runtime, turn, local }) => {
    const { storageStore } = local.runtimeBackends.slots;
    await storageStore.setSecret(runtime.defaultSessionId, "token", new Secret(canary("session_secret")));
    for (place.at = 0; place.at < ways.length; place.at++) await turn();
    assert.ok(runtime.events().filter(({ type }) => type === "tool.completed").length >= ways.length);
  });
  sinks.assertClean();
});

Deno.test("a tool in the background shows a key of the runtime to nobody", async () => {
  const failures = thrownWith(KEY);
  const place = { at: 0 };
  const ways: readonly ((context: ToolContext) => unknown)[] = [
    ...failures.map((make) => () => Promise.reject(make())),
    () => ({ environment: { [KEY]: [KEY, { deep: spelled([KEY]) }] } }),
    ({ output, progress }) => {
      progress(spelled([KEY]));
      output(spelled([KEY]));
      for (const piece of [`x ${KEY.slice(0, 15)}`, `${KEY.slice(15)} x`]) output(piece);
      for (const piece of `x ${KEY} x`) output(piece);
      return KEY;
    },
  ];
  const tool = defineTool({
    name: "slow",
    description: "Takes its time.",
    hints: { supportsBackground: true },
    execute: async (_, context) => await ways[place.at]?.(context),
  });
  const descriptor = callingDriver("spawn_background", { tool: "slow", args: {}, title: "Slow" });
  const sinks = await inWorld({
    configure: withDriver(descriptor),
    session: (session) => session.withCapability("leaks").withCapability("background_execution"),
    capabilities: [leaks({ tools: [tool] })],
  }, async ({ runtime, turn, local, sinks }) => {
    const id = runtime.defaultSessionId;
    for (place.at = 0; place.at < ways.length; place.at++) {
      await turn();
      // Its end wakes the session, after the task says so.
      for await (const event of runtime.subscribe(id, { after: 0 })) {
        if (event.type !== "input.message") continue;
        const tasks = await local.taskRegistry.list(id);
        if (tasks.every(({ state }) => state === "succeeded" || state === "failed")) break;
      }
    }
    const tasks = await local.taskRegistry.list(id);
    assert.equal(tasks.length, ways.length);
    sinks.addValue("tasks", tasks);
    for (const { id: task } of tasks) {
      sinks.addValue("result", await runtime.readFile(id, `/.background/${task}/result.json`));
    }
  });
  sinks.assertClean();
});

for (
  const hook of [
    "userPromptSubmit",
    "beforeModelCall",
    "preToolUse",
    "postToolUse",
    "outputGuard",
    "llmError",
    "turnEnd",
  ] as const
) {
  Deno.test(`a ${hook} hook that throws a key of the runtime shows it to nobody`, async () => {
    const failures = thrownWith(KEY);
    let thrown = failures[0];
    const hooks: CapabilityHooks = {
      [hook]: () => {
        throw thrown?.();
      },
    };
    const tool = defineTool({ name: "harmless", description: "Does nothing.", execute: () => "done" });
    const sinks = await inWorld({
      configure: withDriver(callingDriver("harmless")),
      session: (session) => session.withCapability("leaks"),
      capabilities: [leaks({ tools: [tool], hooks })],
    }, async ({ turn }) => {
      for (thrown of failures) await turn();
    });
    sinks.assertClean();
  });
}

function withDriver(descriptor: DriverDescriptor): NonNullable<Parameters<typeof inWorld>[0]["configure"]> {
  return (builder) =>
    builder.driverRegistry(new DriverRegistry().register(descriptor))
      .defaultModel({ model: "m", providerType: descriptor.id, apiKey: KEY });
}

function leaks(parts: { readonly tools: readonly Tool[]; readonly hooks?: CapabilityHooks }): Capability {
  return defineCapability({ id: "leaks", name: "Leaks", ...parts });
}

/** Calls a tool, then answers. */
function callingDriver(tool: string, args: JsonObject = {}): DriverDescriptor {
  return {
    id: "calling",
    requiresApiKey: true,
    permissions: () => ({}),
    create: () => ({
      id: "calling",
      prepare: () => ({ method: "POST", url: "test://model", headers: {}, body: "" }),
      async *stream({ messages }): AsyncGenerator<ModelEvent> {
        // A wake is answered without a call.
        const isAsked = messages.at(-1)?.role === "user" && JSON.stringify(messages.at(-1)).includes(SHOWN);
        if (!isAsked) yield { type: "text", delta: "Done." };
        else yield { type: "tool_call", name: tool, arguments: args };
        yield { type: "done", finishReason: "stop" };
      },
    }),
  };
}

/** Throws what it is told to, when it is told to. */
class ThrowingDriver implements Driver {
  readonly id = "custom";
  readonly #config: DriverConfig;
  readonly #at: (moment: string) => void;

  constructor(config: DriverConfig, at: (moment: string) => void) {
    this.#config = config;
    this.#at = at;
  }

  prepare(): ReturnType<Driver["prepare"]> {
    this.#at("prepare");
    assert.equal(this.#config.apiKey?.reveal(), KEY);
    return { method: "POST", url: "test://model", headers: {}, body: "" };
  }

  async *stream(): AsyncGenerator<ModelEvent> {
    this.#at("stream");
    yield { type: "text", delta: SHOWN };
    this.#at("partial");
    yield { type: "done", finishReason: "stop" };
  }
}
