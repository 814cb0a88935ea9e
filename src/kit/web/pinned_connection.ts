/** Connections to vetted addresses, proved by the name that was asked for. */

import type { Duplex } from "node:stream";
import { messageOf, RuntimeError } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import { lazy } from "../lazy.ts";
import { unlessAborted } from "../unless_aborted.ts";
import type { VettedHost } from "./vetted_address.ts";

/** Opens a TCP connection. */
export type ConnectTcp = (
  to: { readonly hostname: string; readonly port: number; readonly signal: AbortSignal },
) => Promise<Deno.TcpConn>;

/** A connection to a vetted address. */
export interface PinnedConnection {
  /** What is said over it; destroying it closes the connection. */
  readonly stream: Duplex;
  /** The connection underneath. */
  readonly conn: Deno.TcpConn;
  /** The vetted address it leads to. */
  readonly address: string;
}

/** Options of {@linkcode connectPinned}. */
export interface PinnedConnectOptions {
  /** Time. */
  readonly clock: Clock;
  /** Longest wait for the connection and its TLS handshake, in milliseconds. */
  readonly connectMs: number;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
  /** Certificates (PEM) that are trusted instead of the system's. @default none */
  readonly caCerts?: readonly string[];
  /** Opens TCP connections. @default `Deno.connect` */
  readonly connect?: ConnectTcp;
  /** Whether an address itself may be connected to. @default {what Deno grants; all of them with a `connect`} */
  readonly mayReach?: (address: string, port: number) => boolean;
}

const loadStreams = lazy(() => import("./secure_stream.ts"));

/** Most addresses of a host that are tried. */
const MAX_ADDRESSES = 4;

/**
 * Connects to one of a host's vetted addresses, and over TLS proves that it is the host.
 *
 * The connection is opened to the address itself, so that a name which leads elsewhere by now cannot matter. Where the
 * process may reach only the name (`--allow-net=HOST`) Deno has to resolve it again: then the peer's address is
 * compared with the vetted ones, and a stranger is hung up on before a byte is sent.
 *
 * @throws {RuntimeError} `host_unreachable`, `address_refused` or `permission_missing`
 */
export async function connectPinned(
  host: VettedHost,
  port: number,
  isTls: boolean,
  options: PinnedConnectOptions,
): Promise<PinnedConnection> {
  const { clock, connectMs, signal } = options;
  const late = new AbortController();
  const timer = clock.setTimer(
    () => late.abort(new RuntimeError("host_unreachable", `Cannot reach ${host.name}: no answer in ${connectMs} ms`)),
    connectMs,
  );
  const ending = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    const { streamOf, secureStream } = await loadStreams();
    const { conn, address } = await dialAny(host, port, ending, options);
    const plain = streamOf(conn);
    const secured = { signal: ending, caCerts: options.caCerts ?? [] };
    return { conn, address, stream: isTls ? await secureStream(plain, host.name, secured) : plain };
  } catch (cause) {
    ending.throwIfAborted();
    if (cause instanceof RuntimeError) throw cause;
    // A certificate may hold thousands of names, and the reason all of them.
    const reason = messageOf(cause).slice(0, 300);
    throw new RuntimeError("host_unreachable", `Cannot reach ${host.name} over TLS: ${reason}`, { cause });
  } finally {
    timer.cancel();
  }
}

type Dialled = Omit<PinnedConnection, "stream">;

async function dialAny(
  host: VettedHost,
  port: number,
  signal: AbortSignal,
  options: PinnedConnectOptions,
): Promise<Dialled> {
  let problem: unknown;
  for (const address of host.addresses.slice(0, MAX_ADDRESSES)) {
    try {
      return await dial(host, address, port, signal, options);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RuntimeError) throw error;
      problem = error;
    }
  }
  if (problem instanceof Deno.errors.NotCapable) {
    throw new RuntimeError(
      "permission_missing",
      `Cannot reach ${host.name}: net access is not granted (run with --allow-net=${hostAndPort(host.name, port)})`,
      { cause: problem },
    );
  }
  throw new RuntimeError("host_unreachable", `Cannot reach ${host.name}: ${messageOf(problem)}`, { cause: problem });
}

async function dial(
  host: VettedHost,
  address: string,
  port: number,
  signal: AbortSignal,
  { connect = Deno.connect, mayReach = connect === Deno.connect ? isGranted : () => true }: PinnedConnectOptions,
): Promise<Dialled> {
  const mayPin = address === host.name || mayReach(address, port);
  const connecting = connect({ hostname: mayPin ? address : host.name, port, signal });
  // One that comes after its deadline is nobody's.
  connecting.then((conn) => signal.aborted && closeQuietly(conn), () => {});
  const conn = await unlessAborted(connecting, signal);
  const peer = mayPin ? address : conn.remoteAddr.hostname;
  if (!host.addresses.includes(peer)) {
    closeQuietly(conn);
    throw new RuntimeError("address_refused", `Cannot reach ${host.name}: its address changed while connecting`);
  }
  return { conn, address: peer };
}

function isGranted(address: string, port: number): boolean {
  return Deno.permissions.querySync({ name: "net", host: hostAndPort(address, port) }).state === "granted";
}

/** As a flag names it. */
function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host.replace(/%.*$/, "")}]:${port}` : `${host}:${port}`;
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed, or has become part of another.
  }
}
