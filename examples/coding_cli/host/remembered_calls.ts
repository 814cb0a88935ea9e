/** What the user said "always" to, and which calls that covers. */

import type { ToolCall } from "@everruns/runtime";
import { commandKey, isCoveredBy } from "./command_prefix.ts";

/** A call as it counts for decisions: of `spawn_background` it is the call that will run. */
export interface Effective {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The call that is decided about. */
export function effectiveOf({ name, arguments: args }: Pick<ToolCall, "name" | "arguments">): Effective {
  const members = membersOf(args);
  if (name !== "spawn_background") return { name, arguments: members };
  return { name: String(members["tool"]), arguments: membersOf(members["args"]) };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Calls that need no question any more, in this session. */
export class RememberedCalls {
  readonly #keys = new Set<string>();

  /** Remembers a call and those like it. */
  add(call: Effective): void {
    this.#keys.add(keyOf(call));
  }

  /** Forgets all of them. */
  clear(): void {
    this.#keys.clear();
  }

  /** Whether one like it is remembered. */
  covers(call: Effective): boolean {
    if (call.name === "bash") return isCoveredBy(String(call.arguments["command"]), this.#keys);
    return this.#keys.has(keyOf(call));
  }

  /** What is remembered, for people. */
  list(): readonly string[] {
    return [...this.#keys].sort();
  }
}

/** Like calls have one key: of a command the program and subcommand, of a page its host, else the tool. */
function keyOf({ name, arguments: args }: Effective): string {
  if (name === "bash") return commandKey(String(args["command"]));
  if (name !== "web_fetch") return name;
  const host = URL.parse(String(args["url"]))?.host ?? "no host";
  return `web_fetch: ${host}${args["save_to"] === undefined ? "" : ", saved to files"}`;
}
