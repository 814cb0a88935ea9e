/** Answers of a form: asking for one, judging what came, and asking once more. */

import type { JsonValue } from "../records/json.ts";
import type { ResponseFormat } from "../records/response_format.ts";
import type { TurnFailure, TurnForm } from "../records/turn.ts";
import type { Driver, ModelRequest } from "../ports/driver.ts";
import type { ToolParameters } from "../kit/define_tool.ts";
import { instructed, parseAnswer, toResponseFormat } from "../kit/response_format.ts";
import { compileSchema } from "../kit/schema_validator.ts";
import { disclose, narrowDisclosure } from "./failure.ts";
import type { InvalidAnswer } from "./plan_types.ts";
import type { Reasoned } from "./reasoning.ts";
import type { TurnRun } from "./turn_run.ts";

/**
 * The form of a turn, checked before anything is stored.
 *
 * @throws {TypeError} when the name or the schema cannot be used
 */
export function toForm(format: ResponseFormat<ToolParameters>): TurnForm {
  const checked = toResponseFormat(format);
  compileSchema(checked.schema);
  return Object.freeze({ format: checked });
}

/** The request with the form, as a member where the driver takes one, else in words; and what was wrong before. */
export function withForm(request: ModelRequest, { format, problem }: TurnForm, driver: Driver): ModelRequest {
  const messages = problem === undefined ? request.messages : [
    ...request.messages,
    {
      role: "system" as const,
      content: `Your last answer cannot be used: ${problem} Answer again, with the corrected JSON object alone.`,
    },
  ];
  const asked = { ...request, messages, responseFormat: format };
  return driver.takesResponseFormat === true ? asked : instructed(asked);
}

/** The step with how the form stands after it: right, wrong, or not yet to be judged because there are calls. */
export async function judged(run: TurnRun, form: TurnForm, reasoned: Reasoned): Promise<Reasoned> {
  const { outcome } = reasoned;
  if (outcome.type !== "reasoned") return reasoned;
  const after: TurnForm = { format: form.format, ...(form.repair === undefined ? {} : { repair: "used" as const }) };
  if (outcome.callCount > 0) return { ...reasoned, outcome: { ...outcome, form: after } };
  const judgement = await judge(run, form.format, outcome);
  if (!("invalid" in judgement)) {
    run.output = judgement.value;
    return { ...reasoned, outcome: { ...outcome, form: after } };
  }
  run.output = undefined;
  const { invalid } = judgement;
  return { ...reasoned, outcome: { ...outcome, invalid, form: { ...after, problem: invalid.failure.message } } };
}

/** What an answer comes to: its value, or what is wrong with it. */
async function judge(
  run: TurnRun,
  format: ResponseFormat,
  { text, finishReason }: { readonly text: string; readonly finishReason: string },
): Promise<{ readonly value: JsonValue } | { readonly invalid: InvalidAnswer }> {
  if (finishReason === "refusal" || finishReason === "content_filter") {
    return { invalid: invalidAnswer(run, "The model refused to answer.", true) };
  }
  const value = parseAnswer(text);
  if (value === undefined) {
    const why = finishReason === "length"
      ? "The answer was cut off by the limit of tokens."
      : "The answer is not JSON.";
    return { invalid: invalidAnswer(run, why) };
  }
  const parsed = await compileSchema(format.schema, { subject: "answer" })(value);
  return parsed.ok ? { value } : { invalid: invalidAnswer(run, parsed.message) };
}

/** The failure of an answer that does not have the form; `final` when asking again makes no sense. */
export function invalidAnswer(run: TurnRun, message: string, final = false): InvalidAnswer {
  const failure: TurnFailure = { code: "invalid_output", message };
  const configured = run.assembled?.config.errorDisclosure ?? "standard";
  const disclosure = narrowDisclosure(configured, run.controls?.errorDisclosure);
  return { failure, disclosed: disclose(failure, disclosure), disclosure, final };
}
