/** What the runtime hands out, a host may look at and keep, but not change. */

import assert from "node:assert/strict";
import { defineClientTool } from "../../../src/kit/define_tool.ts";
import { DriverRegistry } from "../../../src/kit/registries.ts";
import type { DriverDescriptor, ModelRequest } from "../../../src/ports/driver.ts";
import { calls, faultRuntime, functionDriver, script, SESSION, text, tool } from "../_support/faults.ts";

/** Paths of everything below a value that could be changed. */
function changeable(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  const below = Object.entries(value).flatMap(([key, member]) => changeable(member, `${path}.${key}`));
  return Object.isFrozen(value) ? below : [path, ...below];
}

/** A session with a message of every kind. */
async function conversation() {
  const runtime = await faultRuntime({
    tools: [
      tool("look", () => ({ seen: { what: ["a"] } })),
      tool("paint", () => ({ value: 1, images: [{ type: "image", base64: "AA==", mediaType: "image/png" }] })),
    ],
    clientTools: [defineClientTool({ name: "ask", description: "Asks" })],
    respond: script(calls(["look", { at: { x: 1 } }], "paint", "ask"), text("done"), []),
  });
  const input = { content: [{ type: "text" as const, text: "go" }], metadata: { my: { own: [1] } }, tags: ["t"] };
  const { waitingFor } = await runtime.runTurn(SESSION, { ...input, controls: { hints: { rich: { media: true } } } });
  const toolResults = waitingFor.map(({ id }) => ({ toolCallId: id, result: { said: ["yes"] } }));
  await runtime.resumeTurn(SESSION, { toolResults });
  await runtime.runTurn(SESSION, "this one fails");
  return runtime;
}

Deno.test("a message that messages() gave cannot be changed anywhere in it", async () => {
  await using runtime = await conversation();
  const messages = await runtime.messages(SESSION);
  assert.deepEqual(messages.map(({ role }) => role).slice(0, 5), [
    "user",
    "agent",
    "tool_result",
    "tool_result",
    "tool_result",
  ]);
  assert.deepEqual(messages.flatMap((message) => changeable(message, message.role)), []);
});

Deno.test("a stored event cannot be given other data", async () => {
  await using runtime = await conversation();
  const durable = runtime.events().filter(({ sequence }) => sequence !== undefined);
  assert.ok(durable.length > 20);
  assert.deepEqual(durable.filter((event) => !Object.isFrozen(event) || !Object.isFrozen(event.data)), []);
});

Deno.test("a request that a driver keeps stays as it was", async () => {
  const kept: ModelRequest[] = [];
  await using runtime = await faultRuntime({
    respond: (request) => {
      kept.push(request);
      return text("ok");
    },
  });
  for (const input of ["one", "two", "three"]) await runtime.runTurn(SESSION, input);
  assert.deepEqual(kept.map(({ messages }) => messages.length), [1, 3, 5]);
});

Deno.test("a driver that changes the messages it is given changes nothing for later requests", async () => {
  const sent: string[] = [];
  await using runtime = await faultRuntime({
    respond: ({ messages }) => {
      sent.push(messages.map(({ role }) => role).join());
      (messages as unknown[]).splice(0);
      return text("ok");
    },
  });
  for (const input of ["one", "two"]) await runtime.runTurn(SESSION, input);
  assert.deepEqual(sent, ["user", "user,assistant,user"]);
});

Deno.test("a driver that only borrows messages gets the session's own list, which costs no copy", async () => {
  const lists: (readonly unknown[])[] = [];
  const copying = functionDriver(({ messages }) => {
    lists.push(messages);
    return text("ok");
  });
  const borrowing: DriverDescriptor = {
    ...copying,
    create: async (config) => Object.assign(await copying.create(config), { borrowsMessages: true }),
  };
  await using runtime = await faultRuntime({
    configure: (builder) => void builder.driverRegistry(new DriverRegistry().register(borrowing)),
  });
  for (const input of ["one", "two"]) await runtime.runTurn(SESSION, input);
  assert.equal(lists.length, 2);
  assert.ok(lists[0] === lists[1]);
});
