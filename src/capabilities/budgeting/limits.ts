/** Limits of tokens, money and time, and how much of them is used. */

import type { JsonObject, JsonSchema, JsonValue } from "../../records/json.ts";
import { effectiveCostUsd, type Usage } from "../../records/usage.ts";
import type { RunningTurn } from "../../ports/running_turn.ts";
import { about, anyNumber, choice, objectList, required, text } from "../../kit/setting_kinds.ts";
import { defineSettings, readOnce, type Setting, type SettingValues } from "../../kit/settings.ts";

/** One limit. */
export interface Limit {
  /** Its id, for events and the model. */
  readonly id: string;
  /** What is counted. */
  readonly currency: "tokens" | "usd" | "seconds";
  /** Over what. */
  readonly scope: "turn" | "session";
  /** Where spending stops. */
  readonly limit: number;
  /** Where a warning is due. */
  readonly softLimit: number | undefined;
}

/** A limit and what is used of it. */
export interface Spent {
  /** The limit. */
  readonly limit: Limit;
  /** How much is used; of money only what the provider or a price table says. */
  readonly used: number;
  /** Whether there are tokens whose price nobody knows. */
  readonly incomplete: boolean;
}

const MAX_AMOUNT = Number.MAX_SAFE_INTEGER;
const CURRENCIES: readonly Limit["currency"][] = ["tokens", "usd", "seconds"];
const SCOPES: readonly Limit["scope"][] = ["turn", "session"];

/** Members of one limit. */
interface LimitTable extends Readonly<Record<string, Setting<unknown>>> {
  readonly id: Setting<string | undefined>;
  readonly currency: Setting<Limit["currency"]>;
  readonly scope: Setting<Limit["scope"] | undefined>;
  readonly limit: Setting<number>;
  readonly soft_limit: Setting<number | undefined>;
}

/** The member `limits` of a configuration. */
export const LIMITS: Setting<readonly SettingValues<LimitTable>[]> = about(
  "The limits.",
  required(objectList<LimitTable>({
    id: about("Its id, for events and the model. Scope and currency when it is not said.", text(undefined)),
    currency: about("What is counted.", required(choice(undefined, CURRENCIES))),
    scope: about("Over what; seconds are of one turn, the rest of the session by default.", choice(undefined, SCOPES)),
    limit: about("Where it ends.", required(anyNumber(undefined, { min: 0, max: MAX_AMOUNT }))),
    soft_limit: about("Where a warning is due.", anyNumber(undefined, { min: 0, max: MAX_AMOUNT })),
  }, 16)),
);

const SETTINGS = defineSettings({ limits: LIMITS });

/** JSON Schema of a configuration of limits. */
export const LIMITS_SCHEMA: JsonSchema = SETTINGS.schema;

/**
 * The limits of a configuration.
 *
 * @throws {TypeError} or {RangeError} that names the member
 */
export const readLimits: (config: JsonObject) => readonly Limit[] = readOnce((config) => {
  const limits = SETTINGS.check(config).limits.map(toLimit);
  const ids = new Set(limits.map(({ id }) => id));
  if (ids.size < limits.length) {
    throw new RangeError("two of the `limits` have the same `id`; give them ids of their own");
  }
  return limits;
});

function toLimit(said: SettingValues<LimitTable>): Limit {
  const { currency, limit, soft_limit: softLimit } = said;
  const scope = said.scope ?? (currency === "seconds" ? "turn" : "session");
  if (currency === "seconds" && scope === "session") throw new TypeError("a limit of seconds is for one turn only");
  if (softLimit !== undefined && softLimit > limit) {
    throw new RangeError(`\`soft_limit\` is ${softLimit}: expected no more than its \`limit\` of ${limit}`);
  }
  return { id: said.id ?? `${scope}_${currency}`, currency, scope, limit, softLimit };
}

/** What is used of each limit. */
export async function spentOf(turn: RunningTurn, limits: readonly Limit[]): Promise<readonly Spent[]> {
  const needsSession = limits.some(({ scope }) => scope === "session");
  const session = needsSession ? await turn.sessionUsage() : turn.usage;
  return limits.map((limit) => {
    const usage = limit.scope === "session" ? session : turn.usage;
    switch (limit.currency) {
      case "tokens":
        return { limit, used: tokensOf(usage), incomplete: false };
      case "usd": {
        const cost = effectiveCostUsd(usage);
        return { limit, used: cost ?? 0, incomplete: cost === undefined && tokensOf(usage) > 0 };
      }
      case "seconds":
        return { limit, used: Math.floor(turn.elapsedMs / 1000), incomplete: false };
    }
  });
}

function tokensOf({ inputTokens, outputTokens }: Usage): number {
  return inputTokens + outputTokens;
}

/** What is left of a limit. */
export function leftOf({ limit, used }: Spent): number {
  return Math.max(0, limit.limit - used);
}

/** A limit as events and the model get it. */
export function describe(spent: Spent): Record<string, JsonValue> {
  const { limit, used, incomplete } = spent;
  return {
    budget_id: limit.id,
    currency: limit.currency,
    scope: limit.scope,
    limit: limit.limit,
    used,
    balance: leftOf(spent),
    ...(limit.softLimit === undefined ? {} : { soft_limit: limit.softLimit }),
    ...(incomplete ? { note: "the price of some tokens is not known" } : {}),
  };
}
