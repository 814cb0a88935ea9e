/** What can go wrong with a server, in words for hosts and models. */

import { messageOf, RuntimeError } from "../errors.ts";
import type { Redactor } from "../kit/redactor.ts";

/** Stable codes of failures of servers. */
export type McpFailureCode =
  | "mcp_server_unreachable"
  | "mcp_server_exited"
  | "mcp_timeout"
  | "mcp_address_refused"
  | "mcp_authorization_required"
  | "mcp_config_invalid"
  | "permission_missing";

/** A failure of a server with a stable code. */
export function mcpError(code: McpFailureCode, message: string, cause?: unknown): RuntimeError {
  return new RuntimeError(code, message, cause === undefined ? {} : { cause });
}

/** Longest reason that is passed on, in characters. */
const MAX_REASON = 1000;

/** Why something failed, without secrets and bounded; of a fetch that failed, why the network did. */
export function reasonOf(error: unknown, redactor: Redactor): string {
  const causes = [error];
  for (let inner = error; inner instanceof Error && inner.cause !== undefined && causes.length < 4;) {
    inner = inner.cause;
    causes.push(inner);
  }
  const known = causes.find((cause) => cause instanceof RuntimeError);
  const messages = known === undefined ? causes.map(wordsOf) : [messageOf(known)];
  const text = messages.filter((message, place) => !messages.slice(0, place).some((said) => said.includes(message)));
  // Redacted before it is cut: half a secret at the end would not be recognised.
  return redactor.redact(text.join(": ")).slice(0, MAX_REASON);
}

/** Its message, and the status of an answer over HTTP: some servers refuse without a word. */
function wordsOf(error: unknown): string {
  const message = messageOf(error).trim();
  const status: unknown = error instanceof Error && "status" in error ? error.status : undefined;
  if (typeof status !== "number" || message.includes(`HTTP ${status}`)) return message;
  return `${message.replace(/:$/, "")} (HTTP ${status})`;
}

/** A failure that may be shown: with the same code, or as a server that could not be reached. */
export function failureOf(error: unknown, redactor: Redactor): RuntimeError {
  const isTimeout = error instanceof Error && "code" in error && error.code === "REQUEST_TIMEOUT";
  const code = error instanceof RuntimeError ? error.code : isTimeout ? "mcp_timeout" : "mcp_server_unreachable";
  return new RuntimeError(code, reasonOf(error, redactor));
}
