/** A model whose answer depends on the conversation alone, so that it goes on after a crash where it was. */

import { ProviderError } from "../../src/errors.ts";
import type { JsonValue } from "../../src/records/json.ts";
import type { ModelEvent, ModelMessage } from "../../src/ports/driver.ts";
import { calls, type Respond } from "../src/_support/faults.ts";
import type { FaultPoints } from "./fault_points.ts";
import { tell } from "./protocol.ts";

/** What is said to `do <name>`: replies with these calls, one after the other, and then a text. */
export const PLAYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  batch: [["look", "save", "pay", "ship", "pay"], ["ship"]],
  chain: [["ship"], ["save"], ["pay"], ["look"]],
  pair: [["save", "pay"]],
  ask: [["pay", "browse", "sign"], ["save"]],
  hang: [["save", "hang"]],
  spawn: [["brew", "forge"]],
};

/** What the model says when there is nothing more to call. */
export const ANSWER = "one two three";

/** The scripted model. */
export function scriptedModel(points: FaultPoints): Respond {
  return async function* ({ messages }) {
    assertClosed(messages);
    points.pass("model");
    // One that takes its time, so that the input is stored alone; to anything else the answer is there at once.
    if (messages.some((message) => orderOf(message) !== undefined)) await new Promise((resolve) => setTimeout(resolve));
    for (const event of replyTo(messages)) {
      // A reply that comes in pieces, with other work in between.
      await Promise.resolve();
      yield event;
      points.pass("model");
      if (orderOf(messages.at(-1)) === "fail") throw new ProviderError("provider_unavailable", "it went down");
    }
  };
}

function replyTo(messages: readonly ModelMessage[]): ModelEvent[] {
  const order = messages.findLastIndex((message) => orderOf(message) !== undefined);
  const said = messages.slice(order + 1).filter(({ role }) => role === "assistant").length;
  const name = order < 0 ? undefined : orderOf(messages[order]);
  const reply = name === undefined ? undefined : PLAYS[name]?.[said];
  if (name === "spawn" && reply !== undefined) return calls(...reply.map(inBackground));
  if (reply !== undefined) return calls(...reply);
  const pieces = ANSWER.split(/(?<= )/).map((delta): ModelEvent => ({ type: "text", delta }));
  return [...pieces, { type: "done", finishReason: "stop" }];
}

function inBackground(tool: string): readonly [name: string, args: JsonValue] {
  return ["spawn_background", { tool, args: {}, title: tool }];
}

function orderOf(message: ModelMessage | undefined): string | undefined {
  if (message?.role !== "user") return undefined;
  for (const part of message.content) {
    const found = part.type === "text" ? /^do (\w+)/.exec(part.text)?.[1] : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A provider refuses a conversation in which a call has no result, or two. */
function assertClosed(messages: readonly ModelMessage[]): void {
  let open: string[] = [];
  for (const message of messages) {
    if (message.role === "tool") {
      if (open[0] !== message.toolCallId) {
        tell({ type: "violation", message: `I2: the model is sent a result of ${message.toolCallId} out of order` });
      }
      open = open.slice(1);
      continue;
    }
    if (open.length > 0) tell({ type: "violation", message: `I2: the model is sent calls without a result: ${open}` });
    open = message.role === "assistant" ? message.toolCalls.map(({ id }) => id) : [];
  }
  if (open.length > 0) tell({ type: "violation", message: `I2: the model is sent calls without a result: ${open}` });
}
