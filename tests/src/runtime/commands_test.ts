/** Slash-type commands. */

import assert from "node:assert/strict";
import { type Capability, type Command, RuntimeClosedError, RuntimeError, textOf } from "../../../mod.ts";
import { say, simRuntime } from "../_support/runtime.ts";

function command(name: string, execute: Command["execute"] = () => ({ output: name }), usage?: string): Command {
  return { name, description: `Does ${name}`, execute, ...(usage === undefined ? {} : { usage }) };
}

function offering(id: string, ...commands: readonly Command[]): Capability {
  return { id, name: id, commands };
}

Deno.test("listCommands() lists what the session's capabilities offer", async () => {
  await using runtime = await simRuntime("ok", {
    capabilities: [offering("one", command("help", undefined, "<topic>")), offering("two", command("reset"))],
    registered: [offering("off", command("hidden"))],
  });
  assert.deepEqual(await runtime.listCommands(runtime.defaultSessionId), [
    { name: "help", description: "Does help", usage: "<topic>", capabilityId: "one" },
    { name: "reset", description: "Does reset", capabilityId: "two" },
  ]);
});

Deno.test("of two commands with one name the first counts", async () => {
  await using runtime = await simRuntime("ok", {
    capabilities: [
      offering("one", command("help", () => ({ output: "first" }))),
      offering("two", command("help", () => ({ output: "second" }))),
    ],
  });
  const listed = await runtime.listCommands(runtime.defaultSessionId);
  assert.deepEqual(listed.map(({ capabilityId }) => capabilityId), ["one"]);
  assert.equal((await runtime.executeCommand(runtime.defaultSessionId, "help")).output, "first");
});

Deno.test("executeCommand() hands arguments and context to the command", async () => {
  const seen: unknown[] = [];
  await using runtime = await simRuntime("ok", {
    registered: [offering(
      "one",
      command("show", async (args, { session, config, locale, model, files, messages, signal, now }) => {
        seen.push(args, session.id, { ...config }, locale, model, files.displayRoot, signal.aborted, typeof now);
        const texts = (await messages()).map(({ content }) => textOf(content));
        return { output: texts.join("|"), data: { count: texts.length } };
      }),
    )],
    session: (single) => single.withCapability({ ref: "one", config: { a: 1 } }).locale("de-CH"),
  });
  await say(runtime, "hi");
  const result = await runtime.executeCommand(runtime.defaultSessionId, "show", "all of it");
  assert.deepEqual(result, { output: "hi|ok", data: { count: 2 } });
  assert.deepEqual(seen, [
    "all of it",
    runtime.defaultSessionId,
    { a: 1 },
    "de-CH",
    "llmsim-model",
    "/workspace",
    false,
    "number",
  ]);
});

Deno.test("a command is not part of the conversation", async () => {
  await using runtime = await simRuntime("ok", { capabilities: [offering("one", command("help"))] });
  await runtime.executeCommand(runtime.defaultSessionId, "help");
  assert.deepEqual(await runtime.messages(runtime.defaultSessionId), []);
  assert.deepEqual(runtime.events(), []);
});

Deno.test("executeCommand() refuses a command nobody offers and names those there are", async () => {
  await using runtime = await simRuntime("ok", { capabilities: [offering("one", command("help"), command("reset"))] });
  await assert.rejects(
    runtime.executeCommand(runtime.defaultSessionId, "toString"),
    (error) =>
      error instanceof RuntimeError && error.code === "command_unknown" && error.message.includes("/help, /reset"),
  );
});

Deno.test("a command's own error reaches its caller", async () => {
  const broken = command("broken", () => Promise.reject(new Error("a question is required")));
  await using runtime = await simRuntime("ok", { capabilities: [offering("one", broken)] });
  await assert.rejects(runtime.executeCommand(runtime.defaultSessionId, "broken"), /a question is required/);
});

Deno.test("a command sees the signal of its caller", async () => {
  const seen: unknown[] = [];
  const wait = command("wait", (_, { signal }) => {
    seen.push(signal.reason);
    return { output: "" };
  });
  await using runtime = await simRuntime("ok", { capabilities: [offering("one", wait)] });
  const signal = AbortSignal.abort("gone");
  await assert.rejects(
    runtime.executeCommand(runtime.defaultSessionId, "wait", "", { signal }),
    (reason) => reason === "gone",
  );
  assert.deepEqual(seen, ["gone"]);
});

Deno.test("a command that does not look at its signal holds nobody", async () => {
  const began = Promise.withResolvers<void>();
  const hang = command("hang", () => {
    began.resolve();
    return new Promise(() => {});
  });
  await using runtime = await simRuntime("ok", { capabilities: [offering("one", hang)] });
  const stop = new AbortController();
  const running = runtime.executeCommand(runtime.defaultSessionId, "hang", "", { signal: stop.signal });
  await began.promise;
  stop.abort(new Error("enough"));
  await assert.rejects(running, /enough/);
});

Deno.test("commands of a dependency are offered too", async () => {
  await using runtime = await simRuntime("ok", {
    capabilities: [{ id: "app", name: "App", dependencies: ["base"] }],
    registered: [offering("base", command("help"))],
  });
  assert.deepEqual((await runtime.listCommands(runtime.defaultSessionId)).map(({ name }) => name), ["help"]);
});

Deno.test("executeCommand() refuses when the runtime is closed", async () => {
  const runtime = await simRuntime("ok", { capabilities: [offering("one", command("help"))] });
  await runtime.close();
  await assert.rejects(runtime.executeCommand(runtime.defaultSessionId, "help"), RuntimeClosedError);
});
