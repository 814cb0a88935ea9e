/** The connection to one `local.db`: prepared statements, and grouped transactions. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { StoreError } from "../../src/errors.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { StoreBusyError } from "../errors.ts";
import { migrate, type Migration, MIGRATIONS } from "./migrations.ts";
import { BUSY_TIMEOUT_MS, type Durability, openDatabase } from "./open_database.ts";
import type { SqlList, SqlRow, SqlValue } from "./row.ts";
import { isBusy, storeErrorOf } from "./sqlite_errors.ts";
import { type Job, type Outcome, settle } from "./write_job.ts";

/** Most steps of one transaction. */
const MAX_GROUP = 32;
/** Most bytes of one transaction, as far as the writes tell. */
const MAX_GROUP_BYTES = 256 * 1024;
/** How long a busy store is tried again before the writes are given up. */
const BUSY_DEADLINE_MS = 5000;
/** The shortest and the longest wait between two tries. */
const RETRY_MS: readonly [number, number] = [1, 100];

/** Options of {@linkcode Connection.open}. */
export interface ConnectionOptions {
  /** What a commit survives. @default {"power-loss"} */
  readonly durability?: Durability;
  /** The versions of the schema, oldest first. @default those of this release */
  readonly migrations?: readonly Migration[];
  /** Measures waits for other processes. @default the host's clock */
  readonly clock?: Clock;
}

/** Options of {@linkcode Connection.write}. */
export interface WriteOptions<T> {
  /** Waits for others that become ready in the same turn of the event loop, to share their commit. @default {false} */
  readonly join?: boolean;
  /** About how many bytes it writes. @default {0} */
  readonly bytes?: number;
  /**
   * Looks whether the write is stored, when a commit failed in a way that leaves it open; undefined means it is not.
   *
   * @default the write is reported as failed
   */
  readonly verify?: () => T | undefined;
}

/**
 * One connection to a store.
 *
 * Reads are answered at once. Writes run in IMMEDIATE transactions: those that are ready together share one, and one that
 * throws takes nothing with it. A store that another process keeps locked is
 * tried again asynchronously for 5 s.
 *
 * `path` is opened as it is: check the file first (see `openStore`).
 */
export class Connection implements Disposable {
  /** The file. */
  readonly path: string;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #statements = new Map<string, StatementSync>();
  readonly #listStatements = new Map<string, StatementSync>();
  #db: DatabaseSync;
  #queue: Job[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  /** The group another process's lock keeps from being written. */
  #stalled: { cancel(): void } | undefined;
  #closed = false;

  private constructor(path: string, options: ConnectionOptions) {
    this.path = path;
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
    this.#db = openDatabase(path, options.durability);
  }

