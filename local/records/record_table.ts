/** Records of one kind as rows: JSON with a revision and a hash, and a cache that hands out the same objects. */

import { NotFoundError } from "../../src/errors.ts";
import type { Agent, Harness } from "../../src/records/harness.ts";
import { isId, parseId } from "../../src/records/ids.ts";
import type { Session } from "../../src/records/session.ts";
import { toPlainJson } from "../../src/kit/plain_json.ts";
import { CorruptRecordError } from "../errors.ts";
import type { Connection } from "../sqlite/connection.ts";
import { encodeJson, numberOf, parseJson, type SqlRow, textOf } from "../sqlite/row.ts";
import { checkRow, rowHash } from "../sqlite/row_hash.ts";
import { toStoredJson } from "./stored_json.ts";

/** The record type of each kind. */
export interface RecordKinds {
  /** A harness. */
  readonly harness: Harness;
  /** An agent. */
  readonly agent: Agent;
  /** A session. */
  readonly session: Session;
}

/** Options of {@linkcode RecordTable}. */
export interface RecordTableOptions {
  /** Most records that are kept in memory. @default {10000} */
  readonly cacheSize?: number;
}

const SELECT_REVISION = "SELECT revision FROM record WHERE id = ?";
const SELECT = "SELECT id, revision, body, hash FROM record WHERE id = ?";
const LIST = "SELECT id, revision FROM record WHERE kind = ? ORDER BY position DESC";
const INSERT = "INSERT INTO record (kind, id, revision, body, hash) VALUES (?, ?, ?, ?, ?)";
const UPDATE = "UPDATE record SET revision = ?, body = ?, hash = ? WHERE id = ?";
const SECRET_ADVICE = "put { secretRef } in its place and give the value through the host's secrets";

/** A record as it was read or written last. */
interface Known<R> {
  readonly revision: number;
  readonly record: R;
}

/**
 * The records of one kind.
 *
 * Records are deeply frozen plain JSON. A read asks the store only for the record's revision as long as it has not
 * changed, and gives the same object each time: what is folded from it may be cached by identity. A change of another
 * process is seen by the next read.
 */
export class RecordTable<K extends keyof RecordKinds> {
  readonly #connection: Connection;
  readonly #kind: K;
  readonly #cacheSize: number;
  /** The least recently read one first. */
  readonly #known = new Map<string, Known<RecordKinds[K]>>();

  /** Records of one kind in a store. */
  constructor(connection: Connection, kind: K, options: RecordTableOptions = {}) {
    this.#connection = connection;
    this.#kind = kind;
    this.#cacheSize = options.cacheSize ?? 10_000;
  }

  /**
   * The record, or undefined.
   *
   * @throws {CorruptRecordError} when its row is damaged
   */
  get(id: string): RecordKinds[K] | undefined {
    const known = this.#known.get(id);
    // SQLite would cut an id at NUL and find another record.
    if (known === undefined && !isId(this.#kind, id)) return undefined;
    if (known !== undefined) {
      const row = this.#connection.get(SELECT_REVISION, id);
      if (row?.["revision"] === known.revision) {
        this.#remember(id, known);
        return known.record;
      }
    }
    const read = this.#read(id);
    if (read === undefined) return undefined;
    this.#remember(id, read);
    return read.record;
  }

  /** All records, the one added last first; damaged ones are left out: reading one of them throws. */
  list(): RecordKinds[K][] {
    return this.#connection.all(LIST, this.#kind).flatMap((row) => {
      const id = textOf(row, "id");
      const known = this.#known.get(id);
      if (known !== undefined && known.revision === row["revision"]) return [known.record];
      try {
        const read = this.#read(id);
        return read === undefined ? [] : [read.record];
      } catch (error) {
        if (error instanceof CorruptRecordError) return [];
        throw error;
      }
    });
  }

  /**
   * Inserts or replaces a record; one that is stored already costs no write.
   *
   * @throws {RuntimeError} `secret_in_record` when a secret is in it
   * @throws {TypeError} when it has no id of its kind, or is not JSON otherwise
   */
  async put(record: RecordKinds[K]): Promise<void> {
    const id = parseId(this.#kind, record.id);
    const plain = this.#plain(id, record);
    const body = encodeJson(plain);
    const apply = (): Known<RecordKinds[K]> => {
      const row = this.#connection.get(SELECT, id);
      if (row !== undefined && row["body"] === body && isSound(row)) {
        return { revision: numberOf(row, "revision"), record: plain };
      }
      return { revision: this.#store(id, row, body), record: plain };
    };
    this.#learn(id, await this.#connection.write(apply, { bytes: body.length }));
  }

  /**
   * Replaces a record by what a function makes of it, as one act.
   *
   * @param make gives undefined when there is nothing to change; it may run more than once
   * @returns whether there was something to change
   * @throws {NotFoundError} when there is no such record
   */
  async change(id: string, make: (record: RecordKinds[K]) => RecordKinds[K] | undefined): Promise<boolean> {
    const changed = await this.#connection.write(() => {
      const row = isId(this.#kind, id) ? this.#connection.get(SELECT, id) : undefined;
      if (row === undefined) throw new NotFoundError(this.#kind, id, `add it to the ${this.#kind} store first`);
      const made = make(this.#decode(row).record);
      if (made === undefined) return undefined;
      const record = this.#plain(id, made);
      return { revision: this.#store(id, row, encodeJson(record)), record };
    });
    if (changed === undefined) return false;
    this.#learn(id, changed);
    return true;
  }

  #read(id: string): Known<RecordKinds[K]> | undefined {
    const row = this.#connection.get(SELECT, id);
    return row === undefined ? undefined : this.#decode(row);
  }

  #decode(row: SqlRow): Known<RecordKinds[K]> {
    const id = textOf(row, "id");
    const what = `${this.#kind} "${id}"`;
    checkHash(row, what);
    const plain: unknown = toPlainJson(parseJson(textOf(row, "body"), what), what);
    return { revision: numberOf(row, "revision"), record: plain as RecordKinds[K] };
  }

  /** Writes a row after the one that is there, and gives its revision; inside a write. */
  #store(id: string, row: SqlRow | undefined, body: string): number {
    const revision = row === undefined ? 1 : numberOf(row, "revision") + 1;
    const hash = rowHash(id, String(revision), body);
    if (row === undefined) this.#connection.run(INSERT, this.#kind, id, revision, body, hash);
    else this.#connection.run(UPDATE, revision, body, hash, id);
    return revision;
  }

  #plain(id: string, record: RecordKinds[K]): RecordKinds[K] {
    const plain: unknown = toStoredJson(record, `${this.#kind} "${id}"`, SECRET_ADVICE);
    return plain as RecordKinds[K];
  }

  /** Remembers what was written, unless something newer, or the same as another object, is known already. */
  #learn(id: string, written: Known<RecordKinds[K]>): void {
    const known = this.#known.get(id);
    if (known === undefined || known.revision < written.revision) this.#remember(id, written);
  }

  #remember(id: string, known: Known<RecordKinds[K]>): void {
    this.#known.delete(id);
    this.#known.set(id, known);
    if (this.#known.size <= this.#cacheSize) return;
    const oldest = this.#known.keys().next().value;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function checkHash(row: SqlRow, what: string): void {
  checkRow(row["hash"], what, textOf(row, "id"), String(numberOf(row, "revision")), textOf(row, "body"));
}

function isSound(row: SqlRow): boolean {
  try {
    checkHash(row, "");
    return true;
  } catch (error) {
    if (error instanceof CorruptRecordError) return false;
    throw error;
  }
}
