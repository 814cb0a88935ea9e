import assert from "node:assert/strict";
import type { CallId } from "../../../../src/records/ids.ts";
import type { JsonObject } from "../../../../src/records/json.ts";
import type { ToolDefinition } from "../../../../src/records/tool.ts";
import type { ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";
import { GeminiRequests } from "../../../../src/drivers/gemini/request.ts";
import { requestOf } from "../openai/requests.ts";

const MODERN = "gemini-3.5-flash";
const OLD = "gemini-2.5-flash";
const CLOCK: ToolDefinition = { type: "builtin", name: "clock", description: "Tells the time", parameters: {} };

Deno.test("a request of one question is this text", () => {
  assert.equal(
    new GeminiRequests().body(requestOf({ model: "unheard-of" }), { members: {}, cached: false }),
    '{"systemInstruction":{"parts":[{"text":"Be brief."}]},"generationConfig":{"maxOutputTokens":8192},' +
      '"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}',
  );
});

Deno.test("a request carries the settings Gemini has, and no metadata", () => {
  const body = parsed({
    model: MODERN,
    systemPrompt: "",
    tools: [CLOCK],
    maxTokens: 100,
    temperature: 0.5,
    reasoningEffort: "low",
    verbosity: "low",
    parallelToolCalls: false,
    speed: "flex",
    promptCacheKey: "k",
    metadata: { session: "s1" },
  });
  assert.deepEqual(body, {
    generationConfig: {
      maxOutputTokens: 100,
      temperature: 0.5,
      thinkingConfig: { thinkingLevel: "low", includeThoughts: true },
    },
    tools: [{
      functionDeclarations: [{
        name: "clock",
        description: "Tells the time",
        parametersJsonSchema: { type: "object", properties: {} },
      }],
    }],
    contents: [{ role: "user", parts: [{ text: "Hello" }] }],
  });
});

const IMAGE = { type: "image", base64: "AAAA", mediaType: "image/webp" } as const;
const LINKED = { type: "image", url: "https://a.test/b.PNG?x=1" } as const;

const TRANSCRIPT: readonly ModelMessage[] = [
  { role: "user", content: [{ type: "text", text: "See" }, { type: "text", text: "" }, IMAGE, LINKED] },
  {
    role: "assistant",
    content: "Looking.",
    thinking: "Not sent.",
    toolCalls: [
      { id: "call_1", name: "clock", arguments: { zone: "CET" } },
      { id: "call_2", name: "clock", arguments: '{"zone":' },
    ],
    reasoning: [
      { type: "reasoning", provider: "openai", itemId: "call#0", encryptedContent: "foreign" },
      { type: "reasoning", provider: "gemini", itemId: "text", encryptedContent: "sig-t" },
      { type: "reasoning", provider: "gemini", itemId: "call#0", encryptedContent: "sig-0" },
      { type: "reasoning", provider: "gemini", itemId: "call#1" },
    ],
  },
  { role: "tool", toolCallId: "call_1", toolName: "clock", content: "noon", isError: false, images: [IMAGE, LINKED] },
  { role: "tool", toolCallId: "call_2", toolName: "clock", content: "Invalid JSON", isError: true },
  { role: "system", content: "It is noon." },
  { role: "assistant", content: "", toolCalls: [] },
  { role: "assistant", content: "Noon.", toolCalls: [] },
  { role: "user", content: [{ type: "image" }, { type: "image", url: "data:image/gif;base64,BBBB" }] },
  { role: "user", content: [] },
];

const INLINE = { inlineData: { mimeType: "image/webp", data: "AAAA" } };
const FILE = { fileData: { mimeType: "image/png", fileUri: "https://a.test/b.PNG?x=1" } };

Deno.test("a transcript is replayed with its signatures, and the results of a batch are one content", () => {
  const { contents } = parsed({ model: MODERN, messages: TRANSCRIPT });
  assert.deepEqual(contents, [
    { role: "user", parts: [{ text: "See" }, INLINE, FILE] },
    {
      role: "model",
      parts: [
        { text: "Looking.", thoughtSignature: "sig-t" },
        { functionCall: { id: "call_1", name: "clock", args: { zone: "CET" } }, thoughtSignature: "sig-0" },
        { functionCall: { id: "call_2", name: "clock", args: { invalid_arguments: '{"zone":' } } },
      ],
    },
    {
      role: "user",
      parts: [
        { functionResponse: { id: "call_1", name: "clock", response: { output: "noon" }, parts: [INLINE] } },
        { functionResponse: { id: "call_2", name: "clock", response: { error: "Invalid JSON" } } },
        FILE,
      ],
    },
    { role: "user", parts: [{ text: "[System message]\nIt is noon." }] },
    { role: "model", parts: [{ text: "Noon." }] },
    {
      role: "user",
      parts: [{ text: "[image without data]" }, { inlineData: { mimeType: "image/gif", data: "BBBB" } }],
    },
    { role: "user", parts: [{ text: " " }] },
  ]);
});

Deno.test("images the model made are sent back with their signatures", () => {
  const { contents } = parsed({
    model: MODERN,
    messages: [{
      role: "assistant",
      content: "",
      toolCalls: [],
      images: [IMAGE, { type: "image", base64: "BBBB", mediaType: "image/png" }],
      reasoning: [{ type: "reasoning", provider: "gemini", itemId: "image#1", encryptedContent: "sig" }],
    }],
  });
  assert.ok(Array.isArray(contents));
  assert.deepEqual(contents[1], {
    role: "model",
    parts: [INLINE, { inlineData: { mimeType: "image/png", data: "BBBB" }, thoughtSignature: "sig" }],
  });
});

Deno.test("before generation 3 images follow the results of the batch", () => {
  const { contents } = parsed({ model: OLD, messages: TRANSCRIPT });
  assert.ok(Array.isArray(contents));
  assert.deepEqual(contents[2], {
    role: "user",
    parts: [
      { functionResponse: { id: "call_1", name: "clock", response: { output: "noon" } } },
      { functionResponse: { id: "call_2", name: "clock", response: { error: "Invalid JSON" } } },
      INLINE,
      FILE,
    ],
  });
});

Deno.test("a conversation the model began gets a turn of the user's before it", () => {
  const { contents } = parsed({ model: OLD, messages: [{ role: "assistant", content: "Hi", toolCalls: [] }] });
  assert.deepEqual(contents, [
    { role: "user", parts: [{ text: "(The conversation begins.)" }] },
    { role: "model", parts: [{ text: "Hi" }] },
  ]);
});

Deno.test("calls of another provider get the documented stand-in for a signature from generation 3 on", () => {
  const call = (id: CallId) => ({ id, name: "clock", arguments: {} });
  const messages: ModelMessage[] = [{ role: "assistant", content: "", toolCalls: [call("call_a"), call("call_b")] }];
  const signatures = (model: string) => {
    const [, called] = parsed({ model, messages })["contents"] as { parts: { thoughtSignature?: string }[] }[];
    return called?.parts.map((part) => part.thoughtSignature);
  };
  assert.deepEqual(signatures(MODERN), ["skip_thought_signature_validator", undefined]);
  assert.deepEqual(signatures("gemini-flash-latest"), ["skip_thought_signature_validator", undefined]);
  assert.deepEqual(signatures(OLD), [undefined, undefined]);
});

const SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer", minimum: 1 } },
  required: ["city"],
} as const;