  /**
   * Opens a store and brings its schema up to date.
   *
   * @throws {StoreTooNewError} when a newer version wrote it
   * @throws {CorruptStoreError} when it is no store
   * @throws {StoreBusyError} when another process holds the lock right now
   */
  static open(path: string, options: ConnectionOptions = {}): Connection {
    try {
      const connection = new Connection(path, options);
      try {
        migrate(connection.#db, path, options.migrations ?? MIGRATIONS);
        return connection;
      } catch (error) {
        connection.#db.close();
        throw error;
      }
    } catch (error) {
      throw storeErrorOf(error, path, `open store "${path}"`);
    }
  }

  /** The first row, or undefined. */
  get(sql: string, ...params: readonly SqlValue[]): SqlRow | undefined {
    try {
      return this.#statement(sql).get(...params) as SqlRow | undefined;
    } catch (error) {
      throw storeErrorOf(error, this.path, `read from store "${this.path}"`);
    }
  }

  /** All rows. */
  all(sql: string, ...params: readonly SqlValue[]): SqlRow[] {
    try {
      return this.#statement(sql).all(...params) as SqlRow[];
    } catch (error) {
      throw storeErrorOf(error, this.path, `read from store "${this.path}"`);
    }
  }

  /** All rows as lists of their columns, for thousands of them: objects cost twice as much (Deno 2.9.6). */
  lists(sql: string, ...params: readonly SqlValue[]): SqlList[] {
    try {
      const rows: unknown = (this.#listStatements.get(sql) ?? this.#prepare(this.#listStatements, sql)).all(...params);
      return rows as SqlList[];
    } catch (error) {
      throw storeErrorOf(error, this.path, `read from store "${this.path}"`);
    }
  }

  /**
   * Changes rows and tells how many; only inside {@linkcode write}.
   *
   * @throws {StoreError} outside a transaction
   */
  run(sql: string, ...params: readonly SqlValue[]): number {
    if (!this.#db.isOpen || !this.#db.isTransaction) {
      throw new StoreError(`write to store "${this.path}"`, new Error("a change outside write()"));
    }
    return Number(this.#statement(sql).run(...params).changes);
  }

  /**
   * Runs a function inside a transaction and resolves with what it returned, once that is stored.
   *
   * The function is synchronous and may run more than once, so it changes nothing but rows. When it throws, what it
   * did is undone and only this write rejects.
   *
   * @throws {StoreBusyError} when other processes kept the store locked for 5 s
   * @throws {StorageFullError} when the disk is full
   */
  write<T>(apply: () => T, options: WriteOptions<T> = {}): Promise<T> {
    if (this.#closed) return Promise.reject(this.#closedError());
    const { bytes = 0, verify } = options;
    return new Promise((resolve, reject) => {
      const settle = { resolve: resolve as (value: unknown) => void, reject };
      this.#queue.push({ apply, verify, bytes, since: this.#clock.monotonic(), alone: false, ...settle });
      this.#queuedBytes += bytes;
      const full = this.#queue.length >= MAX_GROUP || this.#queuedBytes >= MAX_GROUP_BYTES;
      if (options.join !== true || full) this.#flush();
      else this.#schedule();
    });
  }

  /** Counts commits of other connections: it changes when one of them wrote. */
  dataVersion(): number {
    return Number(this.get("PRAGMA data_version")?.["data_version"]);
  }

  /** Moves what the write-ahead log holds into the file, as far as no reader needs it. */
  checkpoint(): void {
    this.get("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** Writes what waits, or rejects it when the store is locked, and closes the file. */
  close(): void {
    if (this.#closed) return;
    this.#stalled?.cancel();
    this.#stalled = undefined;
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      if (this.#writeGroup(group)) continue;
      this.#rejectAll([...group, ...this.#queue.splice(0)], new StoreBusyError(this.path, BUSY_TIMEOUT_MS));
    }
    this.#closed = true;
    this.#forgetStatements();
    if (this.#db.isOpen) this.#db.close();
  }

  /** See {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Writes the next group, unless one is stalled: it goes first. */
  #flush(): void {
    if (this.#stalled !== undefined || this.#closed || this.#queue.length === 0) return;
    const group = this.#takeGroup();
    if (!this.#writeGroup(group)) this.#stall(group);
    if (this.#queue.length > 0) this.#schedule();
  }

  #takeGroup(): Job[] {
    let count = 0;
    let bytes = 0;
    for (const job of this.#queue) {
      if (count >= MAX_GROUP || count > 0 && (job.alone || bytes + job.bytes > MAX_GROUP_BYTES)) break;
      bytes += job.bytes;
      count++;
      if (job.alone) break;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  /** Waits for another process's lock with jitter that grows; after the deadline the group is given up. */
  #stall(group: readonly Job[], tries: number = 1): void {
    if (this.#clock.monotonic() - (group[0]?.since ?? 0) >= BUSY_DEADLINE_MS) {
      this.#stalled = undefined;
      this.#rejectAll(group, new StoreBusyError(this.path, BUSY_DEADLINE_MS));
      // Not at once: each try may block for a while, and those behind may be many.
      return this.#queue.length > 0 ? this.#schedule() : undefined;
    }
    const [shortest, longest] = RETRY_MS;
    const wait = shortest + Math.random() * Math.min(longest, shortest * 2 ** tries);
    const timer = this.#clock.setTimer(() => {
      if (!this.#writeGroup(group)) return this.#stall(group, tries + 1);
      this.#stalled = undefined;
      this.#flush();
    }, wait);
    const cancel = (): void => {
      timer.cancel();
      this.#queue.unshift(...group);
    };
    this.#stalled = { cancel };
  }

  /** Stores a group in one transaction and settles its jobs; false when another process holds the lock. */
  #writeGroup(group: readonly Job[], together: boolean = group.length > 1): boolean {
    try {
      this.#statement("BEGIN IMMEDIATE").run();
    } catch (error) {
      if (isBusy(error)) return false;
      this.#rejectAll(group, error);
      return true;
    }
    try {
      return this.#writeBegun(group, together);
    } catch (error) {
      // Only undoing a write throws here: the handle is not to be trusted any more.
      this.#settleDoubtful(group, [], error);
      return true;
    }
  }

  #writeBegun(group: readonly Job[], together: boolean): boolean {
    if (together) {
      const values = this.#applyTogether(group);
      if (values !== undefined) this.#commit(group, values);
      return values !== undefined || this.#writeGroup(group, false);
    }
    const outcomes = this.#applyAll(group);
    if (outcomes !== undefined) this.#commit(group, outcomes);
    else if (group.length > 1) this.#splitUp(group);
    return true;
  }

  /**
   * SQLite undid the whole transaction (disk full): who needed too much is found out one by one.
   *
   * Through the queue, so that a lock another process takes in between is waited for as always.
   */
  #splitUp(group: readonly Job[]): void {
    for (const job of group) {
      job.alone = true;
      this.#queuedBytes += job.bytes;
    }
    this.#queue.unshift(...group);
    this.#schedule();
  }

  /**
   * Runs all jobs without savepoints, each of which costs two statements and a copy of every page it changes; undefined
   * when one of them throws, and then nothing is written: which one it was is found out with savepoints.
   */
  #applyTogether(jobs: readonly Job[]): Outcome[] | undefined {
    try {
      return jobs.map((job) => ({ value: job.apply() }));
    } catch {
      if (this.#db.isTransaction) this.#statement("ROLLBACK").run();
      return undefined;
    }
  }

  /** Runs each job in a savepoint; undefined when SQLite ended the transaction, and then a lone job is settled. */
  #applyAll(jobs: readonly Job[]): Outcome[] | undefined {
    const outcomes: Outcome[] = [];
    const alone = jobs.length === 1;
    for (const job of jobs) {
      try {
        if (!alone) this.#statement("SAVEPOINT step").run();
        const value = job.apply();
        if (!alone) this.#statement("RELEASE step").run();
        outcomes.push({ value });
      } catch (thrown) {
        const error = storeErrorOf(thrown, this.path, `write to store "${this.path}"`);
        if (!this.#db.isTransaction) {
          if (alone) job.reject(error);
          return undefined;
        }
        outcomes.push({ error });
        this.#statement(alone ? "ROLLBACK" : "ROLLBACK TO step").run();
        if (!alone) this.#statement("RELEASE step").run();
      }
    }
    return outcomes;
  }

  #commit(jobs: readonly Job[], outcomes: readonly Outcome[]): void {
    if (this.#db.isTransaction) {
      try {
        this.#statement("COMMIT").run();
      } catch (error) {
        return this.#settleDoubtful(jobs, outcomes, error);
      }
    }
    for (const [at, job] of jobs.entries()) settle(job, outcomes[at]);
  }

  /**
   * A commit failed: it may be in the file or not, and the handle is not to be trusted.
   *
   * The file is opened again, and each write looks for what it would have stored. When it cannot be opened now, as on a
   * full disk, the writes are reported as failed and the next use tries again.
   */
  #settleDoubtful(jobs: readonly Job[], outcomes: readonly Outcome[], cause: unknown): void {
    try {
      this.#forgetStatements();
      this.#db.close();
      this.#db = openDatabase(this.path, this.#options.durability);
    } catch {
      return this.#rejectAll(jobs, cause);
    }
    for (const [at, job] of jobs.entries()) {
      const outcome = outcomes[at];
      if (outcome !== undefined && "error" in outcome) {
        job.reject(outcome.error);
        continue;
      }
      try {
        const found = job.verify?.();
        if (found === undefined) this.#rejectAll([job], cause);
        else job.resolve(found);
      } catch (error) {
        this.#rejectAll([job], error);
      }
    }
  }

  #rejectAll(jobs: readonly Job[], error: unknown): void {
    const typed = storeErrorOf(error, this.path, `write to store "${this.path}"`);
    for (const job of jobs) job.reject(typed);
  }

  #statement(sql: string): StatementSync {
    return this.#statements.get(sql) ?? this.#prepare(this.#statements, sql);
  }

  #prepare(known: Map<string, StatementSync>, sql: string): StatementSync {
    if (this.#closed) throw this.#closedError();
    if (!this.#db.isOpen) this.#db = openDatabase(this.path, this.#options.durability);
    const statement = this.#db.prepare(sql);
    // Deno 2.9.6 has it, its types do not.
    if (known === this.#listStatements) Reflect.apply(Reflect.get(statement, "setReturnArrays"), statement, [true]);
    known.set(sql, statement);
    return statement;
  }

  #forgetStatements(): void {
    this.#statements.clear();
    this.#listStatements.clear();
  }

  #closedError(): StoreError {
    return new StoreError(`use store "${this.path}"`, new Error("it is closed"));
  }
}
