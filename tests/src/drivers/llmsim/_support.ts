/** Requests and streams for the tests of the simulated model. */

import type { LlmSimConfig } from "../../../../src/drivers/llmsim/config.ts";
import { llmSimDriver } from "../../../../src/drivers/llmsim/driver.ts";
import type { Clock } from "../../../../src/ports/clock.ts";
import type { Driver, ModelEvent, ModelMessage, ModelRequest } from "../../../../src/ports/driver.ts";

export function user(text: string): ModelMessage {
  return { role: "user", content: [{ type: "text", text }] };
}

export function toolResult(content: string): ModelMessage {
  return { role: "tool", toolCallId: "call_1", toolName: "t", content, isError: false };
}

export function request(change: Partial<ModelRequest> = {}): ModelRequest {
  return { model: "m", systemPrompt: "", messages: [], tools: [], metadata: {}, ...change };
}

export const NEVER: AbortSignal = new AbortController().signal;

/** A driver for a configuration. */
export async function driverOf(config: LlmSimConfig, clock?: Clock): Promise<Driver> {
  return await llmSimDriver(config, clock === undefined ? {} : { clock }).create({});
}

/** All events of one call. */
export async function ask(driver: Driver, change: Partial<ModelRequest> = {}): Promise<ModelEvent[]> {
  return await Array.fromAsync(driver.stream(request(change), { signal: NEVER }));
}

/** The text of one call. */
export async function askText(driver: Driver, ...messages: ModelMessage[]): Promise<string> {
  return textOf(await ask(driver, { messages }));
}

export function textOf(events: readonly ModelEvent[]): string {
  return events.map((event) => event.type === "text" ? event.delta : "").join("");
}

/** The names of the tools called in one call. */
export async function askTools(driver: Driver, ...messages: ModelMessage[]): Promise<string[]> {
  const events = await ask(driver, { messages });
  return events.flatMap((event) => event.type === "tool_call" ? [event.name] : []);
}
