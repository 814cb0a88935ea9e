/**
 * A data folder with tasks in it, which any number of "processes" open.
 *
 * @module
 */

import { join } from "node:path";
import { Owners } from "../../../local/owners.ts";
import { Connection } from "../../../local/sqlite/connection.ts";
import { LocalSessionTaskRegistry, type LocalTaskRegistryOptions } from "../../../local/tasks/registry.ts";
import type { WakeDelivery } from "../../../local/wakes/delivery.ts";
import { IdSource } from "../../../src/kit/ids.ts";
import { idFromSeed, type SessionId } from "../../../src/records/ids.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
import { tempFolder } from "../_support/temp_folder.ts";

export const SESSION: SessionId = idFromSeed("session", 1);
export const OTHER_SESSION: SessionId = idFromSeed("session", 2);

/** What stands for one process: its own connection, owners and registry. */
export interface Process extends Disposable {
  readonly connection: Connection;
  readonly owners: Owners;
  readonly registry: LocalSessionTaskRegistry;
  /** Ends it as a crash would: its lock is freed, nothing is settled. */
  die(): void;
}

/** A data folder on a clock that stands still. */
export interface DataFolder extends Disposable {
  readonly clock: FakeClock;
  readonly path: string;
  open(options?: Partial<LocalTaskRegistryOptions>): Process;
}

/** Makes a data folder; whatever was opened in it is closed with it. */
export function dataFolder(): DataFolder {
  const folder = tempFolder();
  const clock = new FakeClock();
  const opened: Process[] = [];
  let seed = 0;
  return {
    clock,
    path: join(folder.path, "local.db"),
    open(options = {}): Process {
      seed++;
      const connection = Connection.open(join(folder.path, "local.db"));
      const owners = new Owners(join(folder.path, "owners"));
      const ids = new IdSource(clock, seededRandom(seed));
      const registry = new LocalSessionTaskRegistry({
        connection,
        owners,
        workerId: `worker_${seed}`,
        clock,
        ids,
        ...options,
      });
      const close = (): void => {
        registry[Symbol.dispose]();
        owners[Symbol.dispose]();
        connection.close();
      };
      const process = { connection, owners, registry, die: close, [Symbol.dispose]: close };
      opened.push(process);
      return process;
    },
    [Symbol.dispose](): void {
      for (const process of opened) process[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Sessions that keep each key once, as the journal does, and fail as they are told to. */
export class FakeDelivery implements WakeDelivery {
  /** The texts each session got, with their keys. */
  readonly got: { sessionId: SessionId; text: string; key: string }[] = [];
  /** Every call, also those that failed or brought nothing new. */
  readonly calls: string[] = [];
  /** Sessions nobody can deliver to now. */
  readonly blocked: Set<SessionId> = new Set<SessionId>();
  /** What a delivery to a session does first; throws or waits. */
  readonly before: Map<SessionId, (signal: AbortSignal | undefined) => unknown> = new Map();

  async deliver(sessionId: SessionId, text: string, key: string, signal?: AbortSignal): Promise<void> {
    this.calls.push(key);
    await this.before.get(sessionId)?.(signal);
    if (!this.got.some((one) => one.key === key)) this.got.push({ sessionId, text, key });
  }

  canDeliver(sessionId: SessionId): Promise<boolean> {
    return Promise.resolve(!this.blocked.has(sessionId));
  }
}
