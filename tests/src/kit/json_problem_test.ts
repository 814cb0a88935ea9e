import assert from "node:assert/strict";
import { jsonProblem } from "../../../src/kit/json_problem.ts";

for (
  const text of [
    "hush-hush",
    '{"key": hush-hush}',
    '{"key": "hush-hush" nonsense and so on and so on}',
    '{"a": 1,\n "key": "hush-hush",\n nonsense',
    '{"key": "hush-hush',
    '["hush-hush"',
    '{"key": "\nhush-hush"}',
    '"hush"hush',
  ]
) {
  Deno.test(`jsonProblem() says what is wrong with ${JSON.stringify(text)} and nothing of what is in it`, () => {
    const thrown = thrownBy(text);
    const problem = jsonProblem(thrown);
    assert.match(problem, /^(Unexpected|Expected|Unterminated|Bad|Missing) /);
    assert.doesNotMatch(problem, /hush/);
  });
}

function thrownBy(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}
