/** What one running tool call gets. */

import type { CallId, OrgId, SessionId, TurnId } from "../records/ids.ts";
import type { JsonValue } from "../records/json.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { ToolCall } from "../records/tool.ts";
import type { ConnectionResolver } from "../ports/connection_resolver.ts";
import type { SessionFiles } from "../ports/file_store.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";
import type { ToolContext } from "../ports/tool.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";
import type { TurnContext } from "../context/turn_context.ts";
import type { TurnRun } from "./turn_run.ts";

const MAX_PROGRESS = 2000;
const MAX_OUTPUT = 64 * 1024;

/** The context of one call; its signal is made when the tool first asks for it. */
export class CallContext implements ToolContext {
  readonly #run: TurnRun;
  readonly #context: TurnContext;
  readonly #call: ToolCall;
  #controller: AbortController | undefined;
  #over = false;
  #reason: unknown;

  /** Made for one call. */
  constructor(run: TurnRun, context: TurnContext, call: ToolCall) {
    this.#run = run;
    this.#context = context;
    this.#call = call;
  }

  get sessionId(): SessionId {
    return this.#run.sessionId;
  }

  get workspaceId(): string {
    return this.#context.session.workspaceId;
  }

  get organizationId(): OrgId {
    return this.#context.session.organizationId;
  }

  get turnId(): TurnId {
    return this.#run.state.turnId;
  }

  get toolCallId(): CallId {
    return this.#call.id;
  }

  get idempotencyKey(): string {
    return `${this.sessionId}/${this.turnId}/${this.#call.id}`;
  }

  get locale(): string | undefined {
    return this.#context.resolvedLocale;
  }

  get acceptedAt(): number {
    return this.#run.state.facts.acceptedAt;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#over) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get files(): SessionFiles {
    return this.#run.ports.sources.files(this.workspaceId);
  }

  get storage(): SessionStorageStore | undefined {
    return this.#run.ports.storage;
  }

  get connections(): ConnectionResolver | undefined {
    return this.#run.ports.connections;
  }

  get networkAccess(): NetworkAccess | undefined {
    return this.#context.runtimeAgent.networkAccess;
  }

  /** A member and not a method, so that a tool may take it out of the context. */
  readonly progress = (message: string, data?: JsonValue): void => {
    if (this.#over) return;
    this.#run.live("tool.progress", {
      turnId: this.turnId,
      toolCallId: this.#call.id,
      toolName: this.#call.name,
      message: String(message).slice(0, MAX_PROGRESS),
      ...(data === undefined ? {} : { data: toBoundedJson(data).value }),
    });
  };

  /** See {@linkcode CallContext.progress}. */
  readonly output = (delta: string, stream: "stdout" | "stderr" = "stdout"): void => {
    if (this.#over || delta === "") return;
    this.#run.live("tool.output.delta", {
      turnId: this.turnId,
      toolCallId: this.#call.id,
      toolName: this.#call.name,
      delta: String(delta).slice(0, MAX_OUTPUT),
      stream,
    });
  };

  /** The call is over: what it still says is dropped and its signal fires. */
  end(reason?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
