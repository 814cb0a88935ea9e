/** The local platform: other sessions of the runtime, for tools and background work. */

import { RuntimeError } from "../../src/errors.ts";
import type { Agent, Harness } from "../../src/records/harness.ts";
import type { SessionId } from "../../src/records/ids.ts";
import type { Message } from "../../src/records/message.ts";
import type { Session } from "../../src/records/session.ts";
import type { TurnResult } from "../../src/records/turn.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { SessionFiles } from "../../src/ports/file_store.ts";
import type { SessionJournal } from "../../src/ports/journal.ts";
import type { PlatformStore, RecentMessages, SessionOutcome, WaitOptions } from "../../src/ports/platform_store.ts";
import type { DeliverOptions, NewSession } from "../../src/ports/new_session.ts";
import type { BindsSessionHost, SessionHost } from "../../src/ports/session_host.ts";
import type { RuntimeSessionStore } from "../../src/ports/stores.ts";
import { sleep, systemClock } from "../../src/kit/clock.ts";
import type { Mutable } from "../../src/kit/mutable.ts";
import { readLastOutcome } from "./last_outcome.ts";
import { unlessAborted } from "../../src/kit/unless_aborted.ts";

const POLL_MS = 250;
const WAIT_MS = 300_000;
const RECENT_MESSAGES = 20;

/** Options of {@linkcode LocalPlatformStore}. */
export interface LocalPlatformStoreOptions {
  /** Where sessions are kept; the one the runtime uses, so that what is created can run. */
  readonly sessionStore: RuntimeSessionStore;
  /** Where conversations are kept; the one the runtime uses. */
  readonly journal: SessionJournal;
  /**
   * Where people find this platform, for links; an absolute URL.
   *
   * @default {"http://localhost"}
   */
  readonly baseUrl?: string;
  /** Measures waits. @default the host's clock */
  readonly clock?: Clock;
}

/**
 * Creates and talks to sessions of the runtime it is bound to; `build()` binds it.
 *
 * Messages go through the runtime, so turns of a session never run side by side. Reading sessions and messages needs no
 * runtime; everything else is `host_not_bound` without one. Managing harnesses, agents and the deletion of sessions is
 * the host's own affair: those operations are `unsupported_operation`.
 *
 * @example
 * ```ts ignore
 * const platform = new LocalPlatformStore({ sessionStore, journal });
 * const runtime = await builder.backends(backends.withPlatformStore(platform)).build();
 * const child = await platform.createSession({ harnessId, parentSessionId });
 * const turn = await platform.sendMessage(child.id, "Summarize the report.");
 * ```
 */
export class LocalPlatformStore implements PlatformStore, BindsSessionHost {
  /** Where people find this platform, for links. */
  readonly baseUrl: string;
  readonly #sessionStore: RuntimeSessionStore;
  readonly #journal: SessionJournal;
  readonly #clock: Clock;
  #host: SessionHost | undefined;

  /**
   * Works on the stores of a runtime.
   *
   * @throws {TypeError} when `baseUrl` is not an absolute URL
   */
  constructor(options: LocalPlatformStoreOptions) {
    const { baseUrl = "http://localhost" } = options;
    if (!URL.canParse(baseUrl)) {
      throw new TypeError(`Cannot use ${JSON.stringify(baseUrl)} as \`baseUrl\`: expected an absolute URL`);
    }
    this.baseUrl = baseUrl;
    this.#sessionStore = options.sessionStore;
    this.#journal = options.journal;
    this.#clock = options.clock ?? systemClock();
  }

  /** Sets the runtime that runs the sessions; a later one replaces it. */
  bind(host: SessionHost): void {
    this.#host = host;
  }

  /**
   * Creates a session; only what {@linkcode NewSession} names is taken.
   *
   * @throws {NotFoundError} when the harness or agent is not stored
   * @throws {RuntimeError} `session_exists` when the id is taken, `host_not_bound`
   */
  async createSession(session: NewSession): Promise<Session> {
    return await this.#bound("create a session").createSession(onlyNewSession(session));
  }

  /** The session, or undefined. */
  async getSession(id: SessionId): Promise<Session | undefined> {
    return await this.#sessionStore.getSession(id);
  }

