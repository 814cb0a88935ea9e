/** Whole turns in which the provider searches tools or compacts the conversation itself. */

import assert from "node:assert/strict";
import {
  type CapabilityRef,
  defineCapability,
  defineTool,
  DriverId,
  DriverRegistry,
  type InProcessRuntime,
  InProcessRuntimeBuilder,
  type ModelId,
  parseId,
  type ResolvedModel,
  RuntimeBackends,
  userMessage,
} from "../../mod.ts";
import { registerDriver as registerAnthropic } from "../../src/drivers/anthropic/mod.ts";
import { registerDriver as registerOpenAI } from "../../src/drivers/openai/mod.ts";
import {
  COMPACTED as CLAUDE_COMPACTED,
  COMPACTION as CLAUDE_COMPACTION,
  SEARCH as CLAUDE_SEARCH,
  SEARCH_RESULT,
  SEARCH_USE,
} from "../src/drivers/anthropic/hosted_recordings.ts";
import { messageEnd, TEXT as CLAUDE_TEXT } from "../src/drivers/anthropic/recordings.ts";
import {
  COMPACTED as GPT_COMPACTED,
  COMPACTION as GPT_COMPACTION,
  SEARCH as GPT_SEARCH,
  SEARCH_CALL,
  SEARCH_OUTPUT,
} from "../src/drivers/openai/hosted_recordings.ts";
import { RESPONSES_TEXT } from "../src/drivers/openai/recordings.ts";
import { composedJournal, JsonJournal } from "../src/_support/journals.ts";
import { WireServer } from "../_support/wire_server.ts";
import type { RecordedStream } from "./fault_table.ts";

const SIBLING = parseId("model", "model_0000000000007000800000000000000b");
const OTHER = parseId("model", "model_0000000000007000800000000000000a");

interface Row {
  readonly name: string;
  readonly model: Omit<ResolvedModel, "baseUrl">;
  /** A model of the same provider that does neither. */
  readonly older: string;
  /** A model of the same provider that does both. */
  readonly sibling: string;
  readonly search: RecordedStream;
  readonly compacted: RecordedStream;
  readonly text: RecordedStream;
  /** What must be sent back of the search. */
  readonly searched: readonly object[];
  /** What must be sent back of the compaction. */
  readonly compaction: object;
  /** What the request says when it asks for compaction at 85 % of the window. */
  readonly asks: string;
  /** Refusals of the search and of the compaction, as a body. */
  readonly refusals: readonly [search: string, compaction: string];
}

function claudeRefusal(message: string): string {
  return JSON.stringify({ type: "error", error: { type: "invalid_request_error", message } });
}

function gptRefusal(message: string, param: string): string {
  return JSON.stringify({ error: { message, type: "invalid_request_error", param, code: null } });
}

const ROWS: readonly Row[] = [{
  name: "anthropic",
  model: {
    model: "claude-opus-4-6",
    providerType: DriverId.Anthropic,
    apiKey: "sk-ant-test-0123456789",
    providerMetadata: { native: true },
  },
  older: "claude-opus-4-1",
  sibling: "claude-opus-4-7",
  search: CLAUDE_SEARCH,
  compacted: CLAUDE_COMPACTED,
  text: CLAUDE_TEXT,
  searched: [SEARCH_USE, SEARCH_RESULT],
  compaction: CLAUDE_COMPACTION,
  asks: '"trigger":{"type":"input_tokens","value":850000}',
  refusals: [
    claudeRefusal("tools.1.defer_loading: Extra inputs are not permitted"),
    claudeRefusal("context_management: Extra inputs are not permitted"),
  ],
}, {
  name: "openai",
  model: {
    model: "gpt-5.5",
    providerType: DriverId.OpenAI,
    apiKey: "sk-test-0123456789",
    providerMetadata: { dialect: "openai" },
  },
  older: "gpt-5.2",
  sibling: "gpt-5.6",
  search: GPT_SEARCH,
  compacted: GPT_COMPACTED,
  text: RESPONSES_TEXT,
  searched: [SEARCH_CALL, SEARCH_OUTPUT],
  compaction: GPT_COMPACTION,
  asks: '"compact_threshold":850000',
  refusals: [
    gptRefusal("Hosted tool 'tool_search' is not supported with this model.", "tools"),
    gptRefusal("Unknown parameter: 'context_management'.", "context_management"),
  ],
}];

