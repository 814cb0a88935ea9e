/** Frozen copies of plain JSON that came from outside. */

import type { JsonValue } from "../records/json.ts";

/** Deepest nesting of a copy; a circle is found by it. */
const MAX_DEPTH = 256;

/**
 * A frozen copy of a value that is plain JSON; it shares nothing with the value, and storing it changes nothing of it.
 *
 * Members that are undefined are left out, as JSON does. Everything else JSON has no word for is refused rather than
 * changed: dates, maps, functions, NaN, big integers. `what` names the value in messages.
 *
 * @throws {TypeError} when it is not plain JSON, is in a circle or is nested deeper than 256 levels
 */
export function toPlainJson(value: unknown, what: string): JsonValue {
  return copy(value, what, 0);
}

function copy(value: unknown, what: string, depth: number): JsonValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`Cannot store ${what}: ${value} is not JSON`);
      return value === 0 ? 0 : value; // JSON has no -0.
    case "object":
      if (value === null) return null;
      if (depth >= MAX_DEPTH) {
        throw new TypeError(`Cannot store ${what}: it is nested deeper than ${MAX_DEPTH} levels or in a circle`);
      }
      return Array.isArray(value) ? copyList(value, what, depth) : copyObject(value, what, depth);
    default:
      throw new TypeError(`Cannot store ${what}: a value of type ${typeof value} is not JSON`);
  }
}

function copyList(list: readonly unknown[], what: string, depth: number): JsonValue {
  const items: JsonValue[] = [];
  for (let at = 0; at < list.length; at++) items.push(copy(list[at], what, depth + 1));
  return Object.freeze(items);
}

function copyObject(object: object, what: string, depth: number): JsonValue {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== null && !isPlainPrototype(prototype)) {
    throw new TypeError(`Cannot store ${what}: an object of a class is not JSON; give its plain members`);
  }
  const members: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(object)) {
    if (member === undefined) continue;
    const value = copy(member, what, depth + 1);
    // An assignment would set the prototype.
    if (key === "__proto__") {
      Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
    } else members[key] = value;
  }
  return Object.freeze(members);
}

/** Also the `Object.prototype` of another realm. */
function isPlainPrototype(prototype: unknown): boolean {
  return prototype === Object.prototype ||
    (typeof prototype === "object" && prototype !== null && Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype, "isPrototypeOf"));
}
