/** Token and cost accounting. */

/** Tokens and money of one or more model calls. */
export interface Usage {
  /** Tokens of the prompt, cached ones included. */
  readonly inputTokens: number;
  /** Tokens of the reply, thinking included. */
  readonly outputTokens: number;
  /** Prompt tokens read from the provider's cache. */
  readonly cacheReadTokens?: number;
  /** Prompt tokens written to the provider's cache. */
  readonly cacheCreationTokens?: number;
  /** Cost the provider reported, in US dollars. */
  readonly actualCostUsd?: number;
  /** Cost computed from a price table, in US dollars, of the calls whose provider reported none. */
  readonly estimatedCostUsd?: number;
}

/** No tokens at all. */
export const NO_USAGE: Usage = Object.freeze({ inputTokens: 0, outputTokens: 0 });

/** The sum of two usages; a member absent in both stays absent. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum: { -readonly [K in keyof Usage]: Usage[K] } = {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
  };
  for (const key of OPTIONAL) {
    if (a[key] !== undefined || b[key] !== undefined) sum[key] = (a[key] ?? 0) + (b[key] ?? 0);
  }
  return sum;
}

const OPTIONAL = ["cacheReadTokens", "cacheCreationTokens", "actualCostUsd", "estimatedCostUsd"] as const;

/** The reported cost of the calls that have one, and the estimate of the others. */
export function effectiveCostUsd(usage: Usage): number | undefined {
  const { actualCostUsd: told, estimatedCostUsd: guess } = usage;
  return told === undefined ? guess : told + (guess ?? 0);
}
