import assert from "node:assert/strict";
import fc from "fast-check";
import type { Event } from "@everruns/runtime";
import { foldAll, foldScreen } from "../../screen/fold.ts";
import { type Block, emptyScreen, MAX_BLOCKS, type Screen } from "../../screen/screen.ts";
import type { ScreenInput } from "../../screen/screen_input.ts";
import { recordTurns } from "../_support/events.ts";

const REPLIES = [
  {
    type: "mixed" as const,
    text: "Let me look.",
    toolCalls: [{ name: "bash", arguments: { command: "ls" } }, { name: "broken", arguments: {} }],
  },
  {
    type: "tool_calls" as const,
    toolCalls: [{
      name: "write_todos",
      arguments: { todos: [{ content: "Fix", activeForm: "Fixing", status: "in_progress" }] },
    }],
  },
  "All **done**.",
  "And again.",
];

/** What is told while it happens only, such as warnings of the runtime, is no part of the transcript. */
function transcript(events: readonly Event[]): readonly Block[] {
  return foldAll(emptyScreen(), events).blocks.filter(({ type }) => type !== "notice" && type !== "partial");
}

const { live, stored } = await recordTurns(["first", "second"], REPLIES);

Deno.test("a replay of the stored events shows the transcript that was shown live", () => {
  assert.deepEqual(transcript(stored), transcript(live));
  assert.ok(live.length > stored.length, "there is something that is only live");
});

Deno.test("the transcript is the same whichever live events are lost or come twice", () => {
  const whole = transcript(stored);
  const times = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: live.length, maxLength: live.length });
  fc.assert(fc.property(times, (counts) => {
    const heard = live.flatMap((event, index) =>
      event.sequence === undefined ? Array.from({ length: counts[index] ?? 1 }, () => event) : [event]
    );
    assert.deepEqual(transcript(heard), whole);
  }));
});

Deno.test("of a long conversation the newest blocks are kept, the same after a replay, and the others are counted", () => {
  const times = <T>(events: readonly T[]): T[] => Array.from({ length: 200 }, () => events).flat();
  const shown = foldAll(emptyScreen(), times(live));
  const replayed = foldAll(emptyScreen(), times(stored));
  const perRound = foldAll(emptyScreen(), stored).blocks.length;
  assert.equal(replayed.blocks.length, MAX_BLOCKS);
  assert.equal(replayed.trimmed, 200 * perRound - MAX_BLOCKS);
  assert.equal(shown.blocks.length, MAX_BLOCKS);
  const kept = shown.blocks.filter(({ type }) => type !== "notice" && type !== "partial");
  assert.deepEqual(kept, replayed.blocks.slice(-kept.length));
});

Deno.test("finished blocks only ever grow", () => {
  let screen = emptyScreen();
  for (const event of live) {
    const next = foldScreen(screen, event);
    assert.deepEqual(next.blocks.slice(0, screen.blocks.length), screen.blocks);
    screen = next;
  }
});

Deno.test("the transcript has messages, calls with their arguments and results, and the end of each turn", () => {
  const { blocks } = foldAll(emptyScreen(), stored);
  assert.deepEqual(blocks.map(({ type }) => type), [
    "user",
    "answer",
    "tool",
    "tool",
    "tool",
    "answer",
    "turn_done",
    "user",
    "answer",
    "turn_done",
  ]);
  const bash = toolBlock(blocks, "bash");
  assert.deepEqual({ ...Object(bash.arguments) }, { command: "ls" });
  assert.equal(bash.status, "success");
  assert.equal(toolBlock(blocks, "broken").status, "error");
});

Deno.test("while an answer streams its pieces stand in the turn, and in the transcript when it is complete", () => {
  const at = live.findIndex(({ type }) => type === "output.message.completed");
  const before = foldAll(emptyScreen(), live.slice(0, at));
  assert.equal(before.turn?.text, "Let me look.");
  assert.equal(before.turn?.activity, "writing");
  const after = foldAll(emptyScreen(), live.slice(0, at + 1));
  assert.equal(after.turn?.text, "");
  assert.deepEqual(after.calls.map(({ name }) => name), ["bash", "broken"]);
  assert.deepEqual(after.blocks.at(-1), { type: "answer", text: "Let me look." });
});

Deno.test("a todo list is kept, and usage adds up", () => {
  const screen = foldAll(emptyScreen(), stored);
  assert.deepEqual(screen.todos, [{ content: "Fix", activeForm: "Fixing", status: "in_progress" }]);
  assert.ok(screen.usage.inputTokens > 0 && screen.contextTokens > 0);
  assert.equal(screen.turn, undefined);
});

