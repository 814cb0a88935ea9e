/** What members of a configuration can be; a default of undefined makes one that need not be said. */

import { type IdKind, type IdKinds, isId } from "../records/ids.ts";
import type { JsonSchema, JsonValue } from "../records/json.ts";
import { isJsonObject } from "./json_object.ts";
import { defineSettings, type Setting, type SettingTable, type SettingValues } from "./settings.ts";

/** Bounds of a number. */
export interface NumberBounds {
  /** Smallest value. */
  readonly min: number;
  /** Largest value. */
  readonly max: number;
}

/** Most characters of a text. */
const MAX_TEXT = 10_000;

/** A whole number within bounds. */
export function wholeNumber<Default extends number | undefined>(
  byDefault: Default,
  bounds: NumberBounds,
): Setting<number | Default> {
  return numberSetting("integer", byDefault, bounds);
}

/** A number within bounds, fractions included. */
export function anyNumber<Default extends number | undefined>(
  byDefault: Default,
  bounds: NumberBounds,
): Setting<number | Default> {
  return numberSetting("number", byDefault, bounds);
}

/** Yes or no. */
export function flag<Default extends boolean | undefined>(byDefault: Default): Setting<boolean | Default> {
  return {
    schema: { type: "boolean", ...defaultOf(byDefault) },
    wanted: "true or false",
    byDefault,
    read: (value) => typeof value === "boolean" ? value : undefined,
  };
}

/** One of some words. */
export function choice<Word extends string>(byDefault: NoInfer<Word>, words: readonly Word[]): Setting<Word>;
/** One of some words, or nothing. */
export function choice<Word extends string>(byDefault: undefined, words: readonly Word[]): Setting<Word | undefined>;
export function choice<Word extends string>(
  byDefault: Word | undefined,
  words: readonly Word[],
): Setting<Word | undefined> {
  return {
    schema: { type: "string", enum: words, ...defaultOf(byDefault) },
    wanted: `one of ${words.join(", ")}`,
    byDefault,
    read: (value) => words.find((word) => word === value),
  };
}

/** A text that is neither blank nor longer than 10,000 characters. */
export function text<Default extends string | undefined>(byDefault: Default): Setting<string | Default> {
  return {
    schema: { type: "string", minLength: 1, maxLength: MAX_TEXT, ...defaultOf(byDefault) },
    wanted: `a non-empty text of at most ${MAX_TEXT} characters`,
    byDefault,
    read: (value) => isText(value) ? value : undefined,
  };
}

/** The id of a record. */
export function recordId<Kind extends IdKind>(kind: Kind): Setting<IdKinds[Kind] | undefined> {
  return {
    schema: { type: "string" },
    wanted: `the id of a stored ${kind}`,
    byDefault: undefined,
    read: (value) => isId(kind, value) ? value : undefined,
  };
}

/** A list of such texts. */
export function textList(byDefault: readonly string[], maxItems: number): Setting<readonly string[]>;
/** A list of such texts, or nothing. */
export function textList(byDefault: undefined, maxItems: number): Setting<readonly string[] | undefined>;
export function textList(
  byDefault: readonly string[] | undefined,
  maxItems: number,
): Setting<readonly string[] | undefined> {
  return {
    schema: { type: "array", items: { type: "string", minLength: 1 }, maxItems, ...defaultOf(byDefault) },
    wanted: `a list of at most ${maxItems} non-empty texts`,
    byDefault,
    read: (value) => Array.isArray(value) && value.length <= maxItems && value.every(isText) ? value : undefined,
  };
}

/** A table within the table; what is wrong in one of its members leaves the others as they are. */
export function section<Table extends SettingTable>(table: Table): Setting<SettingValues<Table>> {
  const settings = defineSettings(table);
  return {
    schema: settings.schema,
    wanted: "an object",
    byDefault: settings.read({}),
    read: (value) => isJsonObject(value) ? settings.read(value) : undefined,
    problem: (value, place) => isJsonObject(value) ? settings.problem(value, place) : undefined,
  };
}

/** A list of objects of one table. */
export function objectList<Table extends SettingTable>(
  table: Table,
  maxItems: number,
): Setting<readonly SettingValues<Table>[] | undefined> {
  const settings = defineSettings(table);
  return {
    schema: { type: "array", items: settings.schema, maxItems },
    wanted: `a list of at most ${maxItems} objects`,
    byDefault: undefined,
    read: (value) =>
      Array.isArray(value) && value.length <= maxItems && value.every(isJsonObject)
        ? value.map((item) => settings.read(item))
        : undefined,
    problem: (value, place) => {
      if (!Array.isArray(value)) return undefined;
      for (const [index, item] of value.entries()) {
        const problem = isJsonObject(item) ? settings.problem(item, `${place}[${index}]`) : undefined;
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  };
}

/** The setting with what it is about, for the schema: one or more whole sentences. */
export function about<T>(description: string, setting: Setting<T>): Setting<T> {
  return { ...setting, schema: { description, ...setting.schema } };
}

/** A setting that has to be said; one that is not is only found by whoever asks for problems. */
export function required<T>(setting: Setting<T | undefined>): Setting<T> {
  // The reader of the table never gets as far as the default where the check has passed.
  return { ...setting, isRequired: true } as Setting<T>;
}

function numberSetting<Default extends number | undefined>(
  type: "integer" | "number",
  byDefault: Default,
  { min, max }: NumberBounds,
): Setting<number | Default> {
  const isKind = type === "integer" ? Number.isInteger : Number.isFinite;
  return {
    schema: { type, minimum: min, maximum: max, ...defaultOf(byDefault) },
    wanted: `a ${type === "integer" ? "whole number" : "number"} from ${min} to ${max}`,
    byDefault,
    read: (value) => typeof value === "number" && isKind(value) && value >= min && value <= max ? value : undefined,
  };
}

function defaultOf(byDefault: JsonValue | readonly string[] | undefined): JsonSchema {
  return byDefault === undefined ? {} : { default: byDefault };
}

function isText(value: JsonValue): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= MAX_TEXT;
}
