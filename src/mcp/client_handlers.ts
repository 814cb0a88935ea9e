/** What a server may ask of its client, and only where the host gives an answer. */

import type {
  Client,
  ClientCapabilities,
  CreateMessageRequest,
  CreateMessageResult,
  ElicitRequestFormParams,
  ElicitRequestURLParams,
  ElicitResult,
  Root,
} from "@modelcontextprotocol/client";
import type { SessionId } from "../records/ids.ts";

/** Who asks. */
export interface McpRequestContext {
  /** The server's name in the configuration. */
  readonly server: string;
  /** The session it is connected for. */
  readonly sessionId: SessionId;
  /** Aborted when the answer is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Answers to a server's own requests; what is absent is not offered to servers at all. */
export interface McpClientHandlers {
  /** Asks the user to fill in a form. */
  readonly elicitForm?: (request: ElicitRequestFormParams, context: McpRequestContext) => Promise<ElicitResult>;
  /** Asks the user to open a page. */
  readonly elicitUrl?: (request: ElicitRequestURLParams, context: McpRequestContext) => Promise<ElicitResult>;
  /** Lets the server use a model of the host. */
  readonly sample?: (
    request: CreateMessageRequest["params"],
    context: McpRequestContext,
  ) => Promise<CreateMessageResult>;
  /**
   * Folders the server may work in.
   *
   * Some servers replace the folders of their command line by these.
   */
  readonly roots?: (context: Omit<McpRequestContext, "signal">) => Promise<readonly Root[]>;
}

/** The capabilities that some handlers stand for. */
export function capabilitiesOf(handlers: McpClientHandlers): ClientCapabilities {
  const { elicitForm, elicitUrl, sample, roots } = handlers;
  const elicitation = {
    ...(elicitForm === undefined ? {} : { form: { applyDefaults: true } }),
    ...(elicitUrl === undefined ? {} : { url: {} }),
  };
  return {
    ...(Object.keys(elicitation).length === 0 ? {} : { elicitation }),
    ...(sample === undefined ? {} : { sampling: {} }),
    ...(roots === undefined ? {} : { roots: {} }),
  };
}

/** Has a client answer with the handlers; `waiting` is told when a person is being asked, and when no longer. */
export function installHandlers(
  client: Client,
  handlers: McpClientHandlers,
  who: Omit<McpRequestContext, "signal">,
  waiting: (delta: 1 | -1) => void,
): void {
  const { elicitForm, elicitUrl, sample, roots } = handlers;
  async function asking<T>(answer: Promise<T>): Promise<T> {
    waiting(1);
    try {
      return await answer;
    } finally {
      waiting(-1);
    }
  }
  if (elicitForm !== undefined || elicitUrl !== undefined) {
    client.setRequestHandler("elicitation/create", async ({ params }, { mcpReq: { signal } }) => {
      const context = { ...who, signal };
      if (params.mode === "url") {
        return elicitUrl === undefined ? { action: "decline" } : await asking(elicitUrl(params, context));
      }
      return elicitForm === undefined ? { action: "decline" } : await asking(elicitForm(params, context));
    });
  }
  if (sample !== undefined) {
    client.setRequestHandler(
      "sampling/createMessage",
      ({ params }, { mcpReq: { signal } }) => asking(sample(params, { ...who, signal })),
    );
  }
  if (roots !== undefined) {
    client.setRequestHandler("roots/list", async () => ({ roots: [...await roots(who)] }));
  }
}
