/** Permits of background work: how much of it may run at once. */

import { ToolError } from "../errors.ts";
import type { SessionId } from "../records/ids.ts";
import type { SessionTaskRegistry } from "../ports/task_registry.ts";

/** Background runs of one session at once. */
const PER_SESSION = 5;
/** Background runs of one process at once. */
const PER_PROCESS = 64;

/** Options of {@linkcode BackgroundPermits}. */
export interface BackgroundPermitLimits {
  /** Background runs of one session at once. @default {5} */
  readonly perSession?: number;
  /** Background runs of one process at once. @default {64} */
  readonly perProcess?: number;
}

/** Counts background runs of this process; all kinds of them share one count. */
export class BackgroundPermits {
  readonly #perSession: number;
  readonly #perProcess: number;
  readonly #held = new Map<SessionId, number>();
  #total = 0;

  /** Begins with nothing running. */
  constructor(limits: BackgroundPermitLimits = {}) {
    this.#perSession = limits.perSession ?? PER_SESSION;
    this.#perProcess = limits.perProcess ?? PER_PROCESS;
  }

  /**
   * Takes a permit for one run of a session; dispose it, once or more often, when the run has ended.
   *
   * @throws {ToolError} when the session or the process runs as many as it may
   */
  acquire(sessionId: SessionId): Disposable {
    const held = this.#held.get(sessionId) ?? 0;
    if (held >= this.#perSession) throw tooMany("this session", this.#perSession, held);
    if (this.#total >= this.#perProcess) throw tooMany("this process", this.#perProcess, this.#total);
    return this.#take(sessionId, held);
  }

  /** Takes a permit for a run that was permitted before a crash and goes on: it counts, whatever the limits say. */
  resume(sessionId: SessionId): Disposable {
    return this.#take(sessionId, this.#held.get(sessionId) ?? 0);
  }

  #take(sessionId: SessionId, held: number): Disposable {
    this.#held.set(sessionId, held + 1);
    this.#total += 1;
    let isHeld = true;
    return {
      [Symbol.dispose]: (): void => {
        if (!isHeld) return;
        isHeld = false;
        this.#total -= 1;
        const left = (this.#held.get(sessionId) ?? 1) - 1;
        if (left > 0) this.#held.set(sessionId, left);
        else this.#held.delete(sessionId);
      },
    };
  }
}

function tooMany(of: string, limit: number, held: number): ToolError {
  return new ToolError(
    `Cannot start background work: ${of} may run ${limit} at once and this would be number ${held + 1};` +
      " wait for one to end or cancel it",
    { fields: { limit, attempted: held + 1 } },
  );
}

const shared = new WeakMap<SessionTaskRegistry, BackgroundPermits>();

/** The permits that all background work kept in a registry shares. */
export function permitsOf(registry: SessionTaskRegistry): BackgroundPermits {
  let permits = shared.get(registry);
  if (permits === undefined) {
    permits = new BackgroundPermits();
    shared.set(registry, permits);
  }
  return permits;
}
