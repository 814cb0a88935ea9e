/** Where a provider listens. */

import { ProviderError } from "../../errors.ts";

/** A checked base URL. */
export class Endpoint {
  /** The base URL without a trailing slash. */
  readonly baseUrl: string;
  /** `host:port`, as `--allow-net` wants it. */
  readonly netTarget: string;

  /**
   * Checks a base URL; without one the provider's own is taken, which is also the example in the error.
   *
   * @throws {ProviderError} `provider_misconfigured` when requests cannot be sent below it
   */
  constructor(baseUrl: string | undefined, providersOwn: string) {
    const url = URL.parse(baseUrl ?? providersOwn);
    const misconfigured = (why: string): ProviderError => unusable(why, providersOwn);
    if (url === null) throw misconfigured("the base URL is not a URL");
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      throw misconfigured(`the base URL begins with "${url.protocol}"`);
    }
    // fetch refuses user info, and what is in a URL ends up in logs.
    if (url.username !== "" || url.password !== "") throw misconfigured("the base URL contains credentials");
    if (url.search !== "" || url.hash !== "") throw misconfigured("the base URL contains a query or a fragment");
    this.baseUrl = url.href.replace(/\/+$/, "");
    this.netTarget = `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
  }

  /** The address of a path below the base URL; the path begins with a slash. */
  url(path: string): string {
    return this.baseUrl + path;
  }
}

// The URL itself is not repeated: it may hold a key.
function unusable(why: string, example: string): ProviderError {
  return new ProviderError(
    "provider_misconfigured",
    `Cannot reach the provider: ${why} (use an address such as "${example}" and pass the key as apiKey)`,
  );
}
