/** What a server may ask of its client, and only where the host gives an answer. */

import type { Client, ClientCapabilities, CreateMessageResult, ElicitResult, Root } from "@modelcontextprotocol/client";
import type { SessionId } from "../records/ids.ts";
import type { JsonObject, JsonSchema } from "../records/json.ts";
import { copyBounded } from "./tool_schema.ts";

/** Who asks. */
export interface McpRequestContext {
  /** The server's name in the configuration. */
  readonly server: string;
  /** The session it is connected for. */
  readonly sessionId: SessionId;
  /** Aborted when the answer is no longer wanted. */
  readonly signal: AbortSignal;
}

/** A form a server wants filled in. */
export interface McpFormRequest {
  /** What it is for, for the user. */
  readonly message: string;
  /** JSON Schema of the answer: an object of texts, numbers, booleans and choices. */
  readonly requestedSchema: JsonSchema;
}

/** A page a server wants the user to open. */
export interface McpPageRequest {
  /** What it is for, for the user. */
  readonly message: string;
  /** The page; show it in full before it is opened. */
  readonly url: string;
}

/** What the user answered. */
export interface McpUserAnswer {
  /** Whether the user agreed, refused, or did neither. */
  readonly action: "accept" | "decline" | "cancel";
  /** The filled-in form. */
  readonly content?: Readonly<Record<string, string | number | boolean | string[]>>;
}

/** What a server wants a model to answer. */
export interface McpSampleRequest {
  /** The conversation, in the protocol's form. */
  readonly messages: readonly JsonObject[];
  /** Most tokens of the answer. */
  readonly maxTokens: number;
  /** The prompt before it. */
  readonly systemPrompt?: string;
  /** Whatever else the server wishes. */
  readonly request: JsonObject;
}

/** What the model answered. */
export interface McpSample {
  /** The answer. */
  readonly text: string;
  /** The model. */
  readonly model: string;
  /** Why it stopped. @default {"endTurn"} */
  readonly stopReason?: string;
}

/** A folder the server may work in. */
export interface McpRoot {
  /** Its address, `file://...`. */
  readonly uri: string;
  /** Its name for people. */
  readonly name?: string;
}

