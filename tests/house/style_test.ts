/**
 * The rules of style that can be checked: names, sizes, module docs and the lint rules of the house.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkoutRoot, libraryFiles, readCheckoutFile } from "../_support/checkout.ts";
import { entryPoints } from "../_support/entry_points.ts";
import houseLint from "../_support/house_lint.ts";

const MAX_LINES = 400;

Deno.test("no published file has more than 400 lines", () => {
  const long = libraryFiles()
    .map((file) => ({ file, lines: readCheckoutFile(file).split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES);
  assert.deepEqual(long, []);
});

Deno.test("published files and folders have snake_case names that say what is in them", () => {
  assert.deepEqual(libraryFiles().filter((file) => !isGoodName(file)), []);
});

Deno.test("isGoodName() refuses other cases, other endings and names that say nothing", () => {
  const good = ["mod.ts", "src/kit/json_schema.ts", "src/drivers/_sse.ts", "src/kit/re2.ts"];
  const bad = [
    "src/kit/jsonSchema.ts",
    "src/Kit/json.ts",
    "src/kit/json-schema.ts",
    "src/kit/json__schema.ts",
    "src/kit/index.ts",
    "src/kit/utils.ts",
    "src/kit/json.d.ts",
  ];
  assert.deepEqual([...good, ...bad].filter(isGoodName), good);
});

for (const { subpath, file } of entryPoints) {
  Deno.test(`"${subpath}" begins with a module doc that states its permissions`, () => {
    assert.equal(moduleDocProblem(readCheckoutFile(file)), undefined);
  });
}

Deno.test("moduleDocProblem() tells a missing, a plain and a silent module doc apart", () => {
  const problems = [
    'import "./a.ts";\n/**\n * Permissions: none.\n *\n * @module\n */',
    "/**\n * Permissions: none.\n */\nexport {};",
    "/**\n * A room.\n *\n * @module\n */\nexport {};",
    "/**\n * A room.\n *\n * Permissions: none.\n *\n * @module\n */\nexport {};",
  ].map(moduleDocProblem);
  assert.deepEqual(problems, [
    "does not begin with a doc comment",
    "its doc comment has no @module tag",
    "its module doc does not mention permissions",
    undefined,
  ]);
});

Deno.test("no published file breaks a lint rule of the house", () => {
  assert.deepEqual(
    libraryFiles().flatMap((file) => lint(file, readCheckoutFile(file)).map((problem) => `${file}: ${problem}`)),
    [],
  );
});

const BAD_CODE: readonly [rule: string, code: string][] = [
  ["house/no-ambient-env", 'Deno.env.get("KEY");'],
  ["house/no-ambient-env", 'globalThis.x = process.env["KEY"];'],
  ["house/no-ambient-env", 'import process from "node:process";'],
  ["house/no-any", "const a: any = 1;"],
  ["house/no-any", "const a = <any> 1;"],
  ["house/no-any", "function f(a: readonly any[]) {}"],
  ["house/no-console", 'console.log("x");'],
  ["house/no-console", "const { log } = globalThis.console;"],
  ["house/no-double-cast", "const a = 1 as unknown as string;"],
  ["house/no-double-cast", "const a = (1 as unknown) as string;"],
  ["house/no-top-level-await", "await load();"],
  ["house/no-top-level-await", "for await (const a of b()) c(a);"],
  ["house/no-ts-directive", "// @ts-ignore it is fine\nf(1);"],
  ["house/no-ts-directive", "/* @ts-expect-error it is fine */\nf(1);"],
];

for (const [rule, code] of BAD_CODE) {
  Deno.test(`the rule ${rule} refuses \`${code.split("\n")[0]}\``, () => {
    assert.deepEqual(lint("src/kit/sample.ts", code), [rule]);
  });
}

Deno.test("the lint rules of the house let ordinary code and its comments pass", () => {
  const code = `
    /** Prints: \`console.log(Deno.env.get("X") as unknown as string)\`. See @ts-ignore. */
    export async function run(event: { console: string }): Promise<string> {
      const text = "Mind: any text may hold console.log and as unknown as, // @ts-ignore";
      for await (const part of parts()) await write(part as string);
      return event.console + text;
    }
    const later = async () => await run({ console: "" });`;
  assert.deepEqual(lint("src/kit/sample.ts", code), []);
});

Deno.test("the lint rules of the house leave examples and tests alone", () => {
  for (const file of ["examples/hello.ts", "tests/src/kit/ids_test.ts"]) {
    assert.deepEqual(lint(file, 'console.log(Deno.env.get("KEY") as any);'), []);
  }
});

function lint(file: string, code: string): string[] {
  return Deno.lint.runPlugin(houseLint, join(checkoutRoot, file), code).map(({ id }) => id);
}

function isGoodName(file: string): boolean {
  const name = "_?[a-z0-9]+(_[a-z0-9]+)*";
  return new RegExp(`^(${name}/)*${name}\\.ts$`).test(file) &&
    !/(^|\/)(index|utils?|helpers?)\.ts$/.test(file);
}

function moduleDocProblem(code: string): string | undefined {
  const doc = /^\/\*\*.*?\*\//s.exec(code)?.[0];
  if (doc === undefined) return "does not begin with a doc comment";
  if (!/^ \* @module\b/m.test(doc)) return "its doc comment has no @module tag";
  if (!/\bpermissions?\b/i.test(doc)) return "its module doc does not mention permissions";
  return undefined;
}
