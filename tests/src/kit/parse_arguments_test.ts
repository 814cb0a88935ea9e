import assert from "node:assert/strict";
import fc from "fast-check";
import {
  copyForeign,
  MAX_ARGUMENTS_LENGTH,
  MAX_JSON_DEPTH,
  parseArguments,
  parseArgumentsText,
} from "../../../src/kit/parse_arguments.ts";

for (const text of ["", "  \n", "{}"]) {
  Deno.test(`parseArgumentsText() takes ${JSON.stringify(text)} for no arguments`, () => {
    const parsed = parseArgumentsText(text);
    assert.ok(parsed.ok);
    assert.deepEqual({ ...parsed.value }, {});
  });
}

const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
const REFUSED: readonly [text: string, message: RegExp][] = [
  ["{", /not valid JSON/],
  ['{"a":1', /not valid JSON/],
  ['{"a":1}}', /not valid JSON/],
  ["{'a':1}", /not valid JSON/],
  ["undefined", /not valid JSON/],
  ["\0", /not valid JSON/],
  ["[]", /an array/],
  ['[{"a":1}]', /an array/],
  ['"text"', /a string/],
  ["1", /a number/],
  ["true", /a boolean/],
  ["null", /null/],
  [deep, /nested deeper than 200 levels/],
  [`{"a":"${"x".repeat(MAX_ARGUMENTS_LENGTH)}"}`, /at most 1048576/],
];

for (const [text, message] of REFUSED) {
  Deno.test(`parseArgumentsText() answers ${JSON.stringify(text.slice(0, 12))} (${text.length}) with advice`, () => {
    const parsed = parseArgumentsText(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.message, message);
    assert.match(parsed.message, /Send one JSON object\.$/);
    assert.ok(parsed.message.length < 400);
  });
}

Deno.test("parseArgumentsText() keeps the last of repeated members and rounds huge numbers", () => {
  const parsed = parseArgumentsText('{"a":1,"a":2,"n":9007199254740993}');
  assert.ok(parsed.ok);
  assert.deepEqual({ ...parsed.value }, { a: 2, n: 9007199254740992 });
});

Deno.test("parsed objects have no prototype at any depth", () => {
  const parsed = parseArgumentsText('{"a":{"b":[{"c":1}]}}');
  assert.ok(parsed.ok);
  const seen: object[] = [];
  JSON.stringify(parsed.value, (_key, value) => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) seen.push(value);
    return value;
  });
  assert.equal(seen.length, 3);
  for (const object of seen) assert.equal(Object.getPrototypeOf(object), null);
});

const POLLUTION = [
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"a":{"constructor":{"prototype":{"polluted":1}}}}',
  '{"a":[{"__proto__":{"polluted":1}}]}',
  '{"\\u005f_proto__":{"polluted":1}}',
];

for (const text of POLLUTION) {
  Deno.test(`a careless merge of ${text} reaches no shared prototype`, () => {
    const parsed = parseArgumentsText(text);
    assert.ok(parsed.ok);
    carelessMerge({ a: {} }, parsed.value);
    carelessMerge({ a: {} }, copyForeign(JSON.parse(text)));
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });
}

Deno.test("members that reach a shared prototype are left out", () => {
  const left = POLLUTION.map((text) => JSON.stringify(copyForeign(JSON.parse(text))));
  assert.deepEqual(left, ["{}", "{}", '{"a":{}}', '{"a":[{}]}', "{}"]);
});

Deno.test("an ordinary member named constructor, prototype or toString is kept", () => {
  const parsed = parseArgumentsText('{"constructor":"Bob","prototype":1,"toString":{"a":1}}');
  assert.ok(parsed.ok);
  assert.equal(JSON.stringify(parsed.value), '{"constructor":"Bob","prototype":1,"toString":{"a":1}}');
});

Deno.test("parseArguments() takes text and values alike", () => {
  for (const input of ['{"a":[1]}', { a: [1] }]) {
    const parsed = parseArguments(input);
    assert.equal(JSON.stringify(parsed), '{"ok":true,"value":{"a":[1]}}');
  }
  assert.equal(parseArguments([1]).ok, false);
  assert.equal(parseArguments(null).ok, false);
});

Deno.test("copyForeign() keeps every ordinary JSON value as it is", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
    const json: string = JSON.stringify(value);
    if (json.includes("__proto__") || json.includes("constructor")) return;
    assert.equal(JSON.stringify(copyForeign(JSON.parse(json))), json);
  }));
});

Deno.test("copyForeign() shares nothing with its input", () => {
  const input = { list: [{ a: 1 }] };
  const copy = copyForeign(input);
  input.list.push({ a: 2 });
  assert.equal(JSON.stringify(copy), '{"list":[{"a":1}]}');
});

Deno.test("copyForeign() refuses what is nested too deep, and a value inside itself", () => {
  const limit = JSON.parse("[".repeat(MAX_JSON_DEPTH) + "]".repeat(MAX_JSON_DEPTH));
  assert.equal(JSON.stringify(copyForeign(limit)), JSON.stringify(limit));
  assert.throws(() => copyForeign([limit]), { name: "RangeError", message: /200 levels/ });
  const cycle: Record<string, never> = {};
  Reflect.set(cycle, "self", cycle);
  assert.throws(() => copyForeign(cycle), { name: "RangeError" });
});

/** The merge every second program has somewhere. */
function carelessMerge(target: object, source: unknown): void {
  if (typeof source !== "object" || source === null) return;
  for (const key in source) {
    const value: unknown = Reflect.get(source, key);
    const there: unknown = Reflect.get(target, key);
    if ((typeof there === "object" && there !== null) || typeof there === "function") carelessMerge(there, value);
    else Reflect.set(target, key, value);
  }
}
