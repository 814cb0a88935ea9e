/** Caps on what is read from a provider. */

const LF = 10;
const CR = 13;

/** How much may be read. */
export interface BodyLimits {
  /** Most bytes altogether. */
  readonly total: number;
  /** Most bytes of one line. */
  readonly line: number;
}

/** What a guarded body reports. */
export interface BodyEvents {
  /** Makes the error that ends the body when a limit is passed. */
  exceeded(what: "a stream" | "a line", limit: number): Error;
  /** Called with every chunk that begins with a comment of the event stream format. */
  comment?(): void;
}

/**
 * A body that fails once it grows beyond the limits.
 *
 * Parsers of event streams have no limit: a line that never ends would be collected until the process dies.
 */
export function guardBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  limits: BodyLimits,
  events: BodyEvents,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let total = 0;
  let line = 0;
  function check(chunk: Uint8Array): Error | undefined {
    total += chunk.length;
    if (total > limits.total) return events.exceeded("a stream", limits.total);
    const last = Math.max(chunk.lastIndexOf(LF), chunk.lastIndexOf(CR));
    // Lines inside a chunk are bounded by the chunk, which is in memory already.
    const grown = line + (last < 0 ? chunk.length : firstLineLength(chunk));
    if (grown > limits.line) return events.exceeded("a line", limits.line);
    if (line === 0 && chunk[0] === COLON) events.comment?.();
    line = last < 0 ? grown : chunk.length - 1 - last;
    return undefined;
  }
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      const { done, value } = await reader.read();
      if (done) {
        controller.close();
        return;
      }
      const error = check(value);
      if (error === undefined) {
        controller.enqueue(value);
        return;
      }
      controller.error(error);
      await reader.cancel(error).catch(() => {});
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

const COLON = 58;

function firstLineLength(chunk: Uint8Array): number {
  const lf = chunk.indexOf(LF);
  const cr = chunk.indexOf(CR);
  if (lf < 0) return cr;
  return cr < 0 ? lf : Math.min(lf, cr);
}

/**
 * The text of a body, cut after a number of bytes; what was read until then when it breaks.
 *
 * The rest is not read.
 */
export async function readCapped(body: ReadableStream<Uint8Array<ArrayBuffer>>, limit: number): Promise<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let left = limit;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
    return text + decoder.decode();
  } catch {
    return text;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
