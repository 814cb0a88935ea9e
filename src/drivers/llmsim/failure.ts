/** The provider failures a simulated model can have. */

import { type FailureCode, ProviderError } from "../../errors.ts";

/**
 * What may go wrong: each kind is the error a real driver would throw.
 *
 * `rate_limit`, `timeout`, `other`, `transport` and `overloaded` may succeed when retried, the others fail fast.
 */
export type LlmSimErrorKind =
  | "rate_limit"
  | "timeout"
  | "invalid_response"
  | "other"
  | "transport"
  | "overloaded"
  | "authentication"
  | "quota_exhausted"
  | "unsupported_model";

interface Failure {
  readonly code: FailureCode;
  readonly retryable: boolean;
  readonly message: string;
  readonly status?: number;
}

const FAILURES: Readonly<Record<LlmSimErrorKind, Failure>> = {
  rate_limit: {
    code: "provider_rate_limited",
    status: 429,
    retryable: true,
    message: "Too many requests (simulated rate limit, status 429)",
  },
  timeout: {
    code: "provider_unavailable",
    status: 504,
    retryable: true,
    message: "The provider did not answer in time (simulated timeout, status 504)",
  },
  invalid_response: {
    code: "provider_rejected_request",
    status: 400,
    retryable: false,
    message: "The provider refused the request (simulated invalid response, status 400)",
  },
  other: {
    code: "provider_unavailable",
    status: 500,
    retryable: true,
    message: "The provider failed (simulated error, status 500)",
  },
  transport: {
    code: "provider_unavailable",
    retryable: true,
    message: "The connection to the provider broke (simulated transport error)",
  },
  overloaded: {
    code: "provider_unavailable",
    status: 503,
    retryable: true,
    message: "The provider is overloaded (simulated overload, status 503)",
  },
  authentication: {
    code: "provider_misconfigured",
    status: 401,
    retryable: false,
    message: "The provider does not accept the key (simulated authentication error, status 401)",
  },
  // A used-up quota comes as 429 too, but waiting does not help.
  quota_exhausted: {
    code: "provider_usage_limit_reached",
    status: 429,
    retryable: false,
    message: "The quota is used up (simulated quota error, status 429)",
  },
  unsupported_model: {
    code: "model_unavailable",
    status: 404,
    retryable: false,
    message: "The provider does not offer the model (simulated, status 404)",
  },
};

/** Makes the error of a model's reply. */
export type SimFailure = (model: string) => ProviderError | Promise<ProviderError>;

/** Details of a simulated failure. */
export interface FailureDetails {
  /** What the error says. @default a sentence naming the kind */
  readonly message?: string | undefined;
  /** How long the provider asks to wait before a retry, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** A new error of one kind of failure. */
export function failureOfKind(kind: LlmSimErrorKind, details: FailureDetails = {}): ProviderError {
  const { code, message, retryable, status } = FAILURES[kind];
  return new ProviderError(code, details.message ?? message, {
    retryable,
    ...(status === undefined ? {} : { status }),
    ...(details.retryAfterMs === undefined ? {} : { retryAfterMs: details.retryAfterMs }),
  });
}
