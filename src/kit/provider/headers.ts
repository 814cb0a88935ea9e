/** The headers of a driver's requests, and what may be shown of them. */

import { ProviderError } from "../../errors.ts";

/** The headers of every request of a driver. */
export type WireHeaders = Readonly<Record<string, string>>;

const CREDENTIAL = /auth|key|token|secret|cookie|password/i;

/**
 * A driver's own headers with the configured ones over them; names in lower case.
 *
 * @throws {ProviderError} `provider_misconfigured` when a header, most likely the key, cannot be sent
 */
export function requestHeaders(own: WireHeaders, configured: WireHeaders = {}): WireHeaders {
  try {
    const headers = new Headers({ accept: "application/json", "user-agent": "everruns-runtime", ...own });
    for (const [name, value] of Object.entries(configured)) headers.set(name, value);
    return Object.fromEntries(headers);
  } catch {
    // The error of Headers repeats the value.
    throw new ProviderError(
      "provider_misconfigured",
      "Cannot send the API key or a configured header: it has characters that no header may have (paste it again)",
    );
  }
}

/** The headers as they may be shown: those that look like credentials read `[secret]`. */
export function shownHeaders(headers: WireHeaders): WireHeaders {
  const entries = Object.entries(headers).map(([name, value]) => {
    if (!CREDENTIAL.test(name)) return [name, value];
    return [name, value.startsWith("Bearer ") ? "Bearer [secret]" : "[secret]"];
  });
  return Object.fromEntries(entries);
}

/** The values of headers that look like credentials, for the redactor. */
export function secretsIn(headers: WireHeaders): readonly string[] {
  return Object.entries(headers).filter(([name]) => CREDENTIAL.test(name)).map(([, value]) => value);
}
