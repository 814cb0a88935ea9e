/**
 * What OpenAI's models cost. Source: https://developers.openai.com/api/docs/pricing, standard tier, by way of
 * genai-prices 0.1.8 of 2026-09-23; GPT-6.1 Sol by its announcement of 2026-09-29. Prices change: an estimate is no bill.
 */

import type { ModelProfile } from "../../records/model.ts";

type Price = NonNullable<ModelProfile["price"]>;

/** A dated snapshot costs what its model costs; any other suffix is another model. */
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/;

const LONG = { longPrompt: { above: 272_000, input: 2, output: 1.5 } } as const;

const PRICES: ReadonlyMap<string, Price> = new Map(Object.entries<Price>({
  "gpt-4o": of(2.5, 1.25, 10),
  "gpt-4o-mini": of(0.15, 0.075, 0.6),
  "gpt-4.1": of(2, 0.5, 8),
  "gpt-4.1-mini": of(0.4, 0.1, 1.6),
  "gpt-4.1-nano": of(0.1, 0.025, 0.4),
  "o1": of(15, 7.5, 60),
  "o3": of(2, 0.5, 8),
  "o3-mini": of(1.1, 0.55, 4.4),
  "o4-mini": of(1.1, 0.275, 4.4),
  "gpt-5": of(1.25, 0.125, 10),
  "gpt-5-codex": of(1.25, 0.125, 10),
  "gpt-5-mini": of(0.25, 0.025, 2),
  "gpt-5-nano": of(0.05, 0.005, 0.4),
  "gpt-5-pro": of(15, 15, 120),
  "gpt-5.1": of(1.25, 0.125, 10),
  "gpt-5.1-codex": of(1.25, 0.125, 10),
  "gpt-5.1-codex-max": of(1.25, 0.125, 10),
  "gpt-5.1-codex-mini": of(0.25, 0.025, 2),
  "gpt-5.2": of(1.75, 0.175, 14),
  "gpt-5.2-pro": of(21, 21, 168),
  "gpt-5.3-codex": of(1.75, 0.175, 14),
  "gpt-5.4": { ...of(2.5, 0.25, 15), ...LONG },
  "gpt-5.4-mini": of(0.75, 0.075, 4.5),
  "gpt-5.4-nano": of(0.2, 0.02, 1.25),
  "gpt-5.4-pro": { ...of(30, 30, 180), ...LONG },
  "gpt-5.5": { ...of(5, 0.5, 30), ...LONG },
  "gpt-5.5-pro": { ...of(30, 30, 180), ...LONG },
  "gpt-5.6": { ...of(4, 0.4, 20, 5), ...LONG },
  "gpt-5.6-sol": { ...of(4, 0.4, 20, 5), ...LONG },
  "gpt-5.6-terra": { ...of(2, 0.2, 12, 2.5), ...LONG },
  "gpt-5.6-luna": { ...of(0.2, 0.02, 1.2, 0.25), ...LONG },
  "gpt-6-astra": { ...of(10, 1, 50, 12.5), ...LONG },
  "gpt-6-sol": { ...of(2, 0.2, 10, 2.5), ...LONG },
  "gpt-6.1-sol": { ...of(2, 0.1, 10, 2.5), ...LONG },
  "gpt-6-luna": { ...of(0.1, 0.01, 0.5, 0.125), ...LONG },
}));

/** The price of a model by OpenAI's name of it; undefined when unknown. */
export function priceOfModel(name: string): Price | undefined {
  return PRICES.get(name.replace(SNAPSHOT, ""));
}

function of(input: number, cacheRead: number, output: number, cacheWrite?: number): Price {
  return { input, output, cacheRead, ...(cacheWrite === undefined ? {} : { cacheWrite }) };
}
