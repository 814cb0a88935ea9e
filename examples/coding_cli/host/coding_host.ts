/** The program behind every face of it: the terminal, scripts and editors talk to this. */

import {
  type Event,
  type InputContentPart,
  type InputMessage,
  type SessionId,
  type TurnResult,
  userMessage,
} from "@everruns/runtime";
import type { LocalRuntime } from "@everruns/runtime/local";
import type { CommandInfo, HostFacts, InteractiveHost, SubmitOutcome } from "../interactive_host.ts";
import { ApprovalDesk, type Ask } from "./approval.ts";
import type { ApprovalLevel } from "./options.ts";
import type { UndoOutcome } from "./checkpoint_file_store.ts";
import type { FileChange } from "./question.ts";
import { orBusyElsewhere } from "./busy_elsewhere.ts";
import { CommandTable, type LineOutcome } from "./commands.ts";
import { chooseProvider, type ProviderChoice } from "./providers.ts";
import { type OpenRuntime, openRuntime, type RuntimeSettings } from "./runtime.ts";
import { lastSequence, newSession, openSession, type SessionWish, titleSession } from "./sessions.ts";
import { controlsOf, TurnRunner } from "./turns.ts";

/** What a host is opened with. */
export interface HostSettings extends RuntimeSettings {
  readonly approval: ApprovalLevel;
  readonly effort: string | undefined;
  readonly wish: SessionWish;
}

/** One conversation in one workspace. */
export class CodingHost implements InteractiveHost, AsyncDisposable {
  readonly desk: ApprovalDesk;
  readonly #settings: HostSettings;
  readonly #open: OpenRuntime;
  readonly #turns: TurnRunner;
  readonly #commands: CommandTable;
  readonly #factsListeners = new Set<() => void>();
  readonly #warnings: string[];
  #sessionId: SessionId;
  #isEmpty: boolean;
  #session = Promise.withResolvers<void>();
  #choice: ProviderChoice;
  #effort: string | undefined;
  /** What the agent has to be told with the next message. */
  #note: string | undefined;

