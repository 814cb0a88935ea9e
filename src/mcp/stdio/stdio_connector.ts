/** Connecting servers that are programs of this machine. */

import { RuntimeError } from "../../errors.ts";
import type { McpServerConfig } from "../../records/mcp.ts";
import type { Clock } from "../../ports/clock.ts";
import { systemClock } from "../../kit/clock.ts";
import { type ClientSetup, connectClient, type ConnectionListener, type McpConnection } from "../connection.ts";
import { makeConnector } from "../connector.ts";
import { mcpError, reasonOf } from "../failure.ts";
import type { McpConnector, McpConnectorOptions, McpServerScope } from "../options.ts";
import type { Redactor } from "../redactor.ts";
import { type McpProcess, ProcessTransport } from "./process_transport.ts";

/** What is started. */
export interface McpCommand {
  /** The program. */
  readonly command: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Its working folder. */
  readonly cwd: string | undefined;
}

/** Options of {@linkcode mcpStdio}. */
export interface McpStdioOptions extends McpConnectorOptions {
  /** Further environment, such as a key that no record should hold; asked at every start. @default none */
  readonly env?: (scope: McpServerScope) => Readonly<Record<string, string>> | Promise<Record<string, string>>;
  /** How long each step of ending a process may take, in milliseconds. @default {300} */
  readonly graceMs?: number;
  /**
   * Whether a process is started in a group of its own and ended with everything it started.
   *
   * Ending a group needs `--allow-run` without a list. Without it, what a server started ends only if it minds that
   * its input is closed.
   *
   * @default {false}
   */
  readonly processGroup?: boolean;
  /** Starts processes. @default `Deno.Command` */
  readonly spawn?: (command: McpCommand) => McpProcess;
}

const GRACE_MS = 300;

/**
 * Connects MCP servers that are local programs, one living process for each server and session.
 *
 * Give it to the builder's `toolSource()`. Needs `--allow-run=COMMAND` of each server. A program gets exactly the
 * configured environment and nothing of the host's: pass `PATH` when it needs one. A process that ends is started
 * again when it is next needed, later and later when it keeps ending.
 *
 * @example
 * ```ts
 * import { InProcessRuntimeBuilder, LlmSimConfig } from "@everruns/runtime";
 * import { mcpStdio } from "@everruns/runtime/mcp/stdio";
 *
 * await using runtime = await new InProcessRuntimeBuilder()
 *   .llmSim(LlmSimConfig.fixed("hello"))
 *   .toolSource(mcpStdio())
 *   .singleSession((s) => s.harness("assistant", "You are helpful."))
 *   .build();
 * ```
 */
export function mcpStdio(options: McpStdioOptions = {}): McpConnector {
  const clock = options.clock ?? systemClock();
  return makeConnector("stdio", options, (scope, setup, redactor) => {
    const { command } = scope.config;
    if (command === undefined || command === "") throw mcpError("mcp_config_invalid", "it has no command");
    const dialer = new StdioDialer(scope, command, setup, redactor, options, clock);
    // A group is ended by a signal to its id, which Deno grants only with the right to run anything.
    const run = options.processGroup === true && options.spawn === undefined ? true : [command];
    return { dial: (listener) => dialer.dial(listener), permissions: { run } };
  });
}

/** Starts the processes of one server. */
class StdioDialer {
  readonly #config: McpServerConfig;
  readonly #scope: McpServerScope;
  readonly #command: string;
  readonly #setup: ClientSetup;
  readonly #redactor: Redactor;
  readonly #options: McpStdioOptions;
  readonly #clock: Clock;
  /** Whether the server is known to be an older one, so that it need not be asked. */
  #isLegacy = false;

  constructor(
    scope: McpServerScope,
    command: string,
    setup: ClientSetup,
    redactor: Redactor,
    options: McpStdioOptions,
    clock: Clock,
  ) {
    this.#config = scope.config;
    this.#scope = scope;
    this.#command = command;
    this.#setup = setup;
    this.#redactor = redactor;
    this.#options = options;
    this.#clock = clock;
  }

