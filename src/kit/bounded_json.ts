/** Writing down what a tool returned: any value as plain JSON within a budget, whatever the value does. */

import { Buffer } from "node:buffer";
import type { JsonValue } from "../records/json.ts";
import { measureJsonNumber, measureJsonText } from "./json_size.ts";
import { binaryOf, LazyList, unwrap } from "./unusual_values.ts";

/** Limits of {@linkcode toBoundedJson}. */
export interface JsonLimits {
  /**
   * Most bytes of the value as JSON text; at least 256.
   *
   * @default {65536}
   */
  readonly maxBytes?: number;
  /**
   * Deepest nesting.
   *
   * @default {64}
   */
  readonly maxDepth?: number;
  /**
   * Most members and items looked at, also those that are left out.
   *
   * @default {100000}
   */
  readonly maxItems?: number;
}

/** A value as plain JSON. */
export interface BoundedJson {
  /** Plain JSON that shares nothing with the value. */
  readonly value: JsonValue;
  /** Whether something was left out because of the limits. */
  readonly truncated: boolean;
}

const MAX_BYTES = 65_536;
const MAX_DEPTH = 64;
const MAX_ITEMS = 100_000;
const MIN_BYTES = 256;
/** What the smallest value may take: `"[unreadable]"` and a comma. */
const ROOM_FOR_VALUE = 32;
/** What the note at the end of a list, object or text may take. */
const ROOM_FOR_NOTE = 96;

const UNREADABLE = "[unreadable]";
const CIRCULAR = "[circular]";
const TRUNCATED = "[truncated]";

/**
 * Writes any value down as plain JSON of at most `maxBytes` bytes.
 *
 * It walks the value itself and stops when the budget is used up: `JSON.stringify` would make the whole text first.
 * Nothing the value does makes it throw; what cannot be read becomes `"[unreadable]"`. What JSON has no word for is
 * written as `JSON.stringify` would where it would not fail, and otherwise: big integers as digits, a `Map` as an
 * object (or as pairs when a key is not text), a `Set` as a list, an `Error` as its name and message, bytes as base64,
 * functions, symbols and cycles as a word in brackets.
 *
 * @throws {RangeError} when `maxBytes` is below 256
 */
export function toBoundedJson(value: unknown, limits: JsonLimits = {}): BoundedJson {
  const maxBytes = limits.maxBytes ?? MAX_BYTES;
  if (!(maxBytes >= MIN_BYTES)) throw new RangeError(`Cannot write JSON in ${maxBytes} bytes: at least 256 are needed`);
  const writer = new Writer(maxBytes, limits.maxDepth ?? MAX_DEPTH, limits.maxItems ?? MAX_ITEMS);
  return { value: writer.write(value) ?? null, truncated: writer.truncated };
}

class Writer {
  truncated = false;
  readonly #maxDepth: number;
  /** Bytes left; every method leaves at least what it was told to leave. */
  #bytes: number;
  #items: number;
  /** The objects around the present one. */
  readonly #open: object[] = [];

  constructor(bytes: number, depth: number, items: number) {
    this.#bytes = bytes;
    this.#maxDepth = depth;
    this.#items = items;
  }

