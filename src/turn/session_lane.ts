/** Sessions' lanes: each one's turns run one at a time, in order, with a bounded queue. */

import { QueueFullError, RuntimeClosedError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { AcquiredSession } from "../ports/journal.ts";
import { ConfigCache, type SharedFolds } from "../context/config_cache.ts";
import { SessionHistory } from "./history.ts";
import type { ChainLink, KernelPorts } from "./kernel_ports.ts";
import { TurnInterruption, type TurnRun } from "./turn_run.ts";
import type { PendingInput, SessionShare } from "./session_share.ts";

/** Work that waits for the session. */
interface Job {
  run(): Promise<void>;
  reject(error: unknown): void;
}

/** Options of {@linkcode SessionLane.enqueue}. */
export interface EnqueueOptions<T> {
  /** Leaves the queue with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told how to leave the queue with a result, when the job has to wait. */
  readonly queued?: (leave: (result: T) => void) => void;
}

/** What a session's turns share, and the queue they stand in. */
export class SessionLane implements SessionShare {
  /** The session. */
  readonly sessionId: SessionId;
  /** The history up to the last step. */
  history: SessionHistory = new SessionHistory();
  /** The fold of its layers. */
  readonly config: ConfigCache;
  /** Grows when the session's configuration changed through the runtime. */
  epoch = 0;
  /** Bytes of its caches that the kernel has counted. */
  countedBytes = 0;
  /** The turn that runs now. */
  current: TurnRun | undefined;
  readonly #jobs: Job[] = [];
  readonly #limit: number;
  #busy = false;
  #startWaiters: (() => void)[] = [];

  /** Makes an idle lane. */
  constructor(sessionId: SessionId, limit: number, folds: SharedFolds) {
    this.sessionId = sessionId;
    this.config = new ConfigCache(folds);
    this.#limit = limit;
  }

  /** Whether nothing runs or waits. */
  get idle(): boolean {
    return !this.#busy && this.#jobs.length === 0;
  }

  /** Whether a job runs whose turn has not begun yet, or is over already. */
  get isStarting(): boolean {
    return this.#busy && this.current === undefined;
  }

  /** Resolves when the running job has begun its turn, or is over. */
  started(): Promise<void> {
    return new Promise((resolve) => void this.#startWaiters.push(resolve));
  }

  /** Tells those who wait that the running job has begun its turn, or is over. */
  notifyStarted(): void {
    if (this.#startWaiters.length === 0) return;
    for (const resolve of this.#startWaiters.splice(0)) resolve();
  }

  /**
   * Runs a job when all earlier ones are over.
   *
   * @throws {QueueFullError} when too many wait
   * @throws the signal's reason when it is aborted while the job waits
   */
  enqueue<T>(job: () => Promise<T>, options: EnqueueOptions<T> = {}): Promise<T> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (!this.#busy) {
      this.#busy = true;
      return this.#settle(job());
    }
    if (this.#jobs.length >= this.#limit) {
      return Promise.reject(new QueueFullError("turn of this session", this.#limit));
    }
    return new Promise<T>((resolve, reject) => {
      const remove = (): void => {
        signal?.removeEventListener("abort", leave);
        const at = this.#jobs.indexOf(entry);
        if (at >= 0) this.#jobs.splice(at, 1);
      };
      const leave = (): void => {
        remove();
        reject(signal?.reason);
      };
      const entry: Job = {
        run: async () => {
          signal?.removeEventListener("abort", leave);
          await job().then(resolve, reject);
        },
        reject,
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#jobs.push(entry);
      options.queued?.((result) => {
        remove();
        resolve(result);
      });
    });
  }

  /**
   * Lets an input join the running turn.
   *
   * @returns false when there is none, or its end is decided already
   * @throws {QueueFullError} when too many wait
   */
  join(pending: PendingInput): boolean {
    const run = this.current;
    if (run === undefined || run.closed || run.interrupts.interrupted) return false;
    if (run.pending.length >= this.#limit) throw new QueueFullError("input of this turn", this.#limit);
    run.pending.push(pending);
    return true;
  }

  /** Refuses everything that waits. */
  close(): void {
    for (const job of this.#jobs.splice(0)) job.reject(new RuntimeClosedError("run a queued turn"));
  }

  async #settle<T>(running: Promise<T>): Promise<T> {
    try {
      return await running;
    } finally {
      this.#next();
    }
  }

  #next(): void {
    const job = this.#jobs.shift();
    if (job === undefined) this.#busy = false;
    else job.run().finally(() => this.#next());
    this.notifyStarted();
  }
}

/** Rough cost of a session that is remembered, besides its history, in bytes. */
const LANE_BYTES = 2000;

/** What the lanes do when a turn is over. */
export interface LanesOptions {
  /** Told about inputs that came too late for their turn. */
  readonly leftOver: (lane: SessionLane, first: PendingInput, rest: readonly PendingInput[]) => void;
}

/** Lanes by session, and the turns that run in them; the caches of idle ones are kept within a cap. */
export class Lanes {
  readonly #ports: KernelPorts;
  readonly #options: LanesOptions;
  readonly #lanes = new Map<SessionId, SessionLane>();
  /** Lanes without counted bytes: no turn ran in them so far. */
  readonly #unused = new Set<SessionLane>();
  /** A lane that somebody still holds must be found again: two for one session would run side by side. */
  readonly #dropped = new Map<SessionId, WeakRef<SessionLane>>();
  readonly #collected: FinalizationRegistry<SessionId> = new FinalizationRegistry((sessionId) => {
    if (this.#dropped.get(sessionId)?.deref() === undefined) this.#dropped.delete(sessionId);
  });
  readonly #running = new Set<TurnRun>();
  readonly #work = new Set<Promise<unknown>>();
  #bytes = 0;
  #closed = false;

  /** Keeps lanes over the given ports. */
  constructor(ports: KernelPorts, options: LanesOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** The lane of a session. */
  get(sessionId: SessionId): SessionLane {
    let lane = this.#lanes.get(sessionId);
    if (lane === undefined) {
      this.#dropUnused();
      lane = this.#dropped.get(sessionId)?.deref() ??
        new SessionLane(sessionId, this.#ports.limits.maxQueue, this.#ports.folds);
      this.#lanes.set(sessionId, lane);
      this.#unused.add(lane);
    }
    return lane;
  }

  /** Whether no turn may begin any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether a turn of the session runs. */
  isRunning(sessionId: SessionId): boolean {
    return this.#lanes.get(sessionId)?.current !== undefined;
  }

  /** Asks for the lease and reads what is missing of the history. */
  async acquire(lane: SessionLane): Promise<AcquiredSession> {
    const { journal, owner } = this.#ports;
    const acquired = await journal.acquire(lane.sessionId, owner);
    if (lane.history.sequence > acquired.lastSequence) lane.history = new SessionHistory();
    if (lane.history.sequence !== acquired.lastSequence) {
      await lane.history.catchUp(journal, lane.sessionId, acquired.lastSequence);
    }
    return acquired;
  }

  /** Calls a function as part of a turn of a session; the turn it entered is over when it returns. */
  async inTurn<T>(lane: SessionLane, parent: ChainLink | undefined, call: () => Promise<T>): Promise<T> {
    const link: ChainLink = { sessionId: lane.sessionId, parent, active: true };
    try {
      return await this.#ports.chain.run(link, call);
    } finally {
      link.active = false;
      this.leave(lane);
    }
  }

  /** A turn begins to run; a signal may interrupt it. */
  enter(lane: SessionLane, run: TurnRun, signal?: AbortSignal): void {
    this.#running.add(run);
    lane.current = run;
    this.#lanes.set(lane.sessionId, lane);
    lane.notifyStarted();
    if (this.#closed) run.interrupts.interrupt(new TurnInterruption(CLOSED));
    if (signal === undefined) return;
    const onAbort = (): void => run.interrupts.interrupt(new TurnInterruption(abortText(signal)));
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    run.detach = () => signal.removeEventListener("abort", onAbort);
  }

  /** The running turn of a lane is over: inputs that came too late for it are handed on. */
  leave(lane: SessionLane): void {
    const run = lane.current;
    lane.current = undefined;
    if (run === undefined) return;
    run.end();
    this.#running.delete(run);
    this.#count(lane);
    const [first, ...rest] = run.pending.splice(0);
    if (first === undefined) return;
    if (!this.#closed) return this.#options.leftOver(lane, first, rest);
    for (const pending of [first, ...rest]) pending.rejected(new RuntimeClosedError("store an input"));
  }

  /** Lets `close()` wait for some work. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    const done = (): void => {
      this.#work.delete(work);
      this.#dropUnused();
    };
    work.then(done, done);
    return work;
  }

  /** Cancels running turns, refuses queued ones and waits for what is tracked. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const lane of this.#lanes.values()) lane.close();
    for (const run of this.#running) run.interrupts.interrupt(new TurnInterruption(CLOSED));
    await Promise.allSettled([...this.#work]);
    this.#lanes.clear();
  }

  /** Counts what a lane keeps after a turn; the longest unused go when it is too much. */
  #count(used: SessionLane): void {
    const { maxIdleCacheBytes } = this.#ports.limits;
    this.#lanes.delete(used.sessionId);
    this.#lanes.set(used.sessionId, used);
    const bytes = LANE_BYTES + used.history.bytes;
    this.#bytes += bytes - used.countedBytes;
    used.countedBytes = bytes;
    this.#unused.delete(used);
    if (this.#bytes <= maxIdleCacheBytes) return;
    for (const lane of this.#lanes.values()) {
      if (this.#bytes <= maxIdleCacheBytes) return;
      if (lane.idle && lane !== used) this.#drop(lane);
    }
  }

  /** Looks at the two that wait longest, so that lanes go faster than they come. */
  #dropUnused(): void {
    let looks = 2;
    for (const lane of this.#unused) {
      if (--looks < 0) return;
      this.#unused.delete(lane);
      if (lane.idle) this.#drop(lane);
      else this.#unused.add(lane);
    }
  }

  #drop(lane: SessionLane): void {
    this.#bytes -= lane.countedBytes;
    lane.countedBytes = 0;
    lane.history = new SessionHistory();
    this.#lanes.delete(lane.sessionId);
    this.#dropped.set(lane.sessionId, new WeakRef(lane));
    this.#collected.register(lane, lane.sessionId);
  }
}

const CLOSED = "The runtime was closed";

/** The reason of an aborted signal in words. */
export function abortText(signal: AbortSignal | undefined): string | undefined {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason.message : reason === undefined ? undefined : String(reason);
}
