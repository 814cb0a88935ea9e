/** Configurations of capabilities: one table says the schema, what is wrong with a configuration, and what it means. */

import { messageOf } from "../errors.ts";
import type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";
import { shownValue } from "./shown_value.ts";

/** One member of a configuration. */
export interface Setting<T> {
  /** JSON Schema of its value. */
  readonly schema: JsonSchema;
  /** What its value has to be, in words that follow "is not". */
  readonly wanted: string;
  /** What it is when nothing is said. */
  readonly byDefault: T;
  /** Whether it has to be said. @default {false} */
  readonly isRequired?: boolean;
  /** The value, or undefined when it is not what it has to be. */
  read(value: JsonValue): T | undefined;
  /** What exactly is wrong with a value of several members, in words for people; `place` is its name. */
  problem?(value: JsonValue, place: string): string | undefined;
}

/** The table of a configuration's members. */
export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** What a configuration means: every member of the table with its value. */
export type SettingValues<Table extends SettingTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value> ? Value : never;
};

/** A table made usable. */
export interface Settings<Table extends SettingTable> {
  /** JSON Schema of the configuration. */
  readonly schema: JsonSchema;
  /** What is wrong with a configuration, for people; undefined when nothing is. */
  readonly problem: (config: JsonObject, place?: string) => string | undefined;
  /** Reads a configuration; what is wrong in it counts as not said, so that a session still assembles. */
  readonly read: (config: JsonObject) => SettingValues<Table>;
  /**
   * Reads a configuration that must not be taken for another one, such as that of a guard.
   *
   * @throws {TypeError} when something is wrong with it
   */
  readonly check: (config: JsonObject) => SettingValues<Table>;
}

/**
 * Makes the members of a configuration usable as schema, check and reader.
 *
 * A member without a default may also be null, which says nothing.
 *
 * @example
 * ```ts ignore
 * const settings = defineSettings({ max_bytes: wholeNumber(32_768, { min: 1, max: 65_536 }) });
 * settings.read({}).max_bytes; // 32768
 * settings.problem({ max_bytes: 0 }); // "`max_bytes` is 0, not a whole number from 1 to 65536"
 * ```
 */
export function defineSettings<Table extends SettingTable>(table: Table): Settings<Table> {
  const names = Object.keys(table);
  const required = names.filter((name) => table[name]!.isRequired === true);
  const problem = (config: JsonObject, place = ""): string | undefined => {
    for (const [name, value] of Object.entries(config)) {
      const setting = Object.hasOwn(table, name) ? table[name] : undefined;
      const where = place === "" ? name : `${place}.${name}`;
      if (setting === undefined) return `\`${where}\` is unknown: expected ${names.join(", ") || "no settings"}`;
      if (value === null && setting.byDefault === undefined) continue;
      const inner = setting.problem?.(value, where);
      if (inner !== undefined) return inner;
      if (setting.read(value) === undefined) return `\`${where}\` is ${shownValue(value)}, not ${setting.wanted}`;
    }
    const missing = required.find((name) => !Object.hasOwn(config, name) || config[name] === null);
    return missing === undefined ? undefined : `\`${place === "" ? missing : `${place}.${missing}`}\` is missing`;
  };
  // Every member was read by the setting its type comes from.
  const read = (config: JsonObject): SettingValues<Table> =>
    Object.fromEntries(names.map((name) => {
      const setting = table[name]!;
      const value = Object.hasOwn(config, name) ? config[name] : undefined;
      return [name, (value === undefined ? undefined : setting.read(value)) ?? setting.byDefault];
    })) as SettingValues<Table>;
  return {
    schema: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, table[name]!.schema])),
      ...(required.length === 0 ? {} : { required }),
      additionalProperties: false,
    },
    problem,
    read,
    check: (config) => {
      const found = problem(config);
      if (found !== undefined) throw new TypeError(found);
      return read(config);
    },
  };
}

/** Schema and check of a capability that has no settings. */
export const NO_SETTINGS: Settings<Record<never, never>> = defineSettings({});

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
