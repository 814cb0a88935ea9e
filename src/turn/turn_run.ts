/** One running turn: its lease, its commits, its interruption. */

import type { PendingInput, SessionShare } from "./session_share.ts";
import { messageOf, RuntimeError, StoreError } from "../errors.ts";
import type { EventContext, EventDraft, EventType } from "../records/event.ts";
import type { EventDataMap } from "../records/event_data.ts";
import type { JsonValue } from "../records/json.ts";
import type { SessionId } from "../records/ids.ts";
import type { Controls } from "../records/message.ts";
import type { TurnCheckpoint } from "../records/checkpoint.ts";
import type { TurnState } from "../records/turn.ts";
import type { CommittedStep, SessionStep } from "../ports/journal.ts";
import type { CapabilityHooks } from "../ports/capability.ts";
import type { ConfigLayers } from "../context/layers.ts";
import type { ResolvedCapability } from "../context/resolve.ts";
import { assembleTurnContext, type TurnContext } from "../context/turn_context.ts";
import type { RunningTurn } from "../ports/running_turn.ts";
import { lazy } from "../kit/lazy.ts";
import type { KernelPorts } from "./kernel_ports.ts";
import { contextOf } from "./plan.ts";
import { Interrupts, Watchdog } from "./watchdog.ts";

const views = lazy(() => import("./running_turn.ts"));

/** What stopped a turn from the outside. */
export class TurnInterruption extends RuntimeError {
  /** Creates the reason of an interrupted turn. */
  constructor(reason: string | undefined) {
    super("turn_cancelled", reason ?? "The turn was cancelled");
  }
}

/** Whether a store failed or a record is missing: the turn stays open until the host has mended that. */
export function isOfStores(error: unknown): boolean {
  return error instanceof RuntimeError && (error.code === "store_failed" || error.code.endsWith("_not_found"));
}

/** The mutable side of a turn; its plan lives in {@linkcode TurnState}. */
export class TurnRun {
  /** What it runs on. */
  readonly ports: KernelPorts;
  /** What it shares. */
  readonly share: SessionShare;
  /** Ends its waits. */
  readonly interrupts: Interrupts = new Interrupts();
  /** Its deadlines. */
  readonly watchdog: Watchdog;
  /** When it began in this process, on the monotonic clock. */
  readonly startedAt: number;
  /** What its events belong to. */
  readonly eventContext: EventContext;
  /** Inputs that wait for the next step boundary. */
  readonly pending: PendingInput[] = [];
  /** Wishes of the newest user message of the turn. */
  controls: Controls | undefined;
  /** The last non-empty answer. */
  response = "";
  /** The value of the last answer, when it has the form that was asked for. */
  output: JsonValue | undefined;
  /** The session's records as they were read for accepting; the first context is made of them. */
  accepted: { readonly layers: ConfigLayers; readonly epoch: number } | undefined;
  /** Lets go of the caller's signal. */
  detach: (() => void) | undefined;
  /** The first step, when the turn goes on while it is being stored. */
  opening: Promise<unknown> | undefined;
  /** Events of capabilities that go with the next commit. */
  readonly recorded: EventDraft[] = [];
  /** Whether the closing step is decided: nothing joins the turn any more. */
  closed = false;
  /** The planner's state as of the last step. */
  state: TurnState;
  readonly #fence: number;
  #sequence: number;
  #context: TurnContext | undefined;
  #contextEpoch = -1;
  #contextControls: Controls | undefined;
  #contextFailure: { readonly error: unknown } | undefined;
  #broken: unknown;
  #view: RunningTurn | undefined;

  /** Starts or continues a turn under a fence. */
  constructor(ports: KernelPorts, share: SessionShare, state: TurnState, fence: number, lastSequence: number) {
    this.ports = ports;
    this.share = share;
    this.state = state;
    this.startedAt = ports.clock.monotonic();
    this.eventContext = Object.freeze(contextOf(state));
    this.watchdog = new Watchdog(ports.clock);
    this.#fence = fence;
    this.#sequence = lastSequence;
  }

  /** The session. */
  get sessionId(): SessionId {
    return this.state.sessionId;
  }

  /** Why its lease can no longer be used, if so. */
  get broken(): unknown {
    return this.#broken;
  }

  /** Sequence of its last queued step. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Commits a step, then delivers its events.
   *
   * @throws {RuntimeError} whatever the journal says; anything else it throws becomes a {@linkcode StoreError}
   */
  async commit(
    events: readonly EventDraft[],
    options: Pick<SessionStep, "checkpoint" | "release" | "key" | "join"> = {},
  ): Promise<CommittedStep> {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.recorded.length > 0) events = [...this.recorded.splice(0), ...events];
    const expectedSequence = this.#sequence;
    this.#sequence += events.length;
    const { ports, sessionId, opening } = this;
    let done: CommittedStep;
    try {
      done = await ports.journal.commit({
        sessionId,
        owner: ports.owner,
        fence: this.#fence,
        expectedSequence,
        events,
        ...options,
      });
      if (opening !== undefined) await opening;
    } catch (error) {
      this.#broken ??= error instanceof RuntimeError
        ? error
        : new StoreError(`commit to session "${sessionId}"`, error);
      this.interrupts.interrupt(this.#broken);
      throw this.#broken;
    }
    this.share.history.extend(done);
    ports.live.committed(sessionId, done.events);
    return done;
  }