/** Answers to a server's own requests; what is absent is not offered to servers at all. */
export interface McpClientHandlers {
  /** Asks the user to fill in a form. */
  readonly elicitForm?: (request: McpFormRequest, context: McpRequestContext) => Promise<McpUserAnswer>;
  /**
   * Asks the user to open a page.
   *
   * Answer when the user is done there: a call that failed for want of it is made once more.
   */
  readonly elicitUrl?: (request: McpPageRequest, context: McpRequestContext) => Promise<McpUserAnswer>;
  /** Lets the server use a model of the host. */
  readonly sample?: (request: McpSampleRequest, context: McpRequestContext) => Promise<McpSample>;
  /**
   * Folders the server may work in.
   *
   * Some servers replace the folders of their command line by these.
   */
  readonly roots?: (context: Omit<McpRequestContext, "signal">) => Promise<readonly McpRoot[]>;
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

/** Most questions of one server that wait for the host at a time; each may cost a person's attention, or a model's. */
const MAX_QUESTIONS = 16;

/** What questions are to the calls that led to them. */
export interface QuestionListener {
  /** A person is being asked, or no longer is: deadlines of calls stand still. */
  readonly waiting: (delta: 1 | -1) => void;
  /** Aborted when no call is left that wants the answer to a question asked now. */
  readonly unwanted: () => AbortSignal;
}

/** Has a client answer with the handlers. */
export function installHandlers(
  client: Client,
  handlers: McpClientHandlers,
  who: Omit<McpRequestContext, "signal">,
  { waiting, unwanted }: QuestionListener,
): void {
  const { elicitForm, elicitUrl, sample, roots } = handlers;
  let open = 0;
  async function asking<T>(signal: AbortSignal, ask: (context: McpRequestContext) => Promise<T>): Promise<T> {
    if (open >= MAX_QUESTIONS) throw new Error("The server asks too many things at once");
    open++;
    waiting(1);
    try {
      return await masked(() => ask({ ...who, signal: AbortSignal.any([signal, unwanted()]) }));
    } finally {
      open--;
      waiting(-1);
    }
  }
  async function openPage({ message, url }: McpPageRequest, signal: AbortSignal): Promise<McpUserAnswer> {
    // A page for a person: no scheme that runs code or opens a file.
    const isPage = /^https?:$/.test(URL.parse(url)?.protocol ?? "");
    if (elicitUrl === undefined || !isPage) return { action: "decline" };
    return await asking(signal, (context) => elicitUrl({ message, url }, context));
  }
  if (elicitUrl !== undefined) retryAfterPages(client, openPage);
  if (elicitForm !== undefined || elicitUrl !== undefined) {
    client.setRequestHandler("elicitation/create", async ({ params }, { mcpReq: { signal } }) => {
      if (params.mode === "url") return toElicitResult(await openPage(params, signal));
      const { message } = params;
      if (elicitForm === undefined) return { action: "decline" };
      const requestedSchema = foreignObject(params.requestedSchema);
      return toElicitResult(await asking(signal, (context) => elicitForm({ message, requestedSchema }, context)));
    });
  }
  if (sample !== undefined) {
    client.setRequestHandler("sampling/createMessage", async ({ params }, { mcpReq: { signal } }) => {
      const { systemPrompt, maxTokens } = params;
      const request = {
        messages: params.messages.map(foreignObject),
        maxTokens,
        ...(systemPrompt === undefined ? {} : { systemPrompt }),
        request: foreignObject(params),
      };
      const { text, model, stopReason = "endTurn" } = await asking(signal, (context) => sample(request, context));
      return { role: "assistant", model, stopReason, content: { type: "text", text } } satisfies CreateMessageResult;
    });
  }
  if (roots !== undefined) {
    client.setRequestHandler("roots/list", async () => ({ roots: (await masked(() => roots(who))).map(toRoot) }));
  }
}

/** The error of a server that does nothing before the user opened pages (2025-11-25, URL mode elicitation). */
const PAGES_REQUIRED = -32042;
/** Most pages of one call. */
const MAX_PAGES = 4;

/** Has the user open the pages that a call needs first, then makes it once more. */
function retryAfterPages(
  client: Client,
  openPage: (page: McpPageRequest, signal: AbortSignal) => Promise<McpUserAnswer>,
): void {
  const callTool = client.callTool.bind(client);
  client.callTool = async (params, options) => {
    try {
      return await callTool(params, options);
    } catch (error) {
      const pages = pagesOf(error).slice(0, MAX_PAGES);
      for (const page of pages) {
        const { action } = await openPage(page, options?.signal ?? new AbortController().signal);
        if (action !== "accept") throw error;
      }
      if (pages.length === 0) throw error;
      return await callTool(params, options);
    }
  };
}

/** The pages a failed call needs opened. */
function pagesOf(error: unknown): readonly McpPageRequest[] {
  if (!(error instanceof Error && "code" in error && error.code === PAGES_REQUIRED && "data" in error)) return [];
  const { elicitations } = foreignObject(error.data);
  if (!Array.isArray(elicitations)) return [];
  return elicitations.map(foreignObject).flatMap(({ url, message = "" }) =>
    typeof url === "string" && typeof message === "string" ? [{ url, message }] : []
  );
}

/** An answer of the host; why there is none is no affair of the server, and may hold secrets. */
async function masked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch {
    throw new Error("The client could not answer");
  }
}

function toElicitResult({ action, content }: McpUserAnswer): ElicitResult {
  return { action, ...(action === "accept" ? { content: { ...content } } : {}) };
}

function toRoot({ uri, name }: McpRoot): Root {
  return name === undefined ? { uri } : { uri, name };
}

/** A copy that shares nothing with what the client holds. */
function foreignObject(value: unknown): JsonObject {
  const copy = copyBounded(value);
  return typeof copy === "object" && copy !== null && !Array.isArray(copy) ? copy as JsonObject : {};
}
