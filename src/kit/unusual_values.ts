/** Values JSON has no word for, as the nearest thing it has one for. */

import { messageOf } from "../errors.ts";

/** The bytes of a binary value. */
export interface BinaryValue {
  /** Name of its class. */
  readonly type: string;
  /** A view of its bytes. */
  readonly bytes: Uint8Array;
}

/** The bytes of a buffer or of a view of single bytes; undefined for anything else, also for a list of numbers. */
export function binaryOf(value: object): BinaryValue | undefined {
  if (value instanceof Uint8Array) {
    return { type: "Uint8Array", bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) };
  }
  if (value instanceof ArrayBuffer) return { type: "ArrayBuffer", bytes: new Uint8Array(value) };
  if (value instanceof SharedArrayBuffer) return { type: "SharedArrayBuffer", bytes: new Uint8Array(value) };
  if (value instanceof DataView || value instanceof Uint8ClampedArray) {
    const type = value instanceof DataView ? "DataView" : "Uint8ClampedArray";
    return { type, bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength) };
  }
  return undefined;
}

/** Items that are made one at a time, in order. */
export class LazyList {
  /** How many there are. */
  readonly length: number;
  /** The next item; asked at most `length` times. */
  readonly next: (index: number) => unknown;

  /** Makes a list. */
  constructor(length: number, next: (index: number) => unknown) {
    this.length = length;
    this.next = next;
  }
}

/** A `Map` with more entries is not looked through for keys that are not text. */
const MAX_OBJECT_ENTRIES = 10_000;

// The intrinsic iterators: a subclass may have an endless one of its own.
const mapKeys = Map.prototype.keys;
const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;

/**
 * A list, plain object or scalar that stands for an object of a class; the object itself when nothing does.
 *
 * May throw what the object throws.
 */
export function unwrap(value: object): unknown {
  if (value instanceof Error) return { name: nameOf(value), message: messageOf(value) };
  if (value instanceof Map) return unwrapMap(value);
  if (value instanceof Set) return fromIterator(value.size, setValues.call(value));
  if (ArrayBuffer.isView(value)) {
    return new LazyList(Number(Reflect.get(value, "length")), (index) => Reflect.get(value, index));
  }
  if (value instanceof RegExp) return `${value}`;
  if (value instanceof Promise) return "[promise]";
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return value.valueOf();
  return value;
}

function unwrapMap(map: Map<unknown, unknown>): unknown {
  if (map.size > MAX_OBJECT_ENTRIES || !mapKeys.call(map).every((key) => typeof key === "string")) {
    return fromIterator(map.size, mapEntries.call(map));
  }
  const members: Record<string, unknown> = Object.create(null);
  for (const [key, member] of mapEntries.call(map)) members[String(key)] = member;
  return members;
}

function fromIterator(length: number, iterator: Iterator<unknown>): LazyList {
  return new LazyList(Number(length), () => iterator.next().value);
}

function nameOf(error: Error): unknown {
  try {
    return String(error.name);
  } catch {
    return "Error";
  }
}
