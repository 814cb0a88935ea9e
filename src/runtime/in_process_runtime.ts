/** The in-process runtime: turns, inspection and everything else a host calls. */

import { NotFoundError, RuntimeClosedError, RuntimeError } from "../errors.ts";
import type { CapabilityRefInput } from "../records/capability_ref.ts";
import type { Event } from "../records/event.ts";
import { parseId, type SessionId } from "../records/ids.ts";
import type { JsonObject, JsonSchema } from "../records/json.ts";
import type { InputMessage, Message } from "../records/message.ts";
import type { Session, SessionStatus } from "../records/session.ts";
import type { TurnResult } from "../records/turn.ts";
import type { CommandResult } from "../ports/capability.ts";
import type { SessionFiles, StoredFile } from "../ports/file_store.ts";
import type { SessionJournal } from "../ports/journal.ts";
import type { DeliverOptions } from "../ports/new_session.ts";
import type { Announcement, HostedToolCall, SessionHost } from "../ports/session_host.ts";
import type { MessageQuery } from "../ports/stores.ts";
import type { Tool, ToolOutcome } from "../ports/tool.ts";
import { type SessionInput, toCapabilityRef } from "../kit/create_records.ts";
import type { ToolParameters } from "../kit/define_tool.ts";
import { lazy } from "../kit/lazy.ts";
import type { RequiredPermissions } from "../kit/required_permissions.ts";
import { ComposedJournal } from "../in_memory/composed_journal.ts";
import { InMemoryEventBus } from "../in_memory/event_bus.ts";
import type { TurnContext } from "../context/turn_context.ts";
import { Kernel } from "../turn/kernel.ts";
import type { KernelPorts } from "../turn/kernel_ports.ts";
import { LiveEvents, type SubscribeOptions } from "../turn/live_events.ts";
import type { ResumeInput, ResumeOptions } from "../turn/resume.ts";
import type { Recovered, TurnHandle } from "../turn/turn_handle.ts";
import type { CapabilityDelta } from "./capability_edits.ts";
import type { CommandInfo } from "./commands.ts";
import { DriverPool } from "./driver_pool.ts";
import type { PreviewOptions, RequestPreview } from "./inspection.ts";
import type { RuntimeParts } from "./runtime_parts.ts";
import { WorkspaceFiles } from "./session_files.ts";
import type { ToolSources } from "./tool_sources.ts";
import type { TurnOutput, TypedTurnOptions } from "./turn_output.ts";

const inspection = lazy(() => import("./inspection.ts"));
const capabilityEdits = lazy(() => import("./capability_edits.ts"));
const commands = lazy(() => import("./commands.ts"));
const permissions = lazy(() => import("./required_permissions.ts"));
const newSessions = lazy(() => import("./new_session.ts"));
const waits = lazy(() => import("../kit/unless_aborted.ts"));
const hostedTools = lazy(() => import("./hosted_tool.ts"));
const sessionEnds = lazy(() => import("../turn/session_end.ts"));
const toolSources = lazy(() => import("./tool_sources.ts"));

/**
 * Runs harnesses inside this process.
 *
 * Made by `InProcessRuntimeBuilder`. Dispose it (`await using`) to cancel running turns, wait for their closing commits
 * and end subscriptions; the stores stay the host's.
 */
export class InProcessRuntime implements SessionHost, AsyncDisposable {
  readonly #parts: RuntimeParts;
  readonly #journal: SessionJournal;
  readonly #live: LiveEvents;
  #sources: ToolSources | undefined;
  readonly #ports: KernelPorts;
  readonly #kernel: Kernel;
  #closing: Promise<void> | undefined;
  /** One promise for all announcements, so that they keep their order. */
  #announcements: Promise<typeof import("./announcements.ts")> | undefined;

