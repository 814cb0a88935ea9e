/** Images a model makes: parts of its message, sent back to it, within the cap of a reply. */

import assert from "node:assert/strict";
import type { ModelEvent, ModelRequest } from "../../../src/ports/driver.ts";
import { RuntimeBackends } from "../../../src/runtime/backends.ts";
import { faultRuntime, logOf, ofType, SESSION, text } from "../_support/faults.ts";

const IMAGE = { type: "image", base64: "AAAA", mediaType: "image/png" } as const;
const DONE: ModelEvent = { type: "done", finishReason: "stop" };

Deno.test("an image of a reply is part of the agent's message and goes back to the model", async () => {
  const backends = RuntimeBackends.inMemory();
  const requests: ModelRequest[] = [];
  await using runtime = await faultRuntime({
    backends,
    respond: (request) => {
      requests.push({ ...request, messages: [...request.messages] });
      return requests.length > 1
        ? text("done")
        : [{ type: "text", delta: "Here." }, { type: "image", image: IMAGE }, DONE];
    },
  });
  assert.equal((await runtime.runTurn(SESSION, "draw")).response, "Here.");
  await runtime.runTurn(SESSION, "thanks");
  const [completed] = ofType(await logOf(backends), "output.message.completed");
  assert.deepEqual(completed?.data.message.content, [{ type: "text", text: "Here." }, IMAGE]);
  const sent = requests[1]?.messages[1];
  assert.deepEqual(sent?.role === "assistant" ? sent.images : undefined, [IMAGE]);
});

Deno.test("a reply that is only an image is an answer", async () => {
  const requests: ModelRequest[] = [];
  await using runtime = await faultRuntime({
    respond: (request) => {
      requests.push({ ...request, messages: [...request.messages] });
      return requests.length > 1 ? text("done") : [{ type: "image", image: IMAGE }, DONE];
    },
  });
  const { success, response } = await runtime.runTurn(SESSION, "draw");
  assert.deepEqual([success, response], [true, ""]);
  await runtime.runTurn(SESSION, "thanks");
  assert.deepEqual(requests[1]?.messages.map(({ role }) => role), ["user", "assistant", "user"]);
});

Deno.test("images count towards the cap of a reply", async () => {
  await using runtime = await faultRuntime({
    limits: { maxReplyCharacters: 1000 },
    respond: () => [{ type: "image", image: { ...IMAGE, base64: "A".repeat(1001) } }, DONE],
  });
  const { success, error } = await runtime.runTurn(SESSION, "draw");
  assert.deepEqual([success, error?.code], [false, "provider_unavailable"]);
});
