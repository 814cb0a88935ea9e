/** The images of a tool's result: how many, and how large, are kept. */

import assert from "node:assert/strict";
import {
  type Capability,
  defineCapability,
  defineTool,
  type ImagePart,
  toolFailure,
  toolSuccess,
} from "../../../mod.ts";
import { callTools, eventsOf, say, scriptedRuntime } from "../_support/runtime.ts";

const MEGABYTE = 1024 * 1024;

function image(base64: string): ImagePart {
  return { type: "image", base64, mediaType: "image/png" };
}

function images(count: number, size = 4): ImagePart[] {
  return Array.from({ length: count }, () => image("A".repeat(size)));
}

/** What became of one call whose tool returns this. */
async function stored(execute: () => unknown, hooks?: Capability["hooks"]) {
  const capabilities = hooks === undefined ? [] : [defineCapability({ id: "hooked", name: "Hooked", hooks })];
  const tools = [defineTool({ name: "look", description: "", execute })];
  await using sim = await scriptedRuntime([callTools("look"), "done"], {
    tools,
    capabilities,
    limits: { maxToolResultBytes: 1024 },
  });
  assert.equal((await say(sim.runtime)).success, true);
  const data = eventsOf(sim.runtime, "tool.completed")[0]?.data;
  assert.ok(data);
  const sent = sim.requests[1]?.messages.at(-1);
  return { ...data, sent: sent?.role === "tool" ? sent.images?.length ?? 0 : -1 };
}

Deno.test("16 images of a result are kept, the others become a note the model reads", async () => {
  const sixteen = await stored(() => toolSuccess("seen", { images: images(16) }));
  assert.deepEqual([sixteen.images?.length, sixteen.result, sixteen.truncated], [16, "seen", undefined]);
  const many = await stored(() => toolSuccess("seen", { images: images(50) }));
  assert.deepEqual([many.images?.length, many.sent, many.truncated, many.success], [16, 16, true, true]);
  assert.match(String(many.result), /^seen\n\[34 images were left out/);
});

Deno.test("images are kept up to 20 MB of base64 together", async () => {
  const { images: kept, result, truncated } = await stored(() =>
    toolSuccess({ n: 1 }, { images: [...images(3, 9 * MEGABYTE), ...images(1)] })
  );
  assert.equal(kept?.length, 2);
  assert.equal(truncated, true);
  assert.deepEqual(Object.keys(result as object), ["result", "note"]);
  assert.match(JSON.stringify(result), /\{"n":1\}.*2 images were left out/);
});

Deno.test("a data URL counts like base64", async () => {
  const url = `data:image/png;base64,${"A".repeat(21 * MEGABYTE)}`;
  const { images: kept, result } = await stored(() => toolSuccess(null, { images: [{ type: "image", url }] }));
  assert.equal(kept, undefined);
  assert.match(JSON.stringify(result), /1 image was left out/);
});

Deno.test("the note about images fits into the cap of the result", async () => {
  const { result, truncated } = await stored(() => toolSuccess("x".repeat(5000), { images: images(17) }));
  assert.equal(truncated, true);
  assert.ok(JSON.stringify(result).length <= 1024);
  assert.match(String(result), /1 image was left out/);
});

Deno.test("images of a hook's result that cannot be read leave the tool's own result", async () => {
  const hostile = {
    get type(): "image" {
      throw new Error("boom");
    },
  };
  const { result, success } = await stored(() => 1, { postToolUse: (_, own) => ({ ...own, images: [hostile] }) });
  assert.deepEqual([result, success], [1, true]);
});

Deno.test("images of a hook's result are capped like a tool's", async () => {
  const success = await stored(() => 1, { postToolUse: (_, result) => ({ ...result, images: images(20) }) });
  assert.deepEqual([success.images?.length, success.truncated], [16, true]);
  const failure = await stored(() => toolFailure("no"), {
    postToolUse: (_, result) => ({ ...result, images: images(20) }),
  });
  assert.deepEqual([failure.images?.length, failure.truncated, failure.success], [16, true, false]);
  assert.match(failure.error ?? "", /^no\n\[4 images were left out/);
});
