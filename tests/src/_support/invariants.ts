/** What must hold of a session whatever happened to the processes that ran it. */

import assert from "node:assert/strict";
import { messagesOfEvents } from "../../../src/kit/projection.ts";
import { textOf } from "../../../src/records/content.ts";
import type { Event } from "../../../src/records/event.ts";
import type { Message } from "../../../src/records/message.ts";
import type { ToolEffect } from "../../../src/records/tool.ts";
import type { RuntimeBackends } from "../../../src/runtime/backends.ts";
import type { InProcessRuntime } from "../../../src/runtime/in_process_runtime.ts";
import { type Ledger, logOf, ofType, SESSION } from "./faults.ts";

/** What is checked besides the log. */
export interface Expectations {
  /** Texts of inputs that were acknowledged: each is there exactly once. */
  readonly acked?: readonly string[];
  /** What tools did outside. */
  readonly ledger?: Ledger;
  /** The effects of the tools by name. @default at_most_once */
  readonly effects?: Readonly<Record<string, ToolEffect>>;
  /** Whether the newest turn may be open, which a turn that waits is. @default {false} */
  readonly waiting?: boolean;
}

/** Checks the session as a runtime over the stores reads it, I1 to I6 of the fault model. */
export async function assertSession(
  runtime: InProcessRuntime,
  disk: RuntimeBackends,
  expected: Expectations = {},
): Promise<void> {
  assertInvariants(await logOf(disk), await runtime.messages(SESSION), expected);
}

/** Checks a log, the history beside it and what happened outside. */
export function assertInvariants(
  events: readonly Event[],
  messages: readonly Message[],
  expected: Expectations = {},
): void {
  assertInputs(messages, expected.acked ?? []);
  assertCalls(events, expected.waiting ?? false);
  if (expected.ledger !== undefined) assertEffects(events, expected.ledger, expected.effects ?? {});
  assertTurns(events, expected.waiting ?? false);
  // I6: no gap, no repeat, and the history is the fold of the events.
  assert.deepEqual(events.map(({ sequence }) => sequence), events.map((_, index) => index + 1));
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
  assert.deepEqual(messages, messagesOfEvents(events));
}

/** I1: an acknowledged input is there, once. */
function assertInputs(messages: readonly Message[], acked: readonly string[]): void {
  const inputs = messages.filter(({ role }) => role === "user").map(({ content }) => textOf(content));
  for (const input of acked) {
    assert.equal(inputs.filter((stored) => stored === input).length, 1, `input "${input}" is stored once`);
  }
}

/** I2: every call has exactly one result, before the next message of the model and before the turn's end. */
function assertCalls(events: readonly Event[], waiting: boolean): void {
  const open = new Set<string>();
  const answered = new Set<string>();
  for (const event of events) {
    if (event.type === "tool.completed") {
      const id = event.data.toolCallId;
      assert.ok(!answered.has(id), `call ${id} has two results`);
      assert.ok(open.delete(id), `the result of ${id} answers no open call`);
      answered.add(id);
    }
    if (event.type === "output.message.completed" || event.type === "session.idled") {
      assert.deepEqual([...open], [], `calls are open at ${event.type}`);
    }
    if (event.type !== "output.message.completed") continue;
    for (const part of event.data.message.content) if (part.type === "tool_call") open.add(part.id);
  }
  if (!waiting) assert.deepEqual([...open], [], "calls are open at the end of the log");
}

/** I3, I4: what must not be repeated was not, and what was repeated kept its key. */
function assertEffects(events: readonly Event[], ledger: Ledger, effects: Readonly<Record<string, ToolEffect>>): void {
  const keys = new Map<string, Set<string>>();
  const runs = new Map<string, number>();
  for (const { callId, key } of ledger.effects) {
    keys.set(callId, (keys.get(callId) ?? new Set()).add(key));
    runs.set(callId, (runs.get(callId) ?? 0) + 1);
  }
  const started = new Set(ofType(events, "tool.started").map(({ data }) => data.toolCallId));
  for (const { data } of ofType(events, "tool.completed")) {
    const { toolCallId, toolName, status } = data;
    if (!ledger.names.has(toolName)) continue;
    const count = runs.get(toolCallId) ?? 0;
    assert.ok((keys.get(toolCallId)?.size ?? 0) <= 1, `${toolName} was run again with another key`);
    if (status === "success") assert.ok(count >= 1, `${toolName} has a result without having run`);
    if ((effects[toolName] ?? "at_most_once") !== "at_most_once") continue;
    assert.ok(count <= 1, `${toolName} was run ${count} times`);
    if (count === 1) assert.ok(started.has(toolCallId), `${toolName} ran without a mark`);
    // An effect that happened is reported as a success or as unknown, never as not executed.
    if (count === 1 && status !== "success") assert.match(data.error ?? "", /unknown|timed out/);
  }
}

/** I5: every turn that began has one end, or waits. */
function assertTurns(events: readonly Event[], waiting: boolean): void {
  const open = new Set<string>();
  for (const event of events) {
    switch (event.type) {
      case "turn.started":
        assert.deepEqual([...open], [], "a turn began while another was open");
        open.add(event.data.turnId);
        break;
      case "turn.completed":
      case "turn.failed":
      case "turn.cancelled":
      case "turn.sealed":
        assert.ok(open.delete(event.data.turnId), `${event.type} ends no open turn`);
    }
  }
  if (!waiting) assert.deepEqual([...open], [], "a turn is stuck");
}

/** Fails unless a value is plain JSON, equal after a round trip through text. */
export function assertPlain(value: unknown, path: string = "$"): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      return assert.ok(Number.isFinite(value), `${path} is ${value}`);
    case "object":
      if (value === null) return;
      if (Array.isArray(value)) return value.forEach((item, index) => assertPlain(item, `${path}[${index}]`));
      assert.ok([Object.prototype, null].includes(Object.getPrototypeOf(value)), `${path} is an object of a class`);
      for (const [key, member] of Object.entries(value)) assertPlain(member, `${path}.${key}`);
      return;
    default:
      assert.fail(`${path} is a ${typeof value}`);
  }
}
