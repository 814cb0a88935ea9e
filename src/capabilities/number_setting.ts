/** Numbers in the configuration of a capability. */

import type { JsonObject, JsonSchema, JsonValue } from "../records/json.ts";

/** A number a configuration may hold. */
export interface NumberSetting {
  /** Its name. */
  readonly name: string;
  /** What counts when it is absent; undefined means none. */
  readonly byDefault?: number;
  /** Least value. */
  readonly least: number;
  /** Greatest value. */
  readonly most: number;
  /** Whether it may have a fraction. @default {false} */
  readonly fraction?: boolean;
}

/** The setting of a configuration; what is wrong counts as absent, so that a session still assembles. */
export function readNumber(config: JsonObject, setting: NumberSetting): number | undefined {
  const value = ownMember(config, setting.name);
  return fits(value, setting) ? value : setting.byDefault;
}

/** What is wrong with it, for people; undefined when nothing is. */
export function numberProblem(config: JsonObject, setting: NumberSetting): string | undefined {
  const value = ownMember(config, setting.name);
  if (value === undefined || value === null || fits(value, setting)) return undefined;
  const kind = setting.fraction === true ? "number" : "whole number";
  return `\`${setting.name}\` is ${JSON.stringify(value)}, not a ${kind} from ${setting.least} to ${setting.most}`;
}

/** JSON Schema of some settings, by name. */
export function numberSchemas(settings: readonly NumberSetting[]): Record<string, JsonSchema> {
  return Object.fromEntries(settings.map(({ name, byDefault, least, most, fraction }) => [name, {
    type: fraction === true ? "number" : "integer",
    minimum: least,
    maximum: most,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  }]));
}

/** A member the object has itself. */
export function ownMember(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function fits(value: JsonValue | undefined, { least, most, fraction }: NumberSetting): value is number {
  return typeof value === "number" && value >= least && value <= most && (fraction === true || Number.isInteger(value));
}