  /** Wires the parts together; does nothing else. */
  constructor(parts: RuntimeParts) {
    const { slots, clock, ids, fileStore } = parts;
    const { turnStore, messageStore } = slots;
    this.#parts = parts;
    this.#journal = slots.journal ?? new ComposedJournal({ turnStore, messageStore, ids, clock });
    // The default bus calls nobody back, so it may be called from inside a turn; one that extends it may do anything.
    const busWaits = Object.getPrototypeOf(slots.eventBus) === InMemoryEventBus.prototype;
    const outside = busWaits ? (call: () => void) => call() : (call: () => void) => parts.chain.run(undefined, call);
    this.#live = new LiveEvents({ bus: slots.eventBus, journal: this.#journal, ids, clock, busWaits, outside });
    const pool = new DriverPool(parts.drivers, parts.secrets);
    this.#ports = {
      journal: this.#journal,
      owner: `owner_${ids.next("exec").slice("exec_".length)}`,
      live: this.#live,
      ids,
      clock,
      random: parts.random,
      sources: {
        harnesses: slots.harnessStore,
        agents: slots.agentStore,
        sessions: slots.sessionStore,
        providers: slots.providerStore,
        capabilities: parts.capabilities,
        files: (workspaceId) => new WorkspaceFiles(fileStore, workspaceId),
        sourceTools: (...asked) => this.#sourceTools(...asked),
      },
      driver: (model) => pool.driver(model),
      profile: (model) => pool.profile(model, slots.providerStore),
      services: slots,
      secrets: parts.secrets,
      limits: parts.limits,
      retry: parts.retry,
      chain: parts.chain,
      folds: parts.folds,
      ends: new Map(),
    };
    this.#kernel = new Kernel(this.#ports);
  }

  /**
   * The session of `singleSession`.
   *
   * @throws {RuntimeError} `no_default_session` when the builder described none
   */
  get defaultSessionId(): SessionId {
    const id = this.#parts.defaultSessionId;
    if (id !== undefined) return id;
    throw new RuntimeError("no_default_session", "There is no default session; describe one with singleSession()");
  }

  /**
   * Runs a turn to its end.
   *
   * A provider's failure is a result with `success: false`, not a throw.
   *
   * @throws {NotFoundError} when the session or its layers are not stored
   * @throws {SessionBusyError} when another runtime runs a turn of the session
   * @throws {TurnWaitingError} when the open turn waits for its client
   * @throws {ReentrantTurnError} when called from inside a turn of the session
   * @throws {TypeError} when the id or the input has the wrong shape
   */
  async runTurn<Schema extends ToolParameters = JsonSchema>(
    sessionId: SessionId,
    input: string | InputMessage,
    options: TypedTurnOptions<Schema> = {},
  ): Promise<TurnResult<TurnOutput<Schema>>> {
    return await this.startTurn(sessionId, input, options).result;
  }

  /** Runs a turn on a text; see {@linkcode runTurn}. */
  async runTextTurn<Schema extends ToolParameters = JsonSchema>(
    sessionId: SessionId,
    text: string,
    options: TypedTurnOptions<Schema> = {},
  ): Promise<TurnResult<TurnOutput<Schema>>> {
    if (typeof text !== "string") throw new TypeError(`Cannot run a text turn on ${typeof text}: expected a string`);
    return await this.runTurn(sessionId, text, options);
  }

  /**
   * Starts a turn and returns its handle at once.
   *
   * @throws {RuntimeClosedError} when the runtime is closed
   */
  startTurn<Schema extends ToolParameters = JsonSchema>(
    sessionId: SessionId,
    input: string | InputMessage,
    options: TypedTurnOptions<Schema> = {},
  ): TurnHandle<TurnOutput<Schema>> {
    // The answer was checked against the schema its type is inferred from.
    return this.#kernel.start(parseId("session", sessionId), input, options) as TurnHandle<TurnOutput<Schema>>;
  }

  /**
   * Answers a turn that waits for client-side tools or decisions; partial answers are stored.
   *
   * @returns what the turn came to; `status: "waiting"` while answers are missing
   * @throws {RuntimeError} `turn_not_waiting`, `unknown_call` or `answer_conflict`
   */
  async resumeTurn(sessionId: SessionId, answers: ResumeInput, options: ResumeOptions = {}): Promise<TurnResult> {
    return await this.#kernel.resume(parseId("session", sessionId), answers, options);
  }

  /** Cancels the open turn, running or waiting; tells whether there was one. */
  async cancelTurn(sessionId: SessionId, reason?: string): Promise<boolean> {
    return await this.#kernel.cancel(parseId("session", sessionId), reason);
  }

  /** Finishes turns that a dead process left open; never needed before a turn, which recovers its own session. */
  async recover(options: { readonly sessions?: readonly SessionId[] } = {}): Promise<readonly Recovered[]> {
    return await this.#kernel.recover(options.sessions?.map((id) => parseId("session", id)));
  }

  /**
   * Events of a session: replayed after a sequence, when one is given, then live.
   *
   * Of a session that is not stored (yet) there are none until it exists; the iterator waits. `signal` and `break` end it.
   *
   * @throws {RangeError} when `after` is not a whole number of 0 or more
   */
  subscribe(sessionId: SessionId, options: SubscribeOptions = {}): AsyncIterableIterator<Event> {
    this.#assertOpen("subscribe");
    return this.#live.subscribe(parseId("session", sessionId), options);
  }

  /** What the event bus kept: everything for the default bus, nothing for one that only delivers. */
  events(): readonly Event[] {
    this.#live.flush();
    return this.#parts.slots.eventBus.collectedEvents?.() ?? [];
  }

  /** The conversation, oldest first. */
  async messages(sessionId: SessionId, query?: MessageQuery): Promise<readonly Message[]> {
    return await this.#journal.messages(parseId("session", sessionId), query);
  }

  /** The stored sessions, newest first; none where the session store cannot list them. */
  async listSessions(): Promise<readonly Session[]> {
    return await this.#parts.slots.sessionStore.listSessions?.() ?? [];
  }

  /** The merged context the next reason step will use; also before the first turn. */
  async loadContext(sessionId: SessionId): Promise<TurnContext> {
    this.#assertOpen("load a context");
    return await (await inspection()).inspectContext(this.#ports, parseId("session", sessionId));
  }

  /**
   * The exact provider request the next reason step would send; sends nothing and runs no hook but `toolDefinitions`.
   *
   * @throws {ProviderError} when no model or driver is configured
   */
  async previewRequest(
    sessionId: SessionId,
    input?: string | InputMessage,
    options: PreviewOptions = {},
  ): Promise<RequestPreview> {
    this.#assertOpen("preview a request");
    return await (await inspection()).previewNextRequest(this.#ports, parseId("session", sessionId), input, options);
  }

  /**
   * Reads a file of a session.
   *
   * @throws {FileStoreError} `file_not_found`, `file_is_directory` or `path_invalid`
   */
  async readFile(sessionId: SessionId, path: string): Promise<StoredFile> {
    const session = await this.#session(sessionId);
    return await this.#parts.fileStore.readFile(session.workspaceId, path);
  }

  /** The commands the session's capabilities offer. */
  async listCommands(sessionId: SessionId): Promise<readonly CommandInfo[]> {
    return (await commands()).listCommandsOf((await this.loadContext(sessionId)).config);
  }

  /**
   * Runs a command; it is not part of the conversation.
   *
   * @throws {RuntimeError} `command_unknown` when no capability of the session offers it
   */
  async executeCommand(
    sessionId: SessionId,
    name: string,
    args = "",
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<CommandResult> {
    this.#assertOpen("run a command");
    const context = await this.loadContext(sessionId);
    return await (await commands()).runCommand(this.#ports, context, name, args, options.signal);
  }

  /** Switches a capability on in the session's own layer; counts from the next reason step. */
  async activateCapability(
    sessionId: SessionId,
    capability: CapabilityRefInput,
    config?: JsonObject,
  ): Promise<CapabilityDelta> {
    this.#assertOpen("activate a capability");
    const { activate } = await capabilityEdits();
    const ref = toCapabilityRef(capability, config);
    return this.#changed(sessionId, await activate(this.#parts, parseId("session", sessionId), ref));
  }

  /** Switches a capability of the session's own layer off; an inherited one is an error. */
  async deactivateCapability(sessionId: SessionId, capabilityId: string): Promise<CapabilityDelta> {
    this.#assertOpen("deactivate a capability");
    const { deactivate } = await capabilityEdits();
    return this.#changed(sessionId, await deactivate(this.#parts, parseId("session", sessionId), capabilityId));
  }

  /**
   * The Deno permissions of everything the given sessions use.
   *
   * By default of all that is known at `build()`: its sessions and models, and its harnesses and agents for sessions that
   * `createSession()` makes later; what those add of their own is theirs to ask for.
   */
  async requiredPermissions(
    options: { readonly sessions?: readonly SessionId[] } = {},
  ): Promise<RequiredPermissions> {
    const parts = { ...this.#parts, sources: this.#ports.sources, load: this.loadContext.bind(this) };
    return await (await permissions()).findPermissions(parts, options.sessions);
  }

  /**
   * Creates a session and writes the files of its layers; it takes whatever a session record has, such as `modelId`,
   * client-side `tools`, `mcpServers`, `initialFiles`, or the `workspaceId` of another session to share its files.
   *
   * @throws {RuntimeError} `session_exists` when one with that id is stored
   * @throws {NotFoundError} when the harness or agent is not stored; nothing is stored then
   */
  async createSession(input: SessionInput): Promise<Session> {
    this.#assertOpen("create a session");
    const session = await (await newSessions()).addNewSession(this.#parts, input);
    const { harnessId, agentId } = session;
    this.#live.live(session.id, {}, "session.started", agentId === undefined ? { harnessId } : { harnessId, agentId });
    return session;
  }

  /** Runs a turn to its end, for backends that host sessions. */
  async run(sessionId: SessionId, input: string | InputMessage, options: DeliverOptions = {}): Promise<TurnResult> {
    const { signal, ...rest } = options;
    const turn = this.runTurn(sessionId, input, rest);
    return signal === undefined ? await turn : await (await waits()).unlessAborted(turn, signal);
  }

  /** Hands an input to the running turn, or starts one; resolves when it is stored. */
  async deliver(sessionId: SessionId, input: string | InputMessage, options: DeliverOptions = {}): Promise<void> {
    const { signal, ...rest } = options;
    const stored = this.#kernel.deliver(parseId("session", sessionId), input, rest);
    return signal === undefined ? await stored : await (await waits()).unlessAborted(stored, signal);
  }

  /** Cancels the open turn; see {@linkcode cancelTurn}. */
  cancel(sessionId: SessionId, reason?: string): Promise<boolean> {
    return this.cancelTurn(sessionId, reason);
  }

  /** The files of a session. */
  async files(sessionId: SessionId): Promise<SessionFiles> {
    return this.#ports.sources.files((await this.#session(sessionId)).workspaceId);
  }

  /**
   * Runs one of the session's tools outside a turn; nothing of it enters the conversation.
   *
   * @throws {NotFoundError} `tool_not_found` when the session offers no such tool
   */
  async runTool(sessionId: SessionId, call: HostedToolCall): Promise<ToolOutcome> {
    const context = await this.loadContext(sessionId);
    return await (await hostedTools()).runHostedTool(this.#ports, context, call);
  }

  /** See {@linkcode SessionHost.announce}; a host that changes a title itself may call it, too. */
  announce(sessionId: SessionId, announcement: Announcement): void {
    this.#announcements ??= import("./announcements.ts");
    this.#announcements.then(({ showAnnouncement }) => {
      if (this.#closing === undefined) showAnnouncement(this.#ports, sessionId, announcement);
    }).catch(() => {});
  }

  /** What the session is doing. */
  async status(sessionId: SessionId): Promise<SessionStatus> {
    await this.#session(sessionId);
    return await this.#kernel.status(sessionId);
  }

  /** Cancels running turns, waits for their closing commits, ends subscriptions and connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** See {@linkcode close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#kernel.close();
    if (this.#ports.ends.size > 0) await (await sessionEnds()).runSessionEndHooks(this.#ports);
    await this.#sources?.close();
    this.#live.close();
    await this.#journal.disconnect(this.#ports.owner);
  }

  async #session(sessionId: SessionId): Promise<Session> {
    const session = await this.#parts.slots.sessionStore.getSession(parseId("session", sessionId));
    if (session !== undefined) return session;
    throw new NotFoundError("session", sessionId, "add it with the builder's session() or runtime.createSession()");
  }

  async #sourceTools(...asked: Parameters<ToolSources["tools"]>): Promise<readonly Tool[]> {
    const { ToolSources } = await toolSources();
    this.#assertOpen("connect a server");
    this.#sources ??= new ToolSources(this.#parts, (sessionId, code, message) => {
      this.#live.live(sessionId, {}, "runtime.warning", { code, message });
    });
    return await this.#sources.tools(...asked);
  }

  #changed(sessionId: SessionId, delta: CapabilityDelta): CapabilityDelta {
    if (!delta.changed) return delta;
    this.#kernel.changed(sessionId);
    this.#sources?.changed(sessionId);
    const { capabilityId, active } = delta;
    this.#live.live(sessionId, {}, "session.capability.changed", { capabilityId, active });
    return delta;
  }

  #assertOpen(action: string): void {
    if (this.#closing !== undefined) throw new RuntimeClosedError(action);
  }
}
