/**
 * An editor: the client of the official SDK, over the pipes of a real process of the program.
 *
 * @module
 */

import {
  client,
  type ClientContext,
  ndJsonStream,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionNotification,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { flagsFor, startCli } from "./run_cli.ts";

/** What an editor does and sees. */
export interface Editor extends AsyncDisposable {
  readonly agent: ClientContext;
  readonly process: Deno.ChildProcess;
  /** Everything the agent told so far. */
  readonly updates: readonly SessionNotification[];
  /** Everything it asked. */
  readonly questions: readonly RequestPermissionRequest[];
  /** Resolves with the first update that fits, also one that came already. */
  update(fits: (update: SessionUpdate) => boolean): Promise<SessionUpdate>;
  /** The pieces of the answer so far, joined. */
  said(): string;
  /** What the process printed on standard error, when it has ended. */
  readonly log: Promise<string>;
}

/** How an editor answers questions. */
export type Answer = (
  request: RequestPermissionRequest,
) => RequestPermissionResponse | Promise<RequestPermissionResponse>;

/** Starts the program with `--acp` and says hello. */
export async function openEditor(args: readonly string[], answer: Answer = reject): Promise<Editor> {
  const process = startCli(await flagsFor(args), [...args, "--acp"]);
  const updates: SessionNotification[] = [];
  const questions: RequestPermissionRequest[] = [];
  const watchers = new Set<() => void>();
  const app = client({ name: "test editor" })
    .onRequest("session/request_permission", ({ params }) => {
      questions.push(params);
      return answer(params);
    })
    .onNotification("session/update", ({ params }) => {
      updates.push(params);
      for (const watcher of watchers) watcher();
    });
  const connection = app.connect(ndJsonStream(process.stdin, process.stdout));
  await connection.agent.request("initialize", { protocolVersion: 1, clientCapabilities: {} });
  const log = new Response(process.stderr).text();
  return {
    agent: connection.agent,
    process,
    updates,
    questions,
    log,
    update: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = updates.find(({ update }) => fits(update));
          if (found === undefined) return;
          watchers.delete(look);
          resolve(found.update);
        };
        watchers.add(look);
        look();
      }),
    said: () =>
      updates.map(({ update }) =>
        update.sessionUpdate === "agent_message_chunk" && update.content.type === "text" ? update.content.text : ""
      ).join(""),
    [Symbol.asyncDispose]: async () => {
      connection.close();
      await process.stdin.close().catch(() => {});
      await process.status;
      await log;
    },
  };
}

function reject(): RequestPermissionResponse {
  return { outcome: { outcome: "selected", optionId: "deny" } };
}

/** Allows what is asked, once. */
export function allow(): RequestPermissionResponse {
  return { outcome: { outcome: "selected", optionId: "once" } };
}
