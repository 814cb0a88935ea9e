/** What a program can find out about the settings of our capabilities. */

import assert from "node:assert/strict";
import { runtimeSafeCapabilities } from "../../../src/capabilities/default_registry.ts";
import { createBash } from "../../../src/capabilities/bash/mod.ts";
import { createApproval, createUserHooks } from "../../../src/capabilities/safety/mod.ts";
import { createWebFetch } from "../../../src/capabilities/web_fetch/mod.ts";
import { codeMode } from "../../../src/sandbox/mod.ts";
import type { Capability } from "../../../src/ports/capability.ts";
import type { JsonObject } from "../../../src/records/json.ts";

const capabilities: readonly (() => Promise<Capability>)[] = [
  ...runtimeSafeCapabilities().map((descriptor) => () => descriptor.load()),
  () => Promise.resolve(createApproval()),
  () => Promise.resolve(createUserHooks()),
  () => Promise.resolve(createBash({ cwd: "/work" })),
  () => Promise.resolve(createWebFetch()),
  () => Promise.resolve(codeMode()),
];

/** Every member of a schema, also inside others, with its place. */
function* membersOf(schema: JsonObject, place = ""): Generator<readonly [place: string, member: JsonObject]> {
  for (const [name, value] of Object.entries(asObject(schema["properties"]))) {
    const member = asObject(value);
    const where = place === "" ? name : `${place}.${name}`;
    yield [where, member];
    yield* membersOf(member, where);
    yield* membersOf(asObject(member["items"]), `${where}[]`);
  }
}

function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null ? value as JsonObject : {};
}

Deno.test("every capability of ours says what its settings are and mean", async () => {
  const silent: string[] = [];
  for (const load of capabilities) {
    const { id, configSchema } = await load();
    if (configSchema === undefined) silent.push(id);
    for (const [place, { description }] of membersOf(configSchema ?? {})) {
      if (typeof description !== "string" || !/^\S.*[.]$/s.test(description)) silent.push(`${id}: ${place}`);
    }
  }
  assert.deepEqual(silent, []);
});

Deno.test("every capability of ours names a setting it does not know, and those it does", async () => {
  for (const load of capabilities) {
    const { id, configSchema, validateConfig } = await load();
    const known = Object.keys(asObject(configSchema?.["properties"]));
    const problem = validateConfig?.({ no_such_setting: 1 }) ?? "";
    assert.match(problem, /`no_such_setting` is unknown: /, id);
    for (const name of known) assert.ok(problem.includes(name), `${id}: ${name} in ${problem}`);
  }
});

Deno.test("every setting of a capability of ours is named when its value is wrong", async () => {
  for (const load of capabilities) {
    const { id, configSchema, validateConfig } = await load();
    for (const [name, schema] of Object.entries(asObject(configSchema?.["properties"]))) {
      // No setting is one of these: a list for what is a number, text, flag or object, and a flag for what is a list.
      const wrong = asObject(schema)["type"] === "array" ? true : [[]];
      const problem = validateConfig?.({ [name]: wrong });
      assert.match(problem ?? "", new RegExp(`\`${name}\` is ${wrong === true ? "true" : "\\[\\[\\]\\]"}, not `), id);
    }
  }
});
