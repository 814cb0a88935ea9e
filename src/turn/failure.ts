/** From anything that was thrown to a failure with a stable code, and to words for the user. */

import { type FailureCode, messageOf, ProviderError, RuntimeError } from "../errors.ts";
import type { ErrorDisclosure } from "../records/message.ts";
import type { TurnFailure } from "../records/turn.ts";
import type { SecretFilter } from "./kernel_ports.ts";

const MAX_MESSAGE = 2000;

/** The failure of a thrown value without secrets; anything without a stable code is `processing_error`. */
export function toFailure(thrown: unknown, secrets?: Pick<SecretFilter, "redact">): TurnFailure {
  const shown = (text: string): string => secrets?.redact(text) ?? text;
  const message = clip(shown(messageOf(thrown)));
  if (!(thrown instanceof RuntimeError)) return { code: "processing_error", message };
  const code = isFailureCode(thrown.code) ? thrown.code : "processing_error";
  const given = Object.entries(thrown.fields).map(([name, value]) => {
    return [shown(name), typeof value === "string" ? shown(value) : value] as const;
  });
  const fields: Record<string, string | number> = Object.fromEntries(given);
  if (thrown instanceof ProviderError && thrown.status !== undefined) fields["status"] = thrown.status;
  return Object.keys(fields).length === 0 ? { code, message } : { code, message, fields };
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(SENTENCES, code);
}

function clip(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)} [cut]`;
}

const SENTENCES: Readonly<Record<FailureCode, string>> = {
  budget_exhausted: "The budget of this session is used up.",
  budget_paused: "The budget of this session is paused.",
  soft_limit_reached: "The soft limit of this session's budget is reached.",
  model_unavailable: "The model is not available.",
  request_too_large: "The conversation is too long for the model.",
  provider_rate_limited: "The model provider is limiting requests; try again later.",
  provider_misconfigured: "The model provider is not set up correctly.",
  provider_unavailable: "The model provider is not available; try again later.",
  provider_usage_limit_reached: "The usage limit at the model provider is reached.",
  provider_rejected_request: "The model provider refused the request.",
  permission_missing: "The program may not reach the model provider.",
  dependency_unavailable: "The configuration of this session is no longer available.",
  driver_not_registered: "No driver is registered for the model's provider.",
  model_not_configured: "No model is configured.",
  blocked_by_hook: "The message was refused.",
  checkpoint_unreadable: "The interrupted turn was written by another version and cannot go on.",
  invalid_output: "The answer does not have the form that was asked for.",
  processing_error: "Something went wrong while answering.",
};

const GENERIC = "Something went wrong while answering.";

/** What the user is told: a fixed sentence, one by code, or that plus the provider's words. */
export function disclose(failure: TurnFailure, disclosure: ErrorDisclosure): string {
  switch (disclosure) {
    case "generic":
      return GENERIC;
    case "standard":
      return SENTENCES[failure.code];
    case "detailed":
      return `${SENTENCES[failure.code]} (${failure.message})`;
  }
}

const ORDER: readonly ErrorDisclosure[] = ["generic", "standard", "detailed"];

/** A message may narrow the configured disclosure, never widen it. */
export function narrowDisclosure(configured: ErrorDisclosure, wished: ErrorDisclosure | undefined): ErrorDisclosure {
  if (wished === undefined) return configured;
  return ORDER[Math.min(ORDER.indexOf(configured), Math.max(0, ORDER.indexOf(wished)))] ?? "generic";
}
