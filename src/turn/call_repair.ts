/** Mending calls whose arguments cannot be used, before the model gets an error. */

import type { EventDataMap } from "../records/event_data.ts";
import type { JsonValue } from "../records/json.ts";
import type { ToolCall } from "../records/tool.ts";
import type { CallProblem, CallRepair } from "../ports/model_hooks.ts";
import type { Tool } from "../ports/tool.ts";
import { parseArguments } from "../kit/parse_arguments.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { CallContext } from "./call_context.ts";
import { type Failed, failed } from "./tool_result.ts";
import type { TurnRun } from "./turn_run.ts";

/** Text that becomes JSON may still not fit the schema: that is mended too, and then no more. */
const MAX_REPAIRS = 2;

/** Arguments on their way to the tool. */
export type Prepared =
  | {
    /** They fit. */
    readonly type: "ready";
    /** As the hooks left them. */
    readonly args: JsonValue;
    /** What the tool gets. */
    readonly value: unknown;
  }
  | {
    /** They do not fit. */
    readonly type: "unusable";
    /** As the model wrote them. */
    readonly given: JsonValue;
    /** What is wrong. */
    readonly problem: CallProblem;
  }
  | Failed;

/** Lets hooks and schema check arguments. */
export type Prepare = (
  run: TurnRun,
  turn: TurnContext,
  call: ToolCall,
  tool: Tool,
  given: JsonValue,
  context: CallContext,
) => Promise<Prepared>;

/** A call with what it needs to run. */
export interface BoundCall {
  /** The call as the model made it. */
  readonly call: ToolCall;
  /** The tool. */
  readonly tool: Tool;
  /** What it runs with. */
  readonly context: CallContext;
}

type Unusable = Extract<Prepared, { type: "unusable" }>;
type Outcome = EventDataMap["tool.call_repaired"]["outcome"];

/** Asks the hooks; what they make of the arguments passes the same checks as any. */
export async function repairCall(
  run: TurnRun,
  turn: TurnContext,
  bound: BoundCall,
  first: Unusable,
  prepare: Prepare,
): Promise<Exclude<Prepared, Unusable>> {
  const { call, tool, context } = bound;
  let unusable = first;
  for (let tries = 0; tries < MAX_REPAIRS; tries++) {
    const repair = await ask(run, turn, bound, unusable);
    if (repair.action === "ask_again") {
      return ended(run, call, "re_prompt", failed("error", String(repair.message)));
    }
    if (repair.action === "give_up") break;
    const prepared = await prepare(run, turn, call, tool, repair.arguments, context);
    if (prepared.type !== "unusable") return ended(run, call, "local_salvage", prepared);
    unusable = prepared;
  }
  return ended(run, call, "gave_up", failed("error", first.problem.message));
}

function ended<T>(run: TurnRun, call: ToolCall, outcome: Outcome, value: T): T {
  const { turnId } = run.state;
  run.recorded.push({
    type: "tool.call_repaired",
    context: run.eventContext,
    data: { turnId, toolCallId: call.id, toolName: call.name, outcome },
  });
  return value;
}

/** The first answer that helps. */
async function ask(run: TurnRun, turn: TurnContext, bound: BoundCall, unusable: Unusable): Promise<CallRepair> {
  const { call, context } = bound;
  for (const { owner, hooks } of turn.config.hooks) {
    if (hooks.repairCall === undefined) continue;
    try {
      const given = { ...call, arguments: copyOf(unusable.given) };
      const asked = hooks.repairCall(given, unusable.problem, context, owner.config);
      const repair = asked instanceof Promise ? await run.timed(asked, run.ports.limits.hookMs, "run a hook") : asked;
      if (repair.action === "give_up") continue;
      if (repair.action !== "repair") return repair;
      const parsed = parseArguments(repair.arguments);
      if (parsed.ok) return { action: "repair", arguments: JSON.parse(JSON.stringify(parsed.value)) };
    } catch (thrown) {
      if (run.interrupts.interrupted) throw run.interrupts.reason;
      run.hookFailed("repairCall", owner, thrown);
    }
  }
  return { action: "give_up" };
}

function copyOf(value: JsonValue): JsonValue {
  return typeof value === "string" ? value : JSON.parse(JSON.stringify(value));
}
