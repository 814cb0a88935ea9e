/** Tool calls that come in pieces. */

import type { ModelEvent } from "../../ports/driver.ts";
import { type Fields, fieldsOf, textOf } from "../../kit/provider/narrow.ts";

interface OpenCall {
  id: string;
  name: string;
  arguments: string;
}

/**
 * Puts the pieces of streamed calls together.
 *
 * By the API's rule the pieces of a call share an `index`. Servers leave it out, or send whole calls that all have
 * index 0 (Gemini, Ollama through gateways), so a piece also begins a call when its id or name says so.
 */
export class ToolCallMerger {
  readonly #calls: OpenCall[] = [];
  readonly #byIndex = new Map<number, OpenCall>();

  /** Takes one entry of a delta's `tool_calls`. */
  add(piece: unknown): void {
    const fields = fieldsOf(piece);
    const index = typeof fields["index"] === "number" ? fields["index"] : undefined;
    const id = textOf(fields["id"]);
    const called = fieldsOf(fields["function"]);
    const name = textOf(called["name"]);
    const text = argumentsOf(called);

    const known = index === undefined ? this.#withoutIndex(id) : this.#byIndex.get(index);
    const call = known === undefined || beginsAnother(known, id, name, text) ? this.#open() : known;
    if (index !== undefined) this.#byIndex.set(index, call);
    if (call.id === "") call.id = id;
    if (call.name === "") call.name = name;
    call.arguments += text;
  }

  /** How many calls there are. */
  get size(): number {
    return this.#calls.length;
  }

  /** The provider's ids of the calls, in order; empty where it gave none. */
  get ids(): readonly string[] {
    return this.#calls.map((call) => call.id);
  }

  /** The calls in the order in which they began, without one that was cut off with the reply. */
  events(cutOff: boolean): readonly ModelEvent[] {
    const isTorn = cutOff && !isJson(this.#calls.at(-1)?.arguments ?? "");
    return (isTorn ? this.#calls.slice(0, -1) : this.#calls).map((call) => ({
      type: "tool_call",
      ...(call.id === "" ? {} : { providerCallId: call.id }),
      name: call.name,
      arguments: call.arguments || "{}",
    }));
  }

  #withoutIndex(id: string): OpenCall | undefined {
    const last = this.#calls.at(-1);
    return id === "" ? last : this.#calls.find((call) => call.id === id) ?? (last?.id === "" ? last : undefined);
  }

  #open(): OpenCall {
    const call = { id: "", name: "", arguments: "" };
    this.#calls.push(call);
    return call;
  }
}

function beginsAnother(call: OpenCall, id: string, name: string, text: string): boolean {
  if (id !== "" && call.id !== "") return id !== call.id;
  if (name === "" || call.name === "") return false;
  // Without ids: another name, or a named piece with arguments after complete ones.
  return name !== call.name || (text !== "" && isJson(call.arguments));
}

/** Some servers send the arguments as an object instead of as its text. */
function argumentsOf(called: Fields): string {
  const value = called["arguments"];
  return typeof value === "object" && value !== null ? JSON.stringify(value) : textOf(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
