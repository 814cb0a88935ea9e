/** The calls one program makes. */

import type { JsonObject, JsonValue } from "../records/json.ts";
import type { ToolDefinition } from "../records/tool.ts";
import type { RunningTurn } from "../ports/running_turn.ts";
import type { ToolContext } from "../ports/tool.ts";
import { Slots } from "./slots.ts";

/** What a program called, for the record of the conversation. */
export interface CallsSummary {
  /** How often it called each tool; `failed` counts those among them. */
  readonly calls?: Readonly<Record<string, JsonObject>>;
}

/** One slot for each class whose calls must not overlap, also not those of programs that run at the same time. */
const slotsOfTurn = new WeakMap<RunningTurn, Map<string, Slots>>();

/** Runs the calls of one program through the kernel, with what it grants a call of the model. */
export class ToolCalls {
  /** The tools that can be named. */
  readonly names: readonly string[];
  readonly #context: ToolContext;
  readonly #allowed: ReadonlySet<string>;
  readonly #classes: Map<string, Slots>;
  readonly #counts = new Map<string, { calls: number; failed: number }>();

  /** Offers the tools of the turn that the filter lets pass. */
  constructor(context: ToolContext, allows: (tool: ToolDefinition) => boolean) {
    this.#context = context;
    const { turn } = context;
    this.#classes = (turn && slotsOfTurn.get(turn)) ?? new Map();
    if (turn !== undefined) slotsOfTurn.set(turn, this.#classes);
    const tools = [...context.tools.values()].map(({ definition }) => definition).filter(allows);
    // One that needs approval can be named, so that the program is told why it cannot be called.
    this.names = tools.map(({ name }) => name);
    this.#allowed = new Set(this.names);
  }

  /**
   * Runs one call to its result.
   *
   * @throws {Error} for the program, when the call is refused or fails
   */
  async call(name: string, args: JsonValue): Promise<JsonValue> {
    const context = this.#context;
    if (!this.#allowed.has(name)) throw new Error(`There is no tool "${name.slice(0, 80)}" here`);
    if (typeof args !== "object" || args === null || Array.isArray(args)) {
      throw new TypeError(`The arguments of tools.${name}() are not one object`);
    }
    if (context.callTool === undefined) {
      throw new Error("No tool can be called here: the program runs outside of a turn");
    }
    const count = this.#counts.get(name) ?? { calls: 0, failed: 0 };
    this.#counts.set(name, count);
    count.calls++;
    using _turn = await this.#slotOf(context.tools.get(name)?.definition.concurrencyClass)?.take(context.signal);
    const { error, result } = await context.callTool(name, args as JsonObject);
    if (error === undefined) return result ?? null;
    count.failed++;
    throw new Error(error);
  }

  /** What was called; nothing when nothing was. */
  summary(): CallsSummary {
    if (this.#counts.size === 0) return {};
    return { calls: Object.fromEntries([...this.#counts].map(([name, count]) => [name, { ...count }])) };
  }

  #slotOf(concurrencyClass: string | undefined): Slots | undefined {
    if (concurrencyClass === undefined) return undefined;
    let slots = this.#classes.get(concurrencyClass);
    if (slots === undefined) this.#classes.set(concurrencyClass, slots = new Slots(1));
    return slots;
  }
}