const tools = defineCapability({
  id: "tools",
  name: "Tools",
  tools: ["clock", "weather"].map((name) =>
    defineTool({ name, description: name, parameters: { type: "object" }, execute: () => `${name} says so` })
  ),
});

const SEARCHING: CapabilityRef = { ref: "tool_search", config: { threshold: 2, never_defer: ["clock"] } };

/** A conversation with a server that gives these replies, and goes on after a restart. */
class Talk implements AsyncDisposable {
  readonly #row: Row;
  readonly #capability: CapabilityRef;
  readonly #server: WireServer;
  readonly #backends: RuntimeBackends;
  #runtime: InProcessRuntime | undefined;

  private constructor(row: Row, capability: CapabilityRef, server: WireServer) {
    this.#row = row;
    this.#capability = capability;
    this.#server = server;
    const stores = RuntimeBackends.inMemory();
    this.#backends = stores.withJournal(new JsonJournal(composedJournal(stores)));
  }

  /** A text among the replies is a refusal. */
  static async start(
    row: Row,
    capability: CapabilityRef,
    replies: readonly (RecordedStream | string)[],
  ): Promise<Talk> {
    const server = await WireServer.start((index) => {
      const reply = replies[index] ?? row.text;
      if (typeof reply === "string") {
        return { status: 400, headers: { "content-type": "application/json" }, framing: "length", pieces: [reply] };
      }
      return { headers: { "content-type": "text/event-stream" }, pieces: reply.pieces };
    });
    const talk = new Talk(row, capability, server);
    await talk.restart();
    return talk;
  }

