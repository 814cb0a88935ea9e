/** What one running tool call gets. */

import type { CallId, OrgId, SessionId, TurnId } from "../records/ids.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import type { NetworkAccess } from "../records/network_access.ts";
import type { ToolCall, ToolResult } from "../records/tool.ts";
import type { ConnectionResolver } from "../ports/connection_resolver.ts";
import type { SessionFiles } from "../ports/file_store.ts";
import type { SessionStorageStore } from "../ports/session_storage_store.ts";
import type { PlatformStore } from "../ports/platform_store.ts";
import type { RunningTurn } from "../ports/running_turn.ts";
import type { SessionScheduleStore } from "../ports/schedule_store.ts";
import type { SessionTaskRegistry } from "../ports/task_registry.ts";
import type { Tool, ToolContext } from "../ports/tool.ts";
import { toBoundedJson } from "../kit/bounded_json.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { OutputStream } from "./output_stream.ts";
import type { TurnRun } from "./turn_run.ts";
import { WatchedStorage } from "./watched_storage.ts";

const MAX_PROGRESS = 2000;
const MAX_OUTPUT = 64 * 1024;
/** Most progress events of one call; then a notice, then silence. */
const MAX_CALL_PROGRESS = 1000;
/** Most characters of output of one call, likewise. */
const MAX_CALL_OUTPUT = 1024 * 1024;
/** What a piece of output counts at least, so that the number of events is bounded too: 16,384. */
const MIN_PIECE = 64;

/** Runs a call that another call makes. */
export type RunInnerCall = (call: ToolCall, outer: CallContext) => Promise<ToolResult>;

/** The context of one call; its signal is made when the tool first asks for it. */
export class CallContext implements ToolContext {
  readonly #run: TurnRun;
  readonly #context: TurnContext;
  readonly #call: ToolCall;
  #controller: AbortController | undefined;
  #storage: SessionStorageStore | undefined;
  #stream: OutputStream | undefined;
  #over = false;
  #reason: unknown;
  #progressLeft = MAX_CALL_PROGRESS;
  #outputLeft = MAX_CALL_OUTPUT;
  /** What this call has others run for it. */
  readonly #inner = new Set<CallContext>();

  /** See {@linkcode CallContext.progress}. */
  readonly callTool?: (name: string, args: JsonObject) => Promise<ToolResult>;

  /** Made for one call; without `runInner` it can call no other tool. */
  constructor(run: TurnRun, context: TurnContext, call: ToolCall, runInner?: RunInnerCall) {
    this.#run = run;
    this.#context = context;
    this.#call = call;
    if (runInner !== undefined) this.callTool = (name, args) => this.#callTool(runInner, name, args);
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
    const { services: { storageStore }, secrets } = this.#run.ports;
    return storageStore === undefined ? undefined : this.#storage ??= new WatchedStorage(storageStore, secrets);
  }

  get connections(): ConnectionResolver | undefined {
    return this.#run.ports.services.connectionResolver;
  }

  get tasks(): SessionTaskRegistry | undefined {
    return this.#run.ports.services.taskRegistry;
  }

  get schedules(): SessionScheduleStore | undefined {
    return this.#run.ports.services.scheduleStore;
  }

  get platform(): PlatformStore | undefined {
    return this.#run.ports.services.platformStore;
  }

  get tools(): ReadonlyMap<string, Tool> {
    return toolsOf(this.#context);
  }

  get networkAccess(): NetworkAccess | undefined {
    return this.#context.runtimeAgent.networkAccess;
  }

  get turn(): RunningTurn {
    return this.#run.view;
  }

  /** A member and not a method, so that a tool may take it out of the context. */
  readonly progress = (message: string, data?: JsonValue): void => {
    if (this.#over || this.#progressLeft === 0) return;
    this.#progress(String(message).slice(0, MAX_PROGRESS), data);
    if (--this.#progressLeft === 0) this.#progress(`more than ${MAX_CALL_PROGRESS} reports: the rest is not shown`);
  };

  /** See {@linkcode CallContext.progress}. */
  readonly output = (delta: string, stream: "stdout" | "stderr" = "stdout"): void => {
    if (this.#over || delta === "" || this.#outputLeft <= 0) return;
    this.#stream ??= new OutputStream(this.#run.ports.secrets, (text, where) => this.#output(text, where));
    const piece = String(delta).slice(0, Math.min(MAX_OUTPUT, this.#outputLeft));
    this.#outputLeft -= Math.max(piece.length, MIN_PIECE);
    this.#stream.push(piece, stream);
    if (this.#outputLeft <= 0) this.#output("\n[too much output: the rest is not shown]\n", stream);
  };

  #progress(message: string, data?: JsonValue): void {
    const { secrets } = this.#run.ports;
    this.#run.live("tool.progress", {
      turnId: this.turnId,
      toolCallId: this.#call.id,
      toolName: this.#call.name,
      message: secrets.redactResult(message),
      ...(data === undefined ? {} : { data: secrets.redactResult(toBoundedJson(data).value) }),
    });
  }

  #output(delta: string, stream: "stdout" | "stderr"): void {
    this.#run.live("tool.output.delta", {
      turnId: this.turnId,
      toolCallId: this.#call.id,
      toolName: this.#call.name,
      delta,
      stream,
    });
  }

  /** See {@linkcode CallContext.progress}. */
  readonly fileWritten = (path: string, operation: "create" | "update", sizeBytes: number): void => {
    if (!this.#over) this.#run.live("file.written", { path: String(path), operation, sizeBytes });
  };

  async #callTool(runInner: RunInnerCall, name: string, args: JsonObject): Promise<ToolResult> {
    const call: ToolCall = { id: this.#run.ports.ids.next("call"), name, arguments: args };
    const refuse = (error: string): ToolResult => ({ toolCallId: call.id, status: "error", error });
    if (this.#over) return refuse(`Cannot call "${name}": the calling tool is over`);
    if (this.#context.executableTools.get(name)?.tool.definition.policy === "requires_approval") {
      return refuse(`"${name}" needs approval and cannot be called from within another tool: call it directly`);
    }
    return await runInner(call, this);
  }

  /** Lets an inner call be over no later than this one. */
  adopt(inner: CallContext): void {
    if (this.#over) inner.end(this.#reason);
    else this.#inner.add(inner);
  }

  /** The call is over: what it still says is dropped, and its signal and those of its inner calls fire. */
  end(reason?: unknown): void {
    if (this.#over) return;
    this.#stream?.end();
    this.#over = true;
    this.#reason = reason;
    for (const inner of this.#inner) inner.end(reason);
    this.#inner.clear();
    this.#controller?.abort(reason);
  }
}

const toolsByContext = new WeakMap<TurnContext, ReadonlyMap<string, Tool>>();

function toolsOf(context: TurnContext): ReadonlyMap<string, Tool> {
  let tools = toolsByContext.get(context);
  if (tools === undefined) {
    tools = new Map([...context.executableTools].map(([name, { tool }]) => [name, tool]));
    toolsByContext.set(context, tools);
  }
  return tools;
}
