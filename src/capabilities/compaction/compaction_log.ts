/** Telling what compaction did: durable events, and only when it did something new. */

import type { JsonObject } from "../../records/json.ts";
import type { ModelViewRequest } from "../../ports/model_hooks.ts";
import type { RunningTurn } from "../../ports/running_turn.ts";

/** A way to make a conversation smaller. */
export type CompactionStrategy = "native" | "observation_masking" | "summarization" | "trim" | "clip";

/** What one request was made smaller by. */
export class CompactionLog {
  readonly #turn: RunningTurn | undefined;
  readonly #reason: ModelViewRequest["reason"];
  readonly #steps: { readonly strategy: CompactionStrategy; readonly count: () => number; readonly at: number }[] = [];
  #startedAt = 0;
  #before = 0;

  /** For a request of a turn, or for a preview that tells nobody. */
  constructor(turn: RunningTurn | undefined, reason: ModelViewRequest["reason"]) {
    this.#turn = turn;
    this.#reason = reason;
  }

  /** The conversation is too large. */
  begin(messages: number): void {
    this.#before = messages;
    this.#startedAt = this.#turn?.elapsedMs ?? 0;
  }

  /** Something was done; the messages are only counted when it is told. */
  did(strategy: CompactionStrategy, count: () => number): void {
    this.#steps.push({ strategy, count, at: this.#turn?.elapsedMs ?? 0 });
  }

  /**
   * The view is made; tells of it unless the last request was made smaller in the same way.
   *
   * A summary, the provider's too, and a cut are made once and count for many requests; lines and clipped texts are made for each.
   */
  end(messages: number, earlier: readonly string[]): readonly string[] {
    const strategies = this.#steps.map(({ strategy }) => strategy);
    const isNew = (strategy: CompactionStrategy): boolean =>
      strategy === "native" || strategy === "summarization" || strategy === "trim" || !earlier.includes(strategy);
    if (this.#turn === undefined || strategies.length === 0) return strategies;
    if (this.#reason !== "too_large" && !strategies.some(isNew)) return strategies;
    const steps: JsonObject[] = [];
    let at = this.#startedAt;
    for (const step of this.#steps) {
      steps.push({ strategy: step.strategy, messagesAfter: step.count(), durationMs: step.at - at });
      at = step.at;
    }
    const used = [...new Set(strategies)].join("+");
    this.#turn.record("context.compacting", {
      reason: this.#reason === "too_large" ? "request_too_large" : "proactive_budget",
      strategy: used,
      messagesBefore: this.#before,
    });
    this.#turn.record("context.compacted", {
      strategyUsed: used,
      messagesBefore: this.#before,
      messagesAfter: messages,
      durationMs: this.#turn.elapsedMs - this.#startedAt,
      steps,
    });
    return strategies;
  }
}
