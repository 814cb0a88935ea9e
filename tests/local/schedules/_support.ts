/** Stores, runners and deliveries for tests of schedules. */

import { join } from "node:path";
import { idFromSeed, type OrgId, type SessionId } from "../../../src/records/ids.ts";
import type { SessionSchedule } from "../../../src/records/schedule.ts";
import { IdSource } from "../../../src/kit/ids.ts";
import { FakeClock } from "../../../src/testing/fake_clock.ts";
import { seededRandom } from "../../../src/testing/seeded_random.ts";
import { Owners } from "../../../local/owners.ts";
import { LocalScheduleRunner, type LocalScheduleRunnerOptions } from "../../../local/schedules/runner.ts";
import { LocalScheduleStore, type LocalScheduleStoreOptions } from "../../../local/schedules/schedule_store.ts";
import type { ScheduleRun } from "../../../local/schedules/schedule_run.ts";
import { Connection } from "../../../local/sqlite/connection.ts";
import { textOf } from "../../../local/sqlite/row.ts";
import { rowHash } from "../../../local/sqlite/row_hash.ts";
import type { WakeDelivery } from "../../../local/wakes/delivery.ts";
import { tempFolder } from "../_support/temp_folder.ts";

/** A session. */
export const SESSION: SessionId = idFromSeed("session", 1);
/** Another session. */
export const OTHER_SESSION: SessionId = idFromSeed("session", 2);
/** The time at which every fake clock starts: a Thursday. */
export const START: number = Date.UTC(2026, 0, 1);
/** One minute. */
export const MINUTE = 60_000;
/** One day. */
export const DAY = 86_400_000;

let processes = 0;

/** A process that has the data folder open. */
export interface Process extends Disposable {
  /** Its connection. */
  readonly connection: Connection;
  /** Its owners. */
  readonly owners: Owners;
  /** A store over them. */
  store(options?: Partial<LocalScheduleStoreOptions>): LocalScheduleStore;
  /** A runner over them that does not poll. */
  start(delivery: WakeDelivery, options?: Partial<LocalScheduleRunnerOptions>): ScheduleRun;
  /** A runner over them that polls. */
  poll(delivery: WakeDelivery, options?: Partial<LocalScheduleRunnerOptions>): ScheduleRun;
  /** Ends it as a crash does: its locks are free and nothing else is done. */
  crash(): void;
}

/** A data folder that processes share, and the time they see. */
export interface World extends Disposable {
  /** The time. */
  readonly clock: FakeClock;
  /** The data folder. */
  readonly path: string;
  /** Opens the folder once more. */
  process(): Process;
}

/** A data folder of its own. */
export function openWorld(): World {
  const folder = tempFolder();
  const clock = new FakeClock();
  const opened: Process[] = [];
  function process(): Process {
    const connection = Connection.open(join(folder.path, "local.db"), { durability: "process-crash" });
    const owners = new Owners(join(folder.path, "owners"));
    const ids = new IdSource(clock, seededRandom(++processes));
    const random = seededRandom(++processes);
    const runner = (delivery: WakeDelivery, options: Partial<LocalScheduleRunnerOptions> = {}): LocalScheduleRunner =>
      new LocalScheduleRunner({ connection, owners, delivery, clock, random, ...options });
    const made: Process = {
      connection,
      owners,
      store: (options = {}) => new LocalScheduleStore({ connection, clock, ids, ...options }),
      start: (delivery, options) => runner(delivery, options).start({ poll: false }),
      poll: (delivery, options) => runner(delivery, options).start(),
      crash: () => owners[Symbol.dispose](),
      [Symbol.dispose]: () => {
        connection.close();
        owners[Symbol.dispose]();
      },
    };
    opened.push(made);
    return made;
  }
  return {
    clock,
    path: folder.path,
    process,
    [Symbol.dispose]: () => {
      for (const each of opened) each[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** A text as a session got it. */
export interface Delivered {
  /** The session. */
  readonly sessionId: SessionId;
  /** The text. */
  readonly text: string;
  /** Its key. */
  readonly key: string;
}

/** Sessions that store each key once. */
export class FakeSessions implements WakeDelivery {
  /** Every call. */
  readonly attempts: Delivered[] = [];
  /** What the sessions have: each key once. */
  readonly messages: Delivered[] = [];
  /** Sessions that cannot take anything now. */
  readonly unreachable: Set<SessionId> = new Set<SessionId>();
  /** Called after a text was stored; what it throws or waits for is what the caller gets. */
  after: (delivered: Delivered, signal?: AbortSignal) => void | Promise<void> = () => {};
  /** Called before a text is stored. */
  before: (delivered: Delivered, signal?: AbortSignal) => void | Promise<void> = () => {};

  /** See {@linkcode WakeDelivery.deliver}. */
  async deliver(sessionId: SessionId, text: string, key: string, signal?: AbortSignal): Promise<void> {
    const delivered = { sessionId, text, key };
    this.attempts.push(delivered);
    await this.before(delivered, signal);
    if (!this.messages.some((message) => message.sessionId === sessionId && message.key === key)) {
      this.messages.push(delivered);
    }
    await this.after(delivered, signal);
  }

  /** See {@linkcode WakeDelivery.canDeliver}. */
  canDeliver(sessionId: SessionId): Promise<boolean> {
    return Promise.resolve(!this.unreachable.has(sessionId));
  }
}

/** A promise that never settles. */
export function never(): Promise<void> {
  return new Promise(() => {});
}

/** Ticks once and waits for the deliveries. */
export async function fire(run: ScheduleRun): Promise<number> {
  const claimed = await run.tick();
  await run.settled();
  return claimed;
}

/** The one schedule of a session. */
export async function onlySchedule(
  store: LocalScheduleStore,
  sessionId: SessionId = SESSION,
): Promise<SessionSchedule> {
  const schedules = await store.listSchedules(sessionId);
  if (schedules.length !== 1) throw new Error(`${schedules.length} schedules`);
  return schedules[0]!;
}

/** Who has claimed a schedule, as its row says. */
export function claimantOf(process: Process, id: string): unknown {
  return process.connection.get("SELECT claimed_by FROM schedule WHERE id = ?", id)?.["claimed_by"];
}

/** Changes the record of a schedule behind the back of the store, hash included. */
export async function rewrite(process: Process, id: string, change: (body: string) => string): Promise<void> {
  const { connection } = process;
  const row = connection.get("SELECT org_id, body, metadata FROM schedule WHERE id = ?", id)!;
  const body = change(textOf(row, "body"));
  const hash = rowHash(textOf(row, "org_id"), body, textOf(row, "metadata"));
  await connection.write(() => connection.run("UPDATE schedule SET body = ?, hash = ? WHERE id = ?", body, hash, id));
}

/** Another organisation. */
export const OTHER_ORG: OrgId = idFromSeed("org", 7);
