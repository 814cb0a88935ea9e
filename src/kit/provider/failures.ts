/** Errors of a provider as ProviderErrors with stable codes. */

import { type FailureCode, messageOf, ProviderError } from "../../errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { classify, type ProviderComplaint } from "./failure_code.ts";
import { googleDetails } from "./google_details.ts";
import { fieldsOf, isFields, textOf } from "./narrow.ts";
import type { Redactor } from "../redactor.ts";
import { retryAfterInWords, retryAfterMs } from "./retry_after.ts";

/** Most bytes of a provider's own words in a message. */
const MAX_WORDS_BYTES = 2048;

const ADVICE: Partial<Record<FailureCode, string>> = {
  provider_rate_limited: "wait and try again",
  provider_usage_limit_reached: "check the plan and the credit of the account behind this key",
  provider_misconfigured: "check the API key and the base URL",
  provider_unavailable: "try again",
  provider_rejected_request: "the same request will not succeed",
  request_too_large: "send a shorter history, or use a model with a larger context window",
  model_unavailable: "check the name of the model",
};

/** Makes the errors of one endpoint; none of them contains its key. */
export class Failures {
  readonly #endpoint: Endpoint;
  readonly #redactor: Redactor;

  /** Makes the errors of an endpoint. */
  constructor(endpoint: Endpoint, redactor: Redactor) {
    this.#endpoint = endpoint;
    this.#redactor = redactor;
  }

  /** A stream or a connection that did not do what it should; the same request may succeed. */
  unavailable(why: string, status?: number): ProviderError {
    return this.#error("provider_unavailable", why, true, { status });
  }

  /** The provider sent more than this driver is ready to hold. */
  tooMuch(what: string, limit: number): ProviderError {
    return this.#error("provider_unavailable", `it sent ${what} of more than ${limit} bytes`, false, {});
  }

  /** A refusal with a status and a body. */
  ofResponse(status: number, headers: Headers, body: string): ProviderError {
    return this.#complaint({ ...complaintOf(parsed(body) ?? body), status }, headers);
  }

  /** An error that came inside a stream, or a body that is an error in spite of its status. */
  ofBody(error: unknown): ProviderError {
    return this.#complaint(complaintOf(error), undefined);
  }

  /** An answer that points elsewhere; it is not followed, as the request carries a key and a transcript. */
  ofRedirect(status: number, location: string): ProviderError {
    return this.#error("provider_misconfigured", `it redirects to "${location}"`, false, { status });
  }

  /** Anything thrown on the way, by the transport or a library, often wrapped by the latter. */
  ofThrown(thrown: unknown): ProviderError {
    for (let error = thrown; error instanceof Error; error = error.cause) {
      if (error instanceof ProviderError) return error;
    }
    if (thrown instanceof SyntaxError) return this.unavailable("it sent an event that is not JSON");
    if (isDenied(thrown)) return this.#denied();
    // npm:openai throws what came as an error event with the body of that event.
    const error = fieldsOf(thrown)["error"];
    if (error !== undefined && error !== null) return this.ofBody(error);
    return this.unavailable(`the connection failed with: ${deepestMessage(thrown)}`);
  }

  #denied(): ProviderError {
    const target = this.#endpoint.netTarget;
    return new ProviderError(
      "permission_missing",
      `Cannot connect to "${target}": network access is not granted (run with --allow-net=${target})`,
    );
  }

  #complaint(complaint: ProviderComplaint, headers: Headers | undefined): ProviderError {
    const asked = (headers === undefined ? undefined : retryAfterMs(headers)) ?? complaint.retryAfterMs;
    const { code, retryable } = classify(asked === undefined ? complaint : { ...complaint, retryAfterMs: asked });
    const words = complaint.message === "" ? complaint.code || "it gave no reason" : complaint.message;
    const why = complaint.status === undefined ? words : `${complaint.status} ${words}`;
    const fields: Record<string, string> = {};
    if (complaint.code !== "") fields["providerCode"] = this.#shown(complaint.code);
    const requestId = headers?.get("x-request-id") ?? headers?.get("request-id");
    if (requestId) fields["requestId"] = this.#shown(requestId);
    return this.#error(code, why, retryable && headers?.get("x-should-retry") !== "false", {
      status: complaint.status,
      retryAfterMs: asked ?? (code === "provider_rate_limited" ? retryAfterInWords(complaint.message) : undefined),
      fields,
    });
  }

  #error(
    code: FailureCode,
    why: string,
    retryable: boolean,
    more: { status?: number | undefined; retryAfterMs?: number | undefined; fields?: Record<string, string> },
  ): ProviderError {
    const advice = ADVICE[code];
    const message = `Cannot get a reply from "${this.#endpoint.netTarget}": ${this.#shown(why)}`;
    return new ProviderError(code, advice === undefined ? message : `${message} (${advice})`, {
      retryable,
      ...(more.status === undefined ? {} : { status: more.status }),
      ...(more.retryAfterMs === undefined ? {} : { retryAfterMs: more.retryAfterMs }),
      ...(more.fields === undefined ? {} : { fields: more.fields }),
    });
  }

  // Redacted before it is cut: half a key at the end would not be recognised.
  #shown(text: string): string {
    const redacted = this.#redactor.redact(text);
    const { read } = new TextEncoder().encodeInto(redacted, new Uint8Array(MAX_WORDS_BYTES));
    return read === redacted.length ? redacted : `${redacted.slice(0, read)}...`;
  }
}

/** What a provider complains about, in any of the shapes they use. */
function complaintOf(body: unknown): ProviderComplaint {
  if (typeof body === "string") return { code: "", type: "", message: body };
  // `{ error: {...} }`, `{ error: "text" }`, FastAPI's `{ detail }`, `{ message }`, or a list with one of these.
  const outer = fieldsOf(Array.isArray(body) ? body[0] : body);
  const inner = outer["error"];
  const error = isFields(inner) ? inner : outer;
  const code = error["code"];
  // OpenRouter gives the status of the provider behind it as the code.
  const status = typeof code === "number" || /^\d{3}$/.test(textOf(code)) ? Number(code) : undefined;
  const message = textOf(inner) || textOf(error["message"]) || textOf(error["detail"]) || JSON.stringify(body) || "";
  // OpenRouter keeps the words of the provider behind it apart; its own say only that there was an error.
  const raw = textOf(fieldsOf(error["metadata"])["raw"]);
  const { reason, quota, retryAfterMs } = googleDetails(error["details"]);
  return {
    code: reason || textOf(code) || (status === undefined ? "" : String(status)),
    // Google calls its kind of error a status.
    type: textOf(error["type"]) || textOf(error["status"]),
    message: raw === "" ? message : `${message}: ${raw}`,
    ...(quota === undefined ? {} : { quota }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status !== undefined && status >= 400 && status < 600 ? { status } : {}),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Deno throws `NotCapable` for a missing grant; libraries wrap it. */
function isDenied(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error.name === "NotCapable") return true;
  }
  return false;
}

/** The operating system's words are in the innermost cause. */
function deepestMessage(thrown: unknown): string {
  let error = thrown;
  while (error instanceof Error && error.cause instanceof Error) error = error.cause;
  return messageOf(error);
}
