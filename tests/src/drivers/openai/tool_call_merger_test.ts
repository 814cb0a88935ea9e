import assert from "node:assert/strict";
import { ToolCallMerger } from "../../../../src/drivers/openai/tool_call_merger.ts";

/** Pieces as `[index, id, name, arguments]`, and the calls as `[id, name, arguments]`. */
type Piece = readonly [index: number | undefined, id: string, name: string, text: unknown];
type Call = readonly [id: string | undefined, name: string, text: unknown];

const TABLE: readonly [what: string, pieces: readonly Piece[], calls: readonly Call[]][] = [
  ["pieces of two calls, interleaved", [
    [0, "a", "f", ""],
    [1, "b", "g", '{"x"'],
    [0, "", "", "{}"],
    [1, "", "", ":1}"],
  ], [["a", "f", "{}"], ["b", "g", '{"x":1}']]],
  ["pieces that repeat id and name", [[0, "a", "f", '{"x"'], [0, "a", "f", ":1}"]], [["a", "f", '{"x":1}']]],
  ["pieces without an index", [
    [undefined, "a", "f", '{"x"'],
    [undefined, "", "", ":1}"],
    [undefined, "b", "f", "{"],
    [undefined, "b", "", "}"],
  ], [["a", "f", '{"x":1}'], ["b", "f", "{}"]]],
  ["whole calls that all have index 0", [
    [0, "a", "f", '{"x":1}'],
    [0, "b", "f", '{"x":2}'],
  ], [["a", "f", '{"x":1}'], ["b", "f", '{"x":2}']]],
  ["whole calls of one name with index 0 and no ids", [
    [0, "", "f", '{"x":1}'],
    [0, "", "f", '{"x":2}'],
    [0, "", "g", "{}"],
  ], [[undefined, "f", '{"x":1}'], [undefined, "f", '{"x":2}'], [undefined, "g", "{}"]]],
  ["calls without arguments that all have index 0", [[0, "a", "f", ""], [0, "b", "f", ""]], [
    ["a", "f", "{}"],
    ["b", "f", "{}"],
  ]],
  ["arguments as an object", [[0, "a", "f", { x: 1 }]], [["a", "f", '{"x":1}']]],
  ["no arguments at all", [[0, "a", "f", undefined]], [["a", "f", "{}"]]],
  ["an id that comes late", [[0, "", "f", '{"x":'], [0, "a", "", "1}"]], [["a", "f", '{"x":1}']]],
];

for (const [what, pieces, calls] of TABLE) {
  Deno.test(`ToolCallMerger puts together ${what}`, () => {
    const merger = merged(pieces);
    assert.equal(merger.size, calls.length);
    assert.deepEqual(
      merger.events(false),
      calls.map(([id, name, text]) => ({
        type: "tool_call",
        ...(id === undefined ? {} : { providerCallId: id }),
        name,
        arguments: text,
      })),
    );
  });
}

for (const cut of ["", '{"path":"x"', '{"path":"x']) {
  Deno.test(`ToolCallMerger makes no call of one that was cut off at "${cut}", and keeps those before it`, () => {
    assert.deepEqual(merged([[0, "a", "f", ""], [1, "b", "g", cut]]).events(true), [
      { type: "tool_call", providerCallId: "a", name: "f", arguments: "{}" },
    ]);
  });
}

Deno.test("ToolCallMerger keeps a call that was whole when the reply was cut off", () => {
  assert.deepEqual(merged([[0, "a", "f", "{}"]]).events(true), [
    { type: "tool_call", providerCallId: "a", name: "f", arguments: "{}" },
  ]);
});

function merged(pieces: readonly Piece[]): ToolCallMerger {
  const merger = new ToolCallMerger();
  for (const [index, id, name, text] of pieces) merger.add({ index, id, function: { name, arguments: text } });
  return merger;
}
