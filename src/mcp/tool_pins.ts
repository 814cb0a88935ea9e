/** Tools as they were first seen: a server must not change silently what a host once looked at. */

import { createHash } from "node:crypto";
import type { Tool as ListedTool } from "@modelcontextprotocol/client";

/** A tool whose description, schema or annotations changed since it was first seen. */
export interface McpToolChange {
  /** The server. */
  readonly server: string;
  /** The server's own name of the tool. */
  readonly tool: string;
  /** Digest of what was first seen or last approved. */
  readonly before: string;
  /** Digest of what the server lists now. */
  readonly after: string;
  /** What the server says about it now. */
  readonly description: string;
}

/** Keeps digests between processes; without one they last as long as the connector. */
export interface McpPinStore {
  /**
   * The digests of a server's tools by name; undefined for a server never seen.
   *
   * `server` is its name, its kind and a hash of its address or command.
   */
  load(server: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Replaces them. */
  save(server: string, digests: Readonly<Record<string, string>>): Promise<void>;
}

/** Most servers and tools that are remembered. */
const MAX_SERVERS = 1024;
const MAX_TOOLS = 10_000;

/** Remembers the digests of all servers of one connector. */
export class ToolPins {
  readonly #store: McpPinStore | undefined;
  readonly #servers = new Map<string, Map<string, string>>();
  readonly #changes = new Map<string, McpToolChange>();

  /** Remembers in a store of the host, or in memory. */
  constructor(store?: McpPinStore) {
    this.#store = store;
  }

  /**
   * Compares a list with what was seen before and returns what changed.
   *
   * A tool seen for the first time is taken as it is; a changed one stays pinned to what it was. `key` is the server
   * with a hash of its address or command, so that another server under the same name is a new one.
   */
  async check(key: string, server: string, tools: readonly ListedTool[]): Promise<ReadonlyMap<string, McpToolChange>> {
    const pins = await this.#pins(key);
    const changed = new Map<string, McpToolChange>();
    let added = false;
    for (const tool of tools) {
      const after = digestOf(tool);
      const before = pins.get(tool.name);
      if (before === undefined) {
        if (pins.size >= MAX_TOOLS) continue;
        pins.set(tool.name, after);
        added = true;
      } else if (before !== after) {
        const change = { server, tool: tool.name, before, after, description: tool.description ?? "" };
        changed.set(tool.name, change);
        this.#changes.set(`${key}\n${tool.name}`, change);
      } else this.#changes.delete(`${key}\n${tool.name}`);
    }
    if (added) await this.#save(key, pins);
    return changed;
  }

  /** The changes nobody approved yet. */
  pending(): readonly McpToolChange[] {
    return [...this.#changes.values()];
  }

  /** Takes the tool as the server lists it now, or only as it was shown; tells whether there was a change to approve. */
  async approve(server: string, tool: string, after?: string): Promise<boolean> {
    let found = false;
    for (const [id, change] of this.#changes) {
      if (change.server !== server || change.tool !== tool) continue;
      if (after !== undefined && change.after !== after) continue;
      const key = id.slice(0, -tool.length - 1);
      const pins = await this.#pins(key);
      pins.set(tool, change.after);
      this.#changes.delete(id);
      await this.#save(key, pins);
      found = true;
    }
    return found;
  }

  async #pins(key: string): Promise<Map<string, string>> {
    let pins = this.#servers.get(key);
    if (pins === undefined) {
      const stored = await this.#store?.load(key);
      // Another list of the same server may have been faster.
      pins = this.#servers.get(key) ?? new Map(Object.entries(stored ?? {}));
    }
    this.#servers.delete(key);
    this.#servers.set(key, pins);
    const [oldest] = this.#servers.keys();
    if (this.#servers.size > MAX_SERVERS && oldest !== undefined) this.#servers.delete(oldest);
    return pins;
  }

  async #save(key: string, pins: ReadonlyMap<string, string>): Promise<void> {
    await this.#store?.save(key, Object.fromEntries(pins));
  }
}

function digestOf({ description, inputSchema, outputSchema, annotations, title }: ListedTool): string {
  const seen = JSON.stringify(sorted([description, inputSchema, outputSchema, annotations, title]));
  return createHash("sha256").update(seen).digest("hex").slice(0, 32);
}

/** The same JSON with its members in order: a server may write them in any. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => sorted(item ?? null));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, member]) => [key, sorted(member)]),
  );
}