Deno.test("output.message.replaced forgets the pieces so far", () => {
  const screen = foldAll(emptyScreen(), [
    event("turn.started", { turnId: "turn_1", inputMessageId: "m", facts: {} }),
    event("output.message.delta", { turnId: "turn_1", messageId: "m1", delta: "Hel", offset: 0 }),
    event("output.message.replaced", { turnId: "turn_1", messageId: "m1", reasonCode: "retry", replacement: "" }),
  ]);
  assert.equal(screen.turn?.text, "");
  assert.equal(screen.turn?.activity, "retrying");
  const again = foldScreen(
    screen,
    event("output.message.delta", { turnId: "turn_1", messageId: "m1", delta: "Hi", offset: 0 }),
  );
  assert.equal(again.turn?.text, "Hi");
});

Deno.test("what there was of an answer stays when its turn is cancelled", () => {
  const screen = foldAll(emptyScreen(), [
    event("turn.started", { turnId: "turn_1", inputMessageId: "m", facts: {} }),
    event("output.message.delta", { turnId: "turn_1", messageId: "m1", delta: "So far", offset: 0 }),
    event("turn.cancelled", { turnId: "turn_1" }),
  ]);
  assert.deepEqual(screen.blocks, [{ type: "partial", text: "So far" }, {
    type: "turn_end",
    status: "cancelled",
    text: "",
  }]);
});

Deno.test("a piece that comes twice is there once", () => {
  const piece = event("output.message.delta", { turnId: "turn_1", messageId: "m1", delta: "b", offset: 1 });
  const first = event("output.message.delta", { turnId: "turn_1", messageId: "m1", delta: "a", offset: 0 });
  assert.equal(foldAll(emptyScreen(), [first, piece, piece]).turn?.text, "ab");
});

for (
  const [type, data, block] of [
    ["turn.failed", { error: "No credit", errorCode: "quota" }, {
      type: "turn_end",
      status: "failed",
      text: "No credit (quota)",
    }],
    ["turn.cancelled", { reason: "user" }, { type: "turn_end", status: "cancelled", text: "" }],
    ["turn.sealed", { reason: "budget", detail: "Too dear" }, { type: "turn_end", status: "sealed", text: "Too dear" }],
  ] as const
) {
  Deno.test(`${type} ends the turn on the screen`, () => {
    const started = event("turn.started", { turnId: "turn_1", inputMessageId: "m", facts: {} });
    const screen = foldAll(emptyScreen(), [started, event(type, { turnId: "turn_1", ...data })]);
    assert.deepEqual(screen.blocks, [block]);
    assert.equal(screen.turn, undefined);
  });
}

Deno.test("a turn that waits for answers goes on with the calls it has", () => {
  const started = event("turn.started", { turnId: "turn_1", inputMessageId: "m", facts: {} });
  const content = [{ type: "tool_call", id: "call_1", name: "bash", arguments: { command: "ls" } }];
  const screen = foldAll(emptyScreen(), [
    started,
    event("output.message.completed", { turnId: "turn_1", message: { role: "agent", content } }),
    event("turn.waiting", { turnId: "turn_1", calls: [{ id: "call_1", name: "bash", needsApproval: true }] }),
  ]);
  assert.deepEqual(screen.blocks, []);
  assert.equal(screen.turn?.activity, "asking");
  assert.deepEqual(screen.calls.map(({ id }) => id), ["call_1"]);
  const decided = foldScreen(screen, event("tool.decided", { turnId: "turn_1", toolCallId: "call_1", approved: true }));
  assert.equal(decided.turn?.activity, "tools");
});

const taskUpdated = (state: string, more: object): Event =>
  event("task.updated", { task: { id: "task_1", displayName: "Tests", state, summary: "42 passed", ...more } });

Deno.test("background tasks are counted until they end, and the end of one that wakes nobody is told", () => {
  const quiet = { kind: "background_tool", wakePolicy: "silent" };
  const running = foldAll(emptyScreen(), [taskUpdated("running", quiet)]);
  assert.deepEqual(running.tasks, { task_1: "Tests" });
  const ended = foldAll(running, [taskUpdated("succeeded", quiet), taskUpdated("succeeded", quiet)]);
  assert.deepEqual(ended.tasks, {});
  assert.deepEqual(ended.blocks, [{ type: "task_end", name: "Tests", state: "succeeded", text: "42 passed" }]);
});

Deno.test("the end of a task is told once: by its wake, or by the call that waited for it", () => {
  for (
    const more of [{ kind: "background_tool", wakePolicy: "on_terminal" }, { kind: "subagent", wakePolicy: "silent" }]
  ) {
    const ended = foldAll(emptyScreen(), [taskUpdated("running", more), taskUpdated("succeeded", more)]);
    assert.deepEqual(ended.tasks, {});
    assert.deepEqual(ended.blocks, []);
  }
});