  /** What capabilities may know of the turn; there once its context is. */
  get view(): RunningTurn {
    if (this.#view === undefined) throw new RuntimeError("internal", "Cannot show the turn: it has no context yet");
    return this.#view;
  }

  /** The checkpoint of a state. */
  checkpoint(state: TurnState): TurnCheckpoint {
    return { version: 1, state };
  }

  /** Tells live subscribers, while its lease can be used. */
  live<T extends EventType>(type: T, data: EventDataMap[T]): void {
    if (this.#broken === undefined) this.ports.live.live(this.sessionId, this.eventContext, type, data);
  }

  /** The turn's context as it was last assembled. */
  get assembled(): TurnContext | undefined {
    return this.#context;
  }

  /** The turn's context, assembled once and again when the configuration or the user's wishes changed meanwhile. */
  async context(): Promise<TurnContext> {
    const { share, controls } = this;
    if (this.#contextEpoch === share.epoch && this.#contextControls === controls) {
      // A prompt function that failed is not asked again by whoever needs the context next.
      if (this.#contextFailure !== undefined) throw this.#contextFailure.error;
      if (this.#context !== undefined) return this.#context;
    }
    this.#contextEpoch = share.epoch;
    this.#contextControls = controls;
    this.#contextFailure = undefined;
    try {
      this.#context = await this.#assemble();
      if (this.#context.config.capabilities.length > 0) this.#view ??= (await views()).runningTurn(this);
    } catch (error) {
      this.#contextFailure = { error };
      throw error;
    }
    for (const message of this.#context.warnings) this.live("runtime.warning", { code: "configuration", message });
    return this.#context;
  }

  /** Whoever needs the context gets this error, until the configuration changes. */
  failContext(error: unknown): void {
    this.#contextEpoch = this.share.epoch;
    this.#contextControls = this.controls;
    this.#contextFailure = { error };
  }

  #assemble(): Promise<TurnContext> {
    const { share, state, accepted } = this;
    this.accepted = undefined;
    return this.timed(
      assembleTurnContext(this.ports.sources, {
        sessionId: state.sessionId,
        messages: share.history.messages,
        now: state.facts.acceptedAt,
        cache: share.config,
        ...(accepted?.epoch === share.epoch ? { layers: accepted.layers } : {}),
        ...(this.controls === undefined ? {} : { controls: this.controls }),
        ...(state.facts.locale === undefined ? {} : { locale: state.facts.locale }),
      }),
      this.ports.limits.hookMs * 2,
      "assemble the turn context",
    );
  }

  /** The turn is over: lets go of its timer and of whatever was attached to it. */
  end(): void {
    this.closed = true;
    this.watchdog.dispose();
    this.detach?.();
    this.detach = undefined;
  }

  /** Waits for a host's promise, but no longer than the turn lives and the deadline allows. */
  timed<T>(promise: PromiseLike<T>, milliseconds: number, action: string): Promise<T> {
    return this.bounded(promise, milliseconds, () => {
      throw new RuntimeError("deadline_exceeded", `Cannot ${action}: no answer within ${milliseconds} ms`);
    });
  }

  /** Waits likewise; past the deadline the answer is what `late` returns or throws. */
  bounded<T>(promise: PromiseLike<T>, milliseconds: number, late: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = this.watchdog.arm(milliseconds, () => {
        off();
        try {
          resolve(late());
        } catch (error) {
          reject(error);
        }
      });
      const off = this.interrupts.onInterrupt((reason) => {
        deadline.cancel();
        reject(reason);
      });
      Promise.resolve(promise).then((value) => {
        deadline.cancel();
        off();
        resolve(value);
      }, (error) => {
        deadline.cancel();
        off();
        reject(error);
      });
    });
  }

  /** Reports a hook that failed. */
  hookFailed(hook: `${keyof CapabilityHooks}`, owner: ResolvedCapability, thrown: unknown): void {
    this.warn("hook_failed", hookFailure(hook, owner, thrown));
  }

  /** Reports something that must not stop the turn. */
  warn(code: string, thrown: unknown): void {
    // Redacted before it is cut: half a secret at the end would not be recognised.
    this.live("runtime.warning", { code, message: this.ports.secrets.redact(messageOf(thrown)).slice(0, 500) });
  }
}

/** Whose hook failed with what, for the host. */
export function hookFailure(
  hook: `${keyof CapabilityHooks}`,
  { capability }: ResolvedCapability,
  thrown: unknown,
): string {
  return `Hook ${hook} of capability "${capability.id}" failed: ${messageOf(thrown)}`;
}