  private constructor(settings: HostSettings, desk: ApprovalDesk, open: OpenRuntime, sessionId: SessionId) {
    this.#settings = settings;
    this.desk = desk;
    this.#open = open;
    this.#sessionId = sessionId;
    this.#isEmpty = settings.wish.session === undefined && settings.wish.continue !== true;
    this.#choice = settings.choice;
    this.#effort = settings.effort;
    this.#warnings = [...settings.configured.warnings];
    this.#turns = new TurnRunner(open.runtime, desk, open.bus);
    this.#commands = new CommandTable(this);
    open.bus.listen((event) => {
      if (event.type === "runtime.warning") this.#warnings.push(event.data.message);
      // Turns that wakes begin are undone by themselves, too.
      if (event.type === "turn.started" && event.sessionId === this.#sessionId) open.files.begin();
    });
  }

  /**
   * Opens the runtime and the session, and finishes what an earlier process left of it.
   *
   * @throws {UsageError} when the session is not stored
   */
  static async open(settings: HostSettings): Promise<CodingHost> {
    const desk = new ApprovalDesk(settings.approval);
    const open = await openRuntime(settings, desk);
    try {
      return new CodingHost(settings, desk, open, await openSession(open.runtime, open.harnessId, settings.wish));
    } catch (error) {
      await open.runtime.close();
      throw error;
    }
  }

  /** What it was opened with, and the model that is used now. */
  get settings(): HostSettings {
    return { ...this.#settings, choice: this.#choice };
  }

  /** The runtime, for what has no method here. */
  get runtime(): LocalRuntime {
    return this.#open.runtime;
  }

  /** The session that is talked to now. */
  get sessionId(): SessionId {
    return this.#sessionId;
  }

  /** Whether nothing was said yet. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Keeps what went wrong, for `/mcp` and the log. */
  warn(error: unknown): void {
    this.#warnings.push(error instanceof Error ? error.message : String(error));
  }

  /** What went wrong without ending anything, such as a server that could not be started. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Goes on with a turn of an earlier process; its questions are asked. */
  async takeUp(): Promise<void> {
    const ended = this.#open.files.beginTakingUp();
    let tookUp = true;
    try {
      tookUp = await orBusyElsewhere(this.#turns.takeUp(this.#sessionId));
    } finally {
      ended(tookUp);
    }
  }

  /** See {@linkcode InteractiveHost.facts}. */
  facts(): HostFacts {
    return {
      provider: this.#choice.provider,
      model: this.#choice.model.model,
      approval: this.desk.level,
      workspace: this.settings.folders.workspace,
      sessionId: this.#sessionId,
      ...(this.#effort === undefined ? {} : { effort: this.#effort }),
    };
  }

  /** See {@linkcode InteractiveHost.commands}. */
  commands(): readonly CommandInfo[] {
    return this.#commands.list();
  }

  /** Reads what skills and capabilities add to the commands; a server that hangs may keep it waiting. */
  async loadCommands(): Promise<void> {
    try {
      await this.#commands.refresh();
    } catch (error) {
      this.warn(error);
    }
  }

  /** See {@linkcode InteractiveHost.events}; after `/clear` they are those of the new session. */
  async *events(signal: AbortSignal): AsyncGenerator<Event> {
    while (!signal.aborted) {
      const replaced = new AbortController();
      const { promise } = this.#session;
      promise.then(() => replaced.abort());
      const until = AbortSignal.any([signal, replaced.signal]);
      yield* this.runtime.subscribe(this.#sessionId, { after: 0, signal: until });
      if (!replaced.signal.aborted) return;
    }
  }

  /** See {@linkcode InteractiveHost.storedUntil}. */
  async storedUntil(): Promise<number> {
    return await lastSequence(this.runtime, this.#sessionId);
  }

  /** See {@linkcode InteractiveHost.submit}. */
  async submit(text: string, signal: AbortSignal): Promise<SubmitOutcome> {
    const outcome = await this.interpret(text, signal);
    if (outcome.type !== "prompt") return outcome;
    // Ctrl+C may come in one breath with Enter, when there is no turn to cancel yet.
    signal.throwIfAborted();
    await this.begin(outcome.text);
    return { type: "turn" };
  }

  /** Runs a line that is a command; a prompt is only told to be one. */
  async interpret(text: string, signal: AbortSignal): Promise<LineOutcome> {
    return await this.#commands.run(text, signal);
  }

  /** Starts a turn on a text, or joins the running one; resolves when the text is stored. */
  async begin(text: string): Promise<void> {
    const message = this.#messageOf(text);
    if (await orBusyElsewhere(this.#turns.join(this.#sessionId, message))) return;
    await orBusyElsewhere(this.#start(text, message).accepted);
  }

  /** Runs a turn to its end; for those who show nothing on the way. */
  async runTurn(text: string, images: readonly InputContentPart[] = []): Promise<TurnResult> {
    const message = this.#messageOf(text);
    // Providers refuse an empty text beside an image.
    const content = message.content.filter((part) => part.type !== "text" || part.text.trim() !== "");
    const { result } = this.#start(text, { ...message, content: [...content, ...images] });
    return await orBusyElsewhere(result);
  }

  /** Ends a turn that waits for an answer: whoever says something else does not give one. */
  async dropQuestion(): Promise<void> {
    const isAsking = await this.runtime.status(this.#sessionId) === "waiting_for_tool_results";
    if (isAsking) await this.#turns.cancel(this.#sessionId);
  }

  /** The change a file tool made to a path, once. */
  takeChange(path: string): FileChange | undefined {
    return this.#open.files.takeChange(path);
  }

  /**
   * From now on schedules of this session fire, and what other processes left behind is looked after.
   *
   * Those of other sessions stay pending until somebody opens them.
   */
  startBackground(): void {
    this.runtime.local.startBackground({ schedules: { routableSessions: () => [this.#sessionId] } });
  }

  /** See {@linkcode InteractiveHost.cancel}. */
  cancel(): boolean {
    const isRunning = this.#turns.isActive(this.#sessionId);
    this.#turns.cancel(this.#sessionId).catch(() => {});
    return isRunning;
  }

  /** See {@linkcode InteractiveHost.onApproval}. */
  onApproval(ask: Ask): void {
    this.desk.onAsk(ask);
  }

  /** See {@linkcode InteractiveHost.onFacts}. */
  onFacts(changed: () => void): void {
    this.#factsListeners.add(changed);
  }

  /** Calls that are told about every event of every session, until the returned function is called. */
  listen(listener: (event: Event) => void): () => void {
    return this.#open.bus.listen(listener);
  }

  /** Another model from the next turn on. */
  async useModel(text: string): Promise<void> {
    const [provider, model] = splitModel(text, this.#choice.provider);
    const isSame = provider === this.#choice.provider;
    const choice = isSame
      ? { ...this.#choice, model: { ...this.#choice.model, model: model ?? this.#choice.model.model } }
      : chooseProvider({ provider, model }, this.settings.env);
    await this.runtime.local.runtimeBackends.slots.providerStore.setDefaultModel(choice.model);
    this.#choice = choice;
    this.#changed();
  }

  /** Another effort from the next turn on; undefined is the model's own. */
  useEffort(effort: string | undefined): void {
    this.#effort = effort;
    this.#changed();
  }

  /** Another approval level from now on. */
  useLevel(level: ApprovalLevel): void {
    this.desk.level = level;
    this.#changed();
  }

  /** Takes the file changes of the last turn back; the agent learns it with the next message. */
  async undo(): Promise<UndoOutcome> {
    if (this.#turns.isActive(this.#sessionId)) return { type: "refused", reason: "a turn runs; cancel it first" };
    const outcome = await this.#open.files.undo();
    // A new session knows nothing of those changes.
    if (outcome.type === "undone" && !this.#isEmpty) {
      this.#note = `(The user took back the changes of your last turn to these files: ${outcome.paths.join(", ")}.)`;
    }
    return outcome;
  }

  /** Begins a new session; the old one stays stored. */
  async clear(): Promise<void> {
    if (this.#turns.isActive(this.#sessionId)) await this.#turns.cancel(this.#sessionId);
    this.#sessionId = await newSession(this.runtime, this.#open.harnessId);
    this.#isEmpty = true;
    this.#note = undefined;
    this.desk.forgetAlways();
    const { resolve } = this.#session;
    this.#session = Promise.withResolvers();
    resolve();
    this.#changed();
  }

  /** Ends what runs and closes the stores. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#turns[Symbol.dispose]();
    await this.runtime.close();
  }

  #start(text: string, message: InputMessage): ReturnType<TurnRunner["start"]> {
    this.#open.files.begin();
    this.#isEmpty = false;
    const sessionId = this.#sessionId;
    const turn = this.#turns.start(sessionId, message);
    turn.accepted.then(() => titleSession(this.runtime, sessionId, text)).catch(() => {});
    return turn;
  }

  #messageOf(text: string): InputMessage {
    const note = this.#note;
    this.#note = undefined;
    return userMessage(note === undefined ? text : `${note}\n\n${text}`, controlsOf(this.#effort));
  }

  #changed(): void {
    for (const changed of this.#factsListeners) changed();
  }
}

/** `provider:model`, a model of the provider that is used, or the usual one of `provider:`. */
function splitModel(text: string, current: string): readonly [provider: string, model: string | undefined] {
  const match = /^(openai|openai_completions|anthropic|gemini|openrouter|azure_openai|ollama|llmsim):(.*)$/.exec(text);
  return match === null ? [current, text] : [match[1] ?? current, match[2] || undefined];
}
