/** Answers of a form: asking for one, judging what came, and asking once more. */

import type { JsonValue } from "../records/json.ts";
import type { ResponseFormat } from "../records/response_format.ts";
import type { TurnFailure, TurnForm } from "../records/turn.ts";
import type { Driver, ModelRequest } from "../ports/driver.ts";
import { instructed, parseAnswer, toResponseFormat } from "../kit/response_format.ts";
import { compileSchema } from "../kit/schema_validator.ts";
import { disclose, narrowDisclosure } from "./failure.ts";
import type { InvalidAnswer } from "./plan_types.ts";
import type { TurnRun } from "./turn_run.ts";

/**
 * The form of a turn, checked before anything is stored.
 *
 * @throws {TypeError} when the name or the schema cannot be used
 */
export function toForm(format: ResponseFormat): TurnForm {
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

/** What an answer comes to: its value, or what is wrong with it. */
export type Judgement = { readonly ok: true; readonly value: JsonValue } | {
  readonly ok: false;
  readonly invalid: InvalidAnswer;
};

/** Judges the answer of a reply without calls. */
export async function judge(run: TurnRun, form: TurnForm, text: string, finishReason: string): Promise<Judgement> {
  if (finishReason === "refusal" || finishReason === "content_filter") {
    return { ok: false, invalid: invalidAnswer(run, "The model refused to answer.", true) };
  }
  const value = parseAnswer(text);
  if (value === undefined) {
    const why = finishReason === "length"
      ? "The answer was cut off by the limit of tokens."
      : "The answer is not JSON.";
    return { ok: false, invalid: invalidAnswer(run, why) };
  }
  const parsed = await compileSchema(form.format.schema, { subject: "answer" })(value);
  return parsed.ok ? { ok: true, value } : { ok: false, invalid: invalidAnswer(run, parsed.message) };
}

/** The failure of an answer that does not have the form; `final` when asking again makes no sense. */
export function invalidAnswer(run: TurnRun, message: string, final = false): InvalidAnswer {
  const failure: TurnFailure = { code: "invalid_output", message };
  const configured = run.assembled?.config.errorDisclosure ?? "standard";
  const disclosure = narrowDisclosure(configured, run.controls?.errorDisclosure);
  return { failure, disclosed: disclose(failure, disclosure), disclosure, final };
}
