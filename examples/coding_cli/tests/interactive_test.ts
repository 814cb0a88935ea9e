/**
 * The interactive terminal on a conversation that is there already, without a process around it.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Event } from "@everruns/runtime";
import { runInteractive } from "../interactive.ts";
import type { Ask } from "../host/approval.ts";
import type { ApprovalDecision, InteractiveHost } from "../interactive_host.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Runs on events that are stored already, then on some that are not; gives what was written until both are read. */
async function written(stored: readonly Event[], later: readonly Event[]): Promise<string> {
  let text = "";
  const painted: (() => void)[] = [];
  const until = async (what: string): Promise<void> => {
    while (!text.includes(what)) await new Promise<void>((resolve) => painted.push(resolve));
  };
  const host: InteractiveHost = {
    facts: () => ({ provider: "p", model: "m", approval: "ask", workspace: "~/x", sessionId: "s" }),
    commands: () => [],
    events: async function* () {
      yield* paged(stored);
      if (stored.length > 0) await until(textOf(stored.at(-1)));
      yield* paged(later);
    },
    storedUntil: () => Promise.resolve(stored.length),
    submit: () => Promise.resolve({ type: "quit" }),
    cancel: () => false,
    onApproval: () => {},
    onFacts: () => {},
  };
  const closing = new AbortController();
  const terminal: Terminal = {
    input: new ReadableStream<Uint8Array>({
      start: (controller) => closing.signal.addEventListener("abort", () => controller.close()),
    }),
    closed: closing.signal,
    endedBy: undefined,
    write: (piece) => {
      text += piece;
      for (const wake of painted.splice(0)) wake();
    },
    size: () => ({ columns: 80, rows: 24 }),
    onResize: () => {},
    [Symbol.dispose]: () => {},
  };
  let clock = 0;
  // Every event asks for a repaint, and each gets one.
  const running = runInteractive(host, terminal, { noColor: true, now: () => clock += 1_000 });
  await until(textOf(later.at(-1)));
  closing.abort();
  await running;
  return text;
}

Deno.test("of a long session that goes on the newest part is printed, and how much is above it", async () => {
  const text = await written(messages(10_000), [message(10_001)]);
  const printed = [...text.matchAll(/said (\d+)!/g)].map(([, number]) => Number(number));
  assert.deepEqual(printed, Array.from({ length: 51 }, (_, index) => 9_951 + index));
  assert.match(text, /9950 earlier parts of this conversation not shown/);
});

Deno.test("a short session that goes on is printed whole, each part once", async () => {
  const text = await written(messages(40), [message(41)]);
  const printed = [...text.matchAll(/said (\d+)!/g)].map(([, number]) => Number(number));
  assert.deepEqual(printed, Array.from({ length: 41 }, (_, index) => 1 + index));
  assert.doesNotMatch(text, /earlier part/);
});

Deno.test("parts of many lines are as many as fit, and the last one is always whole", async () => {
  const long = (sequence: number): Event => message(sequence, "\nline".repeat(150));
  const text = await written([long(1), long(2), long(3)], [message(4)]);
  assert.deepEqual([...text.matchAll(/said (\d)!/g)].map(([, number]) => number), ["3", "4"]);
  assert.match(text, /2 earlier parts/);
});

Deno.test("a conversation longer than what is kept is printed while it goes on, nothing twice and nothing never", async () => {
  const text = await written([], messages(1_200));
  const printed = [...text.matchAll(/said (\d+)!/g)].map(([, number]) => Number(number));
  assert.deepEqual(printed, Array.from({ length: 1_200 }, (_, index) => 1 + index));
});

Deno.test("who goes on typing when a question comes up answers nothing by it, and after a pause does", async () => {
  let clock = 10_000;
  let text = "";
  const keys = new TransformStream<string, Uint8Array>({
    transform: (typed, controller) => controller.enqueue(new TextEncoder().encode(typed)),
  });
  const writer = keys.writable.getWriter();
  const closing = new AbortController();
  const asked = Promise.withResolvers<ApprovalDecision>();
  let ask: Ask | undefined;
  const host: InteractiveHost = {
    facts: () => ({ provider: "p", model: "m", approval: "ask", workspace: "~/x", sessionId: "s" }),
    commands: () => [],
    events: async function* () {},
    storedUntil: () => Promise.resolve(0),
    submit: () => Promise.resolve({ type: "quit" }),
    cancel: () => false,
    onApproval: (asks) => ask = asks,
    onFacts: () => {},
  };
  const terminal: Terminal = {
    input: keys.readable,
    closed: closing.signal,
    endedBy: undefined,
    write: (piece) => text += piece,
    size: () => ({ columns: 80, rows: 24 }),
    onResize: () => {},
    [Symbol.dispose]: () => {},
  };
  const running = runInteractive(host, terminal, { noColor: true, now: () => clock });
  const type = async (typed: string): Promise<void> => {
    await writer.write(typed);
    // Keys are read one turn of the event loop later.
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  };
  await type("dr");
  const question = { toolCallId: "call_1", toolName: "bash", title: "Run: rm x", detail: "rm x" };
  ask?.(question, closing.signal).then(asked.resolve);
  for (const typed of ["a", "y", "a"]) {
    clock += 400;
    await type(typed);
  }
  assert.match(text, /draya/);
  clock += 2_000;
  await type("n");
  assert.equal(await asked.promise, "deny");
  closing.abort();
  await running;
});

/** Between two pages of a store the program paints. */
async function* paged(events: readonly Event[]): AsyncGenerator<Event> {
  for (const [index, event] of events.entries()) {
    yield event;
    if (index % 100 === 99) await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}

function messages(count: number): Event[] {
  return Array.from({ length: count }, (_, index) => message(index + 1));
}

function message(sequence: number, more = ""): Event {
  const data: object = { message: { role: "user", content: [{ type: "text", text: `said ${sequence}!${more}` }] } };
  return {
    id: `event_${sequence}`,
    type: "input.message",
    ts: 1,
    sessionId: "session_1",
    context: {},
    sequence,
    data,
  } as Partial<Event> as Event;
}

function textOf(event: Event | undefined): string {
  return `said ${event?.sequence}!`;
}
