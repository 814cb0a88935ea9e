/**
 * The tasks of deno.json: every test runs in one group, and no group has more than it names.
 *
 * @module
 */

import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { checkoutRoot, filesUnder, readCheckoutFile } from "../_support/checkout.ts";

interface Group {
  readonly name: string;
  readonly args: readonly string[];
}

/** The `test:*` tasks. */
const groups: readonly Group[] = Object.entries(config.tasks)
  .filter(([name]) => name.startsWith("test:"))
  .map(([name, task]) => ({
    name,
    args: (typeof task === "string" ? task : task.command).split(" "),
  }));

Deno.test("every test file belongs to exactly one group of tests", () => {
  const misplaced = [...filesUnder("tests"), ...filesUnder("examples")]
    .filter((file) => file.endsWith("_test.ts"))
    .map((file) => ({ file, groups: groupsOf(file) }))
    .filter((found) => found.groups.length !== 1);
  assert.deepEqual(misplaced, []);
});

Deno.test("groupsOf() finds none for a stray test and one for a test in a group's folder", () => {
  assert.deepEqual(groupsOf("tests/stray/a_test.ts"), []);
  assert.deepEqual(groupsOf("tests/src_other/a_test.ts"), []);
  assert.deepEqual(groupsOf("tests/src/kit/a_test.ts"), ["test:core"]);
  assert.deepEqual(groupsOf("tests/examples_test.ts"), ["test:examples"]);
  assert.deepEqual(groupsOf("examples/weekend_concierge_host/concierge_test.ts"), ["test:hosts"]);
  assert.deepEqual(groupsOf("examples/coding_cli/tests/acp_test.ts"), ["test:cli"]);
});

Deno.test("no group of tests gets all permissions, a bare permission or a prompt", () => {
  const bare = /^(-A|--allow-all|-P.*|--allow-(read|write|net|env|run|ffi|sys|import))$/;
  const loose = groups.filter(({ args }) => args.some((arg) => bare.test(arg)) || !args.includes("--no-prompt"));
  assert.deepEqual(loose, []);
});

Deno.test("the tests of the core get no permission at all", () => {
  const core = groups.find((group) => group.name === "test:core");
  assert.deepEqual(core?.args.filter((arg) => arg.startsWith("--allow")), []);
});

Deno.test("the test task runs every group", () => {
  const missing = groups.filter(({ name }) => !config.tasks.test.command.includes(`task ${name} `));
  assert.deepEqual(missing, []);
});

Deno.test("deno.lock names no registry host", () => {
  assert.doesNotMatch(readCheckoutFile("deno.lock"), /https?:|tarball/);
});

Deno.test("the package imports nothing from JSR and has no package.json", () => {
  assert.deepEqual(Object.values(config.imports).filter((it) => !it.startsWith("npm:")), []);
  const names = [...Deno.readDirSync(checkoutRoot)].map((entry) => entry.name);
  assert.ok(!names.includes("package.json"), "package.json switches Deno to node_modules");
});

/** An argument that names tests rather than a flag. */
const FOLDER = /^(tests|examples)\//;

function groupsOf(file: string): string[] {
  return groups
    .filter(({ args }) => args.some((arg) => FOLDER.test(arg) && (file === arg || file.startsWith(`${arg}/`))))
    .map((group) => group.name);
}
