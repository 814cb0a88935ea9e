/**
 * What is known about Claude models by name.
 *
 * Source: the models, pricing, effort and thinking pages of https://platform.claude.com/docs, read in November 2026.
 * Prices are list prices of the API with five-minute cache writes; fast mode, batches and regions cost otherwise.
 */

import type { ModelProfile } from "../../records/model.ts";
import type { Usage } from "../../records/usage.ts";
import { withEstimate } from "../../kit/provider/cost.ts";

/** Most tokens of a reply when nothing is known about the model; the API insists on a number. */
export const DEFAULT_MAX_TOKENS = 16_384;

/** How a model is asked to think: it decides how much, it gets a number of tokens, or it cannot. */
export type ThinkingForm = "adaptive" | "budget" | "none";

type Family = "fable" | "mythos" | "opus" | "sonnet" | "haiku";

/** The family and version of a model; 4.6 is 46. */
interface Claude {
  readonly family: string;
  readonly version: number;
}

interface Row {
  readonly families: readonly Family[];
  /** 4.6 is 46. */
  readonly versions: readonly number[];
  /** Tokens of prompt and reply, and most of the reply. */
  readonly tokens: readonly [context: number, output: number];
  /** US dollars for a million tokens. */
  readonly price: readonly [input: number, output: number];
  /** What reading from the cache costs as a part of the input price. */
  readonly cacheRead?: number;
  /** Above so many tokens of prompt, everything costs so many times as much. */
  readonly long?: { readonly above: number; readonly factor: number };
}

const LARGE = [1_000_000, 128_000] as const;

const ROWS: readonly Row[] = [
  { families: ["fable", "mythos"], versions: [52], tokens: LARGE, price: [8, 40], cacheRead: 0.025 },
  { families: ["fable", "mythos"], versions: [51], tokens: LARGE, price: [10, 50], cacheRead: 0.025 },
  { families: ["fable", "mythos"], versions: [50], tokens: LARGE, price: [10, 50] },
  { families: ["opus"], versions: [55], tokens: LARGE, price: [4, 20], cacheRead: 0.05 },
  { families: ["opus"], versions: [46, 47, 48, 50], tokens: LARGE, price: [5, 25] },
  { families: ["opus"], versions: [45], tokens: [200_000, 64_000], price: [5, 25] },
  { families: ["opus"], versions: [40, 41], tokens: [200_000, 32_000], price: [15, 75] },
  { families: ["opus"], versions: [30], tokens: [200_000, 4_096], price: [15, 75] },
  { families: ["sonnet"], versions: [55], tokens: LARGE, price: [2, 10], cacheRead: 0.05 },
  { families: ["sonnet"], versions: [50], tokens: LARGE, price: [2, 10] },
  { families: ["sonnet"], versions: [46], tokens: LARGE, price: [3, 15] },
  { families: ["sonnet"], versions: [37, 40, 45], tokens: [200_000, 64_000], price: [3, 15] },
  { families: ["sonnet"], versions: [35], tokens: [200_000, 8_192], price: [3, 15] },
  {
    families: ["haiku"],
    versions: [55],
    tokens: LARGE,
    price: [0.1, 0.5],
    long: { above: 100_000, factor: 5 },
  },
  { families: ["haiku"], versions: [45], tokens: [200_000, 64_000], price: [1, 5] },
  { families: ["haiku"], versions: [35], tokens: [200_000, 8_192], price: [0.8, 4] },
  { families: ["haiku"], versions: [30], tokens: [200_000, 4_096], price: [0.25, 1.25] },
];

/** The profile of a model, also under a gateway's name of it or with a date; undefined when unknown. */
export function profileOf(model: string): ModelProfile | undefined {
  const row = rowOf(model);
  if (row === undefined) return undefined;
  const { tokens: [contextWindow, maxOutputTokens] } = row;
  return {
    contextWindow,
    maxOutputTokens,
    reasoningEfforts: effortsOf(model),
    temperature: takesTemperature(model),
    price: priceOf(row),
  };
}

/** What Anthropic's servers do themselves for a model, by the pages of both features; undefined for unknown models. */
export function nativeOf(model: string): ModelProfile["native"] {
  const found = claude(model);
  if (found === undefined) return undefined;
  const { family, version } = found;
  return { toolSearch: version >= 45, compaction: COMPACTING.get(family)?.(version) === true };
}

