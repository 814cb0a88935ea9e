import assert from "node:assert/strict";
import { choice, defineSettings, flag, textList, wholeNumber } from "../../../src/kit/settings.ts";
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
  assert.equal(settings.problem({ sise: 1 }), "`sise` is no setting of it; there are size, on, mode, files");
  assert.match(String(settings.problem({ toString: 1 })), /no setting/);
});
