/** A conversation of 10,000 messages goes on, and nothing of what is stored changes. */

import assert from "node:assert/strict";
import {
  type CapabilityRefInput,
  type Driver,
  idFromSeed,
  InMemoryProviderStore,
  InProcessRuntimeBuilder,
  type ModelEvent,
  type ModelMessage,
  type ModelRequest,
  ProviderError,
  RuntimeBackends,
  type SessionId,
} from "../../../mod.ts";
import { defineTool } from "../../../src/kit/define_tool.ts";
import { descriptorOf, useDriver } from "../_support/drivers.ts";
import { composedJournal } from "../_support/journals.ts";
import { FIRST, LONG, NEEDLE, writeLong } from "../_support/long_conversation.ts";
import { toolsCapability } from "../_support/runtime.ts";
import { assertRequestWhole } from "./_conversation.ts";

const SESSION: SessionId = idFromSeed("session", 1);
const WINDOW = 20_000;
const WINDOW_CONFIG = { context_budget_tokens: 5_000, keep_first_messages: 1 };
const look = defineTool({
  name: "look",
  description: "Looks.",
  effect: "pure",
  execute: () => `new ${"r".repeat(600)}`,
});

/** Calls a tool once in every turn, then answers; refuses as many of the first requests as told. */
class LongDriver implements Driver {
  readonly id = "test";
  readonly requests: ModelRequest[] = [];
  readonly summaries: ModelRequest[] = [];
  readonly #refuses: number;

  constructor(refuses: number) {
    this.#refuses = refuses;
  }

  prepare() {
    return { method: "POST", url: "test://model", headers: {}, body: "" };
  }

  async *stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
    await Promise.resolve();
    if (request.systemPrompt.startsWith("You write the memory")) {
      this.summaries.push(request);
      yield { type: "text", delta: "What was said." };
    } else {
      this.requests.push({ ...request, messages: [...request.messages] });
      if (this.requests.length <= this.#refuses) throw new ProviderError("request_too_large", "too many tokens");
      if (request.messages.at(-1)?.role !== "user") yield { type: "text", delta: "Done." };
      else if (request.tools.some(({ name }) => name === "query_history")) {
        yield { type: "tool_call", name: "query_history", arguments: { query: NEEDLE } };
      } else yield { type: "tool_call", name: "look", arguments: { at: 0 } };
    }
    yield { type: "done", finishReason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
  }
}

interface Continuation {
  readonly capabilities: readonly CapabilityRefInput[];
  readonly refuses?: number;
  /** Tokens of the conversation in a request. */
  readonly most: number;
  readonly searches: boolean;
  /** Questions for a summary. */
  readonly summaries: number;
}

const COMPACTION: CapabilityRefInput = { ref: "compaction", config: { budget_percent: 0.5 } };
const INFINITY: CapabilityRefInput = { ref: "infinity_context", config: WINDOW_CONFIG };
const CONTINUATIONS: Readonly<Record<string, Continuation>> = {
  "infinity_context": { capabilities: [INFINITY], most: 5_400, searches: true, summaries: 0 },
  "compaction": { capabilities: [COMPACTION], most: WINDOW / 2, searches: false, summaries: 1 },
  "compaction without a model": {
    capabilities: [{ ref: "compaction", config: { budget_percent: 0.5, strategy: "observation_masking" } }],
    most: WINDOW / 2,
    searches: false,
    summaries: 0,
  },
  "both": { capabilities: [INFINITY, COMPACTION], most: WINDOW / 2, searches: true, summaries: 1 },
  "both, for a provider that refuses the first request": {
    capabilities: [INFINITY, { ref: "compaction", config: { budget_percent: 1 } }],
    refuses: 1,
    most: WINDOW,
    searches: true,
    // Before the refusal, after it, and when what was found has filled what the provider is known to take.
    summaries: 3,
  },
};

for (const [name, { capabilities, refuses = 0, most, searches, summaries }] of Object.entries(CONTINUATIONS)) {
  Deno.test(`${LONG} messages go on with ${name}`, async () => {
    const profiles = { getModelProfile: () => Promise.resolve({ contextWindow: WINDOW, maxOutputTokens: 2_000 }) };
    const journal = composedJournal(RuntimeBackends.inMemory());
    await writeLong(journal, SESSION);
    const before = await journal.events(SESSION);
    const stored = JSON.stringify(before);
    assert.equal((await journal.messages(SESSION)).length, LONG);
    const driver = new LongDriver(refuses);
    const tools = toolsCapability([look]);
    await using runtime = await useDriver(descriptorOf(driver))(
      new InProcessRuntimeBuilder()
        .backends(
          RuntimeBackends.inMemory().withJournal(journal)
            .withProviderStore(Object.assign(new InMemoryProviderStore(), profiles)),
        )
        .capability(tools)
        .singleSession((single) => {
          single.harness("test", "You are a test.").sessionId(SESSION).withCapability(tools.id);
          for (const capability of capabilities) single.withCapability(capability);
        }),
    ).build();
    for (let turn = 1; turn <= 5; turn++) {
      const asked = driver.requests.length;
      const question = `New question ${turn}`;
      const result = await runtime.runTextTurn(SESSION, question);
      assert.deepEqual([result.success, result.response], [true, "Done."], JSON.stringify(result.error));
      for (const { messages } of driver.requests.slice(asked)) {
        assertRequestWhole(messages);
        assert.ok(tokensIn(messages) <= most, `${tokensIn(messages)} tokens`);
        const said = messages.flatMap((message) => message.role === "user" ? [textIn(message)] : []);
        assert.ok(said.includes(FIRST) && said.includes(question));
      }
      const answers = driver.requests.at(-1)!.messages.filter(({ role }) => role === "tool").map(textIn);
      assert.equal(answers.at(-1)!.includes(NEEDLE), searches);
    }
    assert.equal(driver.requests.length, 10 + refuses);
    for (let refused = 0; refused < refuses; refused++) {
      const [large, small] = driver.requests.slice(refused).map(({ messages }) => tokensIn(messages));
      assert.ok(small! <= large! / 2, `${small} of ${large}`);
    }
    assert.equal(driver.summaries.length, summaries);
    assert.ok(driver.summaries.every(({ messages }) => tokensIn(messages) <= most));
    const after = await journal.events(SESSION, { limit: before.length });
    assert.ok(JSON.stringify(after) === stored, "what is stored has changed");
    assert.equal((await journal.messages(SESSION)).length, LONG + 20);
  });
}

function tokensIn(messages: readonly ModelMessage[]): number {
  return messages.reduce((sum, message) => sum + Math.ceil(textIn(message).length / 4), 0);
}

function textIn(message: ModelMessage): string {
  if (message.role === "user") return message.content.map((part) => part.type === "text" ? part.text : "").join("");
  return message.role === "assistant" ? message.content + JSON.stringify(message.toolCalls) : message.content;
}
