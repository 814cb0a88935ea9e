import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { toBoundedJson } from "../../../src/kit/bounded_json.ts";
import { Secret } from "../../../src/records/secret.ts";

const size = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;
const boom = (): never => {
  throw new Error("boom");
};

Deno.test("toBoundedJson() writes plain JSON as it is", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const json: string = JSON.stringify(value);
      const bounded = toBoundedJson(JSON.parse(json), { maxBytes: 10_000_000 });
      assert.equal(JSON.stringify(bounded.value), json);
      assert.equal(bounded.truncated, false);
    }),
    { numRuns: 40 },
  );
});

Deno.test("toBoundedJson() shares nothing with the value", () => {
  const value = { list: [{ a: 1 }] };
  const bounded = toBoundedJson(value);
  value.list.push({ a: 2 });
  assert.deepEqual(bounded.value, { list: [{ a: 1 }] });
});

class Point {
  x = 1;
  #y = 2;
  get sum(): number {
    return this.x + this.#y;
  }
}

const EXPECTED: readonly [name: string, value: unknown, written: unknown][] = [
  ["undefined", undefined, null],
  ["undefined among items", [undefined, 1], [null, 1]],
  ["undefined among members", { a: undefined, b: 1 }, { b: 1 }],
  ["a hole in a list", new Array(2), [null, null]],
  ["not a number", Number.NaN, null],
  ["infinity", [Infinity, -Infinity], [null, null]],
  ["minus zero", -0, 0],
  ["a big integer", 2n ** 70n, "1180591620717411303424"],
  ["a symbol", Symbol("secret name"), "[symbol]"],
  ["functions", { f: boom, c: Point }, { f: "[function]", c: "[function]" }],
  ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["an invalid date", new Date(Number.NaN), null],
  ["a URL", new URL("https://example.com/a"), "https://example.com/a"],
  ["a regular expression", /a+/g, "/a+/g"],
  ["an error", new TypeError("bad"), { name: "TypeError", message: "bad" }],
  ["a map of text keys", new Map<string, unknown>([["a", 1], ["__proto__", 2]]), JSON.parse('{"a":1,"__proto__":2}')],
  ["a map of other keys", new Map<unknown, unknown>([[1, "a"], [{ k: 1 }, "b"]]), [[1, "a"], [{ k: 1 }, "b"]]],
  ["a set", new Set([1, "a"]), [1, "a"]],
  ["bytes", new Uint8Array([1, 2, 3]), { type: "Uint8Array", size: 3, base64: "AQID" }],
  ["part of a buffer", new Uint8Array([0, 1, 2, 3]).subarray(1), { type: "Uint8Array", size: 3, base64: "AQID" }],
  ["a node buffer", Buffer.from([1, 2, 3]), { type: "Uint8Array", size: 3, base64: "AQID" }],
  ["an array buffer", new Uint8Array([1, 2, 3]).buffer, { type: "ArrayBuffer", size: 3, base64: "AQID" }],
  ["a list of floats", new Float32Array([1.5, 2]), [1.5, 2]],
  ["a list of big integers", new BigInt64Array([1n]), ["1"]],
  ["an instance of a class", new Point(), { x: 1 }],
  ["an instance that says what it is", { toJSON: () => ({ a: 1 }) }, { a: 1 }],
  ["a boxed text", Object("text"), "text"],
  ["a promise", { later: Promise.resolve(1) }, { later: "[promise]" }],
  ["a weak map", new WeakMap(), {}],
  ["a generator", (function* () {})(), {}],
  ["a secret", { key: new Secret("sk-123") }, { key: "[secret]" }],
  ["lone surrogates", ["\ud800", "a\udc00b"], ["\ud800", "a\udc00b"]],
  ["an object without prototype", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["a throwing toJSON", { a: { toJSON: boom }, b: 1 }, { a: "[unreadable]", b: 1 }],
  ["a throwing getter", Object.defineProperty({ b: 1 }, "a", { get: boom, enumerable: true }), {
    b: 1,
    a: "[unreadable]",
  }],
  ["a throwing proxy", [new Proxy({}, { get: boom, ownKeys: boom, getPrototypeOf: boom, has: boom })], [
    "[unreadable]",
  ]],
  ["a proxy that throws when read", new Proxy({ a: 1 }, { get: boom }), { a: "[unreadable]" }],
  ["a revoked proxy", revoked(), "[unreadable]"],
  ["an error whose message throws", Object.defineProperty(new Error(), "message", { get: boom }), {
    name: "Error",
    message: "an unprintable error",
  }],
  ["a toJSON that gives a symbol", { toJSON: () => Symbol("x") }, "[symbol]"],
  [
    "a proxied list that lies about its length",
    new Proxy([1], { get: (list, key) => key === "length" ? "2" : Reflect.get(list, key) }),
    [1, null],
  ],
];

for (const [name, value, written] of EXPECTED) {
  Deno.test(`toBoundedJson() writes ${name} down`, () => {
    const bounded = toBoundedJson(value);
    assert.equal(JSON.stringify(bounded.value), JSON.stringify(written));
    assert.equal(bounded.truncated, false);
    assert.equal(Reflect.get({}, "polluted"), undefined);
  });
}

Deno.test("toBoundedJson() marks a cycle where it closes, and only there", () => {
  const shared = { a: 1 };
  const value: Record<string, unknown> = { shared, again: shared };
  value["self"] = value;
  value["map"] = new Map([["value", value]]);
  assert.deepEqual(toBoundedJson(value).value, {
    shared: { a: 1 },
    again: { a: 1 },
    self: "[circular]",
    map: { value: "[circular]" },
  });
});

Deno.test("toBoundedJson() keeps an own member named __proto__ without touching a prototype", () => {
  const { value } = toBoundedJson(JSON.parse('{"a":1,"__proto__":{"polluted":1},"b":2}'));
  assert.equal(JSON.stringify(value), '{"a":1,"__proto__":{"polluted":1},"b":2}');
  assert.equal(Object.getPrototypeOf(value), null);
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("toBoundedJson() cuts a long text and says how much of it is there", () => {
  const { value, truncated } = toBoundedJson("ab\n".repeat(100_000));
  assert.ok(truncated && typeof value === "string");
  assert.match(value, /^(ab\n)+.*… \[truncated: \d+ of 300000 characters\]$/s);
  assert.ok(size(value) <= 65_536 && size(value) > 65_000);
});

Deno.test("toBoundedJson() never cuts a surrogate pair in two", () => {
  for (let pad = 0; pad < 4; pad++) {
    const { value } = toBoundedJson("x".repeat(pad) + "😀".repeat(1_000), { maxBytes: 300 });
    assert.ok(typeof value === "string" && value.isWellFormed());
  }
});

Deno.test("toBoundedJson() takes a text of the greatest length there is", () => {
  const half = "x".repeat(2 ** 28);
  const { value, truncated } = toBoundedJson({ text: half + half.slice(0, -100) });
  assert.ok(truncated && size(value) <= 65_536);
});

function endless(): unknown {
  return new Proxy({}, { ownKeys: () => ["a", "b"], getOwnPropertyDescriptor: descriptor, get: () => endless() });
}

function descriptor(): PropertyDescriptor {
  return { value: 1, enumerable: true, configurable: true };
}

class EndlessSet extends Set<number> {
  override *values(): SetIterator<number> {
    for (;;) yield 1;
  }
  override [Symbol.iterator](): SetIterator<number> {
    return this.values();
  }
}

const bomb = Array.from({ length: 60 }).reduce<unknown>((inner) => [inner, inner], "x");
const nested = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);

const TOO_MUCH: readonly [name: string, value: unknown][] = [
  ["a long list", Array.from({ length: 1_000_000 }, (_, index) => index)],
  ["a huge list of holes", new Array(2 ** 32 - 1)],
  ["many members", Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key ${index}`, index]))],
  ["a huge member name", { ["k".repeat(1_000_000)]: 1 }],
  ["a large map", new Map(Array.from({ length: 200_000 }, (_, index) => [String(index), index]))],
  ["a large set", new Set(Array.from({ length: 200_000 }, (_, index) => index))],
  ["a large buffer", new Uint8Array(50_000_000)],
  ["a large list of floats", new Float64Array(10_000_000)],
  ["a bomb of shared lists", bomb],
  ["a very deep list", nested],
  ["an object that never ends", endless()],
  ["control characters", "\u0001".repeat(1_000_000)],
  ["lone surrogates", "\udc00".repeat(1_000_000)],
  ["a text full of quotes", ['"'.repeat(1_000_000)]],
  ["many small texts", Array.from({ length: 100_000 }, () => "é")],
];

for (const [name, value] of TOO_MUCH) {
  for (const maxBytes of [256, 1_000, 65_536]) {
    Deno.test(`toBoundedJson() writes ${name} in ${maxBytes} bytes and says that it cut`, () => {
      const bounded = toBoundedJson(value, { maxBytes });
      assert.equal(bounded.truncated, true);
      assert.ok(size(bounded.value) <= maxBytes, `${size(bounded.value)} bytes`);
    });
  }
}

Deno.test("toBoundedJson() stays within any budget for any value", () => {
  fc.assert(fc.property(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, maxDepth: 6 }),
    fc.integer({ min: 256, max: 2_000 }),
    (value, maxBytes) => {
      const bounded = toBoundedJson(value, { maxBytes });
      assert.ok(size(bounded.value) <= maxBytes);
      assert.deepEqual(JSON.parse(JSON.stringify(bounded.value)), JSON.parse(JSON.stringify(bounded.value)));
    },
  ));
});

Deno.test("toBoundedJson() reads a set itself, whatever its class makes of iteration", () => {
  assert.deepEqual(toBoundedJson(new EndlessSet([7])), { value: [7], truncated: false });
});

Deno.test("toBoundedJson() does not turn a huge integer into digits", () => {
  assert.equal(toBoundedJson(1n << 1_000_000n).value, "[big integer]");
});

Deno.test("toBoundedJson() stops at the depth and the number of items it is given", () => {
  assert.deepEqual(toBoundedJson([[[1]]], { maxDepth: 2 }), { value: [["[truncated]"]], truncated: true });
  const { value, truncated } = toBoundedJson([1, 2, 3], { maxItems: 2 });
  assert.deepEqual({ value, truncated }, { value: [1, 2, "… [truncated: 2 of 3 items]"], truncated: true });
});

Deno.test("toBoundedJson() refuses a budget nothing fits in", () => {
  for (const maxBytes of [0, 255, Number.NaN]) {
    assert.throws(() => toBoundedJson(1, { maxBytes }), { name: "RangeError", message: /at least 256/ });
  }
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
