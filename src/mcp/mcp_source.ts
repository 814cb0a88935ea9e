/** One server of one session as a tool source: connects when needed, mends a lost connection, makes calls. */

import type { Client, McpSubscription, Tool as ListedTool } from "@modelcontextprotocol/client";
import { RuntimeError } from "../errors.ts";
import type { JsonObject, JsonSchema } from "../records/json.ts";
import type { McpServerConfig } from "../records/mcp.ts";
import type { PermissionNeeds } from "../records/permissions.ts";
import type { Clock } from "../ports/clock.ts";
import type { Tool, ToolContext, ToolOutcome } from "../ports/tool.ts";
import type { ToolSource, ToolSourceScope } from "../ports/tool_source.ts";
import { sleep } from "../kit/clock.ts";
import { unlessAborted } from "../kit/unless_aborted.ts";
import { within } from "../kit/within.ts";
import { CallWatch } from "./call_watch.ts";
import type { Dial, McpConnection } from "./connection.ts";
import { failureOf, reasonOf } from "./failure.ts";
import { MAX_CALL_MS, toForeignCheck, toMcpTool } from "./mcp_tool.ts";
import { nameTest } from "./name_globs.ts";
import type { Redactor } from "../kit/redactor.ts";
import { toolNames } from "./tool_names.ts";
import type { ToolPins } from "./tool_pins.ts";
import { toOutcome } from "./tool_result.ts";

/** Most tools of one server. */
const MAX_TOOLS = 2_000;
/** Longest wait for the list of tools, in milliseconds. */
const LIST_MS = 30_000;
/** Waits before a server that keeps failing is connected again, in milliseconds. */
const FIRST_BACKOFF_MS = 250;
const LAST_BACKOFF_MS = 30_000;
/** Tries of one call or list: the first, a new session, a new authorization. */
const MAX_TRIES = 3;
/** How long a connection that just failed has to say why, in milliseconds. */
const LAST_WORDS_MS = 1_000;

/** What a source is made of. */
export interface McpSourceParts {
  /** The server's name in the configuration. */
  readonly name: string;
  /** Its configuration. */
  readonly config: McpServerConfig;
  /** Tells it apart from another server of the same name. */
  readonly identity: string;
  /** Makes connections. */
  readonly dial: Dial;
  /** Remembers its tools. */
  readonly pins: ToolPins;
  /** Whether a changed tool is held back. */
  readonly quarantine: boolean;
  /** Whether what it says about effects counts. */
  readonly trustAnnotations: boolean;
  /** Deno permissions of its calls. */
  readonly permissions: PermissionNeeds;
  /** Takes secrets out of what it says. */
  readonly redactor: Redactor;
  /** Time. */
  readonly clock: Clock;
  /** Told when it is closed. */
  readonly onClose: () => void;
  /** Told when its connection has ended too. */
  readonly release: () => void;
}

/** A server of a session. */
export class McpSource implements ToolSource {
  readonly name: string;
  readonly #parts: McpSourceParts;
  readonly #watches = new Set<CallWatch>();
  readonly #life = new AbortController();
  /** Tools of the list that is being read, and why nothing can be made of them. */
  readonly #unusable = new Map<string, string>();
  /** Of what the server asks; it does not say which call it asks for. */
  #questions = new AbortController();
  #revision = 0;
  #connection: Promise<McpConnection> | undefined;
  #failures = 0;
  #notBefore = 0;
  #subscription: { readonly client: Client; readonly ended: () => boolean } | undefined;

