/** Speaks the Agent Client Protocol, version 1, over standard input and output. */

import { agent, type AgentContext, ndJsonStream, RequestError, type SessionModeState } from "@agentclientprotocol/sdk";
import { isAbsolute } from "node:path";
import { BusyElsewhereError } from "../host/busy_elsewhere.ts";
import { ApprovalDesk } from "../host/approval.ts";
import { CodingHost, type HostSettings } from "../host/coding_host.ts";
import { assertGranted, MissingGrantError } from "../host/grants.ts";
import { APPROVAL_LEVELS, type CliOptions, levelOf, UsageError } from "../host/options.ts";
import { openRuntime, permissionsFor } from "../host/runtime.ts";
import { listSessions } from "../host/sessions.ts";
import { onSignals } from "../host/signals.ts";
import { settingsFrom } from "../host/settings.ts";
import { requestedServers } from "./requested_servers.ts";
import { AcpSession, FailedTurn } from "./session.ts";

/** What an editor says about a session it opens. */
interface SessionRequest {
  readonly cwd: string;
  readonly mcpServers: Parameters<typeof requestedServers>[0];
}

const LEVELS: Readonly<Record<string, string>> = {
  "read-only": "Changes nothing",
  ask: "Asks before edits and commands",
  "auto-edit": "Asks before commands",
  auto: "Never asks",
};

/** Serves one editor; resolves with the exit code when it closes the input. */
export async function serveAcp(options: CliOptions): Promise<number> {
  // Standard output is the protocol's: whatever a library prints goes to the log of the editor.
  console.log = console.error;
  const server = new AcpServer(options);
  const connection = server.app().connect(ndJsonStream(Deno.stdout.writable, Deno.stdin.readable));
  using _ = onSignals(() => connection.close());
  await connection.closed;
  await server.close();
  return 0;
}

/** The sessions of one editor; each has a runtime of its own, since each has its own folder and servers. */
export class AcpServer {
  readonly #options: CliOptions;
  readonly #sessions = new Map<string, AcpSession>();
  /** Sessions are opened one after another: two loads of one session must not both open it. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: CliOptions) {
    this.#options = options;
  }

  /** The agent, to be connected to a stream. */
  app(): ReturnType<typeof agent> {
    return agent({ name: "coding_cli" })
      .onRequest("initialize", () => ({
        protocolVersion: 1,
        agentInfo: { name: "coding_cli", title: "Coding CLI", version: "0.1.0" },
        authMethods: [],
        agentCapabilities: {
          loadSession: true,
          promptCapabilities: { image: true, embeddedContext: true },
          mcpCapabilities: { http: true, sse: false },
          sessionCapabilities: { list: {}, close: {} },
        },
      }))
      // Keys come from the environment: there is nobody to sign in.
      .onRequest("authenticate", () => ({}))
      .onRequest("session/new", async ({ params, client }) => {
        const session = await this.#inTurn(() => this.#open(params, client, undefined));
        // After the answer: an editor knows the session only by it.
        setTimeout(() => void session.loadCommands(), 0);
        return { sessionId: session.host.sessionId, modes: modesOf(session) };
      })
      .onRequest("session/load", async ({ params, client }) => {
        const session = await this.#inTurn(() => this.#open(params, client, params.sessionId));
        await session.replay();
        void session.loadCommands();
        // Its questions need the editor, which answers only when it knows the session.
        session.host.takeUp().catch((error: unknown) => console.error(error));
        return { modes: modesOf(session) };
      })
      .onRequest("session/list", async ({ params }) => ({ sessions: await this.#list(params.cwd ?? undefined) }))
      .onRequest("session/close", async ({ params }) => {
        const session = this.#session(params.sessionId);
        this.#sessions.delete(params.sessionId);
        await session[Symbol.asyncDispose]();
        return {};
      })
      .onRequest("session/set_mode", ({ params }) => {
        const session = this.#session(params.sessionId);
        session.host.useLevel(orInvalid(() => levelOf(params.modeId)));
        return {};
      })
      .onRequest("session/prompt", async ({ params, signal }) => {
        const session = this.#session(params.sessionId);
        // An editor that is gone has cancelled nothing: its turns end, or wait on, when its sessions are closed.
        const cancel = (): void => {
          if (signal.reason instanceof RequestError) session.cancel();
        };
        signal.addEventListener("abort", cancel, { once: true });
        try {
          return { stopReason: await session.prompt(params.prompt, signal) };
        } catch (error) {
          const isTold = error instanceof FailedTurn || error instanceof BusyElsewhereError;
          throw isTold ? RequestError.internalError(undefined, error.message) : error;
        } finally {
          signal.removeEventListener("abort", cancel);
        }
      })
      .onNotification("session/cancel", ({ params }) => {
        this.#sessions.get(params.sessionId)?.cancel();
      });
  }

  /** Ends every session's work. */
  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(sessions.map((session) => session[Symbol.asyncDispose]()));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #open(request: SessionRequest, client: AgentContext, sessionId: string | undefined): Promise<AcpSession> {
    const open = sessionId === undefined ? undefined : this.#sessions.get(sessionId);
    if (open !== undefined) {
      this.#sessions.delete(open.host.sessionId);
      await open[Symbol.asyncDispose]();
    }
    const settings = await this.#settings(request.cwd, sessionId);
    const servers = { ...settings.configured.servers, ...requestedServers(request.mcpServers, request.cwd) };
    const configured = { ...settings.configured, servers };
    const host = await orRefused(() => CodingHost.open({ ...settings, configured }));
    host.startBackground();
    const session = new AcpSession(host, client);
    this.#sessions.set(host.sessionId, session);
    for (const warning of host.warnings) console.error(`coding_cli: ${warning}`);
    return session;
  }

  /** The settings for a folder, when all they need is granted; servers the editor names are left out if they lack it. */
  async #settings(cwd: string, session: string | undefined): Promise<HostSettings> {
    if (!isAbsolute(cwd)) throw RequestError.invalidParams({ cwd }, "cwd is no absolute path");
    return await orRefused(async () => {
      const settings = await settingsFrom({ ...this.#options, session }, { workspace: cwd });
      await assertGranted(await permissionsFor(settings, new ApprovalDesk(this.#options.approval)));
      return settings;
    });
  }

  async #list(cwd: string | undefined) {
    const settings = await this.#settings(cwd ?? Deno.cwd(), undefined);
    const { runtime } = await openRuntime(settings, new ApprovalDesk(settings.approval));
    await using _ = runtime;
    return (await listSessions(runtime)).map(({ id, title, updatedAt }) => ({
      sessionId: id,
      cwd: settings.folders.workspace,
      updatedAt: new Date(updatedAt).toISOString(),
      ...(title === undefined ? {} : { title }),
    }));
  }

  #session(id: string): AcpSession {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw RequestError.invalidParams({ sessionId: id }, "no such session is open; open it with session/load");
  }
}

/** The approval levels, as the modes of a session. */
function modesOf(session: AcpSession): SessionModeState {
  return {
    currentModeId: session.host.desk.level,
    availableModes: APPROVAL_LEVELS.map((id) => ({ id, name: id, description: LEVELS[id] ?? id })),
  };
}

/** What the user has to set right is told in words the editor shows. */
async function orRefused<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof UsageError) throw RequestError.invalidParams(undefined, error.message);
    if (error instanceof MissingGrantError) throw RequestError.internalError({ flags: error.flags }, error.message);
    throw error;
  }
}

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw RequestError.invalidParams(undefined, error instanceof Error ? error.message : String(error));
  }
}
