/** A connection of Deno as a stream of Node, and TLS over it, so that Node's HTTP client can speak over it. */

import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { addressKind } from "../private_address.ts";
import { unlessAborted } from "../unless_aborted.ts";

const CHUNK = 16 * 1024;

/** Makes a stream of a connection; destroying it closes the connection. */
export function streamOf(conn: Deno.TcpConn): Duplex {
  const stream: Duplex = new Duplex({
    read(): void {
      const chunk = new Uint8Array(CHUNK);
      conn.read(chunk).then(
        (count) => stream.push(count === null ? null : chunk.subarray(0, count)),
        (error) => stream.destroy(error),
      );
    },
    write(chunk: Uint8Array, _encoding, done): void {
      writeAll(conn, chunk).then(() => done(), done);
    },
    final(done): void {
      // The end of a request says nothing about the end of its answer: the connection stays open both ways.
      done();
    },
    destroy(error, done): void {
      try {
        conn.close();
      } catch {
        // The other end was faster.
      }
      done(error);
    },
  });
  // Whoever reads or writes is told; what fails when nobody does any more is nobody's.
  stream.on("error", () => {});
  // Node's HTTP client calls these: on what it uses again, and on what it is done with. Without the second it only ends
  // its own half, and a server that does not hang up keeps the connection open.
  return Object.assign(stream, { ref: () => conn.ref(), destroySoon: () => stream.destroy() });
}

/**
 * Speaks TLS over a stream with a host that proves its name, or its address where that is its name.
 *
 * Not `Deno.startTls`: a handshake that the other end does not go on with keeps its socket open for as long as the other
 * end likes, whatever is closed here (Deno 2.9.6).
 *
 * @throws what is wrong with the certificate, or the reason of the signal
 */
export async function secureStream(
  stream: Duplex,
  name: string,
  { signal, caCerts }: { readonly signal: AbortSignal; readonly caCerts: readonly string[] },
): Promise<Duplex> {
  const socket: TLSSocket = connect({
    socket: stream,
    host: name,
    ...(addressKind(name) === undefined ? { servername: name } : {}),
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    // Said, because a variable of the environment would have a say otherwise.
    rejectUnauthorized: true,
    ...(caCerts.length === 0 ? {} : { ca: [...caCerts] }),
  });
  // Later failures reach whoever reads.
  socket.on("error", () => {});
  try {
    const secured = new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the connection was closed")));
    });
    await unlessAborted(secured, signal);
    if (!socket.authorized) throw socket.authorizationError ?? new Error("its certificate was not verified");
    // Whichever ends takes the other along.
    socket.once("close", () => stream.destroy());
    return socket;
  } catch (error) {
    socket.destroy();
    stream.destroy();
    throw error;
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
