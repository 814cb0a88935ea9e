/** What the command line says. */

import { parseArgs } from "node:util";

/** When the user is asked about a call. */
export type ApprovalLevel = "ask" | "auto-edit" | "auto" | "read-only";

/** The levels, from the most careful on. */
export const APPROVAL_LEVELS: readonly ApprovalLevel[] = ["read-only", "ask", "auto-edit", "auto"];

/** What the program is to do. */
export type Mode = "interactive" | "print" | "acp" | "permissions" | "list-sessions" | "help";

/** The command line, read. */
export interface CliOptions {
  readonly mode: Mode;
  /** What `-p` says; `-` stands for the standard input. */
  readonly prompt: string | undefined;
  /** Events as JSON lines instead of the answer. */
  readonly json: boolean;
  /** The folder to work in, as it was typed. */
  readonly workspace: string;
  readonly dataDir: string | undefined;
  readonly provider: string | undefined;
  readonly model: string | undefined;
  readonly effort: string | undefined;
  readonly baseUrl: string | undefined;
  /** A session to go on with. */
  readonly session: string | undefined;
  /** Goes on with the session of the workspace that was talked to last. */
  readonly continue: boolean;
  readonly approval: ApprovalLevel;
  readonly bash: boolean;
  readonly web: boolean;
  readonly mcp: boolean;
}

/** The command line cannot be used; the program ends with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What `--help` prints. */
export const USAGE = `coding_cli: a coding agent in your terminal, your scripts and your editor

usage: main.ts [options]             a conversation in the terminal
       main.ts [options] -p PROMPT   one prompt, for scripts
       main.ts [options] --acp       an agent for editors, over standard input and output

  -p, --print PROMPT     answer one prompt and end; "-" reads it from standard input, and piped input is added to it
      --json             with -p: every event as a line of JSON; the last line is the result
  -C, --cwd DIR          the folder to work in (default: the current one)
      --data-dir DIR     where sessions, memory and skills are kept
                         (default: $XDG_DATA_HOME/coding_cli or ~/.local/share/coding_cli)
      --provider NAME    openai, openai_completions, anthropic, gemini, openrouter, azure_openai, ollama, llmsim
      --model NAME       the model (default: one of the provider)
      --effort LEVEL     how hard the model thinks: none, minimal, low, medium, high, xhigh
      --base-url URL     another address of the provider
      --session ID       go on with a session
      --continue         go on with the session of the folder that was talked to last
      --list-sessions    print the sessions of the folder
      --approval LEVEL   read-only: changes nothing; ask (default): asks before edits and commands;
                         auto-edit: asks before commands; auto: never asks
      --no-bash          without the tool that runs commands
      --no-web           without the tool that reads web pages
      --no-mcp           without the servers of .mcp.json
      --acp              speak the Agent Client Protocol
      --permissions      print the flags "deno run" needs for these options
  -h, --help             print this

With -p nobody is asked: what the level would ask about is refused, and the model is told.

environment: CODING_CLI_PROVIDER, CODING_CLI_MODEL, and the variables of the provider (OPENAI_API_KEY, ...)
exit codes:  0 done, 1 the turn failed, 2 wrong usage or setup,
             130 cancelled (SIGINT), 143 ended by SIGTERM, 129 by SIGHUP, 141 nobody reads`;

/**
 * Reads the command line.
 *
 * @throws {UsageError} when it cannot be used
 */
export function readOptions(args: readonly string[]): CliOptions {
  const { values, positionals } = parse(args);
  if (positionals.length > 0) {
    throw new UsageError(`unexpected argument "${positionals[0]}"; a prompt goes after -p, in quotes`);
  }
  const modes = (["help", "permissions", "list-sessions", "acp"] as const).filter((name) => values[name] === true);
  const prompt = values.print;
  const [mode = prompt === undefined ? "interactive" : "print"] = modes;
  if (mode === "acp" && prompt !== undefined) throw new UsageError("--acp and -p exclude each other");
  if (values.json === true && (mode === "acp" || mode === "list-sessions")) {
    throw new UsageError("--json goes with -p");
  }
  if (values.session !== undefined && values.continue === true) {
    throw new UsageError("--session and --continue exclude each other");
  }
  return {
    mode,
    prompt,
    json: values.json === true,
    workspace: values.cwd ?? ".",
    dataDir: values["data-dir"],
    provider: values.provider,
    model: values.model,
    effort: values.effort,
    baseUrl: baseUrlOf(values["base-url"]),
    session: values.session,
    continue: values.continue === true,
    approval: levelOf(values.approval ?? "ask"),
    bash: values["no-bash"] !== true,
    web: values["no-web"] !== true,
    mcp: values["no-mcp"] !== true,
  };
}

/**
 * The level of a name.
 *
 * @throws {UsageError} when there is none
 */
export function levelOf(name: string): ApprovalLevel {
  const level = APPROVAL_LEVELS.find((known) => known === name);
  if (level !== undefined) return level;
  throw new UsageError(`unknown approval level "${name}"; it is one of ${APPROVAL_LEVELS.join(", ")}`);
}

const FLAG = { type: "boolean" } as const;
const TEXT = { type: "string" } as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        print: { ...TEXT, short: "p" },
        cwd: { ...TEXT, short: "C" },
        help: { ...FLAG, short: "h" },
        json: FLAG,
        "data-dir": TEXT,
        provider: TEXT,
        model: TEXT,
        effort: TEXT,
        "base-url": TEXT,
        session: TEXT,
        continue: FLAG,
        "list-sessions": FLAG,
        approval: TEXT,
        "no-bash": FLAG,
        "no-web": FLAG,
        "no-mcp": FLAG,
        acp: FLAG,
        permissions: FLAG,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function baseUrlOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new UsageError(`--base-url "${text}" is no http or https address`);
}
