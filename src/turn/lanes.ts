/** The lanes of all sessions, and how long idle ones are remembered. */

import type { SessionId } from "../records/ids.ts";
import { SharedFolds } from "../context/config_cache.ts";
import { SessionLane } from "./session_lane.ts";

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
