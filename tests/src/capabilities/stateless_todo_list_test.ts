import assert from "node:assert/strict";
import { statelessTodoList } from "../../../src/capabilities/stateless_todo_list.ts";
import { call, toolOf } from "./_tool_context.ts";

const tool = toolOf(statelessTodoList, "write_todos");

function todo(status: string, content: string = "Run the tests"): Record<string, string> {
  return { content, activeForm: "Running the tests", status };
}

Deno.test("write_todos echoes the list with counts", async () => {
  const todos = [todo("completed"), todo("in_progress"), todo("pending"), todo("pending", "Write docs")];
  assert.deepEqual(await call(tool, { todos }), {
    success: true,
    total_tasks: 4,
    pending: 2,
    in_progress: 1,
    completed: 1,
    todos,
  });
});

const warnings = [
  [[], undefined],
  [["completed"], undefined],
  [["in_progress", "pending"], undefined],
  [["pending", "completed"], /No task is in_progress/],
  [["in_progress", "in_progress"], /2 tasks are in_progress/],
] as const;
for (const [statuses, warning] of warnings) {
  Deno.test(`write_todos of [${statuses.join(", ")}] ${warning === undefined ? "does not warn" : "warns"}`, async () => {
    const answer = JSON.stringify(await call(tool, { todos: statuses.map((status) => todo(status)) }));
    assert.ok(answer.includes('"success":true'));
    if (warning === undefined) assert.ok(!answer.includes("warning"));
    else assert.match(answer, warning);
  });
}

Deno.test("write_todos stores nothing: each call stands alone", async () => {
  await call(tool, { todos: [todo("pending"), todo("in_progress")] });
  assert.match(JSON.stringify(await call(tool, { todos: [] })), /"total_tasks":0.*"todos":\[\]/);
});

Deno.test("empty words and unknown statuses are tool errors", async () => {
  const wrong = [
    { todos: [todo("pending", "  ")] },
    { todos: [{ ...todo("pending"), activeForm: "" }] },
    { todos: [todo("done")] },
    { todos: [{ content: "x", status: "pending" }] },
    { todos: "everything" },
    {},
  ];
  for (const args of wrong) assert.match(JSON.stringify(await call(tool, args)), /^\{"error":/);
});

Deno.test("write_todos tells people what is being done", () => {
  assert.equal(tool.narrate?.({ todos: [todo("pending"), todo("in_progress")] }), "Running the tests");
  assert.equal(tool.narrate?.({ todos: [] }), "Updating the todo list");
  assert.equal(tool.narrate?.({ todos: [null] }), "Updating the todo list");
});