  /** Writes a value; undefined when JSON would leave it out. Needs {@linkcode ROOM_FOR_VALUE}. */
  write(value: unknown): JsonValue | undefined {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        if (!Number.isFinite(value)) return this.#word(null, 4);
        this.#bytes -= measureJsonNumber(value);
        return value === 0 ? 0 : value;
      case "boolean":
        return this.#word(value, 5);
      case "undefined":
        return undefined;
      case "bigint":
        return this.#bigint(value);
      case "symbol":
        return this.#text("[symbol]");
      case "function":
        return this.#text("[function]");
      case "object":
        return value === null ? this.#word(null, 4) : this.#guarded(value);
    }
  }

  #guarded(value: object): JsonValue | undefined {
    if (this.#open.includes(value)) return this.#text(CIRCULAR);
    if (this.#open.length >= this.#maxDepth || this.#bytes < 2 + ROOM_FOR_NOTE + ROOM_FOR_VALUE) return this.#tooMuch();
    const bytes = this.#bytes;
    const depth = this.#open.push(value);
    try {
      return this.#object(value);
    } catch {
      // A revoked proxy, a throwing trap or getter. Nothing of the object is kept.
      this.#bytes = bytes;
      return this.#text(UNREADABLE);
    } finally {
      this.#open.length = depth - 1;
    }
  }

  #object(value: object): JsonValue | undefined {
    if (Array.isArray(value)) return this.#list(value.length, (index) => value[index]);
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === Object.prototype || prototype === null;
    const binary = isPlain ? undefined : binaryOf(value);
    if (binary !== undefined) return this.#binary(binary.type, binary.bytes);
    if ("toJSON" in value && typeof value.toJSON === "function") return this.#stand(value, value.toJSON(""));
    return isPlain ? this.#members(value) : this.#stand(value, unwrap(value));
  }

  /** Writes what stands for an object, which may be the object itself; nothing stands for it in turn. */
  #stand(value: object, stand: unknown): JsonValue | undefined {
    if (typeof stand !== "object" || stand === null) return this.write(stand);
    if (stand !== value && this.#open.includes(stand)) return this.#text(CIRCULAR);
    if (stand instanceof LazyList) return this.#list(stand.length, stand.next);
    if (Array.isArray(stand)) return this.#list(stand.length, (index) => stand[index]);
    return this.#members(stand);
  }

  #list(size: unknown, itemAt: (index: number) => unknown): JsonValue {
    const length = Number(size); // A proxy may answer anything.
    this.#bytes -= 2 + ROOM_FOR_NOTE;
    const items: JsonValue[] = [];
    for (let index = 0; index < length; index++) {
      if (this.#bytes < ROOM_FOR_VALUE || --this.#items < 0) {
        items.push(this.#note(`${index} of ${length} items`));
        break;
      }
      this.#bytes -= 1;
      items.push(this.write(readItem(itemAt, index)) ?? this.#word(null, 4));
    }
    this.#bytes += ROOM_FOR_NOTE;
    return items;
  }

  #members(value: object): JsonValue {
    this.#bytes -= 2 + ROOM_FOR_NOTE;
    const keys = Object.keys(value);
    let members: Record<string, JsonValue> = {};
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] ?? "";
      const size = measureJsonText(key, this.#bytes);
      if (size.units < key.length || this.#bytes < size.bytes + 4 + ROOM_FOR_VALUE || --this.#items < 0) {
        members["…"] = this.#note(`${index} of ${keys.length} members`);
        break;
      }
      const before = this.#bytes;
      this.#bytes -= size.bytes + 4;
      const member = this.write(readMember(value, key));
      if (member === undefined) this.#bytes = before;
      else {
        // With a prototype, this name could be its setter.
        if (key === "__proto__") members = Object.assign(Object.create(null), members);
        members[key] = member;
      }
    }
    this.#bytes += ROOM_FOR_NOTE;
    return members;
  }

  #text(text: string): JsonValue {
    const limit = this.#bytes - 2;
    const whole = measureJsonText(text, limit);
    if (whole.units === text.length) {
      this.#bytes -= whole.bytes + 2;
      return text;
    }
    if (limit < ROOM_FOR_NOTE) return this.#tooMuch();
    const kept = measureJsonText(text, limit - ROOM_FOR_NOTE);
    const note = `… [truncated: ${kept.units} of ${text.length} characters]`;
    this.truncated = true;
    this.#bytes -= 2 + kept.bytes + note.length + 2;
    return detach(text.slice(0, kept.units)) + note;
  }

  #bigint(value: bigint): JsonValue {
    // Digits of a huge integer take quadratic time.
    const limit = 2n ** 4096n;
    return this.#text(value < limit && value > -limit ? String(value) : "[big integer]");
  }

  #binary(type: string, bytes: Uint8Array): JsonValue {
    const room = this.#bytes - ROOM_FOR_NOTE - 2;
    const length = Math.min(bytes.length, Math.floor(Math.max(0, room) / 4) * 3);
    const isWhole = length === bytes.length;
    if (!isWhole) this.truncated = true;
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("base64");
    this.#bytes -= base64.length + ROOM_FOR_NOTE;
    return { type, size: bytes.length, base64, ...(isWhole ? {} : { truncated: true }) };
  }

  #note(counts: string): JsonValue {
    this.truncated = true;
    return `… [truncated: ${counts}]`;
  }

  #tooMuch(): JsonValue {
    this.truncated = true;
    return this.#word(TRUNCATED, TRUNCATED.length + 2);
  }

  #word<T extends JsonValue>(value: T, bytes: number): T {
    this.#bytes -= bytes;
    return value;
  }
}

/** One member; a getter that throws spoils only itself. */
function readMember(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return UNREADABLE;
  }
}

/** One item, likewise. */
function readItem(itemAt: (index: number) => unknown, index: number): unknown {
  try {
    return itemAt(index);
  } catch {
    return UNREADABLE;
  }
}

/** A copy that does not keep the text it was cut from in memory; lone surrogates stay as they are. */
function detach(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}
