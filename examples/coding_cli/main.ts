// deno run --no-prompt --allow-read=. --allow-write=. examples/coding_cli/main.ts --provider llmsim --data-dir agent-data/coding_cli --no-bash --no-web -p Hello

/**
 * A coding agent: in the terminal, for scripts (`-p`) and for editors (`--acp`).
 *
 * The first line runs offline on a simulated model that echoes. For work, set a provider's key and let the program say
 * which flags it needs: `... main.ts --permissions`. README.md beside this file has the rest.
 *
 * **Permissions**: exactly those `--permissions` prints; one that lacks is named before anything happens.
 *
 * @module
 */

import type { HostSettings } from "./host/coding_host.ts";
import { type CliOptions, readOptions, USAGE, UsageError } from "./host/options.ts";
import { sanitize } from "./screen/sanitize.ts";

const EXIT_USAGE = 2;
/** What shells have for a program that wrote to a pipe nobody reads any more. */
const EXIT_UNREAD = 141;
/** Characters of piped input. */
const MAX_PIPED = 2_000_000;
/** Words of a model or a tool must not drive a terminal; a file or a program gets them as they are. */
const OUTPUT = {
  out: (text: string): void => writeOut(`${Deno.stdout.isTerminal() ? sanitize(text) : text}\n`),
  err: (text: string): void => console.error(sanitize(text)),
};

Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(readOptions(args));
  } catch (error) {
    const { MissingGrantError } = await import("./host/grants.ts");
    if (error instanceof Deno.errors.BrokenPipe) return EXIT_UNREAD;
    const isSetup = error instanceof UsageError || error instanceof MissingGrantError;
    OUTPUT.err(`coding_cli: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof UsageError) OUTPUT.err("coding_cli: --help prints how it is used");
    return isSetup ? EXIT_USAGE : 1;
  }
}

async function run(options: CliOptions): Promise<number> {
  if (options.mode === "help") {
    console.log(USAGE);
    return 0;
  }
  // An editor names the folders, so grants are checked when it opens one.
  if (options.mode === "acp") return await (await import("./acp/server.ts")).serveAcp(options);
  const { settingsFrom } = await import("./host/settings.ts");
  // A list needs no model and no tools, and so none of their grants.
  const listing = { provider: "llmsim", bash: false, web: false, mcp: false };
  const settings = await settingsFrom(options.mode === "list-sessions" ? { ...options, ...listing } : options);
  const { ApprovalDesk } = await import("./host/approval.ts");
  const { permissionsFor } = await import("./host/runtime.ts");
  const { assertGranted, shellFlags } = await import("./host/grants.ts");
  const needed = await permissionsFor(settings, new ApprovalDesk(options.approval));
  if (options.mode === "permissions") {
    console.log(shellFlags(needed.toFlags()));
    return 0;
  }
  await assertGranted(needed);
  if (options.mode === "list-sessions") return await printSessions(settings);
  if (options.mode === "print" || !Deno.stdin.isTerminal()) return await print(options, settings);
  return await interactive(settings);
}

/** One prompt: what `-p` says, and what is piped in. */
async function print(options: CliOptions, settings: HostSettings): Promise<number> {
  const said = options.prompt === "-" ? "" : options.prompt ?? "";
  const piped = Deno.stdin.isTerminal() ? "" : await readAll(Deno.stdin.readable);
  const prompt = [said, piped].map((text) => text.trim()).filter((text) => text !== "").join("\n\n");
  if (prompt === "") throw new UsageError("there is no prompt: pass one with -p, or pipe one in");
  const { Interruption, printMode } = await import("./host/print_mode.ts");
  const interrupt = new AbortController();
  const { exitCodeOfSignal, onSignals } = await import("./host/signals.ts");
  using _ = onSignals((signal) => interrupt.abort(new Interruption(exitCodeOfSignal(signal))));
  let isUnread = false;
  const output = {
    // Whoever left does not want to know what became of it.
    err: (text: string): void => isUnread ? undefined : OUTPUT.err(text),
    out: (text: string): void => {
      try {
        OUTPUT.out(text);
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        isUnread = true;
        interrupt.abort(new Interruption(EXIT_UNREAD));
      }
    },
  };
  const isTyped = piped.trim() === "";
  return await printMode(settings, { prompt, isTyped, json: options.json, output, signal: interrupt.signal });
}

async function interactive(settings: HostSettings): Promise<number> {
  if (!Deno.stdout.isTerminal()) throw new UsageError("standard output is no terminal: pass a prompt with -p");
  const { TERMINAL_VARIABLE } = await import("./host/runtime.ts");
  if (settings.env.get(TERMINAL_VARIABLE) === "dumb") {
    throw new UsageError(
      "this terminal (TERM=dumb) cannot show a conversation: pass a prompt with -p, and go on with --continue -p",
    );
  }
  const { interactiveMode } = await import("./host/interactive_mode.ts");
  return await interactiveMode(settings);
}

/** All of a stream as text; more than a prompt can hold is refused. */
async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MAX_PIPED) throw new UsageError(`more than ${MAX_PIPED} characters were piped in`);
  }
  return text + decoder.decode();
}

/** Unlike `console.log()` it fails when nobody reads. */
function writeOut(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function printSessions(settings: HostSettings): Promise<number> {
  const { ApprovalDesk } = await import("./host/approval.ts");
  const { openRuntime } = await import("./host/runtime.ts");
  const { describeSessions, listSessions } = await import("./host/sessions.ts");
  const { runtime } = await openRuntime(settings, new ApprovalDesk(settings.approval));
  await using _ = runtime;
  const sessions = await listSessions(runtime);
  OUTPUT.out(sessions.length === 0 ? "No session was begun in this folder." : describeSessions(sessions));
  return 0;
}
