/** Following an address through its redirects; every hop is judged as if it were the first. */

import { RuntimeError, ToolError } from "../../errors.ts";
import type { NetworkAccess } from "../../records/network_access.ts";
import { isAllowed } from "../../kit/network_policy.ts";
import { unlessAborted } from "../../kit/unless_aborted.ts";
import { type PinnedAnswer, pinnedFetch } from "../../kit/web/pinned_fetch.ts";
import { vetHost } from "../../kit/web/vetted_address.ts";
import { bareHost, type WebFetchSettings } from "./options.ts";

/** What is asked for. */
export interface Visit {
  /** Where. */
  readonly url: string;
  /** How. */
  readonly method: "GET" | "HEAD";
  /** What is accepted. */
  readonly accept: string;
  /** The policy of the session. */
  readonly policy: NetworkAccess | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told before each wait; what it returns ends the wait in time. */
  readonly waiting: () => Disposable;
}

/** Where it led. */
export interface Visited {
  /** The last address. */
  readonly url: URL;
  /** How many redirects led there. */
  readonly redirects: number;
  /** The answer; its body must be read or cancelled. */
  readonly answer: PinnedAnswer;
}

const MAX_REDIRECTS = 5;
const MAX_URL = 8_192;
/** What may have come beyond the bytes that were taken; so the size of a plain body is cut where it should be. */
const READ_AHEAD = 1024 * 1024;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Visits an address.
 *
 * Sends no cookies, credentials or referrer, and follows at most five redirects: each target is checked, resolved and
 * vetted anew. From an encrypted page none leads to one that is not.
 *
 * @throws {ToolError} when it may not be visited or cannot be reached
 */
export async function visit(request: Visit, settings: WebFetchSettings): Promise<Visited> {
  const { method, signal, accept } = request;
  const headers = new Headers({ accept, "user-agent": settings.userAgent });
  let url = checkAddress(request.url, undefined, request, settings);
  for (let redirects = 0;; redirects++) {
    const answer = await ask(url, request, settings, { method, headers });
    const location = REDIRECTS.has(answer.status) ? answer.headers.get("location") : null;
    if (location === null) {
      signal.throwIfAborted();
      return { url, redirects, answer };
    }
    await answer.body.cancel();
    if (redirects === MAX_REDIRECTS) throw new ToolError(`Cannot fetch: over ${MAX_REDIRECTS} redirects`);
    url = checkAddress(location, url, request, settings);
  }
}

async function ask(
  url: URL,
  { signal, waiting }: Visit,
  settings: WebFetchSettings,
  { method, headers }: { readonly method: string; readonly headers: Headers },
): Promise<PinnedAnswer> {
  using _ = waiting();
  const { lookup, allowLoopback, maxBytes, connectMs, clock, caCerts, connect } = settings;
  try {
    const host = await unlessAborted(vetHost(url, { lookup, allowLoopback, allowPrivate: false }), signal);
    return await pinnedFetch(url, host, {
      method,
      headers,
      signal,
      clock,
      connectMs,
      maxWireBytes: maxBytes + READ_AHEAD,
      caCerts,
      ...(connect === undefined ? {} : { connect }),
    });
  } catch (error) {
    signal.throwIfAborted();
    // What the host could allow is not the model's business.
    if (error instanceof RuntimeError) throw new ToolError(error.message.replace(/ \(allow [^)]*\)$/, ""));
    throw error;
  }
}

/** Takes an address apart and refuses what may not be visited whatever it resolves to. */
function checkAddress(
  text: string,
  from: URL | undefined,
  { policy }: Visit,
  { hosts, ports }: WebFetchSettings,
): URL {
  const url = text.length > MAX_URL ? null : URL.parse(text, from);
  const shown = JSON.stringify(text.slice(0, 200));
  const refused = (why: string): ToolError =>
    new ToolError(
      from === undefined ? `Cannot fetch ${shown}: ${why}` : `Cannot follow the redirect to ${shown}: ${why}`,
    );
  if (url === null) throw refused("it is no absolute address");
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused("only http and https addresses are fetched");
  if (from?.protocol === "https:" && url.protocol === "http:") throw refused("it gives up encryption");
  if (url.username !== "" || url.password !== "") throw refused("it holds credentials");
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  if (!ports.has(port)) throw refused(`port ${port} is not allowed`);
  if (hosts?.has(bareHost(url)) === false) throw refused("its host is not one of the allowed hosts");
  if (!isAllowed(policy, url.href)) throw refused("the network access policy does not allow it");
  url.hash = "";
  return url;
}
