/** The addresses of a host, each of them one that may be reached. */

import { RuntimeError } from "../../errors.ts";
import { addressKind } from "../private_address.ts";

/** The addresses of a host name. */
export type HostLookup = (hostname: string) => Promise<readonly string[]>;

/** Where connections may lead. */
export interface AddressRules {
  /** Finds addresses. */
  readonly lookup: HostLookup;
  /** Whether this machine may be reached. */
  readonly allowLoopback: boolean;
  /** Whether private networks may be reached; includes this machine. */
  readonly allowPrivate: boolean;
}

/** A host that may be reached. */
export interface VettedHost {
  /** The name or address without brackets and without the dot of the root. */
  readonly name: string;
  /** Its addresses; at least one. */
  readonly addresses: readonly string[];
  /** Whether any of them is on the open internet. */
  readonly isPublic: boolean;
}

/** Names of this machine, which no resolver is asked about (RFC 6761, 6.3). */
const LOOPBACK_NAME = /(^|\.)localhost$/;
const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];
/** Further names that never lead to the open internet (RFC 6762, 8375, and the reserved `internal`). */
const LOCAL_NAME = /(^|\.)(localdomain|local|internal|home\.arpa)$/;

/**
 * Resolves a host once and vets every address it has; one that may not be reached refuses the host.
 *
 * Whoever connects must use these addresses: a name that is resolved again may lead elsewhere by then.
 *
 * @param url an address the URL parser has brought into its one form, so that `0x7f.1` is `127.0.0.1`
 * @throws {RuntimeError} `address_refused`, `host_unreachable` or `permission_missing`
 */
export async function vetHost(url: URL, rules: AddressRules): Promise<VettedHost> {
  const name = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "").toLowerCase();
  const { allowLoopback, allowPrivate, lookup } = rules;
  const isLoopbackName = LOOPBACK_NAME.test(name);
  if (isLoopbackName && !allowLoopback && !allowPrivate) throw refused(url, "loopback");
  if (LOCAL_NAME.test(name) && !allowPrivate) throw refused(url, "private");
  const isLiteral = addressKind(name) !== undefined;
  const addresses = isLiteral ? [name] : isLoopbackName ? LOOPBACK : await resolve(name, lookup);
  if (addresses.length === 0) {
    throw new RuntimeError("host_unreachable", `Cannot reach ${name}: the name has no address`);
  }
  const kinds = addresses.map(addressKind);
  for (const kind of kinds) {
    if (kind === "loopback" && !allowLoopback && !allowPrivate) throw refused(url, "loopback");
    if (kind !== "public" && kind !== "loopback" && !allowPrivate) throw refused(url, "private");
  }
  return { name, addresses, isPublic: kinds.includes("public") };
}

/** The addresses of a name, as the system finds them; needs `--allow-net=HOST` without a port. */
export async function systemLookup(hostname: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

async function resolve(name: string, lookup: HostLookup): Promise<readonly string[]> {
  try {
    return await lookup(name);
  } catch (cause) {
    // Deno 2.9.6 reports a missing grant as this code of the system.
    if (cause instanceof Error && "code" in cause && cause.code === "EPERM") {
      throw new RuntimeError(
        "permission_missing",
        `Cannot resolve ${name}: net access is not granted (run with --allow-net=${name})`,
        { cause },
      );
    }
    throw new RuntimeError("host_unreachable", `Cannot reach ${name}: its name cannot be resolved`, { cause });
  }
}

function refused(url: URL, kind: "loopback" | "private"): RuntimeError {
  const reason = kind === "loopback"
    ? "it leads to this machine (allow it with allowLoopback)"
    : "it leads to a private address (allow it with allowPrivate)";
  return new RuntimeError("address_refused", `Cannot reach ${url.host}: ${reason}`);
}
