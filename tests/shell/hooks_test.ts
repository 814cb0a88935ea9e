/**
 * Hooks of users that are real commands.
 *
 * @module
 */

import assert from "node:assert/strict";
import { defineTool } from "../../mod.ts";
import { bashHooks, type BashHooksOptions } from "../../src/capabilities/bash/mod.ts";
import { createUserHooks } from "../../src/capabilities/user_hooks/capability.ts";
import type { JsonObject } from "../../src/records/json.ts";
import { call, texts } from "../src/_support/played_driver.ts";
import { eventsOf, say } from "../src/_support/runtime.ts";
import { guardedRuntime } from "../src/capabilities/_guarded_runtime.ts";
import { assertDead, HeldDeadline, run } from "./_bash.ts";

/** Runs one call `work({ amount: 5 })` under a hook. */
async function underHook(hook: JsonObject, options: Partial<BashHooksOptions> = {}) {
  const runs: JsonObject[] = [];
  const work = defineTool({
    name: "work",
    description: "",
    parameters: { type: "object" },
    execute: (args: JsonObject) => {
      runs.push({ ...args });
      return "worked";
    },
  });
  const hooks = [{ id: "a", event: "pre_tool_use", ...hook }];
  const capability = createUserHooks(bashHooks({ cwd: "/", ...options }));
  await using it = await guardedRuntime([call("work", { amount: 5 }), texts("done")], capability, {
    config: { hooks },
    tools: [work],
  });
  await say(it.runtime);
  const data = eventsOf(it.runtime, "tool.completed")[0]?.data;
  const warnings = eventsOf(it.runtime, "runtime.warning").map(({ data }) => data.message).join("\n");
  return { runs, outcome: data?.error ?? data?.result, warnings };
}

Deno.test("a command blocks a call with its reason", async () => {
  const command =
    `read -r payload; [[ $payload == *'"amount":5'* ]] && echo '{"decision":"block","reason":"too much"}'`;
  const { runs, outcome } = await underHook({ command });
  assert.deepEqual([runs, outcome], [[], "Blocked by a pre_tool_use hook: too much"]);
});

Deno.test("a command changes the arguments of a call", async () => {
  const command = `echo '{"decision":"mutate","value":{"amount":1}}'`;
  assert.deepEqual((await underHook({ command })).runs, [{ amount: 1 }]);
});

Deno.test("a command changes the result of a call", async () => {
  const command =
    `read -r payload; result=\${payload##*'"result":"'}; echo "{\\"decision\\":\\"mutate\\",\\"value\\":\\"\${result%'"'*}!\\"}"`;
  const { outcome } = await underHook({ event: "post_tool_use", command });
  assert.equal(outcome, "worked!");
});

Deno.test("a command that says nothing, and does not read, allows", async () => {
  assert.equal((await underHook({ command: "exec 0<&-; true", on_error: "block" })).runs.length, 1);
});

Deno.test("a command gets its own environment and the host's declared one, and nothing else", async () => {
  const command = `env | sed 's/=.*//' | sort | tr '\\n' ' ' | sed 's/.*/{"decision":"block","reason":"&"}/'`;
  const { outcome } = await underHook({ command, env: ["OWN=1"] }, { env: { PATH: "/usr/bin:/bin", DECLARED: "1" } });
  const names = String(outcome).replace(/^.*: /, "").trim().split(" ");
  assert.deepEqual(names.sort(), [
    "DECLARED",
    "HOOK_EVENT",
    "HOOK_SESSION_ID",
    "HOOK_TOOL_NAME",
    "OWN",
    "PATH",
    "PWD",
    "SHLVL",
    "_",
  ]);
});

const failures: readonly (readonly [string, string, RegExp])[] = [
  ["prints garbage", "echo 'no json'", /JSON/],
  ["prints bytes that are no text", String.raw`printf '\xff\x00{}'`, /JSON/],
  ["ends with a code", "echo broken >&2; exit 7", /code 7: broken/],
  ["kills itself", "kill -9 $$", /code 137/],
  ["floods its output", "yes", /more than 65536 bytes/],
  ["floods its errors", "yes >&2", /more than 65536 bytes/],
];
for (const [name, command, message] of failures) {
  Deno.test(`a command that ${name} does as its on_error says`, async () => {
    const warned = await underHook({ command });
    assert.equal(warned.runs.length, 1);
    assert.match(warned.warnings, message);
    assert.equal((await underHook({ command, on_error: "block" })).runs.length, 0);
  });
}

Deno.test("a command that is late does as its on_error says, and ends with everything it started", async () => {
  const file = (await run("mktemp")).stdout.trim();
  const { clock, over } = new HeldDeadline(30_000);
  try {
    const command = `trap '' TERM; sleep 1000 & echo $! > ${file}; wait`;
    const { runs, outcome } = await underHook({ command, timeout_ms: 2_000, on_error: "block" }, { clock });
    assert.equal(runs.length, 0);
    assert.match(String(outcome), /no answer within 2000 ms/);
    await over;
    await assertDead((await run(`cat ${file}`)).stdout.trim());
  } finally {
    await run(`rm ${file}`);
  }
});
