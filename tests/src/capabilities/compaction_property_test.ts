/** What must hold for every conversation, whatever it looks like. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { readWindowSettings } from "../../../src/capabilities/infinity_context/settings.ts";
import { windowOf } from "../../../src/capabilities/infinity_context/window.ts";
import { type CallId, idFromSeed } from "../../../src/records/ids.ts";
import type { ContentPart } from "../../../src/records/content.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { Message, MessageRole } from "../../../src/records/message.ts";
import { CompactedSession, tokensIn } from "./_compaction.ts";

interface Said {
  readonly role: "user" | "agent" | "system" | "round";
  readonly size: number;
  /** Sizes of the results of a round; undefined for one that was lost. */
  readonly results: readonly (number | undefined)[];
  readonly tool: string;
  /** Whether results were stored in another order than the calls. */
  readonly reversed: boolean;
}

const size = fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.constantFrom(0, 50_000));
const said: fc.Arbitrary<Said> = fc.record({
  role: fc.constantFrom("user", "agent", "round", "round", "round", "system"),
  size: fc.integer({ min: 1, max: 2_000 }),
  results: fc.array(fc.oneof({ weight: 9, arbitrary: size }, { weight: 1, arbitrary: fc.constant(undefined) }), {
    minLength: 1,
    maxLength: 4,
  }),
  tool: fc.constantFrom("look", "bash", "activate_skill"),
  reversed: fc.boolean(),
});
const conversations = fc.array(said, { minLength: 1, maxLength: 80 });
const configs: fc.Arbitrary<JsonObject> = fc.record({
  strategy: fc.constantFrom("auto", "observation_masking", "summarization"),
  observation_masking: fc.record({
    keep_recent_tool_outputs: fc.integer({ min: 0, max: 4 }),
    summary_format: fc.constantFrom("one_line", "head_tail"),
  }),
});

function messagesOf(all: readonly Said[]): Message[] {
  const messages: Message[] = [];
  const add = (role: MessageRole, content: readonly ContentPart[]): void => {
    const place = messages.length + 1;
    messages.push(
      Object.freeze({ id: idFromSeed("message", place), role, content, sequence: place, createdAt: place }),
    );
  };
  let calls = 0;
  for (const { role, size, results, tool, reversed } of all) {
    if (role !== "round") {
      add(role, [{ type: "text", text: "t".repeat(size) }]);
      continue;
    }
    const ids = results.map(() => idFromSeed("call", ++calls) as CallId);
    add("agent", ids.map((id) => ({ type: "tool_call", id, name: tool, arguments: { text: "a".repeat(size) } })));
    const answers = results.flatMap((length, index) =>
      length === undefined ? [] : [{ toolCallId: ids[index]!, result: "r".repeat(length) }]
    );
    for (const answer of reversed ? answers.reverse() : answers) {
      add("tool_result", [{ type: "tool_result", ...answer }]);
    }
  }
  return messages;
}

function isMade({ content: [part] }: Message): boolean {
  return part?.type === "text" && /^<con(text-notice|versation-summary)>/.test(part.text);
}

/** The stored messages in their order, calls with all their results, and at most one place where some are missing. */
function assertSound(view: readonly Message[], stored: readonly Message[]): void {
  const places = new Map(stored.map(({ id }, index) => [id, index]));
  const shown = view.filter((message) => !isMade(message)).map(({ id }) => places.get(id)!);
  assert.deepEqual(shown, [...new Set(shown)].sort((a, b) => a - b));
  const visible = new Set(shown);
  let call = -1;
  for (const [index, { role }] of stored.entries()) {
    if (role !== "tool_result") call = index;
    else {assert.equal(
        visible.has(index),
        visible.has(call),
        `message ${index} without its call, or the other way round`,
      );}
  }
  for (const message of view) {
    const before = stored[places.get(message.id)!]!;
    if (isMade(message)) continue;
    assert.deepEqual(message.content.map(identity), before.content.map(identity));
  }
}

function identity(part: ContentPart): string {
  return part.type === "tool_call" ? part.id : part.type === "tool_result" ? part.toolCallId : part.type;
}

Deno.test("a compacted view is sound, within its target, and changes nothing, for a conversation as it grows", async () => {
  const windows = fc.integer({ min: 5_000, max: 20_000 });
  await fc.assert(
    fc.asyncProperty(conversations, configs, windows, fc.boolean(), async (all, config, window, fails) => {
      const session = new CompactedSession(config);
      if (fails) session.answer = new Error("no model");
      const whole = messagesOf(all);
      const before = JSON.stringify(whole);
      for (const share of [0.3, 0.6, 0.8, 1]) {
        // A request is never made between calls and their results.
        let length = Math.ceil(whole.length * share);
        while (whole[length]?.role === "tool_result") length++;
        const stored = whole.slice(0, length);
        for (const reason of ["normal", "too_large"] as const) {
          const view = await session.view(stored, { window, reason, turn: length });
          assertSound(view, stored);
          if (reason === "normal") assert.ok(tokensIn(view) <= window, `${tokensIn(view)} of ${window}`);
          const users = stored.filter(({ role }) => role === "user");
          for (const kept of [stored[0], users[0], users.at(-1)]) {
            assert.ok(kept === undefined || view.some((message) => message.id === kept.id && !isMade(message)));
          }
        }
      }
      assert.equal(JSON.stringify(whole), before);
    }),
    { numRuns: 150 },
  );
});

Deno.test("a window on a conversation is sound for any numbers", () => {
  const settings = fc.record({
    context_budget_tokens: fc.integer({ min: 1, max: 20_000 }),
    min_recent_messages: fc.integer({ min: 1, max: 20 }),
    keep_first_messages: fc.integer({ min: 0, max: 16 }),
  });
  fc.assert(
    fc.property(conversations, settings, (all, config) => {
      const stored = messagesOf(all);
      const before = JSON.stringify(stored);
      assertSound(windowOf(stored, readWindowSettings(config), true), stored);
      assert.equal(JSON.stringify(stored), before);
    }),
    { numRuns: 300 },
  );
});
