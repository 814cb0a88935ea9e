/** A connection of Deno as a stream of Node, so that Node's HTTP client can speak over it. */

import { Duplex } from "node:stream";

const CHUNK = 16 * 1024;

/**
 * Makes a stream of a connection; destroying it closes the connection.
 *
 * A `Socket` of `node:tls` would not do: its standard certificates need `--allow-sys=ca` (Deno 2.9.6).
 */
export function streamOf(conn: Deno.Conn): Duplex {
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
  return stream;
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
