/** Limits of tokens, money and time, and how much of them is used. */

import type { JsonObject, JsonSchema, JsonValue } from "../../records/json.ts";
import { effectiveCostUsd, type Usage } from "../../records/usage.ts";
import type { RunningTurn } from "../../ports/running_turn.ts";
import { ConfigReader, readOnce } from "../../kit/config_reader.ts";

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

const MAX_LIMITS = 16;
const CURRENCIES = ["tokens", "usd", "seconds"] as const;
const SCOPES = ["turn", "session"] as const;
const MEMBERS = ["id", "currency", "scope", "limit", "soft_limit"];

/** JSON Schema of the member `limits`. */
export const LIMITS_SCHEMA: JsonSchema = {
  type: "array",
  maxItems: MAX_LIMITS,
  items: {
    type: "object",
    properties: {
      id: { type: "string" },
      currency: { type: "string", enum: [...CURRENCIES] },
      scope: { type: "string", enum: [...SCOPES], default: "session" },
      limit: { type: "number", minimum: 0 },
      soft_limit: { type: "number", minimum: 0 },
    },
    required: ["currency", "limit"],
    additionalProperties: false,
  },
};

/**
 * The limits of a configuration.
 *
 * @throws {TypeError} or {RangeError} that names the member
 */
export const readLimits: (config: JsonObject) => readonly Limit[] = readOnce((config) => {
  const reader = new ConfigReader(config, ["limits"]);
  const limits = reader.required("limits", reader.objects("limits", MEMBERS, MAX_LIMITS)).map(readLimit);
  const ids = new Set(limits.map(({ id }) => id));
  if (ids.size < limits.length) {
    throw new RangeError("two of the `limits` have the same `id`; give them ids of their own");
  }
  return limits;
});

function readLimit(reader: ConfigReader): Limit {
  const currency = reader.required("currency", reader.choice("currency", CURRENCIES));
  const scope = reader.choice("scope", SCOPES) ?? (currency === "seconds" ? "turn" : "session");
  if (currency === "seconds" && scope === "session") throw new TypeError("a limit of seconds is for one turn only");
  const limit = reader.required("limit", reader.number("limit"));
  return {
    id: reader.text("id") ?? `${scope}_${currency}`,
    currency,
    scope,
    limit,
    softLimit: reader.number("soft_limit", { most: limit }),
  };
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
