/** Network policies of layers: folding them, and asking them. */

import type { NetworkAccess } from "../records/network_access.ts";

/** A pattern, or an address, taken apart. */
type Target =
  | { readonly type: "everything" }
  | {
    readonly type: "host";
    readonly host: string;
    /** Only when the pattern names one. */
    readonly port: string;
    /** Whether subdomains count too. */
    readonly subdomains: boolean;
  }
  | {
    readonly type: "url";
    /** `https:`, with the colon. */
    readonly protocol: string;
    readonly host: string;
    /** Always named. */
    readonly port: string;
    /** Path and query in lower case. */
    readonly path: string;
  };

type UrlTarget = Extract<Target, { readonly type: "url" }>;

const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ["http:", "80"],
  ["ws:", "80"],
  ["https:", "443"],
  ["wss:", "443"],
  ["ftp:", "21"],
]);

/**
 * The policy of a layer on top of the layers above it: it can only narrow.
 *
 * Of `allowed` the child's entries are kept that the parent covers; an absent list inherits. `blocked` lists unite.
 */
export function mergeNetworkAccess(
  parent: NetworkAccess | undefined,
  child: NetworkAccess | undefined,
): NetworkAccess | undefined {
  if (parent === undefined || child === undefined) return child ?? parent;
  const allowed = intersect(parent.allowed, child.allowed);
  const blocked = [...new Set([...parent.blocked ?? [], ...child.blocked ?? []])];
  return {
    ...(allowed === undefined ? {} : { allowed }),
    ...(blocked.length === 0 ? {} : { blocked }),
  };
}

/**
 * Tells whether a policy lets an address be reached; no policy allows everything.
 *
 * A domain pattern may name a port, and `*` means every host. As an allowed entry a URL prefix ends where a path
 * segment ends, so that `https://x.org/a` does not open `https://x.org/ab`; as a blocked entry it ends anywhere.
 * An address that cannot be parsed is refused, an allowed pattern that cannot be parsed matches nothing, a blocked
 * one everything. Private addresses are somebody else's matter.
 */
export function isAllowed(policy: NetworkAccess | undefined, url: string): boolean {
  if (policy === undefined) return true;
  const address = parseUrl(url);
  if (address === undefined) return false;
  for (const pattern of policy.blocked ?? []) {
    const target = parsePattern(pattern);
    if (target === undefined || covers(target, address, false)) return false;
  }
  if (policy.allowed === undefined) return true;
  return policy.allowed.some((pattern) => {
    const target = parsePattern(pattern);
    return target !== undefined && covers(target, address, true);
  });
}

function intersect(
  parent: readonly string[] | undefined,
  child: readonly string[] | undefined,
): readonly string[] | undefined {
  if (parent === undefined || child === undefined) return child ?? parent;
  const limits = parent.map(parsePattern).filter((target) => target !== undefined);
  return child.filter((pattern) => {
    const target = parsePattern(pattern);
    return target !== undefined && limits.some((limit) => covers(limit, target, true));
  });
}

/** Whether everything one target means is also meant by another. */
function covers(wide: Target, narrow: Target, atBoundary: boolean): boolean {
  if (wide.type === "everything") return true;
  if (narrow.type === "everything") return false;
  if (wide.type === "url") return narrow.type === "url" && isPrefix(wide, narrow, atBoundary);
  if (wide.port !== "" && wide.port !== narrow.port) return false;
  const isSame = wide.host === narrow.host;
  if (narrow.type === "host" && narrow.subdomains && !wide.subdomains) return false;
  return isSame || (wide.subdomains && narrow.host.endsWith(`.${wide.host}`));
}

function isPrefix(prefix: UrlTarget, url: UrlTarget, atBoundary: boolean): boolean {
  if (prefix.protocol !== url.protocol || prefix.host !== url.host || prefix.port !== url.port) return false;
  if (!url.path.startsWith(prefix.path)) return false;
  if (!atBoundary || prefix.path.length === url.path.length || /[/?]/.test(prefix.path.slice(-1))) return true;
  return /[/?]/.test(url.path.charAt(prefix.path.length));
}

function parsePattern(pattern: string): Target | undefined {
  const text = pattern.trim().toLowerCase();
  if (text === "*") return { type: "everything" };
  if (text.includes("://")) return parseUrl(text);
  const subdomains = text.startsWith("*.");
  const name = subdomains ? text.slice(2) : text;
  // A bare domain, perhaps with a port; the URL parser brings it into the form addresses have.
  if (name === "" || /[*/?#@\\\s]/.test(name)) return undefined;
  const port = /:(\d+)$/.exec(name)?.[1] ?? "";
  const url = URL.parse(`http://${name}`);
  return url === null ? undefined : { type: "host", host: hostOf(url), port, subdomains };
}

function parseUrl(text: string): UrlTarget | undefined {
  const url = URL.parse(text);
  if (url === null) return undefined;
  return {
    type: "url",
    protocol: url.protocol,
    host: hostOf(url),
    port: url.port === "" ? DEFAULT_PORTS.get(url.protocol) ?? "" : url.port,
    path: unescapeUnreserved(url.pathname + url.search).toLowerCase(),
  };
}

/** A trailing dot names the same host. */
function hostOf(url: URL): string {
  return url.hostname.toLowerCase().replace(/\.$/, "");
}

/** Undoes escapes that mean the same as the character itself (RFC 3986, 2.3), so that `/%61` is `/a`. */
function unescapeUnreserved(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[a-z0-9._~-]/i.test(character) ? character : escape;
  });
}
