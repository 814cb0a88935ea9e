import assert from "node:assert/strict";
import type { ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import type { ToolDefinition } from "../../../../src/records/tool.ts";
import { MessagesRequests } from "../../../../src/drivers/anthropic/request.ts";
import { requestOf } from "./requests.ts";

const CLOCK: ToolDefinition = { type: "builtin", name: "clock", description: "Tells the time", parameters: {} };
const MARK = { cache_control: { type: "ephemeral" } };
const STRICT = {
  name: "city",
  schema: { type: "object", properties: { name: { type: "string" } }, additionalProperties: false },
};

Deno.test("a request of one question is this text", () => {
  assert.equal(
    bodyOf(requestOf()),
    '{"model":"claude-opus-4-6","max_tokens":128000,"stream":true,' +
      '"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],' +
      '"messages":[{"role":"user","content":[{"type":"text","text":"Hello","cache_control":{"type":"ephemeral"}}]}]}',
  );
});

Deno.test("a request carries every setting under Anthropic's name, and of the metadata the user only", () => {
  const { messages: _, ...body } = parsed(requestOf({
    systemPrompt: "",
    tools: [CLOCK],
    maxTokens: 100,
    temperature: 1.5,
    parallelToolCalls: false,
    speed: "default",
    metadata: { session_id: "s1", user_id: "u1" },
    promptCacheKey: "k",
    previousResponseId: "msg_0",
    verbosity: "low",
  }));
  assert.deepEqual(body, {
    model: "claude-opus-4-6",
    max_tokens: 100,
    temperature: 1,
    tool_choice: { type: "auto", disable_parallel_tool_use: true },
    service_tier: "standard_only",
    metadata: { user_id: "u1" },
    stream: true,
    tools: [{
      name: "clock",
      description: "Tells the time",
      input_schema: { type: "object", properties: {} },
      ...MARK,
    }],
  });
});

const LIMITS: readonly [model: string, asked: number | undefined, sent: number][] = [
  ["claude-opus-4-6", undefined, 128_000],
  ["claude-3-5-haiku-20241022", undefined, 8192],
  ["some-model", undefined, 16_384],
  ["some-model", 99, 99],
];

for (const [model, maxTokens, sent] of LIMITS) {
  Deno.test(`the reply limit of ${model} is ${sent} when ${maxTokens} is asked for`, () => {
    assert.equal(parsed(requestOf({ model, ...(maxTokens === undefined ? {} : { maxTokens }) }))["max_tokens"], sent);
  });
}

Deno.test("a temperature is left out for models that refuse one, and with thinking", () => {
  const sent = (members: Partial<ModelRequest>) => parsed(requestOf({ temperature: 0.5, ...members }))["temperature"];
  assert.equal(sent({}), 0.5);
  assert.equal(sent({ model: "claude-opus-4-7" }), undefined);
  assert.equal(sent({ model: "claude-sonnet-5-5" }), undefined);
  assert.equal(sent({ reasoningEffort: "high" }), undefined);
});

Deno.test("a conversation becomes turns of blocks: results of a batch come together, images stay in their result", () => {
  const messages: ModelMessage[] = [
    {
      role: "user",
      content: [
        { type: "text", text: "See" },
        { type: "image", url: "https://a.test/b.png" },
        { type: "image", url: "data:image/gif;base64,R0lG" },
        { type: "image" },
      ],
    },
    {
      role: "assistant",
      content: "Looking.",
      thinking: "Not signed.",
      toolCalls: [{ id: "call_1", name: "clock", arguments: null }, { id: "call_2", name: "clock", arguments: [1] }],
    },
    {
      role: "tool",
      toolCallId: "call_1",
      toolName: "clock",
      content: "noon",
      isError: false,
      images: [{ type: "image", base64: "AAAA" }],
    },
    { role: "tool", toolCallId: "call_2", toolName: "clock", content: "", isError: true },
    { role: "user", content: [{ type: "text", text: "And?" }, { type: "text", text: " \n" }] },
    { role: "assistant", content: "", toolCalls: [] },
    { role: "system", content: "It is late." },
    { role: "user", content: [{ type: "text", text: "Well?" }] },
  ];
  assert.deepEqual(turnsOf({ messages }), [
    {
      role: "user",
      content: [
        { type: "text", text: "See" },
        { type: "image", source: { type: "url", url: "https://a.test/b.png" } },
        { type: "image", source: { type: "base64", media_type: "image/gif", data: "R0lG" } },
        { type: "text", text: "[image without data]", ...MARK },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "text", text: "Looking." },
        { type: "tool_use", id: "call_1", name: "clock", input: {} },
        { type: "tool_use", id: "call_2", name: "clock", input: { invalid_arguments: [1] } },
      ],
    },
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "call_1",
          content: [
            { type: "text", text: "noon" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          ],
        },
        {
          type: "tool_result",
          tool_use_id: "call_2",
          content: [{ type: "text", text: "The tool failed without a message." }],
          is_error: true,
        },
        { type: "text", text: "And?" },
        { type: "text", text: "[System message]\nIt is late." },
        { type: "text", text: "Well?", ...MARK },
      ],
    },
  ]);
});

Deno.test("several system messages at the beginning join the system prompt, which carries one mark", () => {
  const messages: ModelMessage[] = [
    { role: "system", content: "First." },
    { role: "system", content: "Second." },
    ...requestOf().messages,
  ];
  assert.deepEqual(parsed(requestOf({ messages }))["system"], [
    { type: "text", text: "Be brief." },
    { type: "text", text: "First." },
    { type: "text", text: "Second.", ...MARK },
  ]);
});

