import assert from "node:assert/strict";
import { testMath } from "../../../src/capabilities/test_math.ts";
import { call, toolOf } from "./_tool_context.ts";

const cases = [["add", 9, 2, 11], ["subtract", 9, 2, 7], ["multiply", 9, 2, 18], ["divide", 9, 2, 4.5]] as const;

for (const [name, a, b, result] of cases) {
  Deno.test(`${name} of ${a} and ${b} is ${result}`, async () => {
    assert.deepEqual(await call(toolOf(testMath, name), { a, b }), { result });
  });
}

Deno.test("division by zero is a tool error", async () => {
  for (const b of [0, -0]) {
    assert.deepEqual(await call(toolOf(testMath, "divide"), { a: 1, b }), { error: "Cannot divide 1 by zero" });
  }
});

Deno.test("a result that JSON cannot hold is a tool error", async () => {
  const answer = await call(toolOf(testMath, "multiply"), { a: 1e200, b: 1e200 });
  assert.match(JSON.stringify(answer), /error.*too large/);
});

Deno.test("arguments that are not two numbers are refused before the tool runs", async () => {
  for (const args of [{}, { a: 1 }, { a: 1, b: "2" }, { a: 1, b: 2, c: 3 }]) {
    assert.match(JSON.stringify(await call(toolOf(testMath, "add"), args)), /invalid arguments/);
  }
});

Deno.test("every tool of test_math is pure and needs no permission", () => {
  for (const name of ["add", "subtract", "multiply", "divide"]) {
    const { definition, permissions } = toolOf(testMath, name);
    assert.equal(definition.effect, "pure");
    assert.deepEqual(permissions, {});
  }
});
