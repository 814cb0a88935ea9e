/** Reading a capability's configuration: checked member by member, with defaults. */

import { messageOf } from "../errors.ts";
import type { JsonObject, JsonValue } from "../records/json.ts";
import { shownValue } from "./shown_value.ts";

/** Bounds of a number. */
export interface NumberBounds {
  /** Smallest value. @default {0} */
  readonly least?: number;
  /** Largest value. @default {Number.MAX_SAFE_INTEGER} */
  readonly most?: number;
}

/**
 * Reads members of a configuration; every mistake is a TypeError or RangeError that names the member.
 *
 * @example
 * ```ts ignore
 * const reader = new ConfigReader(config, ["threshold"]);
 * const threshold = reader.whole("threshold", { least: 1 }) ?? 3;
 * ```
 */
export class ConfigReader {
  readonly #config: JsonObject;
  readonly #place: string;

  /**
   * Reads one object.
   *
   * @throws {TypeError} when it has a member that is not among the known ones
   */
  constructor(config: JsonObject, known: readonly string[], place = "") {
    this.#config = config;
    this.#place = place;
    for (const name of Object.keys(config)) {
      if (known.includes(name)) continue;
      throw new TypeError(`${this.#name(name)} is unknown: expected ${known.join(", ")}`);
    }
  }

  /** A number, or undefined. */
  number(name: string, { least = 0, most = Number.MAX_SAFE_INTEGER }: NumberBounds = {}): number | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      throw new RangeError(`${this.#name(name)} is ${shownValue(value)}: expected a number from ${least} to ${most}`);
    }
    return value;
  }

  /** A whole number, or undefined. */
  whole(name: string, bounds: NumberBounds = {}): number | undefined {
    const value = this.number(name, bounds);
    if (value === undefined || Number.isInteger(value)) return value;
    throw new RangeError(`${this.#name(name)} is ${shownValue(value)}: expected a whole number`);
  }

  /** Text that is not empty and no longer than 10,000 characters, or undefined. */
  text(name: string): string | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "" && value.length <= MAX_TEXT) return value;
    throw new TypeError(`${this.#name(name)} is ${shownValue(value)}: expected text of 1 to ${MAX_TEXT} characters`);
  }

  /** One of some words, or undefined. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new TypeError(`${this.#name(name)} is ${shownValue(value)}: expected ${choices.join(", ")}`);
  }

  /** True or false, or undefined. */
  flag(name: string): boolean | undefined {
    const value = this.#own(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw new TypeError(`${this.#name(name)} is ${shownValue(value)}: expected true or false`);
  }

  /** Texts, or undefined. */
  texts(name: string, most = 1_000): readonly string[] | undefined {
    return this.#list(name, most)?.map((value, index) => {
      if (typeof value === "string" && value !== "" && value.length <= MAX_TEXT) return value;
      throw new TypeError(`${this.#name(name)}[${index}] is ${shownValue(value)}: expected text`);
    });
  }

  /** Readers of the objects of a list, or undefined. */
  objects(name: string, known: readonly string[], most = 100): readonly ConfigReader[] | undefined {
    return this.#list(name, most)?.map((value, index) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw new TypeError(`${this.#name(name)}[${index}] is ${shownValue(value)}: expected an object`);
      }
      return new ConfigReader(value as JsonObject, known, `${this.#place}${name}[${index}].`);
    });
  }

  /** A member that has to be there. */
  required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value;
    throw new TypeError(`${this.#name(name)} is missing`);
  }

  #list(name: string, most: number): readonly JsonValue[] | undefined {
    const value = this.#own(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw new TypeError(`${this.#name(name)} is ${shownValue(value)}: expected a list`);
    if (value.length > most) throw new RangeError(`${this.#name(name)} has more than ${most} entries`);
    return value;
  }

  #own(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#config, name) ? this.#config[name] : undefined;
  }

  #name(name: string): string {
    return `\`${this.#place}${name}\``;
  }
}

const MAX_TEXT = 10_000;

/** What reading a configuration finds wrong, for `validateConfig`; undefined when it can be read. */
export function problemOf(read: (config: JsonObject) => unknown): (config: JsonObject) => string | undefined {
  return (config) => {
    try {
      read(config);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  };
}

/** Reads each configuration once. */
export function readOnce<T>(read: (config: JsonObject) => T): (config: JsonObject) => T {
  const known = new WeakMap<JsonObject, { readonly value: T }>();
  return (config) => {
    let made = known.get(config);
    if (made === undefined) {
      made = { value: read(config) };
      known.set(config, made);
    }
    return made.value;
  };
}
