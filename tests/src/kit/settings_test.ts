import assert from "node:assert/strict";
import {
  anyNumber,
  choice,
  flag,
  objectList,
  required,
  section,
  text,
  textList,
  wholeNumber,
} from "../../../src/kit/setting_kinds.ts";
import { defineSettings, problemOf, readOnce } from "../../../src/kit/settings.ts";
import type { JsonObject } from "../../../src/records/json.ts";

const settings = defineSettings({
  size: wholeNumber(10, { min: 1, max: 20 }),
  on: flag(true),
  mode: choice("auto", ["auto", "never"]),
  files: textList(["a"], 2),
});
const DEFAULTS = { size: 10, on: true, mode: "auto", files: ["a"] };

Deno.test("a configuration that says nothing means the defaults", () => {
  assert.deepEqual(settings.read({}), DEFAULTS);
  assert.equal(settings.problem({}), undefined);
});

Deno.test("a configuration that says everything means what it says", () => {
  const said = { size: 1, on: false, mode: "never", files: ["b", "c"] };
  assert.deepEqual(settings.read(said), said);
  assert.equal(settings.problem(said), undefined);
});

const wrong: readonly (readonly [config: JsonObject, problem: string])[] = [
  [{ size: 0 }, "`size` is 0, not a whole number from 1 to 20"],
  [{ size: 1.5 }, "`size` is 1.5, not a whole number from 1 to 20"],
  [{ size: "5" }, '`size` is "5", not a whole number from 1 to 20'],
  [{ on: 1 }, "`on` is 1, not true or false"],
  [{ mode: "always" }, '`mode` is "always", not one of auto, never'],
  [{ files: "a" }, '`files` is "a", not a list of at most 2 non-empty texts'],
  [{ files: ["a", " "] }, '`files` is ["a"," "], not a list of at most 2 non-empty texts'],
  [{ files: ["a", "b", "c"] }, '`files` is ["a","b","c"], not a list of at most 2 non-empty texts'],
];
for (const [config, problem] of wrong) {
  Deno.test(`${JSON.stringify(config)} is a problem, and counts as not said`, () => {
    assert.equal(settings.problem(config), problem);
    assert.deepEqual(settings.read(config), DEFAULTS);
  });
}

Deno.test("a name that is no setting is a problem that names those there are", () => {
  assert.equal(settings.problem({ sise: 1 }), "`sise` is unknown: expected size, on, mode, files");
  assert.match(String(settings.problem({ toString: 1 })), /is unknown/);
});

Deno.test("a reader that checks throws what is wrong, for those who must not guess", () => {
  assert.throws(() => settings.check({ size: 0 }), new TypeError("`size` is 0, not a whole number from 1 to 20"));
  assert.deepEqual(settings.check({}), DEFAULTS);
});

const deep = defineSettings({
  share: anyNumber(0.5, { min: 0, max: 1 }),
  name: text(undefined),
  inner: section({ size: wholeNumber(1, { min: 1, max: 5 }), on: flag(false) }),
  rules: required(objectList({ id: required(text(undefined)), most: wholeNumber(undefined, { min: 0, max: 9 }) }, 2)),
});

Deno.test("members without a default need not be said, and may be null", () => {
  assert.deepEqual(deep.check({ name: null, rules: [{ id: "a" }] }), {
    share: 0.5,
    name: undefined,
    inner: { size: 1, on: false },
    rules: [{ id: "a", most: undefined }],
  });
});

Deno.test("what is wrong inside leaves the rest of a section as it is, and is told with its place", () => {
  assert.deepEqual(deep.read({ inner: { size: 9, on: true } }).inner, { size: 1, on: true });
  const problems: readonly (readonly [JsonObject, string])[] = [
    [{ share: 1.5, rules: [] }, "`share` is 1.5, not a number from 0 to 1"],
    [{ inner: { size: 9 }, rules: [] }, "`inner.size` is 9, not a whole number from 1 to 5"],
    [{ inner: { sise: 9 }, rules: [] }, "`inner.sise` is unknown: expected size, on"],
    [{ inner: 5, rules: [] }, "`inner` is 5, not an object"],
    [{ inner: null, rules: [] }, "`inner` is null, not an object"],
    [{}, "`rules` is missing"],
    [{ rules: null }, "`rules` is missing"],
    [{ rules: [{ id: "a" }, {}] }, "`rules[1].id` is missing"],
    [{ rules: [{ id: "a", most: 10 }] }, "`rules[0].most` is 10, not a whole number from 0 to 9"],
    [{ rules: [1] }, "`rules` is [1], not a list of at most 2 objects"],
    [
      { rules: [{ id: "a" }, { id: "b" }, { id: "c" }] },
      '`rules` is [{"id":"a"},{"id":"b"},{"id":"c"}], not a list of at most 2 objects',
    ],
  ];
  for (const [config, problem] of problems) assert.equal(deep.problem(config), problem);
});

Deno.test("the schema says defaults, bounds and what has to be there", () => {
  assert.deepEqual(deep.schema["required"], ["rules"]);
  const { share, name } = deep.schema["properties"] as Record<string, JsonObject>;
  assert.deepEqual(share, { type: "number", minimum: 0, maximum: 1, default: 0.5 });
  assert.ok(!Object.hasOwn(name!, "default"));
});

Deno.test("a configuration is read once for as long as it lives", () => {
  let reads = 0;
  const read = readOnce((config: JsonObject) => ({ read: ++reads, config }));
  const config = {};
  assert.equal(read(config), read(config));
  assert.notEqual(read({}), read({}));
  assert.equal(problemOf(() => settings.check({ size: 0 }))(config), "`size` is 0, not a whole number from 1 to 20");
});