Deno.test("the user begins, also when the conversation does not", () => {
  const turns = turnsOf({ messages: [{ role: "assistant", content: "Hi", toolCalls: [] }, ...requestOf().messages] });
  assert.deepEqual(turns.map(({ role }) => role), ["user", "assistant", "user"]);
});

Deno.test("a request has three marks at most, on the stable prefix and on the ends of the last two user turns", () => {
  const messages: ModelMessage[] = [];
  for (let i = 0; i < 20; i++) {
    messages.push(...requestOf().messages, { role: "assistant", content: `Answer ${i}`, toolCalls: [] });
  }
  messages.push(...requestOf().messages, { role: "system", content: "Facts of this request." });
  const body = bodyOf(requestOf({ messages, tools: [CLOCK] }));
  assert.equal(body.split("cache_control").length - 1, 3);
  const turns = turnsOf({ messages });
  assert.deepEqual(turns.filter(({ content }) => content.some((block) => "cache_control" in block)).length, 2);
  assert.deepEqual(turns.at(-1)?.content, [
    { type: "text", text: "Hello", ...MARK },
    { type: "text", text: "[System message]\nFacts of this request." },
  ]);
});

Deno.test("what the next request repeats is the same bytes but for the marks", () => {
  const first: ModelMessage[] = [...requestOf().messages];
  const builder = new MessagesRequests();
  const plain = (messages: readonly ModelMessage[]) =>
    builder.body(requestOf({ messages, tools: [CLOCK] })).replaceAll(',"cache_control":{"type":"ephemeral"}', "");
  const before = plain(first);
  const after = plain([...first, { role: "assistant", content: "Hi", toolCalls: [] }, ...requestOf().messages]);
  assert.ok(after.startsWith(before.slice(0, -"]}".length)));
});

Deno.test("a schema the model can be held to is the format of its output, beside the effort", () => {
  const body = parsed(requestOf({ responseFormat: STRICT, reasoningEffort: "low" }));
  assert.deepEqual(body["output_config"], {
    effort: "low",
    format: { type: "json_schema", schema: { ...STRICT.schema } },
  });
  assert.deepEqual(body["messages"], parsed(requestOf())["messages"]);
});

Deno.test("a schema or a model that cannot do that is asked in words, after the cached part", () => {
  const loose = { name: "city", schema: { type: "object", properties: {} } };
  for (const members of [{ responseFormat: loose }, { responseFormat: STRICT, model: "claude-opus-4-1" }]) {
    const body = parsed(requestOf(members));
    assert.equal(body["output_config"], undefined);
    const content = turnsOf(members).at(-1)?.content ?? [];
    assert.deepEqual(content.map((block) => "cache_control" in block), [true, false]);
    assert.match(JSON.stringify(content[1]), /valid against this JSON Schema/);
  }
});

Deno.test("a message is encoded once for all drivers of a descriptor", () => {
  let reads = 0;
  const part = {
    type: "text",
    get text() {
      reads++;
      return "Hi";
    },
  } as const;
  const request = requestOf({ messages: [{ role: "user", content: [part] }] });
  const builder = new MessagesRequests();
  const body = builder.body(request);
  const before = reads;
  assert.equal(builder.body(request), body);
  assert.equal(reads, before);
});

function bodyOf(request: ModelRequest): string {
  return new MessagesRequests().body(request);
}

function parsed(request: ModelRequest): Record<string, unknown> {
  return JSON.parse(bodyOf(request));
}

function turnsOf(members: Partial<ModelRequest>): readonly { role: string; content: readonly object[] }[] {
  return JSON.parse(bodyOf(requestOf(members))).messages;
}

Deno.test("an empty message of the user is told, so that the conversation does not end with the model's words", () => {
  const { messages } = JSON.parse(
    new MessagesRequests().body(requestOf({
      messages: [
        ...requestOf().messages,
        { role: "assistant", content: "Hi", toolCalls: [] },
        { role: "user", content: [{ type: "text", text: " \n" }] },
      ],
    })),
  );
  assert.deepEqual(messages.at(-1), {
    role: "user",
    content: [{ type: "text", text: "(empty message)", cache_control: { type: "ephemeral" } }],
  });
});

Deno.test("the result of a failed call holds text, and is no error by name when it holds images too", () => {
  const call = { id: "call_1", name: "t", arguments: {} } as const;
  const result = (content: string, images: readonly { readonly type: "image"; readonly base64: string }[] = []) => {
    const { messages } = JSON.parse(
      new MessagesRequests().body(requestOf({
        messages: [
          ...requestOf().messages,
          { role: "assistant", content: "", toolCalls: [call] },
          { role: "tool", toolCallId: "call_1", toolName: "t", content, isError: true, images },
        ],
      })),
    );
    const { content: blocks, is_error } = messages.at(-1).content[0];
    return [
      blocks.map((block: { readonly type: string; readonly text?: string }) => block.text ?? block.type),
      is_error,
    ];
  };
  const image = { type: "image", base64: "AAAA" } as const;
  assert.deepEqual(result("Broken"), [["Broken"], true]);
  assert.deepEqual(result(" "), [["The tool failed without a message."], true]);
  assert.deepEqual(result("Broken", [image]), [["Broken", "image"], undefined]);
  assert.deepEqual(result("", [image]), [["The tool failed without a message.", "image"], undefined]);
});