  /**
   * All sessions, newest first.
   *
   * @throws {RuntimeError} `unsupported_operation` when the session store cannot list
   */
  async listSessions(): Promise<readonly Session[]> {
    if (this.#sessionStore.listSessions === undefined) throw unsupported("listSessions");
    return await this.#sessionStore.listSessions();
  }

  /**
   * Runs a turn on a text to its end, after the turns of the session that came before; the signal ends the wait alone.
   *
   * @throws {ReentrantTurnError} when called from inside a turn of the session
   * @throws {TurnWaitingError} when the session's open turn waits for its client
   */
  async sendMessage(id: SessionId, text: string, options: DeliverOptions = {}): Promise<TurnResult> {
    const host = this.#bound("send a message");
    options.signal?.throwIfAborted();
    return await unlessAborted(host.run(id, text, keyOf(options)), options.signal);
  }

  /**
   * Hands a text to the session's running turn, or starts one; resolves when it is stored.
   *
   * @throws {TurnWaitingError} when the session's open turn waits for its client
   */
  async deliverMessage(id: SessionId, text: string, options: DeliverOptions = {}): Promise<void> {
    const host = this.#bound("deliver a message");
    options.signal?.throwIfAborted();
    await unlessAborted(host.deliver(id, text, keyOf(options)), options.signal);
  }

  /**
   * Waits until no turn of the session runs, or the time is over; returns what it is doing then.
   *
   * A turn that waits for its client does not run. Looks every 250 ms, the first time at once.
   *
   * @throws {RangeError} when `timeoutMs` is not a number of 0 or more
   * @throws the signal's reason when it is aborted
   */
  async waitForIdle(id: SessionId, options: WaitOptions = {}): Promise<SessionOutcome> {
    const { timeoutMs = WAIT_MS, signal } = options;
    if (!(timeoutMs >= 0)) throw new RangeError(`Cannot wait ${timeoutMs} ms: expected a number of 0 or more`);
    signal?.throwIfAborted();
    const deadline = this.#clock.monotonic() + timeoutMs;
    for (;;) {
      const outcome = await unlessAborted(this.getStatus(id), signal);
      const left = deadline - this.#clock.monotonic();
      if (outcome !== "active" || left <= 0) return outcome;
      await sleep(this.#clock, Math.min(POLL_MS, left), signal);
    }
  }

  /**
   * What the session is doing, or how its last turn ended.
   *
   * @throws {NotFoundError} when the session is not stored
   */
  async getStatus(id: SessionId): Promise<SessionOutcome> {
    const status = await this.#bound("look at a session").status(id);
    return status === "idle" ? await readLastOutcome(this.#journal, id) : status;
  }

  /** The newest messages, oldest first. */
  async getMessages(id: SessionId, query: RecentMessages = {}): Promise<readonly Message[]> {
    return await this.#journal.messages(id, { limit: query.limit ?? RECENT_MESSAGES });
  }

  /** Aborts the session's turn, running or waiting; tells whether there was one. */
  async cancelTurn(id: SessionId, reason?: string): Promise<boolean> {
    return await this.#bound("cancel a turn").cancel(id, reason);
  }

  /** The files of a session. */
  async files(id: SessionId): Promise<SessionFiles> {
    return await this.#bound("reach the files of a session").files(id);
  }

  /** Not supported: throws `unsupported_operation`. */
  deleteSession(): Promise<void> {
    return Promise.reject(unsupported("deleteSession"));
  }

  /** Not supported: throws `unsupported_operation`. */
  listHarnesses(): Promise<readonly Harness[]> {
    return Promise.reject(unsupported("listHarnesses"));
  }

  /** Not supported: throws `unsupported_operation`. */
  createHarness(): Promise<Harness> {
    return Promise.reject(unsupported("createHarness"));
  }

  /** Not supported: throws `unsupported_operation`. */
  deleteHarness(): Promise<void> {
    return Promise.reject(unsupported("deleteHarness"));
  }

  /** Not supported: throws `unsupported_operation`. */
  listAgents(): Promise<readonly Agent[]> {
    return Promise.reject(unsupported("listAgents"));
  }

  /** Not supported: throws `unsupported_operation`. */
  createAgent(): Promise<Agent> {
    return Promise.reject(unsupported("createAgent"));
  }

  /** Not supported: throws `unsupported_operation`. */
  deleteAgent(): Promise<void> {
    return Promise.reject(unsupported("deleteAgent"));
  }

  #bound(action: string): SessionHost {
    if (this.#host !== undefined) return this.#host;
    throw new RuntimeError(
      "host_not_bound",
      `Cannot ${action}: no runtime runs the sessions of this platform; build one over backends that hold it`,
    );
  }
}

/** The members a new session may have; a caller's other ones would be stored with it. */
const NEW_SESSION = [
  "id",
  "harnessId",
  "agentId",
  "title",
  "locale",
  "goal",
  "capabilities",
  "networkAccess",
  "parentSessionId",
] as const satisfies readonly (keyof NewSession)[];

function onlyNewSession(session: NewSession): NewSession {
  const clean: Partial<Mutable<NewSession>> = {};
  for (const member of NEW_SESSION) {
    if (session[member] !== undefined) Object.assign(clean, { [member]: session[member] });
  }
  return { ...clean, harnessId: session.harnessId };
}

function keyOf({ idempotencyKey }: DeliverOptions): DeliverOptions {
  return idempotencyKey === undefined ? {} : { idempotencyKey };
}

function unsupported(operation: string): RuntimeError {
  return new RuntimeError(
    "unsupported_operation",
    `Cannot call ${operation}(): the local platform does not manage records; use the stores of its backends`,
    { fields: { operation } },
  );
}
