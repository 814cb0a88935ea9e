/** What is thrown to a host where a driver or another part of the host threw with a secret. */

import { messageOf, ProviderError, RuntimeError } from "../errors.ts";
import { toFailure } from "./failure.ts";
import type { SecretFilter } from "./kernel_ports.ts";

const MAX_CAUSES = 10;

/** The same error when neither it nor its causes tell a secret; else one that says the same without. */
export function shownError(thrown: unknown, secrets: SecretFilter): unknown {
  const told = textsOf(thrown).join("\n");
  // What is no error may hold anything anywhere.
  if (thrown instanceof Error && secrets.redact(told) === told) return thrown;
  const { code, message, fields } = toFailure(thrown, secrets);
  const options = fields === undefined ? {} : { fields };
  if (!(thrown instanceof ProviderError)) return new RuntimeError(code, message, options);
  const { status, retryable } = thrown;
  return new ProviderError(code, message, { ...options, retryable, ...(status === undefined ? {} : { status }) });
}

function textsOf(thrown: unknown): readonly string[] {
  const texts: string[] = [];
  for (let error = thrown; error !== undefined && texts.length < 3 * MAX_CAUSES;) {
    texts.push(messageOf(error));
    if (!(error instanceof Error)) break;
    texts.push(error.stack ?? "");
    if (error instanceof RuntimeError) texts.push(JSON.stringify(error.fields));
    error = error.cause;
  }
  return texts;
}
