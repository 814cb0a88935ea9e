/**
 * What is known about Gemini models by name. Sources: https://ai.google.dev/gemini-api/docs/models and /thinking,
 * 2026-11-25; prices of https://ai.google.dev/gemini-api/docs/pricing, standard tier and text, by way of genai-prices
 * 0.1.8 of 2026-09-23. Prices change: an estimate is no bill.
 */

import type { JsonObject } from "../../records/json.ts";
import type { ModelProfile } from "../../records/model.ts";
import { nearestEffort } from "../../kit/provider/effort.ts";

/** Tokens of a reply when nothing else is known or asked for. */
export const DEFAULT_MAX_TOKENS = 8192;

/** How a model is told how hard to think: not at all, by a budget of tokens, or by a level. */
type Thinking =
  | { readonly type: "none" }
  | { readonly type: "budget"; readonly least: number; readonly most: number }
  | { readonly type: "level"; readonly levels: readonly string[] };

interface Entry {
  readonly thinking: Thinking;
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  readonly price?: NonNullable<ModelProfile["price"]>;
}

const LARGE = { contextWindow: 1_048_576, maxOutputTokens: 65_536 } as const;
const NO_THINKING: Thinking = { type: "none" };
const FLASH: Thinking = { type: "level", levels: ["minimal", "low", "medium", "high"] };
const PRO: Thinking = { type: "level", levels: ["low", "medium", "high"] };

/** The first match wins. */
const MODELS: readonly (readonly [name: RegExp, entry: Entry])[] = [
  [/^gemini-2\.0-flash-lite/, { thinking: NO_THINKING, ...old(0.075, 0.3) }],
  [/^gemini-2\.0-flash/, { thinking: NO_THINKING, ...old(0.1, 0.4, 0.025) }],
  [/^gemini-[\d.]+-(flash|pro)(-lite)?-image/, { thinking: NO_THINKING }],
  [/^gemini-2\.5-flash-lite/, { thinking: budget(0, 24_576), ...LARGE, price: price(0.1, 0.4, 0.01) }],
  [/^gemini-2\.5-flash/, { thinking: budget(0, 24_576), ...LARGE, price: price(0.3, 2.5, 0.03) }],
  [/^gemini-2\.5-pro/, { thinking: budget(128, 32_768), ...LARGE, price: long(price(1.25, 10, 0.125)) }],
  [/^gemini-3-flash/, { thinking: FLASH, ...LARGE, price: price(0.5, 3, 0.05) }],
  [/^gemini-3-pro/, { thinking: { type: "level", levels: ["low", "high"] }, ...LARGE, price: long(price(2, 12, 0.2)) }],
  [/^gemini-3\.1-pro/, { thinking: PRO, ...LARGE, price: long(price(2, 12, 0.2)) }],
  [/^gemini-3\.1-flash-lite/, { thinking: FLASH, ...LARGE, price: price(0.25, 1.5, 0.025) }],
  [/^gemini-3\.5-flash-lite/, { thinking: FLASH, ...LARGE, price: price(0.3, 2.5, 0.03) }],
  [/^gemini-3\.5-flash/, { thinking: FLASH, ...LARGE, price: price(1.5, 9, 0.15) }],
  // An introductory price; from 2027-01-01 it is twice as much.
  [/^gemini-3\.[678]-flash/, { thinking: FLASH, ...LARGE, price: price(0.75, 3.75, 0.075) }],
  // From 2026-12-01 on; half of it is an introductory price.
  [/^gemini-4-argon/, { thinking: PRO, ...LARGE, price: { input: 4, output: 20 } }],
  [/^gemini-([3-9][\d.]*-)?flash/, { thinking: FLASH, ...LARGE }],
  [/^gemini-(([3-9][\d.]*-)?pro|[4-9])/, { thinking: PRO, ...LARGE }],
];

/** The profile of a model; undefined when unknown. */
export function profileOf(model: string): ModelProfile | undefined {
  const entry = entryOf(model);
  if (entry === undefined) return undefined;
  const { thinking, ...known } = entry;
  return { temperature: true, reasoningEfforts: effortsOf(thinking), ...known };
}

/** Whether a model is of generation 3 or later; the names without a number mean the newest one. */
export function isModern(model: string): boolean {
  return /^gemini-([3-9]|flash|pro)/.test(bare(model));
}

/** How hard to think, in the model's own terms; undefined leaves it to the model. */
export function thinkingConfig(model: string, effort: string | undefined): JsonObject | undefined {
  const thinking = entryOf(model)?.thinking;
  switch (thinking?.type) {
    case "none":
      return undefined;
    case "budget":
      return effort === undefined
        ? { includeThoughts: true }
        : { thinkingBudget: budgetOf(effort, thinking), includeThoughts: thinking.least > 0 || effort !== "none" };
    case "level":
      return {
        ...(effort === undefined ? {} : { thinkingLevel: nearestEffort(effort, thinking.levels) }),
        includeThoughts: true,
      };
    case undefined:
      // Nothing is known of the model: a wish is passed on, and only a wish.
      return effort === undefined || effort === "none" ? undefined : { thinkingLevel: effort, includeThoughts: true };
  }
}

const BUDGETS: Readonly<Record<string, number>> = { none: 0, minimal: 512, low: 1024, medium: 8192 };

function budgetOf(effort: string, { least, most }: Extract<Thinking, { type: "budget" }>): number {
  return Math.max(least, Math.min(most, Object.hasOwn(BUDGETS, effort) ? BUDGETS[effort] ?? most : most));
}

function effortsOf(thinking: Thinking): readonly string[] {
  switch (thinking.type) {
    case "none":
      return [];
    case "budget":
      return [...(thinking.least === 0 ? ["none"] : []), "minimal", "low", "medium", "high"];
    case "level":
      return thinking.levels;
  }
}

function entryOf(model: string): Entry | undefined {
  const name = bare(model);
  return MODELS.find(([pattern]) => pattern.test(name))?.[1];
}

function bare(model: string): string {
  return model.replace(/^models\//, "");
}

function budget(least: number, most: number): Thinking {
  return { type: "budget", least, most };
}

function price(input: number, output: number, cacheRead: number): NonNullable<ModelProfile["price"]> {
  return { input, output, cacheRead };
}

function long(base: NonNullable<ModelProfile["price"]>): NonNullable<ModelProfile["price"]> {
  return { ...base, longPrompt: { above: 200_000, input: 2, output: 1.5 } };
}

function old(input: number, output: number, cacheRead = input): Omit<Entry, "thinking"> {
  return { contextWindow: 1_048_576, maxOutputTokens: 8192, price: { input, output, cacheRead } };
}
