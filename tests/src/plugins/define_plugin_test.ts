/** Compiling a plugin that is given as data. */

import assert from "node:assert/strict";
import { definePlugin, PluginError, type PluginSkill } from "../../../src/plugins/mod.ts";

const skill: PluginSkill = { name: "find", description: "Finds: all", instructions: "Search." };

Deno.test("definePlugin() compiles data to a capability", () => {
  const { capability, warnings } = definePlugin({
    name: "docs",
    skills: [{ ...skill, userInvocable: true, disableModelInvocation: true, files: { "a/b.txt": "b" } }],
  });
  assert.deepEqual(warnings, []);
  assert.equal(capability.id, "plugin:docs");
  assert.equal(capability.riskLevel, "low");
  assert.deepEqual(capability.files, [
    {
      path: "/.agents/skills/find/SKILL.md",
      content:
        '---\nname: find\ndescription: "Finds: all"\nuser_invocable: true\ndisable_model_invocation: true\n---\n\nSearch.\n',
      isReadonly: true,
    },
    { path: "/.agents/skills/find/a/b.txt", content: "b", isReadonly: true },
  ]);
});

Deno.test("definePlugin() of a name alone brings nothing and asks for nothing", () => {
  const { capability } = definePlugin({ name: "empty" });
  assert.deepEqual({ ...capability }, {
    id: "plugin:empty",
    name: "empty",
    category: "plugin",
    riskLevel: "low",
    permissions: {},
  });
});

Deno.test("definePlugin() leaves out what leads outside of a skill, is too large or too much", () => {
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`${i}.txt`, ""]));
  const { capability, warnings } = definePlugin({
    name: "docs",
    skills: [
      { ...skill, name: "up", files: { "../../x": "" } },
      { ...skill, name: "own", files: { "SKILL.md": "" } },
      { ...skill, name: "many", files: many },
      { ...skill, name: "long", instructions: "x".repeat(1024 * 1024 + 1) },
      { ...skill, name: "UPPER" },
      { ...skill, name: "silent", description: " " },
    ],
    agents: [{ name: "long", instructions: "x".repeat(40_000) }, { name: "short", instructions: "Be short." }],
  });
  assert.equal(capability.files, undefined);
  assert.equal(capability.systemPrompt, "## Agent: short\n\nBe short.");
  assert.equal(warnings.length, 7);
});

Deno.test("definePlugin() leaves out a skill that the capability skills could not use, and says so", () => {
  const { capability, warnings } = definePlugin({ name: "p", skills: [{ ...skill, description: "d".repeat(1_025) }] });
  assert.equal(capability.files, undefined);
  assert.match(warnings.join(), /Skill "find" was left out: its description has more than 1024 characters/);
});

Deno.test("definePlugin() refuses a name that cannot be one", () => {
  for (const name of ["", "a b", "a:b", "x".repeat(65), "-a"]) {
    assert.throws(() => definePlugin({ name }), PluginError);
  }
});
