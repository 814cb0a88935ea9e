/** The main program of the child process: it watches over the worker in which the code runs. */

import type { ExitCodes, SupervisorJob } from "./messages.ts";

/**
 * Runs the worker that the first line of the standard input describes, and relays lines until a limit is reached.
 *
 * The child gets the source text of this function, so it may use nothing but its arguments and what Deno offers. It
 * has a thread of its own: code that spins cannot stop it. It ends by exit code alone, since whatever it had to write
 * would have to wait for a reader. When the host is gone the input ends, and so does the process.
 */
export async function supervise(codes: ExitCodes): Promise<void> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  let worker: Worker | undefined;
  let said = 0;
  let writing: Promise<unknown> = Promise.resolve();

  async function write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  }

  function relay(line: string): void {
    writing = writing.then(() => write(encoder.encode(`${line}\n`))).catch(() => Deno.exit(codes.orphan));
  }

  function start(job: SupervisorJob): void {
    const most = Deno.memoryUsage().rss + job.memoryBytes;
    setInterval(() => {
      if (Deno.memoryUsage().rss > most) Deno.exit(codes.memory);
    }, 10);
    setTimeout(() => Deno.exit(codes.time), job.timeoutMs);
    const url = URL.createObjectURL(new Blob([job.program], { type: "application/javascript" }));
    const options = { type: "module", name: "code", deno: { permissions: job.permissions } } as const;
    worker = new Worker(url, options as WorkerOptions);
    worker.onmessage = ({ data }: MessageEvent<unknown>): void => {
      if (typeof data !== "string") return;
      said += data.length;
      if (said > job.maxCharacters) Deno.exit(codes.output);
      relay(data);
    };
    worker.onerror = (event): void => {
      event.preventDefault();
      relay(JSON.stringify({ type: "failed", message: String(event.message).slice(0, 4_000) }));
    };
  }

  let text = "";
  for await (const chunk of Deno.stdin.readable) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (worker === undefined) start(JSON.parse(line));
      else worker.postMessage(line);
    }
  }
  Deno.exit(codes.orphan);
}
