/** The `environment_context` capability: facts about where the model works, told anew in every turn. */

import type { JsonObject } from "../records/json.ts";
import type { Capability, CapabilityContext } from "../ports/capability.ts";
import { defineCapability } from "../kit/define_capability.ts";
import { quoteForPrompt } from "../kit/prompt_text.ts";
import { about, flag, text } from "../kit/setting_kinds.ts";
import { isJsonObject } from "../kit/json_object.ts";
import { defineSettings, type Setting } from "../kit/settings.ts";
import { isTimeZone, zonedDate } from "../kit/time_zone_text.ts";

/** Facts by their names; one that is undefined is left out. */
export type EnvironmentFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Options of {@linkcode environmentContext}. */
export interface EnvironmentContextOptions {
  /**
   * Tells the facts of a turn, such as the branch that is checked out; called once per turn.
   *
   * @default no facts but those of the configuration
   */
  readonly facts?: (context: CapabilityContext) => EnvironmentFacts | Promise<EnvironmentFacts>;
}

const MAX_FACTS = 32;
/** Characters of a name, and of a value. */
const MAX_NAME = 64;
const MAX_VALUE = 500;

/** Facts of the configuration: texts, numbers and flags by their names. */
const FACTS: Setting<JsonObject> = {
  schema: { type: "object", additionalProperties: { type: ["string", "number", "boolean"] }, maxProperties: MAX_FACTS },
  wanted: `an object of at most ${MAX_FACTS} texts, numbers and flags`,
  byDefault: {},
  read: (value) => {
    if (!isJsonObject(value)) return undefined;
    const values = Object.values(value);
    return values.length <= MAX_FACTS && values.every(isFact) ? value : undefined;
  },
};

const SETTINGS = defineSettings({
  date: about("Whether the date is told.", flag(true)),
  time_zone: about("Time zone of the date: an IANA name or an offset such as +02:00.", text("UTC")),
  facts: about("Facts to tell, by their names.", FACTS),
});

/**
 * Tells the model facts about its environment after the conversation: the date, what the configuration says, and what the
 * host's function says.
 *
 * They are gathered once per turn and stand behind what a provider caches. The date is that of the moment the turn was
 * accepted. Its configuration: `date` (default true) in `time_zone` (default `UTC`), and `facts`, an object. Of all facts at
 * most 32 are told, names cut at 64 characters and values at 500; the host's win over the configuration's. A function that
 * throws ends the turn as failed: a host that would rather go on without a fact leaves it undefined.
 *
 * @example
 * ```ts
 * import { CapabilityRegistry, runtimeSafeCapabilities } from "@everruns/runtime";
 * import assert from "node:assert/strict";
 *
 * const registry = new CapabilityRegistry();
 * const environment = { facts: () => ({ branch: "main", operating_system: "linux" }) };
 * for (const capability of runtimeSafeCapabilities({ environment })) registry.register(capability);
 * assert.ok((await registry.resolve("environment_context")).facts !== undefined);
 * ```
 */
export function environmentContext(options: EnvironmentContextOptions = {}): Capability {
  return defineCapability({
    id: "environment_context",
    name: "Environment context",
    description: "Tells the model facts about its environment in every turn.",
    category: "context",
    riskLevel: "low",
    facts: async (context) => {
      const { date, time_zone: zone, facts } = SETTINGS.read(context.config);
      const today = date ? { date: `${zonedDate(context.now, zone)}, ${zone}` } : {};
      return describe({ ...today, ...facts, ...await options.facts?.(context) });
    },
    configSchema: SETTINGS.schema,
    validateConfig: (config) =>
      SETTINGS.problem(config) ??
        (isTimeZone(SETTINGS.read(config).time_zone) ? undefined : "`time_zone` is no known time zone"),
    permissions: {},
  });
}

function describe(facts: Readonly<Record<string, unknown>>): string | undefined {
  const told = Object.entries(facts).filter(([, value]) => isFact(value)).slice(0, MAX_FACTS);
  if (told.length === 0) return undefined;
  return [
    "Environment:",
    ...told.map(([name, value]) => `- ${line(name, MAX_NAME)}: ${line(String(value), MAX_VALUE)}`),
  ]
    .join("\n");
}

function isFact(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function line(value: string, most: number): string {
  const one = quoteForPrompt(value.replace(/[\s\p{Cc}]+/gu, " ").trim());
  return one.length > most ? `${one.slice(0, most)}…` : one;
}
