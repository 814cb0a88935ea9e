// @everruns/runtime in the peers' harness: in-memory stores, the default event bus, one tool; see ../README.md.
import process from "node:process";
import {
  defineCapability,
  defineTool,
  DriverRegistry,
  idFromSeed,
  InMemoryMessageStore,
  InProcessRuntimeBuilder,
  RuntimeBackends,
} from "@everruns/runtime";

// The harness is not part of the checkout, so no static import of it may be looked for there.
const { addTool, main, next, prior, saw, wait } = await import(import.meta.resolve("../common/lib.mjs"));

const usage = { inputTokens: 1, outputTokens: 1 };
async function* answer(request) {
  saw(request.messages.length);
  const w = wait();
  if (w) await w;
  const o = next();
  for (let i = 0; i < (o.deltas ?? 0); i++) yield { type: "text", delta: "tok " };
  if (o.text) yield { type: "text", delta: o.text };
  for (const c of o.calls ?? []) yield { type: "tool_call", providerCallId: c.id, name: c.name, arguments: c.args };
  yield { type: "done", finishReason: o.calls ? "tool_calls" : "stop", usage };
}
const fake = {
  id: "fake",
  requiresApiKey: false,
  permissions: () => ({}),
  create: () => ({
    id: "fake",
    prepare: () => ({ method: "POST", url: "fake:", headers: {}, body: "" }),
    stream: answer,
  }),
};

const parameters = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
};
const add = defineTool({
  name: "add",
  description: "add",
  parameters,
  effect: process.env.EVERRUNS_EFFECT ?? "pure",
  execute: addTool,
});
const harnessId = idFromSeed("harness", 1);
const store = new InMemoryMessageStore();
const runtime = await new InProcessRuntimeBuilder()
  .driverRegistry(new DriverRegistry().register(fake))
  .defaultModel({ model: "fake", providerType: "fake" })
  .backends(RuntimeBackends.inMemory().withMessageStore(store))
  .capability(defineCapability({ id: "math", name: "math", tools: [add] }))
  .singleSession((s) => s.harness("bench", "You are concise.").harnessId(harnessId).withCapability("math"))
  .build();

const messages = (n) =>
  prior(n).map((m, i) => ({
    id: idFromSeed("message", i + 1),
    role: m.role === "user" ? "user" : "agent",
    content: [{ type: "text", text: m.text }],
    createdAt: i,
  }));

async function ask(id, text) {
  const turn = await runtime.runTextTurn(id, text);
  if (!turn.success) throw new Error(turn.error?.message);
  return turn.response;
}

main("everruns", {
  make: async ({ history }) => {
    const { id } = await runtime.createSession({ harnessId });
    if (history) await store.storeMessages(id, messages(history));
    return id;
  },
  turn: ask,
  // Deltas are joined for a subscriber that is behind; the harness counts source deltas, which are 4 characters each.
  stream: async (id, text, f) => {
    const reading = (async () => {
      for await (const e of runtime.subscribe(id)) {
        if (e.type === "output.message.completed") return;
        if (e.type === "output.message.delta") {
          for (let at = 0; at < e.data.delta.length; at += 4) f(e.data.delta.slice(at, at + 4));
        }
      }
    })();
    await Promise.all([ask(id, text), reading]);
  },
});
