// deno run --no-prompt examples/custom_capability_and_store.ts

/**
 * A capability, a message store and an event bus of your own, and what permissions the whole needs.
 *
 * @module
 */

import {
  type ContentPart,
  defineCapability,
  defineTool,
  type Event,
  type EventBus,
  InProcessRuntimeBuilder,
  LlmSimConfig,
  type Message,
  type MessageId,
  type MessageQuery,
  RuntimeBackends,
  type RuntimeMessageStore,
  type SessionId,
  ToolError,
} from "@everruns/runtime";

/** Keeps each message as a line of JSON, the way a table or a log file would. */
class JsonLinesMessageStore implements RuntimeMessageStore {
  readonly #lines = new Map<SessionId, Map<MessageId, string>>();

  storeMessages(sessionId: SessionId, messages: readonly Message[]): Promise<void> {
    const lines = this.#of(sessionId);
    // A step may be written again after a crash: what is there stays as it is.
    for (const message of messages) if (!lines.has(message.id)) lines.set(message.id, JSON.stringify(message));
    return Promise.resolve();
  }

  getMessage(sessionId: SessionId, id: MessageId): Promise<Message | undefined> {
    const line = this.#of(sessionId).get(id);
    return Promise.resolve(line === undefined ? undefined : JSON.parse(line));
  }

  loadMessages(sessionId: SessionId, query: MessageQuery = {}): Promise<readonly Message[]> {
    const { after = -1, limit = Infinity, keepHead = 0 } = query;
    const messages = [...this.#of(sessionId).values()]
      .map((line): Message => JSON.parse(line))
      .filter(({ sequence = 0 }) => sequence > after)
      .sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
    if (messages.length <= limit + keepHead) return Promise.resolve(messages);
    return Promise.resolve([...messages.slice(0, keepHead), ...messages.slice(messages.length - limit)]);
  }

  countMessages(sessionId: SessionId): Promise<number> {
    return Promise.resolve(this.#of(sessionId).size);
  }

  /** What is stored, for this example to show. */
  lines(sessionId: SessionId): readonly string[] {
    return [...this.#of(sessionId).values()];
  }

  #of(sessionId: SessionId): Map<MessageId, string> {
    let lines = this.#lines.get(sessionId);
    if (lines === undefined) this.#lines.set(sessionId, lines = new Map());
    return lines;
  }
}

/** Counts what it is given, the way a bridge to a metrics system would. */
class CountingEventBus implements EventBus {
  readonly counts = new Map<string, number>();

  emit(event: Event): void {
    const kind = event.sequence === undefined ? `${event.type} (live only)` : event.type;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}

const orders = new Map([["A-17", "shipped"], ["A-18", "packed"]]);

const orderDesk = defineCapability({
  id: "order_desk",
  name: "Order desk",
  description: "Looks orders up and cancels them.",
  systemPrompt: "Order numbers look like A-17.",
  tools: [
    defineTool({
      name: "get_order",
      description: "Tells how far an order is.",
      parameters: {
        type: "object",
        properties: { number: { type: "string", pattern: "^A-[0-9]+$" } },
        required: ["number"],
        additionalProperties: false,
      },
      effect: "pure",
      permissions: {},
      execute: ({ number }) => {
        const status = orders.get(String(number));
        // The model sees the message of a ToolError, and of nothing else that is thrown.
        if (status === undefined) throw new ToolError(`There is no order ${number}`);
        return { number, status };
      },
    }),
    defineTool({
      name: "cancel_order",
      description: "Cancels an order that is not shipped yet.",
      parameters: { type: "object", properties: { number: { type: "string" } }, required: ["number"] },
      // No `effect`: at most once, so a call that a crash interrupted is never repeated.
      permissions: { net: ["orders.example.com:443"] },
      execute: async ({ number }, { idempotencyKey, signal }) => {
        const url = `https://orders.example.com/${number}/cancel`;
        const response = await fetch(url, { method: "POST", headers: { "idempotency-key": idempotencyKey }, signal });
        if (!response.ok) throw new ToolError(`The order system answered ${response.status}`);
        return { number, status: "cancelled" };
      },
    }),
  ],
  permissions: {},
});

const messageStore = new JsonLinesMessageStore();
const eventBus = new CountingEventBus();

await using runtime = await new InProcessRuntimeBuilder()
  .capability(orderDesk)
  // What is not replaced stays in memory.
  .backends(RuntimeBackends.inMemory().withMessageStore(messageStore).withEventBus(eventBus))
  .llmSim(LlmSimConfig.scripted([
    {
      type: "tool_calls",
      toolCalls: [
        { name: "get_order", arguments: { number: "A-17" } },
        { name: "get_order", arguments: { number: "A-99" } },
        { name: "get_order", arguments: { number: "seventeen" } },
      ],
    },
    "A-17 is shipped. I find no A-99, and seventeen is no order number.",
  ]))
  .singleSession((s) => s.harness("clerk", "You answer questions about orders.").withCapability("order_desk"))
  .build();

const sessionId = runtime.defaultSessionId;
const turn = await runtime.runTextTurn(sessionId, "Where are my orders A-17, A-99 and seventeen?");
console.log(`assistant: ${turn.response}`);

console.log("\nThe message store has");
for (const line of messageStore.lines(sessionId)) {
  const { sequence, role, content }: Message = JSON.parse(line);
  console.log(`  ${String(sequence).padStart(2)} ${role.padEnd(11)} ${content.map(describe).join("; ")}`);
}

console.log("\nThe event bus counted");
for (const [kind, count] of eventBus.counts) console.log(`  ${String(count).padStart(2)} ${kind}`);

console.log("\nPermissions of everything the session can use");
const permissions = await runtime.requiredPermissions();
console.log(`  deno run ${permissions.toFlags().join(" ")} main.ts`);
console.log(`  says nothing about its needs: ${permissions.unknown.join(", ") || "(nothing)"}`);

function describe(part: ContentPart): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "tool_call":
      return `${part.name}(${JSON.stringify(part.arguments)})`;
    case "tool_result":
      return part.error === undefined ? JSON.stringify(part.result) : `error: ${part.error}`;
    default:
      return part.type;
  }
}
