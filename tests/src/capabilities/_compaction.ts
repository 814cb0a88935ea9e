/** Asking compaction for the view of one request. */

import { createCompaction } from "../../../src/capabilities/compaction/capability.ts";
import { tokensOfAll } from "../../../src/capabilities/conversation/message_tokens.ts";
import { InMemorySessionStorageStore } from "../../../src/in_memory/session_storage_store.ts";
import type { CapabilityContext } from "../../../src/ports/capability.ts";
import type { ModelViewRequest } from "../../../src/ports/model_hooks.ts";
import type { RunningTurn, SideModelRequest } from "../../../src/ports/running_turn.ts";
import type { SessionStorageStore } from "../../../src/ports/session_storage_store.ts";
import type { ReasoningPart } from "../../../src/records/content.ts";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import type { JsonObject } from "../../../src/records/json.ts";
import type { Message } from "../../../src/records/message.ts";
import { capabilityContext } from "./_capability_context.ts";
import { turnOver } from "./_conversation.ts";
import { queryHistory } from "../../../src/capabilities/infinity_context/query_history.ts";

/** Options of {@linkcode Session.view}. */
export interface AskOptions {
  /** Tokens of the window; the whole of it is the target. @default {1_000} */
  readonly window?: number;
  /** Why the request is built. @default {"normal"} */
  readonly reason?: ModelViewRequest["reason"];
  /** Whether it is only looked at. @default {false} */
  readonly preview?: boolean;
  /** Number of the turn. @default {1} */
  readonly turn?: number;
  /** Whether `query_history` is offered. @default {false} */
  readonly searchable?: boolean;
  /** A tool that changes nothing and is offered. @default none */
  readonly pure?: string;
  /** Whether the provider compacts itself, and takes items of model `m`. @default {false} */
  readonly native?: boolean;
}

/** One session with compaction, and what it asked and told. */
export class CompactedSession {
  /** What the model was asked beside the conversation. */
  readonly asked: SideModelRequest[] = [];
  /** Tokens at which the provider was asked to compact, for each view; undefined when it was not. */
  readonly askedAt: (number | undefined)[] = [];
  /** Durable events. */
  readonly recorded: { readonly type: string; readonly data: JsonObject }[] = [];
  /** Warnings. */
  readonly warnings: string[] = [];
  /** What the model answers; an error is thrown. */
  answer: string | Error = "SUMMARY";
  /** Where summaries are kept. */
  storage: SessionStorageStore | undefined;
  readonly #capability = createCompaction();
  readonly #context: CapabilityContext;

  /** With a configuration; a storage of another session's makes it a restart. */
  constructor(config: JsonObject = {}, before?: CompactedSession) {
    const { session } = before === undefined ? capabilityContext() : before.#context;
    this.#context = { ...capabilityContext(), session, config: { budget_percent: 1, ...config } };
    this.storage = before === undefined ? new InMemorySessionStorageStore() : before.storage;
  }

  /** The session. */
  get id(): SessionId {
    return this.#context.session.id;
  }

  /** The view of a request. */
  async view(messages: readonly Message[], options: AskOptions = {}): Promise<readonly Message[]> {
    const { window = 1_000, reason = "normal", preview = false, turn = 1, searchable = false, native = false, pure } =
      options;
    const running: RunningTurn = {
      ...turnOver(messages),
      turnId: idFromSeed("turn", turn),
      storage: this.storage,
      complete: (request) => {
        this.asked.push(request);
        if (this.answer instanceof Error) return Promise.reject(this.answer);
        return Promise.resolve({ text: this.answer, finishReason: "stop" });
      },
      record: (type, data) => void this.recorded.push({ type, data: data as JsonObject }),
      warn: (code, message) => void this.warnings.push(`${code}: ${message}`),
    };
    const view = this.#capability.modelView!;
    const at = this.askedAt.push(undefined) - 1;
    const takes = ({ purpose, model }: ReasoningPart) => purpose === "compaction" && model === "m";
    const asked = { native: { takes, askAt: (tokens: number) => void (this.askedAt[at] = tokens) } };
    return await view.apply([...messages], preview ? this.#context : { ...this.#context, turn: running }, {
      reason,
      shrinks: true,
      contextWindow: window,
      maxOutputTokens: undefined,
      systemPrompt: "",
      tools: [...(searchable ? ["query_history"] : []), ...(pure === undefined ? [] : [pure])].map((name) => ({
        ...queryHistory.definition,
        name,
        description: "",
        parameters: {},
      })),
      ...(native ? asked : {}),
    });
  }
}

/** Tokens of a view. */
export function tokensIn(view: readonly Message[]): number {
  return tokensOfAll(view);
}
