/** What is wrong with a text that is not JSON, without the text. */

import { messageOf } from "../errors.ts";

/**
 * The words of an error of `JSON.parse` without what they quote: a configuration that is broken may hold a secret.
 *
 * V8 quotes up to 20 characters around the place, or a short text whole.
 */
export function jsonProblem(thrown: unknown): string {
  return messageOf(thrown).replace(/, (\.{3})?".*is not valid JSON$/s, "");
}