const COMPACTING: ReadonlyMap<string, (version: number) => boolean> = new Map([
  ["opus", (version) => version >= 46],
  ["sonnet", (version) => version >= 46],
  ["haiku", (version) => version >= 55],
  // Not 5.2, which the page leaves out.
  ["fable", (version) => version === 50 || version === 51],
  ["mythos", (version) => version === 50 || version === 51],
]);

/** The usage with what it costs by the list. */
export function priced(usage: Usage, model: string): Usage {
  const row = rowOf(model);
  if (row === undefined) return usage;
  const factor = row.long !== undefined && usage.inputTokens > row.long.above ? row.long.factor : 1;
  return withEstimate(usage, priceOf(row, factor));
}

/**
 * How a model is asked to think.
 *
 * Budgets are an error from 4.7 on and deprecated on 4.6. Other vendors' models behind this API know budgets.
 */
export function thinkingForm(model: string): ThinkingForm {
  const version = claude(model)?.version;
  if (version === undefined) return "budget";
  return version >= 46 ? "adaptive" : version >= 37 ? "budget" : "none";
}

/** Whether it is a model of Anthropic's; others behind this API think without a proof. */
export function isClaude(model: string): boolean {
  return claude(model) !== undefined;
}

/** Whether a model leaves its thinking out of replies unless asked for it. */
export function omitsThinking(model: string): boolean {
  return (claude(model)?.version ?? 0) >= 47;
}

/** Whether a Claude thinks without being asked to, and then says even what it does between calls in its thinking. */
export function thinksByDefault(model: string): boolean {
  return (claude(model)?.version ?? 0) >= 50;
}

/** The `thinking` that keeps a model which thinks by default from it; undefined where nothing does. */
export function thinkingOff(model: string): "disabled" | "between_tools" | undefined {
  const found = claude(model);
  if (found === undefined) return "disabled";
  const { family, version } = found;
  if (family === "sonnet" && version === 55) return "between_tools";
  const canBeOff = (family === "opus" || family === "sonnet") && version === 50 || family === "haiku" && version === 55;
  return canBeOff ? "disabled" : undefined;
}

/** Whether a model takes a temperature; from 4.7 on any but the default is an error. */
export function takesTemperature(model: string): boolean {
  return (claude(model)?.version ?? 0) < 47;
}

/** Whether a model answers by a schema. */
export function takesSchemas(model: string): boolean {
  return (claude(model)?.version ?? 0) >= 45;
}

/** The efforts a model knows, least first. */
export function effortsOf(model: string): readonly string[] {
  switch (thinkingForm(model)) {
    case "adaptive":
      return claude(model)?.version === 46
        ? ["low", "medium", "high", "max"]
        : ["low", "medium", "high", "xhigh", "max"];
    case "budget":
      return ["low", "medium", "high", "xhigh"];
    case "none":
      return [];
  }
}

const NEW_NAME = /claude-(fable|mythos|opus|sonnet|haiku)-(\d{1,2})(?!\d)(?:[-.](\d)(?!\d))?/;
const OLD_NAME = /claude-(\d)(?:[-.](\d))?-(opus|sonnet|haiku)/;

function claude(model: string): Claude | undefined {
  const [, family = "", major = "", minor = "0"] = NEW_NAME.exec(model) ?? [];
  if (family !== "") return { family, version: Number(major) * 10 + Number(minor) };
  const [, oldMajor = "", oldMinor = "0", oldFamily = ""] = OLD_NAME.exec(model) ?? [];
  return oldFamily === "" ? undefined : { family: oldFamily, version: Number(oldMajor) * 10 + Number(oldMinor) };
}

function rowOf(model: string): Row | undefined {
  const found = claude(model);
  if (found === undefined) return undefined;
  return ROWS.find(({ families, versions }) =>
    families.some((family) => family === found.family) && versions.includes(found.version)
  );
}

function priceOf({ price: [input, output], cacheRead = 0.1 }: Row, factor = 1): NonNullable<ModelProfile["price"]> {
  return {
    input: input * factor,
    output: output * factor,
    cacheRead: input * cacheRead * factor,
    cacheWrite: input * 1.25 * factor,
  };
}