Deno.test("a form is asked for by schema where the API takes it, else in words", () => {
  const native = (members: Partial<ModelRequest>, schema: JsonObject = SCHEMA) => {
    const body = parsed({ ...members, responseFormat: { name: "trip", schema } });
    const generation = body["generationConfig"] as JsonObject;
    const words = JSON.stringify(body["contents"]).includes("final answer must be one JSON object");
    assert.equal(generation["responseMimeType"], words ? undefined : "application/json");
    return generation["responseJsonSchema"];
  };
  const { $schema: _, ...sent } = SCHEMA;
  assert.deepEqual(native({ model: OLD }), sent);
  assert.deepEqual(native({ model: MODERN, tools: [CLOCK] }), sent);
  assert.equal(native({ model: OLD, tools: [CLOCK] }), undefined);
  assert.equal(
    native({ model: MODERN }, { type: "object", properties: { a: { type: "string", pattern: "^a" } } }),
    undefined,
  );
});

Deno.test("a message is encoded once for every request of a generation", () => {
  let reads = 0;
  const part = {
    type: "text",
    get text() {
      reads++;
      return "Hi";
    },
  } as const;
  const requests = new GeminiRequests();
  const request = requestOf({ model: MODERN, messages: [{ role: "user", content: [part] }] });
  const bodies = [1, 2, 3].map(() => requests.body(request, { members: {}, cached: false }));
  assert.equal(new Set(bodies).size, 1);
  const once = reads;
  requests.body(request, { members: {}, cached: false });
  assert.equal(reads, once);
});

function parsed(members: Partial<ModelRequest>): JsonObject {
  return JSON.parse(new GeminiRequests().body(requestOf(members), { members: {}, cached: false }));
}

Deno.test("beside a reference a schema says no more than the API takes", () => {
  const $defs = { City: { type: "string" } };
  const city = { $ref: "#/$defs/City", description: "Where", title: "City", type: "string" };
  const kept = { $ref: "#/$defs/City", description: "Where" };
  const parameters = { type: "object", properties: { city, cities: { type: "array", items: city } }, $defs };
  const body = parsed({ tools: [{ type: "builtin", name: "t", description: "", parameters }] });
  const [{ functionDeclarations: [declared] }] = body["tools"] as unknown as [{ functionDeclarations: [JsonObject] }];
  assert.deepEqual(declared["parametersJsonSchema"], {
    type: "object",
    properties: { city: kept, cities: { type: "array", items: kept } },
    $defs,
  });
});
