/** Who decides about tool calls: the level, what the user said before, and the user. */

import {
  type InProcessRuntime,
  RuntimeError,
  type SessionId,
  type ToolCall,
  type ToolDecision,
  type ToolDefinition,
  type TurnResult,
} from "@everruns/runtime";
import type { ApprovalAnswer, ApprovalRequest } from "@everruns/runtime/safety";
import type { ApprovalDecision, ApprovalQuestion } from "../interactive_host.ts";
import type { ApprovalLevel } from "./options.ts";
import { type Effective, effectiveOf, RememberedCalls } from "./remembered_calls.ts";
import { questionFor } from "./question.ts";

/** Asks the user; the signal aborts when the question no longer matters. */
export type Ask = (question: ApprovalQuestion, signal: AbortSignal) => Promise<ApprovalDecision>;

/** Tools that change files of the workspace; a skill is more than a file: it instructs later conversations. */
const EDITS: ReadonlySet<string> = new Set(["write_file", "edit_file", "delete_file"]);
/** Tools that change nothing but what the agent knows, or start work whose own calls are decided about. */
const INTERNAL: ReadonlySet<string> = new Set([
  "remember",
  "forget",
  "spawn_agent",
  "message_task",
  "cancel_task",
  "create_schedule",
  "cancel_schedule",
  "report_result",
  "report_progress",
  "tool_search",
]);

/** Decides about calls. */
export class ApprovalDesk {
  /** When the user is asked. */
  level: ApprovalLevel;
  /** Calls nobody could be asked about, for the user to see; each once, however often it was tried. */
  readonly refused: Set<string> = new Set();
  readonly #always = new RememberedCalls();
  readonly #settling = new Map<string, Promise<TurnResult>>();
  #ask: Ask | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(level: ApprovalLevel) {
    this.level = level;
  }

  /** Who is asked; without anyone what would be asked about is refused. */
  onAsk(ask: Ask): void {
    this.#ask = ask;
  }

  /** What the user said "always" to, for people. */
  get always(): readonly string[] {
    return this.#always.list();
  }

  /** A new session begins: what "always" counted for is over. */
  forgetAlways(): void {
    this.#always.clear();
  }

  /** The answer the capability gives at once; undefined lets the turn wait for {@linkcode settle}. */
  judge({ call, tool }: Pick<ApprovalRequest, "call" | "tool">): ApprovalAnswer | undefined {
    const effective = effectiveOf(call);
    const level = this.level;
    if (effective.name === call.name && changesNothing(tool)) return { approved: true };
    if (INTERNAL.has(effective.name)) return { approved: true };
    if (level === "read-only") return { approved: false, reason: "this session is read-only (approval level)" };
    if (level === "auto" || this.#always.covers(effective)) return { approved: true };
    if (level === "auto-edit" && EDITS.has(effective.name)) return { approved: true };
    if (this.#ask !== undefined) return undefined;
    this.refused.add(describe(effective));
    return { approved: false, reason: `approval level "${level}" asks the user, and nobody can be asked` };
  }

  /**
   * Asks about the calls a turn waits for, one question at a time, and lets it go on.
   *
   * @returns what the turn came to; it may wait again
   */
  settle(runtime: InProcessRuntime, waiting: TurnResult, signal: AbortSignal): Promise<TurnResult> {
    const key = [waiting.turnId, ...waiting.waitingFor.map(({ id }) => id)].join(" ");
    const known = this.#settling.get(key);
    if (known !== undefined) return known;
    const settling = this.#settle(runtime, waiting, signal).finally(() => void this.#settling.delete(key));
    this.#settling.set(key, settling);
    return settling;
  }

  async #settle(runtime: InProcessRuntime, waiting: TurnResult, signal: AbortSignal): Promise<TurnResult> {
    const { sessionId } = waiting;
    // Only the asking stands in the queue: a turn that goes on may wait for a subagent, which asks too.
    const asking = this.#queue.then(() => this.#decisions(runtime, waiting, signal));
    this.#queue = asking.catch(() => {});
    const decisions = await asking;
    const cancelled = { status: "cancelled", success: false, stopReason: "cancelled", waitingFor: [] } as const;
    // Cancelled while the question stood, or the program ends: then the turn waits on, for the next one.
    if (signal.aborted) return { ...waiting, ...cancelled };
    try {
      return await runtime.resumeTurn(sessionId, { decisions });
    } catch (error) {
      if (error instanceof RuntimeError && error.code === "turn_not_waiting") return { ...waiting, ...cancelled };
      throw error;
    }
  }

  async #decisions(runtime: InProcessRuntime, waiting: TurnResult, signal: AbortSignal): Promise<ToolDecision[]> {
    const decisions: ToolDecision[] = [];
    for (const call of waiting.waitingFor) {
      decisions.push({ toolCallId: call.id, ...await this.#decide(runtime, waiting.sessionId, call, signal) });
    }
    return decisions;
  }

  async #decide(
    runtime: InProcessRuntime,
    sessionId: SessionId,
    call: ToolCall,
    signal: AbortSignal,
  ): Promise<{ readonly approved: boolean; readonly reason?: string }> {
    const effective = effectiveOf(call);
    // What was decided since the turn began to wait: "always" to the call before, another level.
    if (this.level === "auto" || this.#always.covers(effective)) return { approved: true };
    if (this.#ask === undefined) return { approved: false, reason: "nobody can be asked" };
    if (signal.aborted) return { approved: false, reason: "the user cancelled" };
    const question = await questionFor(runtime, sessionId, call);
    const decision = await this.#ask(question, signal).catch(() => "deny" as const);
    if (decision === "always") this.#always.add(effective);
    return decision === "deny" ? { approved: false, reason: "the user said no" } : { approved: true };
  }
}

function changesNothing({ effect, hints, policy }: ToolDefinition): boolean {
  return policy !== "requires_approval" && (effect === "pure" || hints?.readonly === true);
}

function describe({ name, arguments: args }: Effective): string {
  const what = args["command"] ?? args["path"] ?? args["url"];
  return typeof what === "string" ? `${name}: ${what}` : name;
}
