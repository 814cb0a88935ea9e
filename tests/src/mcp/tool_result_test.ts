import assert from "node:assert/strict";
import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/client";
import { Redactor } from "../../../src/kit/redactor.ts";
import { toOutcome } from "../../../src/mcp/tool_result.ts";

const PNG = "iVBORw0KGgo=";
const text = (value: string): ContentBlock => ({ type: "text", text: value });

function outcome(answer: Partial<CallToolResult>): unknown {
  return JSON.parse(
    JSON.stringify(toOutcome({ content: [], ...answer }, new Redactor(["hush-hush"]))),
  );
}

Deno.test("toOutcome() makes one text the result", () => {
  assert.deepEqual(outcome({ content: [text("hello")] }), { type: "success", value: { result: "hello" } });
});

Deno.test("toOutcome() makes several blocks the content", () => {
  assert.deepEqual(outcome({ content: [text("a"), text("b")] }), {
    type: "success",
    value: { content: [{ type: "text", text: "a" }, { type: "text", text: "b" }] },
  });
});

Deno.test("toOutcome() makes nothing an empty result", () => {
  assert.deepEqual(outcome({}), { type: "success", value: { result: "" } });
});

Deno.test("toOutcome() makes images image parts and says how many there are", () => {
  const image: ContentBlock = { type: "image", data: PNG, mimeType: "image/png" };
  const part = { type: "image", base64: PNG, mediaType: "image/png" };
  assert.deepEqual(outcome({ content: [image] }), { type: "success", value: { result: "[1 image]" }, images: [part] });
  assert.deepEqual(outcome({ content: [image, text("two of them"), image] }), {
    type: "success",
    value: { result: "two of them\n[2 images]" },
    images: [part, part],
  });
});

Deno.test("toOutcome() puts structured content beside the text, unless the text only repeats it", () => {
  const structuredContent = { city: "Kyiv", degrees: 3 };
  assert.deepEqual(outcome({ content: [text('{"city": "Kyiv", "degrees": 3}')], structuredContent }), {
    type: "success",
    value: { structuredContent },
  });
  assert.deepEqual(outcome({ content: [text("It is cold")], structuredContent }), {
    type: "success",
    value: { result: "It is cold", structuredContent },
  });
});

Deno.test("toOutcome() brings resources along with address and content", () => {
  const content: ContentBlock[] = [
    { type: "resource", resource: { uri: "file:///a.txt", mimeType: "text/plain", text: "inside" } },
    { type: "resource", resource: { uri: "file:///a.bin", blob: "AAEC" } },
    { type: "resource_link", uri: "file:///b.txt", name: "b" },
    { type: "audio", data: "AAAA", mimeType: "audio/wav" },
  ];
  assert.deepEqual(outcome({ content }), {
    type: "success",
    value: {
      content: [
        { type: "resource", uri: "file:///a.txt", mimeType: "text/plain", text: "inside" },
        { type: "resource", uri: "file:///a.bin", base64: "AAEC" },
        { type: "resource_link", uri: "file:///b.txt", name: "b" },
        { type: "audio", mimeType: "audio/wav", bytes: 3 },
      ],
    },
  });
});

Deno.test("toOutcome() makes an embedded picture an image part", () => {
  const content: ContentBlock[] = [{ type: "resource", resource: { uri: "a.png", mimeType: "image/png", blob: PNG } }];
  assert.deepEqual(outcome({ content }), {
    type: "success",
    value: { result: "[1 image]" },
    images: [{ type: "image", base64: PNG, mediaType: "image/png" }],
  });
});

Deno.test("toOutcome() shows the model no image that every provider would refuse, in this request and all after it", () => {
  const image = (data: string, mimeType: string): ContentBlock => ({ type: "image", data, mimeType });
  const content = [image(btoa("<svg/>"), "image/svg+xml"), image("", "image/png"), image(btoa("not one"), "image/png")];
  assert.deepEqual(outcome({ content }), {
    type: "success",
    value: {
      content: [
        { type: "image", mimeType: "image/svg+xml", bytes: 6 },
        { type: "image", mimeType: "image/png", bytes: 0 },
        { type: "image", mimeType: "image/png", bytes: 7 },
      ],
    },
  });
});

Deno.test("toOutcome() calls an image what it is, whatever its server calls it", () => {
  const jpeg = "/9j/4AAQSkZJRg==";
  const webp = btoa("RIFF\x24\0\0\0WEBPVP8 ");
  const content: ContentBlock[] = [
    { type: "image", data: jpeg, mimeType: "image/png" },
    { type: "image", data: webp, mimeType: "IMAGE/WebP" },
    { type: "image", data: `${PNG.slice(0, 4)}\n${PNG.slice(4)}`, mimeType: "image/x-png" },
    { type: "resource", resource: { uri: "a.jpg", mimeType: "image/jpg", blob: jpeg } },
  ];
  const { images } = outcome({ content }) as { images: { mediaType: string; base64: string }[] };
  assert.deepEqual(images.map(({ mediaType }) => mediaType), ["image/jpeg", "image/webp", "image/png", "image/jpeg"]);
  assert.equal(images[2]?.base64, PNG);
});

Deno.test("toOutcome() makes a reported failure an error without secrets", () => {
  assert.deepEqual(outcome({ isError: true, content: [text("no such file: hush-hush"), text("sorry")] }), {
    type: "error",
    message: "no such file: [secret]\nsorry",
  });
  assert.deepEqual(outcome({ isError: true }), {
    type: "error",
    message: "the server reported an error without saying why",
  });
});

Deno.test("toOutcome() cuts a failure that never ends", () => {
  const { message } = outcome({ isError: true, content: [text("x".repeat(100_000))] }) as { message: string };
  assert.equal(message.length, 8 * 1024 + " [cut]".length);
});

Deno.test("toOutcome() leaves no part of a secret where it cuts a failure", () => {
  const { message } = outcome({ isError: true, content: [text(`${"x".repeat(8 * 1024 - 5)}hush-hush!`)] }) as {
    message: string;
  };
  assert.equal(message, `${"x".repeat(8 * 1024 - 5)}[secr [cut]`);
});

Deno.test("what a server was given to prove itself is hidden in whatever it answers", () => {
  assert.deepEqual(
    outcome({
      content: [
        { type: "text", text: "KEY=hush-hush" },
        { type: "resource", resource: { uri: "env://all", text: JSON.stringify({ key: btoa("hush-hush") }) } },
      ],
      structuredContent: { "hush-hush": ["hush-hush"] },
    }),
    {
      type: "success",
      value: {
        content: [
          { type: "text", text: "KEY=[secret]" },
          { type: "resource", uri: "env://all", text: '{"key":"[secret]"}' },
        ],
        structuredContent: { "[secret]": ["[secret]"] },
      },
    },
  );
});