Deno.test("what a schedule says is told once, and not as something the user typed", () => {
  const message = {
    role: "user",
    content: [{ type: "text", text: "Look." }],
    metadata: { wake: "schedule:sched_1:1" },
  };
  const schedule = { id: "sched_1", kind: "oneshot", description: "Look.", occurrence: 1 };
  const { blocks } = foldAll(emptyScreen(), [
    event("input.message", { message }),
    event("schedule.triggered", { schedule }),
  ]);
  assert.deepEqual(blocks, [{ type: "wake", text: "Schedule fired: Look." }]);
});

Deno.test("a warning that comes again and again is shown once", () => {
  const warning = event("runtime.warning", { message: 'MCP server "a" is skipped' });
  const { blocks } = foldAll(emptyScreen(), [warning, warning, warning]);
  assert.equal(blocks.length, 1);
});

Deno.test("what the user types is the user's, also when it reads like a wake", () => {
  const text = 'Background task "x" (task_1) has ended: succeeded.';
  const { blocks } = foldAll(emptyScreen(), [
    event("input.message", { message: { role: "user", content: [{ type: "text", text }] } }),
  ]);
  assert.deepEqual(blocks, [{ type: "user", text, images: 0 }]);
});

Deno.test("an event of an unknown type changes nothing", () => {
  const screen = emptyScreen();
  assert.equal(foldScreen(screen, event("some.day", { a: 1 })), screen);
});

Deno.test("a line that joins a turn shows as sent until it is a message", () => {
  const steps: ScreenInput[] = [
    event("turn.started", { turnId: "turn_1", inputMessageId: "m", facts: {} }),
    { type: "submitted", id: 1, text: "also this" },
    { type: "settled", id: 1, isMessage: true },
  ];
  const waiting = foldAll(emptyScreen(), steps);
  assert.deepEqual(waiting.sent.map(({ text }) => text), ["also this"]);
  const message = { role: "user", content: [{ type: "text", text: "also this" }] };
  const joined = foldScreen(waiting, event("input.message", { message }));
  assert.deepEqual(joined.sent, []);
  assert.deepEqual(joined.blocks, [{ type: "user", text: "also this", images: 0 }]);
});

Deno.test("the question of a background subagent outlives the turn that began it", () => {
  const question = { toolCallId: "call_1", toolName: "bash", title: "Run: ls", detail: "ls" };
  const screen = foldAll(emptyScreen(), [
    event("turn.started", { turnId: "turn_1", inputMessageId: "m", facts: {} }),
    { type: "approval_asked", question },
    event("turn.cancelled", { turnId: "turn_1" }),
  ]);
  assert.deepEqual(screen.approvals, [question]);
  assert.deepEqual(foldScreen(screen, { type: "approval_answered", toolCallId: "call_1" }).approvals, []);
});

Deno.test("a command during a turn does not show as sent any more when it has answered", () => {
  const screen = foldAll(emptyScreen(), [
    event("turn.started", { turnId: "turn_1", inputMessageId: "m", facts: {} }),
    { type: "submitted", id: 1, text: "/status" },
    { type: "output", command: "/status", text: "Fine." },
    { type: "settled", id: 1, isMessage: false },
  ]);
  assert.deepEqual(screen.sent, []);
});

Deno.test("a failure that the answer tells already is not told twice", () => {
  const content = [{ type: "text", text: "No credit" }];
  const screen = foldAll(emptyScreen(), [
    event("turn.started", { turnId: "turn_1", inputMessageId: "m", facts: {} }),
    event("output.message.completed", { turnId: "turn_1", message: { role: "agent", content } }),
    event("turn.failed", { turnId: "turn_1", error: "No credit", errorCode: "quota" }),
  ]);
  assert.deepEqual(screen.blocks, [
    { type: "answer", text: "No credit" },
    { type: "turn_end", status: "failed", text: "quota" },
  ]);
});

Deno.test("a new conversation begins with an empty screen and the same facts", () => {
  const facts = { provider: "p", model: "m", approval: "ask", workspace: "~/x", sessionId: "s" };
  const screen = foldAll(emptyScreen(facts), [...stored, { type: "cleared" }]);
  assert.deepEqual(screen, emptyScreen(facts));
});

function event(type: string, data: object): Event {
  return { id: "event_1", type, ts: 1_000, sessionId: "session_1", context: {}, data } as Partial<Event> as Event;
}

function toolBlock(blocks: Screen["blocks"], name: string): Extract<Block, { type: "tool" }> {
  const found = blocks.find((block) => block.type === "tool" && block.name === name);
  assert.ok(found?.type === "tool");
  return found;
}