  /** Does nothing until it is asked for tools. */
  constructor(parts: McpSourceParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The list may have changed. */
  changed(): void {
    this.#revision++;
  }

  /** Lists the server's tools that its configuration allows. */
  async list({ signal, report }: ToolSourceScope): Promise<readonly Tool[]> {
    const tools = await this.#listed(signal);
    return await this.#offered(tools, report ?? (() => {}));
  }

  async #listed(signal: AbortSignal): Promise<readonly ListedTool[]> {
    this.#unusable.clear();
    return await this.#tried(signal, async ({ client }) => {
      // The client would say so on the console.
      if (client.getServerCapabilities()?.tools === undefined) return [];
      await this.#listen(client, signal);
      return (await client.listTools(undefined, { signal, timeout: LIST_MS, cacheMode: "refresh" })).tools;
    }).catch((error) => {
      throw failureOf(error, this.#parts.redactor);
    });
  }

  /** Ends the connection; nothing can be called any more. */
  async close(): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#life.abort(new DOMException(`MCP server "${this.name}" was closed`, "AbortError"));
    this.#parts.onClose();
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      await connection?.then((made) => made.close(), () => {});
    } finally {
      this.#parts.release();
    }
  }

  async #offered(
    listed: readonly ListedTool[],
    report: NonNullable<ToolSourceScope["report"]>,
  ): Promise<readonly Tool[]> {
    const { name, config, pins, identity, quarantine } = this.#parts;
    const allowed = nameTest(config.allowTools) ?? (() => true);
    const denied = nameTest(config.denyTools) ?? (() => false);
    const needsApproval = nameTest(config.approveTools) ?? (() => false);
    const unique = new Map(listed.map((tool) => [tool.name, tool]));
    const wanted = [...unique.values()].filter((tool) => allowed(tool.name) && !denied(tool.name));
    const kept = wanted.slice(0, MAX_TOOLS);
    if (wanted.length > kept.length) {
      report("mcp_tools_skipped", `MCP server "${name}" lists ${wanted.length} tools: ${MAX_TOOLS} are offered`);
    }
    const changes = await pins.check(identity, name, kept);
    const names = toolNames(name, kept.map((tool) => tool.name));
    const called = (tool: string): string =>
      `Tool "${this.#parts.redactor.redact(tool).slice(0, 100)}" of MCP server "${name}"`;
    const skip = (tool: string, reason: string): void =>
      report("mcp_tool_skipped", `${called(tool)} is skipped: ${reason}`);
    for (const [tool, reason] of this.#unusable) skip(tool, reason);
    const tools: Tool[] = [];
    for (const [place, tool] of kept.entries()) {
      if (changes.has(tool.name)) {
        const held = quarantine ? " and is held back until it is approved" : "";
        report("mcp_tool_changed", `${called(tool.name)} changed since it was first seen${held}`);
        if (quarantine) continue;
      }
      try {
        tools.push(toMcpTool(tool, {
          server: name,
          name: names[place] ?? tool.name,
          approval: needsApproval(tool.name),
          trustAnnotations: this.#parts.trustAnnotations,
          permissions: this.#parts.permissions,
          redactor: this.#parts.redactor,
          call: (which, args, context) => this.#call(which, args, context),
        }));
      } catch (error) {
        skip(tool.name, reasonOf(error, this.#parts.redactor));
      }
    }
    return tools;
  }

  async #call(tool: ListedTool, args: JsonObject, context: ToolContext): Promise<ToolOutcome> {
    const { clock, config, redactor } = this.#parts;
    using watch = new CallWatch(clock, config.timeoutMs ?? 60_000);
    this.#watches.add(watch);
    const signal = AbortSignal.any([context.signal, watch.signal, this.#life.signal]);
    let connection: McpConnection | undefined;
    try {
      const answer = await this.#tried(signal, async (made) => {
        connection = made;
        watch.alive();
        return await made.client.callTool({ name: tool.name, arguments: args }, {
          signal,
          timeout: MAX_CALL_MS,
          onprogress: ({ progress, total, message }) => {
            watch.alive();
            const numbers: Record<string, number> = total === undefined ? { progress } : { progress, total };
            const text = message === undefined ? Object.values(numbers).join("/") : redactor.redact(message);
            context.progress(text, numbers);
          },
        });
      });
      this.#failures = 0;
      return await this.#misfit(tool, answer.structuredContent, answer.isError) ?? toOutcome(answer, redactor);
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason;
      return { type: "error", message: await this.#explain(error, watch, connection) };
    } finally {
      this.#watches.delete(watch);
      if (signal.aborted && this.#watches.size === 0) {
        this.#questions.abort(signal.reason);
        this.#questions = new AbortController();
      }
    }
  }

  /** Structured content that is not what the tool promised. */
  async #misfit(tool: ListedTool, content: unknown, isError: boolean | undefined): Promise<ToolOutcome | undefined> {
    const schema = tool.outputSchema as JsonSchema | undefined;
    if (schema?.["type"] !== "object" || content === undefined || isError === true) return undefined;
    const checked = await toForeignCheck(schema)(JSON.parse(JSON.stringify(content)));
    if (checked.ok) return undefined;
    const problem = checked.message.replace(
      /^The arguments do not fit the tool's schema/,
      "it does not fit its schema",
    );
    return {
      type: "error",
      message: this.#parts.redactor.redact(
        `MCP server "${this.name}" answered unusable structured content: ${problem}`,
      ),
    };
  }

  async #explain(error: unknown, watch: CallWatch, connection: McpConnection | undefined): Promise<string> {
    const who = `MCP server "${this.name}"`;
    if (watch.signal.aborted) return `${who} gave ${reasonOf(watch.signal.reason, this.#parts.redactor)}`;
    if (this.#life.signal.aborted) return `${who} was closed`;
    const { SdkError } = await import("@modelcontextprotocol/client");
    if (connection !== undefined && error instanceof SdkError && /CLOSED|SEND_FAILED|NOT_CONN/.test(error.code)) {
      const { ended } = connection;
      if (await within(this.#parts.clock, LAST_WORDS_MS, ended)) return `${who} ${await ended}`;
    }
    const reason = reasonOf(error, this.#parts.redactor);
    return error instanceof RuntimeError ? reason : `${who} failed: ${reason}`;
  }

  /** Does something on the connection, again on a new one when the old one says that this helps. */
  async #tried<T>(signal: AbortSignal, use: (connection: McpConnection) => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      const making = this.#connect();
      const connection = await unlessAborted(making, signal);
      try {
        return await use(connection);
      } catch (error) {
        if (signal.aborted || tries === MAX_TRIES || !await connection.mend?.(error, signal)) throw error;
        if (this.#connection === making) {
          this.#connection = undefined;
          // A server that forgot us was most likely started again, and may list something else.
          this.changed();
        }
        await connection.close();
      }
    }
  }

  #connect(): Promise<McpConnection> {
    if (this.#life.signal.aborted) return Promise.reject(this.#life.signal.reason);
    if (this.#connection !== undefined) return this.#connection;
    const making = this.#dial();
    this.#connection = making;
    making.then((made) => {
      made.ended.then(() => {
        if (this.#connection !== making) return;
        this.#connection = undefined;
        this.#failed();
        // What a restarted server lists may be something else.
        this.#revision++;
      });
    }, () => {
      if (this.#connection !== making) return;
      this.#connection = undefined;
      this.#failed();
    });
    return making;
  }

  async #dial(): Promise<McpConnection> {
    const { clock, dial } = this.#parts;
    const wait = this.#notBefore - clock.monotonic();
    if (this.#failures > 1 && wait > 0) await sleep(clock, wait, this.#life.signal);
    const made = await dial({
      signal: this.#life.signal,
      toolsChanged: () => this.changed(),
      waiting: (delta) => {
        for (const watch of this.#watches) watch.waiting(delta);
      },
      unwanted: () => this.#questions.signal,
      unusable: (tool, reason) => {
        if (this.#unusable.size < MAX_TOOLS) this.#unusable.set(tool, reason);
      },
    });
    if (!this.#life.signal.aborted) return made;
    await made.close();
    throw this.#life.signal.reason;
  }

  #failed(): void {
    this.#failures++;
    const wait = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (this.#failures - 1));
    this.#notBefore = this.#parts.clock.monotonic() + wait;
  }

  /** Asks a modern server again for its notices when it ended them: it does not tell of changes otherwise. */
  async #listen(client: Client, signal: AbortSignal): Promise<void> {
    if (this.#subscription?.client !== client) this.#subscribed(client, client.autoOpenedSubscription);
    if (this.#subscription?.ended() !== true) return;
    const again = await client.listen({ toolsListChanged: true }, { signal, timeout: LIST_MS }).catch(() => undefined);
    if (again !== undefined) this.#subscribed(client, again);
  }

  #subscribed(client: Client, subscription: McpSubscription | undefined): void {
    let ended = false;
    subscription?.closed.then((how) => {
      if (how === "local") return;
      ended = true;
      this.changed();
    });
    this.#subscription = { client, ended: () => ended };
  }
}
