/**
 * Starting further processes on a data folder, each with exactly the permissions the documentation names.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { join } from "node:path";

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
const CONFIG = join(CHILD, "..", "..", "..", "deno.json");

/** A further process. */
export interface ChildProcess extends AsyncDisposable {
  /** Resolves with its first line; rejects when it ends without one. */
  readonly line: Promise<string>;
  /** Resolves when it has ended; rejects when it failed. */
  readonly ended: Promise<void>;
  /** Lets a child that holds something go on to its end, and waits for it. */
  letGo(): Promise<void>;
  /** Stops it where it is, or lets it go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** Kills it: it gets no chance to clean up. */
  kill(): Promise<void>;
}

/** Several processes at once. */
export interface ChildProcesses extends AsyncDisposable {
  /** Resolves with the first line of each, when all have ended well. */
  readonly lines: Promise<readonly string[]>;
}

/** Starts a command of `child.ts` on a folder. */
export function startChild(folder: string, ...command: readonly string[]): ChildProcess {
  const grants = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  const flags = ["run", "--no-prompt", "--cached-only", "--no-check", "--config", CONFIG, ...grants];
  const child = new Deno.Command("deno", {
    args: [...flags, CHILD, folder, ...command],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const { line, rest } = firstLine(child.stdout);
  const ended = (async () => {
    const [{ code, signal }, errors] = await Promise.all([child.status, stderr, rest]);
    if (code !== 0 && signal !== "SIGKILL") throw new Error(`${command.join(" ")} failed: ${errors}`);
  })();
  ended.catch(() => {});
  let isTold = false;
  async function letGo(): Promise<void> {
    if (!isTold) {
      isTold = true;
      await child.stdin.close().catch(() => {});
    }
    await ended;
  }
  async function kill(): Promise<void> {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await letGo().catch(() => {});
  }
  return { line, ended, letGo, signal: (name) => child.kill(name), kill, [Symbol.asyncDispose]: kill };
}

/** Starts a command several times at once. */
export function startChildren(count: number, folder: string, ...command: readonly string[]): ChildProcesses {
  const children = Array.from({ length: count }, () => startChild(folder, ...command));
  const lines = Promise.all(children.map(async ({ line, ended }) => (await Promise.all([line, ended]))[0]));
  lines.catch(() => {});
  return {
    lines,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(children.map((child) => child.kill()));
    },
  };
}

function firstLine(stream: ReadableStream<Uint8Array>): { line: Promise<string>; rest: Promise<void> } {
  const { promise: line, resolve, reject } = Promise.withResolvers<string>();
  line.catch(() => {});
  const rest = (async () => {
    let text = "";
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    }
    reject(new Error(`the process ended after "${text}"`));
  })();
  return { line, rest };
}
