/** Running the checks of one stage over a text. */

import type { JsonObject } from "../../records/json.ts";
import type { RunningTurn } from "../../ports/running_turn.ts";
import { compileGlob } from "../../kit/glob.ts";
import { readOnce } from "../../kit/settings.ts";
import { compileLinearRegex, type LinearRegex } from "../../kit/linear_regex.ts";
import { judge, moderate } from "./judge.ts";
import { type AskingRule, type GuardrailCheck, type GuardrailStage, readChecks } from "./settings.ts";

/** What all models may take that one text is shown to, in milliseconds: a hook that is late checks nothing. */
const ALL_ASKING_MS = 25_000;

/** What is looked at. */
export interface Looked {
  /** The stage. */
  readonly stage: GuardrailStage;
  /** The text. */
  readonly text: string;
  /** The tool, except at stage `output`. */
  readonly tool?: string;
  /** Whether more of the text may follow: judges wait for the whole. */
  readonly partial?: boolean;
  /** Looks a text over only from here; what came before was looked at already. */
  readonly from?: number;
}

/** A check that failed. */
export interface Finding {
  /** The check. */
  readonly check: GuardrailCheck;
  /** What it found, for people and the model; never the text itself. */
  readonly found: string;
}

interface Compiled {
  readonly check: GuardrailCheck;
  readonly regex: Promise<LinearRegex> | undefined;
  concerns(tool: string | undefined): boolean;
}

const compiledOf = readOnce((config: JsonObject): readonly Compiled[] =>
  readChecks(config).map((check) => {
    const globs = check.tools?.map((tool) => compileGlob(tool));
    const regex = regexOf(check.rule);
    // Whoever runs the check gets the error; nobody has to be told before.
    regex?.catch(() => {});
    return {
      check,
      regex,
      concerns: (tool) => globs === undefined || tool !== undefined && globs.some((matches) => matches(tool)),
    };
  })
);

function regexOf(rule: GuardrailCheck["rule"]): Promise<LinearRegex> | undefined {
  if (rule.type === "regex") return compileLinearRegex(rule.pattern, { ignoreCase: rule.ignoreCase });
  return rule.type === "tool_pattern" && rule.pattern !== undefined ? compileLinearRegex(rule.pattern) : undefined;
}

/** Whether there is a check of a stage. */
export function hasStage(config: JsonObject, stage: GuardrailStage): boolean {
  return readChecks(config).some((check) => check.stage === stage);
}

/**
 * The first check that blocks; those that only log are reported on the way.
 *
 * Outside of a turn, as for a background run, no model can be asked and nobody be told.
 *
 * @throws when a configuration or pattern cannot be used, or a model would have to be asked outside of a turn, so that
 * whoever asks does not let the text pass
 */
export async function firstBlock(
  turn: RunningTurn | undefined,
  config: JsonObject,
  looked: Looked,
): Promise<Finding | undefined> {
  const until = (turn?.elapsedMs ?? 0) + ALL_ASKING_MS;
  for (const compiled of compiledOf(config)) {
    const { check } = compiled;
    if (check.stage !== looked.stage || !compiled.concerns(looked.tool)) continue;
    const found = await run(turn, compiled, looked, until);
    if (found === undefined) continue;
    if (check.onFail === "block") return { check, found };
    // Of a growing text each finding is reported once, when it is whole.
    if (looked.partial !== true) turn?.warn("guardrail_logged", `Guardrail "${check.id}": ${found}`);
  }
  return undefined;
}

async function run(
  turn: RunningTurn | undefined,
  { check, regex }: Compiled,
  { text, partial, from = 0 }: Looked,
  until: number,
): Promise<string | undefined> {
  const { id, rule } = check;
  switch (rule.type) {
    case "regex":
      return (await regex)?.test(text) === true ? "a pattern matches" : undefined;
    case "blocklist": {
      const longest = rule.words.reduce((most, word) => Math.max(most, word.length), 0);
      const part = text.slice(Math.max(0, from - longest)).toLowerCase();
      return rule.words.some((word) => part.includes(word)) ? "a blocked word" : undefined;
    }
    case "tool_pattern":
      return regex === undefined || (await regex).test(text) ? "the tool may not be used like this" : undefined;
    case "llm_judge":
      return partial === true ? undefined : await judge(...asking(rule), text);
    case "moderation":
      return partial === true ? undefined : await moderate(...asking(rule), text);
  }

  function asking<T extends AskingRule>(asked: T): [RunningTurn, string, T] {
    if (turn === undefined) throw new TypeError("models are asked about calls of turns only");
    return [turn, id, { ...asked, timeoutMs: Math.max(0, Math.min(asked.timeoutMs, until - turn.elapsedMs)) }];
  }
}
