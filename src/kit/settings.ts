/** Configurations of capabilities: one table says the schema, what is wrong with a configuration, and what it means. */

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
  /** The value, or undefined when it is not what it has to be. */
  read(value: JsonValue): T | undefined;
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
  problem(config: JsonObject): string | undefined;
  /** Reads a configuration; what is wrong in it counts as not said, so that a session still assembles. */
  read(config: JsonObject): SettingValues<Table>;
}

/**
 * Makes the members of a configuration usable as schema, check and reader.
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
  return {
    schema: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, table[name]!.schema])),
      additionalProperties: false,
    },
    problem: (config) => {
      for (const [name, value] of Object.entries(config)) {
        const setting = Object.hasOwn(table, name) ? table[name] : undefined;
        if (setting === undefined) return `\`${name}\` is no setting of it; there are ${names.join(", ") || "none"}`;
        if (setting.read(value) === undefined) return `\`${name}\` is ${shownValue(value)}, not ${setting.wanted}`;
      }
      return undefined;
    },
    // Every member was read by the setting its type comes from.
    read: (config) =>
      Object.fromEntries(names.map((name) => {
        const setting = table[name]!;
        const value = Object.hasOwn(config, name) ? config[name] : undefined;
        return [name, (value === undefined ? undefined : setting.read(value)) ?? setting.byDefault];
      })) as SettingValues<Table>,
  };
}

/** A whole number within bounds. */
export function wholeNumber(
  byDefault: number,
  bounds: { readonly min: number; readonly max: number },
): Setting<number> {
  const { min, max } = bounds;
  return {
    schema: { type: "integer", minimum: min, maximum: max, default: byDefault },
    wanted: `a whole number from ${min} to ${max}`,
    byDefault,
    read: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? value : undefined,
  };
}

/** Yes or no. */
export function flag(byDefault: boolean): Setting<boolean> {
  return {
    schema: { type: "boolean", default: byDefault },
    wanted: "true or false",
    byDefault,
    read: (value) => typeof value === "boolean" ? value : undefined,
  };
}

/** One of some words. */
export function choice<Word extends string>(byDefault: Word, words: readonly Word[]): Setting<Word> {
  return {
    schema: { type: "string", enum: words, default: byDefault },
    wanted: `one of ${words.join(", ")}`,
    byDefault,
    read: (value) => words.find((word) => word === value),
  };
}

/** A non-empty text. */
export function text(byDefault: string): Setting<string> {
  return {
    schema: { type: "string", minLength: 1, default: byDefault },
    wanted: "a non-empty text",
    byDefault,
    read: (value) => typeof value === "string" && value.trim() !== "" ? value : undefined,
  };
}

/** A list of non-empty texts. */
export function textList(byDefault: readonly string[], maxItems: number): Setting<readonly string[]> {
  return {
    schema: { type: "array", items: { type: "string", minLength: 1 }, maxItems, default: byDefault },
    wanted: `a list of at most ${maxItems} non-empty texts`,
    byDefault,
    read: (value) => {
      if (!Array.isArray(value) || value.length > maxItems) return undefined;
      const texts = value.filter((item: JsonValue): item is string => typeof item === "string" && item.trim() !== "");
      return texts.length === value.length ? texts : undefined;
    },
  };
}

/** Tells whether a value is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
