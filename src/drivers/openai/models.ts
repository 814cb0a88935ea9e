/**
 * What is known about OpenAI's models by name. Source: https://developers.openai.com/api/docs/models and the API's 400
 * answers, 2026-11-26; windows of GPT-5.4 and later by way of genai-prices 0.1.8 of 2026-09-23.
 */

import type { ModelProfile } from "../../records/model.ts";
import { nearestEffort } from "../../kit/provider/effort.ts";
import { priceOfModel } from "./prices.ts";

const NOT_REASONING: ModelProfile = { reasoningEfforts: [], temperature: true };
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

/** A model with the efforts from one to another; GPT-5.1 and later take "none" and never "minimal". */
function reasoning(
  least: typeof EFFORTS[number],
  most: typeof EFFORTS[number],
  contextWindow?: number,
): ModelProfile {
  const efforts = EFFORTS.slice(EFFORTS.indexOf(least), EFFORTS.indexOf(most) + 1);
  return {
    ...(contextWindow === undefined ? {} : { contextWindow }),
    reasoningEfforts: least === "none" ? efforts.filter((effort) => effort !== "minimal") : efforts,
    // A temperature is taken together with "none" only, which is the default up to GPT-5.4.
    ...(least === "none" && most !== "max" ? {} : { temperature: false }),
  };
}

/**
 * The first match wins.
 *
 * No `maxOutputTokens`: the kernel would send it as the limit of every reply. Without one OpenAI allows as much as the
 * model can, whereas a limit counts against the context window, and OpenRouter wants credit for all of it.
 */
const PROFILES: readonly (readonly [name: RegExp, profile: ModelProfile])[] = [
  [/^gpt-4\.1/, { ...NOT_REASONING, contextWindow: 1_047_576 }],
  [/^gpt-4o/, { ...NOT_REASONING, contextWindow: 128_000 }],
  [/^(gpt-3|gpt-4|chatgpt-|gpt-5-chat)/, NOT_REASONING],
  [/^o(1|3|3-mini|4-mini)(-\d{4}-|$)/, reasoning("low", "high", 200_000)],
  [/^o\d/, reasoning("low", "high")],
  [/^gpt-5-pro/, reasoning("high", "high", 400_000)],
  [/^gpt-5-codex/, reasoning("low", "high", 400_000)],
  [/^gpt-5(-|$)/, reasoning("minimal", "high", 400_000)],
  [/^gpt-5\.\d-chat/, reasoning("medium", "medium", 128_000)],
  [/^gpt-5\.1-codex-max/, reasoning("low", "xhigh", 400_000)],
  [/^gpt-5\.1-codex/, reasoning("low", "high", 400_000)],
  [/^gpt-5\.1/, reasoning("none", "high", 400_000)],
  [/^gpt-5\.[23]-codex/, reasoning("low", "xhigh", 400_000)],
  [/^gpt-5\.[23]-pro/, reasoning("medium", "xhigh", 400_000)],
  [/^gpt-5\.([23]|4-(mini|nano))/, reasoning("none", "xhigh", 400_000)],
  [/^gpt-5\.\d-pro/, reasoning("medium", "xhigh", 1_000_000)],
  [/^gpt-5\.4/, reasoning("none", "xhigh", 1_000_000)],
  [/^gpt-5\.5/, { ...reasoning("none", "xhigh", 1_000_000), temperature: false }],
  [/^gpt-5\.\d/, reasoning("none", "max", 1_000_000)],
  [/^gpt-6(-astra|\.1)/, reasoning("low", "max", 1_000_000)],
  [/^gpt-6-/, reasoning("none", "max", 1_000_000)],
];

/** The profile of a model, also under OpenRouter's name of it or a fine-tuned one; undefined when unknown. */
export function profileOf(model: string): ModelProfile | undefined {
  const name = model.replace(/^(openai\/|ft:)/, "");
  const profile = PROFILES.find(([pattern]) => pattern.test(name))?.[1];
  const price = priceOfModel(name);
  return profile === undefined || price === undefined ? profile : { ...profile, price };
}

/**
 * What OpenAI's servers do themselves for a model. Source: the tool search guide (GPT-5.4 and later), the changelog of
 * 2026-03-17 (not GPT-5.4 nano; both sizes compact) and the compaction guide, whose example is GPT-5.3-Codex. Which
 * earlier models compact is not said: they are taken not to.
 */
export function nativeOf(model: string): NonNullable<ModelProfile["native"]> {
  const name = model.replace(/^(openai\/|ft:)/, "");
  return {
    toolSearch: isNew(name) && !name.startsWith("gpt-5.4-nano"),
    compaction: isNew(name) || name.startsWith("gpt-5.3-codex"),
  };
}

/** GPT-5.4 and later. */
function isNew(name: string): boolean {
  return /^gpt-(5\.([4-9]|\d\d)|[6-9])/.test(name);
}

/** Whether a model may reason; unknown ones may. Others refuse reasoning items and settings. */
export function mayReason(model: string): boolean {
  return profileOf(model)?.reasoningEfforts?.length !== 0;
}

/** Whether a model answers by a schema; the oldest ones refuse one. */
export function takesSchemas(model: string): boolean {
  return !/^(gpt-3|gpt-4(?![.o\d])|chatgpt-|o1-(mini|preview))/.test(model.replace(/^(openai\/|ft:)/, ""));
}

/** The temperature to send to a model: none where it is known to be refused. */
export function temperatureFor(model: string, temperature: number | undefined): number | undefined {
  return profileOf(model)?.temperature === false ? undefined : temperature;
}

/**
 * The effort to send to a model: the nearest it knows; none where it is known to be refused, or where `none` has no name.
 */
export function effortFor(model: string, effort: string | undefined, effortNone: boolean): string | undefined {
  if (effort === undefined || !mayReason(model)) return undefined;
  const nearest = nearestEffort(effort, profileOf(model)?.reasoningEfforts ?? []);
  return nearest === "none" && !effortNone ? undefined : nearest;
}

/**
 * Whether the Chat API refuses tools unless it is told not to reason: GPT-5.4 and later reason there without tools only,
 * and do so unasked.
 */
export function reasonsWithoutToolsOnly(model: string): boolean {
  return isNew(model) && profileOf(model)?.reasoningEfforts?.includes("none") === true;
}
