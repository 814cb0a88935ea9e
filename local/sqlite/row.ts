/** Reading the columns of a row: what is not of the expected type is a damaged record. */

import type { JsonValue } from "../../src/records/json.ts";
import { CorruptRecordError } from "../errors.ts";

/** What a column may hold and a parameter may be. */
export type SqlValue = string | number | null | Uint8Array;

/** One row; a column that was not selected is undefined. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** One row as a list of its columns. */
export type SqlList = readonly SqlValue[];

/** A text column. */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw wrong(column, "text");
}

/** A text column that may be NULL. */
export function optionalTextOf(row: SqlRow, column: string): string | undefined {
  return row[column] === null ? undefined : textOf(row, column);
}

/** A number column. */
export function numberOf(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw wrong(column, "a number");
}

/** A number column that may be NULL. */
export function optionalNumberOf(row: SqlRow, column: string): number | undefined {
  return row[column] === null ? undefined : numberOf(row, column);
}

/** A column of bytes. */
export function bytesOf(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw wrong(column, "bytes");
}

/** A text column that holds JSON. */
export function jsonOf(row: SqlRow, column: string): JsonValue {
  return parseJson(textOf(row, column), `column "${column}"`);
}

/**
 * Parses stored JSON.
 *
 * @throws {CorruptRecordError} when it is none
 */
export function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptRecordError(what, "it holds no JSON", cause);
  }
}

/**
 * The JSON of a value, safe as SQLite text: `JSON.stringify` escapes NUL and lone surrogates (ECMA-262, 25.5.2.3), which
 * node:sqlite would cut or replace.
 *
 * @throws {TypeError} when the value has no JSON form
 */
export function encodeJson(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`Cannot store ${typeof value}: it has no JSON form`);
  return text;
}

function wrong(column: string, expected: string): CorruptRecordError {
  return new CorruptRecordError(`column "${column}"`, `it does not hold ${expected}`);
}
