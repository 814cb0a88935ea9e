/** What a host may decide about `web_fetch`. */

import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../kit/clock.ts";
import { addressKind } from "../../kit/private_address.ts";
import type { ConnectTcp } from "../../kit/web/pinned_connection.ts";
import { type HostLookup, systemLookup } from "../../kit/web/vetted_address.ts";

/** Options of {@linkcode createWebFetch}. */
export interface WebFetchOptions {
  /**
   * The only hosts that are visited, as exact names or addresses; the session's network policy narrows them further.
   *
   * With them `--allow-net=HOST` of each is enough.
   *
   * @default every public host
   */
  readonly hosts?: readonly string[];
  /** The only ports that are visited. @default {[80, 443]} */
  readonly ports?: readonly number[];
  /** Whether this machine may be visited, for tests. @default {false} */
  readonly allowLoopback?: boolean;
  /** How requests introduce themselves. @default {"everruns-runtime"} */
  readonly userAgent?: string;
  /** Most bytes of a body, before and after decompression; the rest is left out. @default {5242880} */
  readonly maxBytes?: number;
  /** Longest wait for a connection, in milliseconds. @default {10000} */
  readonly connectMs?: number;
  /** Longest wait for an answer to begin, and for each next piece of it, in milliseconds. @default {10000} */
  readonly idleMs?: number;
  /** Longest visit, redirects included, in milliseconds. @default {30000} */
  readonly totalMs?: number;
  /** Certificates (PEM) that are trusted instead of the system's. @default the system's */
  readonly caCerts?: readonly string[];
  /** Finds the addresses of host names. @default the system's resolver */
  readonly lookup?: HostLookup;
  /** Opens TCP connections. @default `Deno.connect` */
  readonly connect?: ConnectTcp;
  /** Time. @default the system's */
  readonly clock?: Clock;
}

/** Options with their defaults. */
export interface WebFetchSettings extends Required<Omit<WebFetchOptions, "hosts" | "ports" | "connect">> {
  /** Undefined means all. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Which ports. */
  readonly ports: ReadonlySet<number>;
  /** Undefined means Deno's. */
  readonly connect: ConnectTcp | undefined;
}

/**
 * Checks options and fills in defaults.
 *
 * @throws {TypeError} when one has the wrong shape
 * @throws {RangeError} when a number is out of range
 */
export function settingsOf(options: WebFetchOptions): WebFetchSettings {
  const { hosts, ports = [80, 443], userAgent = "everruns-runtime" } = options;
  if (hosts !== undefined && !Array.isArray(hosts)) throw wrong("hosts", "a list of host names");
  if (!Array.isArray(ports)) throw wrong("ports", "a list of numbers");
  if (typeof userAgent !== "string" || !/^[\x20-\x7e]{1,200}$/.test(userAgent)) {
    throw wrong("userAgent", "a line of at most 200 ASCII characters");
  }
  for (const port of ports) checkRange("ports", port, 65_535);
  return {
    hosts: hosts === undefined ? undefined : new Set(hosts.map(hostName)),
    ports: new Set(ports),
    allowLoopback: options.allowLoopback === true,
    userAgent,
    maxBytes: checkRange("maxBytes", options.maxBytes ?? 5 * 1024 * 1024, 64 * 1024 * 1024),
    connectMs: checkRange("connectMs", options.connectMs ?? 10_000, 600_000),
    idleMs: checkRange("idleMs", options.idleMs ?? 10_000, 600_000),
    totalMs: checkRange("totalMs", options.totalMs ?? 30_000, 600_000),
    caCerts: options.caCerts ?? [],
    lookup: options.lookup ?? systemLookup,
    connect: options.connect,
    clock: options.clock ?? systemClock(),
  };
}

/** A host as addresses of it are written, without brackets and without the dot of the root. */
function hostName(host: unknown): string {
  const isAddress = typeof host === "string" && addressKind(host) !== undefined;
  const url = typeof host === "string" && !/[/?#@\\\s*]/.test(host) && (isAddress || !host.includes(":"))
    ? URL.parse(`http://${isAddress && host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}`)
    : null;
  if (url === null) throw wrong("hosts", `a list of host names without ports and patterns: ${JSON.stringify(host)}`);
  return bareHost(url);
}

/** The host of an address, without brackets and without the dot of the root. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function checkRange(name: string, value: unknown, max: number): number {
  if (typeof value !== "number") throw wrong(name, "a number");
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new RangeError(`Cannot make web_fetch: \`${name}\` is ${value}, not a whole number from 1 to ${max}`);
}

function wrong(name: string, wanted: string): TypeError {
  return new TypeError(`Cannot make web_fetch: \`${name}\` is not ${wanted}`);
}
