/** Which stable code a provider's complaint gets. */

import type { FailureCode } from "../../errors.ts";

/** What a provider said when it refused or gave up. */
export interface ProviderComplaint {
  /** HTTP status, when there was one. */
  readonly status?: number;
  /** Its code, or the empty text. */
  readonly code: string;
  /** Its type, or the empty text. */
  readonly type: string;
  /** Its words. */
  readonly message: string;
  /** The quota that ran out, when it says which: Google has the same words for both. */
  readonly quota?: "day" | "minute";
  /** How long to wait, in milliseconds, when it says so. */
  readonly retryAfterMs?: number;
}

/** A code and whether trying again makes sense. */
export interface FailureClass {
  /** The stable code. */
  readonly code: FailureCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

const CONTEXT_CODES: ReadonlySet<string> = new Set([
  "context_length_exceeded",
  "exceed_context_size_error", // llama.cpp
  "request_too_large", // Anthropic
  "string_above_max_length",
]);

/**
 * Only OpenAI gives the condition a code; the others say it in words. In order: OpenAI and vLLM, Azure and Groq,
 * llama.cpp, Anthropic behind gateways, Gemini, Mistral, OpenAI's answer to a request above the limit per minute.
 */
const CONTEXT_WORDS = new RegExp(
  [
    "maximum context length",
    "(exceeds?|larger than|longer than|over) (the |this )?(model'?s? )?(maximum |available )?context",
    "context (length|window|size) (is |was )?exceed",
    "exceeds? the available context size",
    "prompt is too long",
    "input (is )?too long",
    "input token count .*exceeds",
    "exceeds? the maximum number of tokens",
    "too large for model with \\d+ maximum context",
    "reduce (the|your) (length|prompt|input)",
    "^request too large for",
  ].join("|"),
  "i",
);

const QUOTA_CODES: ReadonlySet<string> = new Set([
  "insufficient_quota",
  "billing_error", // Anthropic
  "billing_hard_limit_reached",
  "billing_not_active",
  "account_deactivated",
]);
/** Anthropic says both of the last two with status 400. */
const QUOTA_WORDS = new RegExp(
  [
    "exceeded your current quota",
    "insufficient (credits?|balance|funds|quota)",
    "out of credits",
    "credit balance is too low",
    "reached your specified .*usage limits",
  ].join("|"),
  "i",
);

/** Google answers a wrong key with 400. */
const KEY_CODES: ReadonlySet<string> = new Set([
  "API_KEY_INVALID",
  "API_KEY_SERVICE_BLOCKED",
  "SERVICE_DISABLED",
  "CONSUMER_SUSPENDED",
]);

const MODEL_CODES: ReadonlySet<string> = new Set([
  "model_not_found",
  "invalid_model",
  "unsupported_model",
  "model_not_available",
  "DeploymentNotFound", // Azure
]);
/** OpenAI, vLLM and Ollama name the model first; OpenRouter does not. */
const MODEL_WORDS = new RegExp(
  [
    "\\bmodel\\b.{0,200}(not found|(does not|doesn't|not) exist|is not available|not a valid model|not supported)",
    "is not a valid model",
    "(unknown|no such|invalid) model\\b",
    "models/\\S+ is not (found|supported)", // Gemini
    "no endpoints found",
    "^model: \\S+$", // Anthropic
  ].join("|"),
  "i",
);

/** OpenRouter and xAI answer what their filters found with 403, which otherwise is about the key. */
const FILTER_WORDS = /\b(flagged|moderation|guardrails?|violates)\b/i;

/** Codes and types that come without a status, inside a stream. */
const STATUS_OF_CODE: ReadonlyMap<string, number> = new Map([
  ["rate_limit_exceeded", 429],
  ["rate_limit_error", 429],
  ["slow_down", 429],
  ["server_is_overloaded", 503],
  ["service_unavailable_error", 503],
  ["invalid_api_key", 401],
  ["authentication_error", 401],
  ["permission_error", 403],
  ["server_error", 500],
  ["internal_server_error", 500],
  ["overloaded_error", 503],
  ["api_error", 500],
  ["timeout_error", 504],
  ["not_found_error", 404],
  ["conflict_error", 409],
  ["invalid_prompt", 400],
  ["invalid_request_error", 400],
  ["content_filter", 400],
  ["content_policy_violation", 400],
  ["cyber_policy", 400],
  ["bio_policy", 400],
  ["misalignment_policy_violation", 400],
  ["data_residency_mismatch", 400],
  ["INVALID_ARGUMENT", 400],
  ["FAILED_PRECONDITION", 400],
  ["UNAUTHENTICATED", 401],
  ["PERMISSION_DENIED", 403],
  ["RESOURCE_EXHAUSTED", 429],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DEADLINE_EXCEEDED", 504],
]);

/** The class of a complaint: what it is about first, its status second. */
export function classify(complaint: ProviderComplaint): FailureClass {
  const { code, type, message } = complaint;
  const status = complaint.status ?? STATUS_OF_CODE.get(code) ?? STATUS_OF_CODE.get(type) ?? imageStatus(code);

  if (complaint.quota === "minute") return again("provider_rate_limited");
  if (complaint.quota === "day") return final("provider_usage_limit_reached");
  // OpenRouter, while other requests of the account hold its credit.
  if (status === 402 && complaint.retryAfterMs !== undefined) return again("provider_rate_limited");
  if (KEY_CODES.has(code)) return final("provider_misconfigured");
  if (QUOTA_CODES.has(code) || QUOTA_CODES.has(type) || status === 402 || QUOTA_WORDS.test(message)) {
    return final("provider_usage_limit_reached");
  }
  // A status that says something else wins over words, which may quote the request.
  const aboutRequest = status === undefined || status === 400 || status === 422 || status === 429 || status >= 500;
  if (status === 413 || CONTEXT_CODES.has(code) || CONTEXT_CODES.has(type)) return final("request_too_large");
  if (aboutRequest && CONTEXT_WORDS.test(message)) return final("request_too_large");
  if (MODEL_CODES.has(code)) return final("model_unavailable");
  if ((status === 404 || status === 400) && MODEL_WORDS.test(message)) return final("model_unavailable");
  if (status === undefined) return again("provider_unavailable");
  if (status === 403 && FILTER_WORDS.test(message)) return final("provider_rejected_request");
  if (status === 401 || status === 403) return final("provider_misconfigured");
  if (status === 429) return again("provider_rate_limited");
  if (status === 408 || status === 409 || (status >= 500 && status !== 501)) return again("provider_unavailable");
  return final("provider_rejected_request");
}

/** The Responses API names a dozen faults of images. */
function imageStatus(code: string): number | undefined {
  return code.includes("image") ? 400 : undefined;
}

function final(code: FailureCode): FailureClass {
  return { code, retryable: false };
}

function again(code: FailureCode): FailureClass {
  return { code, retryable: true };
}