  get runtime(): InProcessRuntime {
    assert.ok(this.#runtime);
    return this.#runtime;
  }

  /** The session goes on in another runtime over the same stores. */
  async restart(): Promise<void> {
    const before = this.#runtime;
    await before?.[Symbol.asyncDispose]();
    const drivers = new DriverRegistry();
    registerAnthropic(drivers);
    registerOpenAI(drivers);
    const model = { ...this.#row.model, baseUrl: this.#server.origin };
    this.#runtime = await new InProcessRuntimeBuilder()
      .driverRegistry(drivers)
      .backends(this.#backends)
      .capability(tools)
      .defaultModel(model)
      .model(OTHER, { ...model, model: this.#row.older })
      .model(SIBLING, { ...model, model: this.#row.sibling })
      .providerRetryConfig({ maxRetries: 0 })
      .singleSession((s) => {
        if (before !== undefined) s.sessionId(before.defaultSessionId);
        return s.harness("test", "Be brief.").withCapability("tools").withCapability("btw").withCapability(
          this.#capability,
        );
      })
      .build();
  }

  async say(text: string, modelId?: ModelId): Promise<void> {
    const controls = modelId === undefined ? {} : { modelId };
    const turn = await this.runtime.runTurn(this.runtime.defaultSessionId, userMessage(text, { controls }));
    assert.equal(turn.error, undefined);
  }

  /** The body of a request. */
  async sent(index: number): Promise<string> {
    assert.ok(index < this.#server.count, `there are ${this.#server.count} requests`);
    return new TextDecoder().decode((await this.#server.exchange(index).request).body);
  }

  async header(index: number, name: string): Promise<string | undefined> {
    return (await this.#server.exchange(index).request).headers.get(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runtime?.[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

/** Whether a body holds a value as it is. */
function holds(body: string, value: object): boolean {
  return body.includes(JSON.stringify(value));
}

for (const row of ROWS) {
  Deno.test(`${row.name}: what the provider's search found goes back in the turn, in the next, and after a restart`, async () => {
    await using talk = await Talk.start(row, SEARCHING, [row.search]);
    await talk.say("How is it?");
    await talk.say("And now?");
    await talk.restart();
    await talk.say("Still?");
    const first = await talk.sent(0);
    assert.match(first, /"defer_loading":true.*"tool_search(_tool_bm25)?"/);
    assert.doesNotMatch(first, /see tool_search|"query":/);
    for (const index of [1, 2, 3]) {
      const body = await talk.sent(index);
      for (const item of row.searched) assert.ok(holds(body, item), `request ${index} lacks ${JSON.stringify(item)}`);
      assert.match(body, /weather says so/);
    }
    const stored = await talk.runtime.messages(talk.runtime.defaultSessionId);
    assert.deepEqual(stored.map(({ role }) => role).slice(0, 4), ["user", "agent", "tool_result", "agent"]);
  });

  Deno.test(`${row.name}: a model that does not search gets the runtime's own, and the other one its own again`, async () => {
    await using talk = await Talk.start(row, SEARCHING, [row.search]);
    await talk.say("How is it?");
    await talk.say("And now?", OTHER);
    await talk.say("Still?");
    const other = await talk.sent(2);
    assert.doesNotMatch(other, /defer_loading|tool_search_tool|tool_search_call/);
    assert.match(other, /"name":"tool_search"/);
    assert.ok(row.searched.every((item) => !holds(other, item)));
    const again = await talk.sent(3);
    assert.ok(row.searched.every((item) => holds(again, item)));
    assert.doesNotMatch(again, /"name":"tool_search"/);
  });

  Deno.test(`${row.name}: mode says who searches`, async () => {
    const config = { threshold: 2, never_defer: ["clock"] };
    await using local = await Talk.start(row, { ref: "tool_search", config: { ...config, mode: "local" } }, []);
    await local.say("Hello");
    assert.match(await local.sent(0), /Arguments: see tool_search/);
    const capability = { ref: "claude_tool_search", config: { ...config, mode: "native" } };
    await using native = await Talk.start(row, capability, []);
    await native.say("Hello");
    assert.match(await native.sent(0), /defer_loading/);
    await native.say("Hello", OTHER);
    assert.doesNotMatch(await native.sent(1), /defer_loading|tool_search/);
  });

  Deno.test(`${row.name}: the provider compacts, and what it made stands for what was before, also after a restart`, async () => {
    await using talk = await Talk.start(row, { ref: "compaction" }, [row.text, row.compacted]);
    await talk.say("one");
    await talk.say("two");
    await talk.say("three");
    await talk.restart();
    await talk.say("four");
    for (const index of [0, 1, 2, 3]) {
      const body = await talk.sent(index);
      assert.ok(body.includes(row.asks));
      assert.equal(holds(body, row.compaction), index >= 2);
      assert.equal(body.includes('"text":"one"'), index < 2);
    }
    assert.match(await talk.sent(3), /Go on\..*three.*four/);
    assert.equal((await talk.runtime.messages(talk.runtime.defaultSessionId)).length, 8);
    const compacted = (await talk.runtime.events()).flatMap((event) =>
      event.type === "context.compacted" ? [event] : []
    );
    assert.deepEqual(compacted.map(({ data }) => data.strategyUsed), ["native"]);
  });

  Deno.test(`${row.name}: a model that does not compact gets the conversation itself, and the other one its own again`, async () => {
    await using talk = await Talk.start(row, { ref: "compaction" }, [row.text, row.compacted]);
    await talk.say("one");
    await talk.say("two");
    await talk.say("three", OTHER);
    await talk.say("four");
    const other = await talk.sent(2);
    assert.ok(!holds(other, row.compaction) && !other.includes("context_management"));
    assert.match(other, /one.*two.*Go on\..*three/);
    const again = await talk.sent(3);
    assert.ok(holds(again, row.compaction));
    assert.doesNotMatch(again, /"text":"one"/);
  });

  Deno.test(`${row.name}: a compaction of another model is none: the whole conversation is sent, to be compacted`, async () => {
    await using talk = await Talk.start(row, { ref: "compaction" }, [row.compacted]);
    await talk.say("one");
    await talk.say("two", SIBLING);
    const body = await talk.sent(1);
    assert.ok(!holds(body, row.compaction) && body.includes(row.asks));
    assert.match(body, /"text":"one".*"text":"two"/);
  });

  Deno.test(`${row.name}: a side question, which asks for no compaction, has the conversation from before it`, async () => {
    await using talk = await Talk.start(row, { ref: "compaction" }, [row.compacted]);
    await talk.say("one");
    await talk.runtime.executeCommand(talk.runtime.defaultSessionId, "btw", "what was it?");
    const body = await talk.sent(1);
    assert.ok(!holds(body, row.compaction) && !body.includes("context_management"));
    assert.match(body, /"text":"one".*what was it/);
  });

  Deno.test(`${row.name}: without the capability a compaction that was made before is not sent`, async () => {
    await using talk = await Talk.start(row, { ref: "compaction", config: { strategy: "summarization" } }, [
      row.compacted,
    ]);
    await talk.say("one");
    await talk.say("two");
    const body = await talk.sent(1);
    assert.ok(!holds(body, row.compaction) && !body.includes("context_management"));
    assert.match(body, /"text":"one"/);
  });

  Deno.test(`${row.name}: what an account or a gateway refuses is left out, and the call succeeds`, async () => {
    const [search, compaction] = row.refusals;
    await using searching = await Talk.start(row, SEARCHING, [search]);
    await searching.say("Hello");
    assert.match(await searching.sent(0), /defer_loading/);
    assert.doesNotMatch(await searching.sent(1), /defer_loading|tool_search/);
    assert.match(await searching.sent(1), /"name":"weather"/);
    await using compacting = await Talk.start(row, { ref: "compaction" }, [compaction]);
    await compacting.say("Hello");
    assert.doesNotMatch(await compacting.sent(1), /context_management/);
  });

  Deno.test(`${row.name}: a refusal is a failure where a compaction stands for what is not sent`, async () => {
    await using talk = await Talk.start(row, { ref: "compaction" }, [row.compacted, row.refusals[1]]);
    await talk.say("one");
    await assert.rejects(talk.say("two"), /provider_rejected_request/);
    await assert.rejects(talk.sent(2), /there are 2 requests/);
  });

  Deno.test(`${row.name}: a preview is byte for byte what is sent, with searches and compactions of the provider's own`, async () => {
    for (const capability of [SEARCHING, { ref: "compaction" }]) {
      await using talk = await Talk.start(row, capability, [capability === SEARCHING ? row.search : row.compacted]);
      await talk.say("How is it?");
      const index = capability === SEARCHING ? 2 : 1;
      const { body, headers } = await talk.runtime.previewRequest(talk.runtime.defaultSessionId, "And now?");
      await talk.say("And now?");
      assert.equal(await talk.sent(index), body);
      assert.equal(await talk.header(index, "anthropic-beta"), headers["anthropic-beta"]);
    }
  });
}

Deno.test("anthropic: the beta of compaction is named in the requests that ask for it, and only there", async () => {
  const [row] = ROWS;
  assert.ok(row);
  await using talk = await Talk.start(row, { ref: "compaction" }, []);
  await talk.say("one");
  await talk.say("two", OTHER);
  assert.equal(await talk.header(0, "anthropic-beta"), "compact-2026-01-12");
  assert.equal(await talk.header(1, "anthropic-beta"), undefined);
});

Deno.test("anthropic: a reply that pauses is gone on with in the same turn, from what it said", async () => {
  const paused = { ...CLAUDE_SEARCH, pieces: [...CLAUDE_SEARCH.pieces.slice(0, 16), ...messageEnd("pause_turn")] };
  await using talk = await Talk.start(ROWS[0]!, SEARCHING, [paused]);
  await talk.say("How is it?");
  const { messages } = JSON.parse(await talk.sent(1));
  assert.deepEqual(messages.map(({ role }: { role: string }) => role), ["user", "assistant"]);
  for (const item of [SEARCH_USE, SEARCH_RESULT]) assert.ok(holds(JSON.stringify(messages[1]), item));
  const stored = await talk.runtime.messages(talk.runtime.defaultSessionId);
  assert.deepEqual(stored.map(({ role, phase }) => phase ?? role), ["user", "commentary", "final_answer"]);
});