  async dial(listener: ConnectionListener): Promise<McpConnection> {
    const env = { ...this.#config.env, ...await this.#options.env?.(this.#scope) };
    this.#redactor.addEnvironment(env);
    const mode = this.#setup.protocol.versionNegotiation?.mode;
    if (mode !== "auto" || this.#isLegacy) return await this.#connect(env, listener, this.#isLegacy);
    try {
      return await this.#connect(env, listener, false);
    } catch (error) {
      // Some older servers end when the first message is not the one they know.
      const hasExited = error instanceof RuntimeError && error.code === "mcp_server_exited";
      if (listener.signal.aborted || !hasExited) throw error;
      return await this.#connect(env, listener, true);
    }
  }

  async #connect(
    env: Readonly<Record<string, string>>,
    listener: ConnectionListener,
    isLegacy: boolean,
  ): Promise<McpConnection> {
    const { spawn = spawnProcess, graceMs = GRACE_MS, processGroup = false } = this.#options;
    const command = { command: this.#command, args: this.#config.args ?? [], env, cwd: this.#config.cwd };
    if (spawn === spawnProcess) checkGranted(this.#command, processGroup);
    const transport = new ProcessTransport({
      spawn: () => processGroup && spawn === spawnProcess ? spawnProcess(command, true) : spawn(command),
      clock: this.#clock,
      graceMs,
      redact: (text) => this.#redactor.redact(text),
    });
    const setup = isLegacy
      ? { ...this.#setup, protocol: { versionNegotiation: { mode: "legacy" as const } } }
      : this.#setup;
    try {
      const client = await connectClient(transport, setup, listener);
      this.#isLegacy ||= client.getProtocolEra() === "legacy";
      const ended = new Promise<string>((resolve) => {
        const end = (): void => resolve(this.#redactor.redact(transport.endReason ?? "has ended"));
        client.onclose = end;
        if (transport.endReason !== undefined) end();
      });
      return { client, ended, close: () => closeAll(client, transport) };
    } catch (error) {
      await transport.close();
      const { endReason } = transport;
      if (listener.signal.aborted || endReason === undefined) throw error;
      const reason = `${reasonOf(error, this.#redactor)}; it ${this.#redactor.redact(endReason)}`;
      // One that was silent was ended by us: it is no older server that could not bear the first question.
      const isSilent = error instanceof RuntimeError && error.code === "mcp_timeout";
      throw mcpError(isSilent ? "mcp_timeout" : "mcp_server_exited", reason);
    }
  }
}

async function closeAll(client: McpConnection["client"], transport: ProcessTransport): Promise<void> {
  await client.close();
  await transport.close();
}

function spawnProcess({ command, args, env, cwd }: McpCommand, ownGroup = false): McpProcess {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, {
      args: [...args],
      clearEnv: true,
      env: { ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: ownGroup,
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      const where = cwd === undefined ? "" : ` (or its folder "${cwd}")`;
      throw mcpError(
        "mcp_server_unreachable",
        `Cannot start "${command}"${where}: it was not found; install it or give its full path`,
        error,
      );
    }
    if (error instanceof Deno.errors.NotCapable) throw missing(command, error);
    throw error;
  }
  if (!ownGroup) return child;
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    // What the program started may outlive it, whether it was asked to end or crashed.
    status: child.status.then((status) => {
      try {
        Deno.kill(-child.pid, "SIGKILL");
      } catch {
        // Nothing did.
      }
      return status;
    }),
    kill: (signal) => Deno.kill(-child.pid, signal),
  };
}

/** Says what to grant instead of letting Deno ask. */
function checkGranted(command: string, unscoped: boolean): void {
  const wanted: Deno.RunPermissionDescriptor = unscoped ? { name: "run" } : { name: "run", command };
  if (Deno.permissions.querySync(wanted).state !== "granted") throw missing(unscoped ? undefined : command);
}

function missing(command: string | undefined, cause?: unknown): Error {
  const flag = command === undefined ? "--allow-run" : `--allow-run=${command}`;
  return mcpError(
    "permission_missing",
    `Cannot start ${JSON.stringify(command ?? "a process group")}: running it is not granted (run with ${flag})`,
    cause,
  );
}
