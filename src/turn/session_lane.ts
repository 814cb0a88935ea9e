/** Sessions' lanes: each one's turns run one at a time, in order, with a bounded queue. */

import { QueueFullError, RuntimeClosedError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import { ConfigCache, SharedFolds } from "../context/config_cache.ts";
import { SessionHistory } from "./history.ts";
import type { PendingInput, SessionShare, TurnRun } from "./turn_run.ts";

/** Work that waits for the session. */
interface Job {
  run(): Promise<void>;
  reject(error: unknown): void;
}

/** What a session's turns share, and the queue they stand in. */
export class SessionLane implements SessionShare {
  /** The session. */
  readonly sessionId: SessionId;
  /** The history up to the last commit. */
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

  /**
   * Runs a job when all earlier ones are over.
   *
   * @throws {QueueFullError} when too many wait
   * @throws the signal's reason when it is aborted while the job waits
   */
  enqueue<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (!this.#busy) {
      this.#busy = true;
      return this.#settle(job());
    }
    if (this.#jobs.length >= this.#limit) {
      return Promise.reject(new QueueFullError("turn of this session", this.#limit));
    }
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        const at = this.#jobs.indexOf(entry);
        if (at >= 0) this.#jobs.splice(at, 1);
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
  }
}

/** Rough cost of a session that is remembered, besides its history, in bytes. */
const LANE_BYTES = 2000;

/** Lanes by session; the caches of idle ones are kept within a cap, the longest unused go first. */
export class Lanes {
  readonly #lanes = new Map<SessionId, SessionLane>();
  readonly #folds = new SharedFolds();
  readonly #queueLimit: number;
  readonly #maxBytes: number;
  #bytes = 0;

  /** Keeps at most so many bytes of idle sessions. */
  constructor(queueLimit: number, maxBytes: number) {
    this.#queueLimit = queueLimit;
    this.#maxBytes = maxBytes;
  }

  /** The lane of a session. */
  get(sessionId: SessionId): SessionLane {
    let lane = this.#lanes.get(sessionId);
    if (lane === undefined) {
      lane = new SessionLane(sessionId, this.#queueLimit, this.#folds);
      this.#lanes.set(sessionId, lane);
    }
    return lane;
  }

  /** Whether a turn of the session runs. */
  isRunning(sessionId: SessionId): boolean {
    return this.#lanes.get(sessionId)?.current !== undefined;
  }

  /** Counts what a lane keeps after a turn and drops what is over the cap. */
  used(lane: SessionLane): void {
    this.#lanes.delete(lane.sessionId);
    this.#lanes.set(lane.sessionId, lane);
    const bytes = LANE_BYTES + lane.history.bytes;
    this.#bytes += bytes - lane.countedBytes;
    lane.countedBytes = bytes;
    if (this.#bytes <= this.#maxBytes) return;
    for (const [sessionId, other] of this.#lanes) {
      if (this.#bytes <= this.#maxBytes) return;
      if (!other.idle || other === lane) continue;
      this.#bytes -= other.countedBytes;
      this.#lanes.delete(sessionId);
    }
  }

  /** Refuses everything that waits and forgets all lanes. */
  close(): void {
    for (const lane of this.#lanes.values()) lane.close();
    this.#lanes.clear();
  }
}
